"""What is wrong in a profile, in lines that say what to write: `path: what is wrong; write <what> (line n)`.

No line repeats a value: what stands in the wrong place may be a secret.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from numbers import Real
from typing import Any, Final

from pydantic import ValidationError

from bank_adapters.profile.schema import Location, Node, choice_of, choices_of, descend, forms, homes, keys_of
from bank_adapters.profile.wording import either, example, what_to_write

Lines = Mapping[Location, int]
"""The line of the file, from 1, in which the value or key at a place begins."""

_WHOLE: Final = "(profile)"
_KEY: Final = "[key]"
"""How a validation error names a mapping's key rather than its value."""
_UNIONS: Final = frozenset({"union_tag_not_found", "union_tag_invalid"})


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mistake:
    """One line; ordered by where it stands."""

    line: int
    path: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}: {self.text}" + (f" (line {self.line})" if self.line else "")


def mistakes(error: ValidationError, document: Any, lines: Lines) -> list[Mistake]:
    """Tell every mistake that validation found in a document, sorted by place."""
    found = error.errors(include_url=False, include_input=False)
    return sorted({_mistake(one["type"], one["loc"], one["msg"], document, lines) for one in found})


def foreign_values(document: Any, lines: Lines) -> list[Mistake]:
    """Tell every value that JSON does not know, such as a date that is not quoted."""
    return sorted(
        Mistake(line=_line(at, lines), path=_path(at), text=f"is a date or no finite number; {_instead(document, at)}")
        for at in _foreign(document, ())
    )


def _foreign(value: Any, at: Location) -> Iterable[Location]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield from _foreign(one, (*at, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _foreign(one, (*at, number))
    elif not isinstance(value, str | int | None) and not (isinstance(value, Real) and isfinite(value)):
        yield at


def _mistake(kind: str, location: Location, told: str, document: Any, lines: Lines) -> Mistake:
    steps = list(descend(location))
    at = tuple(_place(location, document))
    node = steps[-1][1] if steps else {}
    path = ".".join(part for part, _ in steps if part != _KEY) or _WHOLE
    if kind in _UNIONS:
        tag, text = _of_choice(kind, node)
        return Mistake(line=_line(at, lines), path=f"{path}.{tag}", text=text)
    if kind == "value_error":
        named = told.removeprefix("Value error, ").partition(" ")[0].rstrip(":")
        at = (*at, *named.split("."))
    return Mistake(line=_line(at, lines), path=path, text=_text(kind, location, node, told, document, at))


def _text(kind: str, location: Location, node: Node, told: str, document: Any, at: Location) -> str:
    if location[-1:] == (_KEY,):
        return f"the key does not have its form; write {what_to_write(list(descend(location[:-2]))[-1][1])}"
    if kind == "extra_forbidden":
        return _unknown(location, at, document)
    if kind == "value_error":
        return told.removeprefix("Value error, ") + (f"; write {what_to_write(node)}" if "type" in node else "")
    if kind.endswith("_type") or kind == "int_from_float":
        return f"is {_kind(document, at)}; {_instead(document, at)}"
    if kind not in _SAID:
        return told
    wrong, wanted = _SAID[kind]
    empty = kind != "missing" and _value(document, at) is None
    return f"{'is empty' if empty else wrong}; write {wanted(node, at)}"


def _missing(node: Node, at: Location) -> str:
    given = example(node)
    wanted = f"{at[-1]}: {given}" if given and "{" not in given else what_to_write(node)
    return wanted + _means(node)


def _of_form(node: Node, _at: Location) -> str:
    return what_to_write(node) + _means(node)


def _fitting(node: Node, _at: Location) -> str:
    return what_to_write(node)


def _at_least(node: Node, _at: Location) -> str:
    least = node.get("minItems") or node.get("minLength") or node.get("minProperties") or 1
    unit = "characters" if "minLength" in node else "entries" if least > 1 else "entry"
    given = example(node)
    return f"at least {least} {unit}" + (f", such as {given}" if given else "")


def _at_most(node: Node, _at: Location) -> str:
    return f"at most {node.get('maxLength') or node.get('maxItems')} of it"


_SAID: Final[Mapping[str, tuple[str, Callable[[Node, Location], str]]]] = {
    "missing": ("is missing", _missing),
    **dict.fromkeys(("literal_error", "enum"), ("is none of its choices", _fitting)),
    **dict.fromkeys(
        ("greater_than", "greater_than_equal", "less_than", "less_than_equal"), ("is out of range", _fitting)
    ),
    "string_pattern_mismatch": ("does not have its form", _of_form),
    **dict.fromkeys(("too_short", "string_too_short"), ("holds too little", _at_least)),
    **dict.fromkeys(("too_long", "string_too_long"), ("holds too much", _at_most)),
}
"""By kind of error: what is wrong, and what tells what to write."""


def _write(node: Node) -> str:
    return f"write {what_to_write(node)}" if node else "write a mapping of keys"


def _means(node: Node) -> str:
    return f" - {str(node['description']).rstrip('.')}" if node.get("description") else ""


def _of_choice(kind: str, node: Node) -> tuple[str, str]:
    """Return the key that chooses among alternatives, and what is wrong with it."""
    said = "is missing" if kind == "union_tag_not_found" else "is none of its choices"
    key = next(choice[0] for form in forms(node) if (choice := choice_of(form)))
    return key, f"{said}; write {either(sorted(value for form in forms(node) for value in choices_of(form)))}"


def _unknown(location: Location, at: Location, document: Any) -> str:
    """Name the key that was meant: the nearest that may stand here and does not yet, or where this one belongs."""
    key, here = str(location[-1]), list(keys_of(location[:-1]))
    there = _value(document, at[:-1])
    free = [one for one in here if not isinstance(there, dict) or one not in there]
    near = get_close_matches(key, free, n=1, cutoff=0.6)
    if near:
        return f"is an unknown key; did you mean {near[0]}?"
    if elsewhere := homes(key):
        return f"is an unknown key here; write it as {' or '.join(elsewhere)}"
    if near := get_close_matches(key, here, n=1, cutoff=0.6):
        return f"is an unknown key; did you mean {near[0]}? (it is there already)"
    return f"is an unknown key; leave it out, or write one of {', '.join(free)}"


def _instead(document: Any, at: Location) -> str:
    """Say what to write; where YAML reads a number, a truth or a time and text is wanted, quotes make it text."""
    steps = list(descend(at))
    node: Node = steps[-1][1] if steps else {}
    wants_text = any(form.get("type") == "string" for form in forms(node))
    if not wants_text or isinstance(_value(document, at), dict | list | None):
        return _write(node)
    given = example(node).strip('"')
    return f'quote it, such as "{given}"' if given else "quote it"


def _kind(document: Any, at: Location) -> str:
    match _value(document, at):
        case None:
            return "empty"
        case bool():
            return "true or false"
        case str():
            return "text"
        case list():
            return "a list"
        case dict():
            return "a mapping"
    return "a number"


def _value(document: Any, at: Location) -> Any:
    for part in at:
        try:
            document = document[part]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _place(location: Location, document: Any) -> Iterable[int | str]:
    """Yield the keys and positions of a location; the kinds by which alternatives were chosen stand in no file."""
    for part in location:
        mapping = document if isinstance(document, dict) else {}
        if part == _KEY or (part not in mapping and part in [v for v in mapping.values() if isinstance(v, str)]):
            continue
        yield part
        document = _value(document, (part,))


def _line(at: Location, lines: Lines) -> int:
    """Return the line of the nearest place that is in the file."""
    while at and at not in lines:
        at = at[:-1]
    return lines.get(at, 0) if at else 0


def _path(at: Location) -> str:
    return ".".join(map(str, at)) or _WHOLE
