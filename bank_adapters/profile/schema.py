"""The profile's model as a JSON Schema: for editors, for what an error tells to write, and for the page of all keys."""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from bank_adapters.profile import Profile

Node = Mapping[str, Any]
Location = tuple[int | str, ...]

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_TAG: Final = "x-tag"
EDITOR_LINE: Final = "# yaml-language-server: $schema=../bank.schema.json"
"""The first line of a profile: by it editors complete keys and underline what is wrong."""


@cache
def profile_schema() -> dict[str, Any]:
    """Return the schema, as strict as the model wherever a schema can say it. Shared: never change it."""
    schema: dict[str, Any] = _tidy(Profile.model_json_schema())
    return {"$schema": DIALECT, "title": "A bank's profile (config/banks/<slug>.yaml)", **schema}


def schema_text() -> str:
    """Return the schema as it is shipped beside the profiles."""
    return json.dumps(profile_schema(), indent=2, ensure_ascii=False) + "\n"


def _tidy(node: Any, *, names: bool = False) -> Any:
    """Drop made-up titles, and shut mappings whose keys have a form; `names`: the keys of `node` are a model's."""
    if isinstance(node, list):
        return [_tidy(one) for one in node]
    if not isinstance(node, dict):
        return node
    kept = {k: _tidy(v, names=k in {"properties", "$defs"}) for k, v in node.items() if names or k != "title"}
    if not names and "patternProperties" in kept:
        kept["additionalProperties"] = False
    return kept


def resolved(node: Node) -> Node:
    """Return what a node stands for, without references; its own words come before those of what it refers to."""
    while "$ref" in node:
        target = profile_schema()["$defs"][str(node["$ref"]).rpartition("/")[2]]
        node = {**target, **{k: v for k, v in node.items() if k != "$ref"}}
    return node


def forms(node: Node) -> Iterator[Node]:
    """Yield the forms that a node may take: itself, or each of its alternatives."""
    node = resolved(node)
    alternatives = node.get("anyOf") or node.get("oneOf")
    if not alternatives:
        yield node
        return
    told = {"examples": node["examples"]} if "examples" in node else {}
    told |= {_TAG: node["discriminator"]["propertyName"]} if "discriminator" in node else {}
    for one in alternatives:
        yield from forms(one if resolved(one).get("type") == "null" else {**told, **one})


def choices_of(node: Node) -> list[str]:
    """Return the values by which one of several alternatives is chosen (["sftp"]); empty where there are no others."""
    tag = node.get(_TAG)
    chosen = node["properties"][tag] if tag else {}
    return [str(chosen["const"])] if "const" in chosen else [str(one) for one in chosen.get("enum", ())]


def choice_of(node: Node) -> tuple[str, str] | None:
    """Return the key and the first value by which one of several alternatives is chosen ("kind", "sftp"), or None."""
    values = choices_of(node)
    return (str(node[_TAG]), values[0]) if values else None


def kind_of(node: Node) -> str | None:
    """Return the value by which one of several alternatives is chosen ("sftp"), or None."""
    choice = choice_of(node)
    return choice[1] if choice else None


def descend(location: Location) -> Iterator[tuple[str, Node]]:
    """Yield the steps to a place that a validation error names, each as (part of the path, node).

    The kinds by which alternatives were chosen are no parts of the path; beyond what the schema knows nodes are empty.
    """
    at: list[Node] = [profile_schema()]
    for part in location:
        chosen = [form for node in at for form in forms(node) if part in choices_of(form)]
        if chosen and not any(part in node.get("properties", {}) for node in at):
            at = chosen
            continue
        at = [child for node in at for form in forms(node) for child in _children(form, part)]
        yield str(part), at[0] if at else {}


def _children(node: Node, part: int | str) -> Iterator[Node]:
    if isinstance(part, int):
        items = node.get("items")
        yield from [items] if items else []
    elif part in node.get("properties", {}):
        yield node["properties"][part]
    else:
        yield from node.get("patternProperties", {}).values()
        more = node.get("additionalProperties")
        yield from [more] if isinstance(more, dict) else []


def keys_of(location: Location) -> Mapping[str, Node]:
    """Return the keys that may stand in the mapping at a place, with their nodes."""
    steps = list(descend(location))
    nodes = forms(steps[-1][1]) if steps else iter([profile_schema()])
    kinds = {str(part) for part in location}
    chosen = [node for node in nodes if not (named := choices_of(node)) or kinds.intersection(named)]
    return {key: shape for node in chosen for key, shape in node.get("properties", {}).items()}


def homes(key: str) -> list[str]:
    """Return the paths at which a key may stand, without entering lists and mappings of free keys."""
    return sorted({path for path, _ in every_key() if path.rpartition(".")[2] == key})


def every_key(node: Node | None = None, above: str = "") -> Iterator[tuple[str, Node]]:
    """Yield every key's path with its node, in the model's order; alternatives one after the other."""
    for form in forms(node or profile_schema()):
        for key, shape in form.get("properties", {}).items():
            path = f"{above}{key}"
            yield path, shape
            yield from every_key(shape, f"{path}.")
