"""From the text of a profile to the profile, or to every mistake in it."""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any, Final

import yaml
from pydantic import ValidationError

from bank_adapters.profile import Profile
from bank_adapters.profile.mistakes import Mistake, foreign_values, mistakes
from bank_adapters.profile.schema import Location
from gateway.domain.errors import ConfigError

DEEP_MAX: Final = 100
"""How deep a file may be nested: readers follow it by recursion."""
NODES_MAX: Final = 100_000
"""How many values a file may hold, with each alias counted as all that it stands for."""
_CODES: Final = re.compile(r"^bank_codes:.*\n?(?:(?:[ \t-].*)?\n)*", re.MULTILINE)
"""The key with what is indented below it."""
_NO_VALUE = (ValueError, ArithmeticError, LookupError, AttributeError, TypeError)
"""What PyYAML raises for text that looks like a value and is none."""


def _mapping(loader: Any, node: yaml.MappingNode) -> dict[Any, Any]:
    """Read a mapping without silently overwritten keys."""
    keys = [loader.construct_object(key, deep=True) for key, _ in node.value]
    for (at, _), key in zip(node.value, keys, strict=True):
        line = at.start_mark.line + 1
        if not isinstance(key, str):
            raise ConfigError(f"line {line}: the key {key!r} is not text; quote it")
        if keys.count(key) > 1:
            raise ConfigError(f"line {line}: the key {key!r} stands twice; leave one out")
    mapping: dict[Any, Any] = loader.construct_mapping(node, deep=True)
    return mapping


class _Strict(yaml.SafeLoader):
    """Reads in Python; its errors are the clearer ones."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:  # noqa: FBT001, FBT002 - as PyYAML has it
        """Read a node; what looks like a date or a number and is none is a mistake in its line."""
        try:
            return super().construct_object(node, deep)
        except _NO_VALUE:
            said = f"no such {node.tag.rpartition(':')[2]}; quote it if it is text"
            raise yaml.constructor.ConstructorError(None, None, said, node.start_mark) from None


class _Fast(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """Reads the same in C, where that is there."""


for _loader in (_Strict, _Fast):
    _loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_yaml(text: str) -> Any:
    """Read YAML text. Raises ConfigError for a syntax error, a key that is not text and a key that stands twice."""
    with suppress(yaml.YAMLError, *_NO_VALUE):
        _bound(text)
        return yaml.load(text, Loader=_Fast)  # noqa: S506 - a SafeLoader with stricter mappings
    try:
        return yaml.load(text, Loader=_Strict)  # noqa: S506 - likewise
    except yaml.MarkedYAMLError as error:  # its own text quotes the file, in which a secret may stand
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ConfigError(f"not YAML: {line}{error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = f"line {text[: int(error.position)].count(chr(10)) + 1}"
        raise ConfigError(f"not YAML: {line}: a character that is not UTF-8 text") from None
    except _NO_VALUE:
        raise ConfigError("not YAML: an escape that stands for no character") from None


def _bound(text: str) -> None:
    """Look at a file without building anything of it. Raises ConfigError for one that would fill memory or stack."""
    sizes: dict[str, int] = {}
    around: list[tuple[str | None, int]] = []
    size = 0
    for event in yaml.parse(text, Loader=_Fast):
        if isinstance(event, yaml.CollectionStartEvent):
            around.append((event.anchor, size))
        elif isinstance(event, yaml.CollectionEndEvent):
            anchor, before = around.pop()
            if anchor is not None:
                sizes[anchor] = size - before
        elif isinstance(event, yaml.AliasEvent):
            size += sizes.get(str(event.anchor), 0)
        size += 1
        if len(around) > DEEP_MAX or size > NODES_MAX:
            line = f"line {event.start_mark.line + 1}: " if event.start_mark else ""
            raise ConfigError(f"not YAML for us: {line}nested too deeply, or more values than anybody writes")


def read_profile(stem: str, text: str) -> Profile:
    """Read the profile in the file of this name. Raises ConfigError with every mistake, one a line, by its place."""
    document = load_yaml(text)
    try:
        json.dumps(document, default=str)
    except ValueError:
        raise ConfigError("not a profile: an anchor refers to itself; write it out") from None
    if foreign := foreign_values(document, {}):
        _refuse(foreign_values(document, _marks(text)) or foreign)
    try:
        # Through JSON, so that strict types are those of the JSON Schema: text for enumerations, lists for tuples.
        profile = Profile.model_validate_json(json.dumps(document, allow_nan=False))
    except ValidationError as error:
        _refuse(mistakes(error, document, _marks(text)))
        raise
    if profile.slug != stem:
        said = f"is {profile.slug!r} but the file is named {stem!r}; write slug: {stem}, or rename the file"
        _refuse([Mistake(line=_marks(text)["slug",], path="slug", text=said)])
    return profile


def claimed_codes(text: str) -> tuple[dict[str, frozenset[str]], bool]:
    """Read which bank codes a broken profile claims, by country, as far as can be told; numbers as they are written.

    They are looked for in the whole file, or, where that is no YAML, in its block `bank_codes`. Beside them: whether
    that is all of them.
    """
    block = _CODES.search(text + "\n")
    for part in (text, block[0] if block else ""):
        with suppress(ConfigError, yaml.YAMLError, RecursionError, *_NO_VALUE):
            _bound(part)
            document = yaml.load(part, Loader=yaml.BaseLoader)  # noqa: S506 - every value is the text it is written as
            if isinstance(document, dict):
                return _codes(document.get("bank_codes", {}))
    return {}, False


def _codes(said: object) -> tuple[dict[str, frozenset[str]], bool]:
    """Return the codes that are written there, and whether everything that is written there is one."""
    if not isinstance(said, dict):
        return {}, said == ""  # the key alone: nothing is claimed
    listed = {country: codes if isinstance(codes, list) else [codes] for country, codes in said.items()}
    told = {country: frozenset(c for c in codes if isinstance(c, str)) for country, codes in listed.items()}
    return told, all(isinstance(code, str) for codes in listed.values() for code in codes)


def _refuse(found: list[Mistake]) -> None:
    if found:
        raise ConfigError("\n".join(map(str, found)))


def _marks(text: str) -> dict[Location, int]:
    """Say in which line every key and entry of a file begins."""
    return dict(_lines(yaml.compose(text, Loader=_Strict), ()))


def _lines(node: yaml.Node | None, at: Location) -> Iterator[tuple[Location, int]]:
    """Yield the line of every key and entry; anchors that lead back to themselves were refused before."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            yield (*at, key.value), key.start_mark.line + 1
            yield from _lines(value, (*at, key.value))
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            yield (*at, number), value.start_mark.line + 1
            yield from _lines(value, (*at, number))
