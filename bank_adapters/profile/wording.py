"""Says in words, and by an example, what is to be written for a key, from its schema."""

import json
from collections.abc import Sequence
from typing import Any

from bank_adapters.profile.schema import Node, choice_of, forms

_NOT_TEXT = frozenset({"no", "yes", "on", "off", "true", "false", "null", "y", "n"})
CHOICES_MAX = 12
"""Most choices that are named one by one."""


def what_to_write(node: Node) -> str:
    """Describe the value of a key ("a whole number from 1 to 100"), for the end of "write ..."."""
    said = list(dict.fromkeys(_form(form) for form in forms(node)))
    return either(said)


def _form(node: Node) -> str:
    kind = node.get("type")
    if "const" in node:
        return yaml_of(node["const"])
    if "enum" in node:
        return either([yaml_of(one) for one in node["enum"]]) if len(node["enum"]) <= CHOICES_MAX else _text(node)
    if kind == "integer":
        return _number(node)
    if kind == "array":
        return f"a list, such as {example(node)}"
    if kind == "object":
        return _mapping(node)
    return {"boolean": "true or false", "null": "null"}.get(str(kind)) or _text(node)


def _number(node: Node) -> str:
    least = node.get("minimum", node["exclusiveMinimum"] + 1 if "exclusiveMinimum" in node else None)
    most = node.get("maximum")
    within = [f"from {least}" if least is not None else "", f"to {most}" if most is not None else ""]
    return " ".join(["a whole number", *filter(None, within)])


def _text(node: Node) -> str:
    given = example(node)
    return f"text, such as {given}" if given else "text"


def _mapping(node: Node) -> str:
    choice = choice_of(node)
    if choice:
        return f"a mapping with {choice[0]}: {choice[1]}"
    required = node.get("required", [])
    if required:
        return f"a mapping with {', '.join(required)}"
    given = example(node)
    return f"a mapping, such as {given}" if given else f"a mapping of {', '.join(node.get('properties', ()))}"


def example(node: Node) -> str:
    """Return a value that fits a key, as YAML in one line; empty where none can be made up."""
    return next(filter(None, (_example(form) for form in forms(node))), "")


def _example(node: Node) -> str:
    if "examples" in node:
        return yaml_of(node["examples"][0])
    if "const" in node or "enum" in node:
        return yaml_of(node["const"] if "const" in node else node["enum"][0])
    if node.get("default") not in (None, {}, []):
        return yaml_of(node["default"])
    kind = node.get("type")
    if kind == "array":
        inner = example(node["items"])
        return f"[{inner}]" if inner else ""
    if kind == "object":
        return _example_of_mapping(node)
    return {"boolean": "true", "integer": str(node.get("minimum", 1))}.get(str(kind), "")


def _example_of_mapping(node: Node) -> str:
    shapes = {key: node["properties"][key] for key in node.get("required", [])}
    parts = [f"{key}: {example(shape)}" for key, shape in shapes.items()]
    return f"{{{', '.join(parts)}}}" if parts else ""


def yaml_of(value: Any) -> str:
    """Write a value as YAML does in one line; text is quoted where it would be something else without."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{yaml_of(key)}: {yaml_of(one)}' for key, one in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(yaml_of, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)
    plain = value[:1].isalpha() and all(c.isalnum() or c in "-_./ " for c in value) and value == value.strip()
    return value if plain and value.lower() not in _NOT_TEXT else json.dumps(value, ensure_ascii=False)


def either(choices: Sequence[str]) -> str:
    """Join choices as a sentence does."""
    return " or ".join([", ".join(choices[:-1]), choices[-1]]) if len(choices) > 1 else choices[0]
