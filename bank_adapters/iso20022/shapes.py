"""What records of one shape have in common is found out once: where their values stand, and that each stands once.

A record is a run of tags with the texts behind them (`markup`); its tags are its shape. Banks write a hundred thousand
entries in a handful of shapes, so structure is checked a shape, values are checked a record. A shape is looked at as an
lxml tree whose texts are the places of the values.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain, count
from operator import itemgetter
from typing import Generic, NamedTuple, TypeVar

from lxml import etree

from bank_adapters.iso20022.markup import COMMENT, DEPTH_MAX, unescaped
from bank_adapters.iso20022.xml import TEXT_MAX, Element
from gateway.domain.errors import Unreadable

ATTRIBUTES_MAX = 64
"""Most attributes of an element: ISO 20022 has one, and libxml2 takes a time that grows with their square."""
TAGS_MAX = 4_000
"""Most tags of a document that were not met before: each may hold names that libxml2 keeps; banks write dozens."""
_SHAPES_MAX = 1_000
_KEY_MAX = 8_192
_KEYS_MAX = 1_000_000
"""Letters of the longest shape that is remembered, and of all of a kind together: they bound the memory."""
_TEXTS_MAX, _TEXT_MAX = 10_000, 256
_ATTRIBUTE = re.compile(r"""([^\s=/]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_WHITE = re.compile(r"[\t\n\r]")

S = TypeVar("S")


class Tag(NamedTuple):
    """What stands between the brackets of a tag: its local name, and whether it opens or closes (or both)."""

    name: str
    opens: bool
    closes: bool


class Memo(dict[str, S], Generic[S]):
    """Remembers what was found out about short texts that come again; of a bounded number, so that none fill it."""

    def __init__(self, find: Callable[[str], S]) -> None:
        super().__init__()
        self._find = find
        self.missed = 0
        """How often it had to find out."""

    def __missing__(self, text: str) -> S:
        self.missed += 1
        found = self._find(text)
        if len(text) < _TEXT_MAX:
            if len(self) >= _TEXTS_MAX:
                self.clear()
            self[text] = found
        return found


def _tag(raw: str) -> Tag:
    if raw == COMMENT:
        return Tag("", opens=False, closes=False)
    if not raw or raw[0] in "!?":
        raise Unreadable("xml.malformed", "/", "markup that is none of an element")
    closes = raw[0] == "/"
    name, *_ = (raw[1:] if closes else raw.removesuffix("/")).split(None, 1) or ("",)
    return Tag(name.rpartition(":")[2], opens=not closes, closes=closes or raw[-1] == "/")


TAGS = Memo(_tag)
"""Raw tag -> tag."""


class Tree(NamedTuple):
    """A record as lxml has it. `above` is the element that a tag at a place would stand in."""

    root: Element
    above: Sequence[Element | None]


def tree(tags: Sequence[str], texts: Iterable[str]) -> Tree:
    """Build the tree of a record; what was not closed yet ends with it. Namespaces are left out. Raises Unreadable."""
    root: Element | None = None
    stack: list[Element] = []
    above: list[Element | None] = []
    for raw, text in zip(tags, texts, strict=False):
        tag = TAGS[raw]
        above.append(stack[-1] if stack else None)
        if tag.opens:
            made = _element(stack[-1] if stack else None, raw, "" if tag.closes else text)
            root = made if root is None else root
            if not tag.closes:
                stack.append(made)
        elif tag.closes:
            if not stack or stack.pop().tag != tag.name:
                raise Unreadable("xml.malformed", "/", "a tag closes what it did not open")
        elif stack:
            stack[-1].append(etree.Comment())
        if len(stack) > DEPTH_MAX:
            raise Unreadable("xml.depth", "/", f"elements are nested deeper than {DEPTH_MAX}")
    if root is None:
        raise Unreadable("xml.malformed", "/", "there is no element")
    above.append(stack[-1] if stack else None)
    return Tree(root, above)


def _element(parent: Element | None, raw: str, text: str) -> Element:
    name, attributes = TAGS[raw].name, _attributes(raw) if "=" in raw else {}
    try:
        made = etree.Element(name, attributes) if parent is None else etree.SubElement(parent, name, attributes)
        made.text = unescaped(text) or None
    except ValueError:
        raise Unreadable("xml.malformed", "/", "a name or a letter that XML does not have") from None
    return made


def _attributes(raw: str) -> dict[str, str]:
    """Return the attributes that are in no namespace, white space in their values made blanks as XML 1.0 3.3.3 asks."""
    found = [(name, _WHITE.sub(" ", double or single)) for name, double, single in _ATTRIBUTE.findall(raw)]
    if len(found) > ATTRIBUTES_MAX:
        raise Unreadable("xml.attributes", "/", f"an element with more than {ATTRIBUTES_MAX} attributes")
    return {name: unescaped(value) for name, value in found if ":" not in name and name != "xmlns"}


class Fields:
    """Values that stand at known places of a record's texts; what is not there is an empty text."""

    def __init__(self, places: Mapping[str, int]) -> None:
        self._places = places
        self._pick = itemgetter(*places.values())

    @classmethod
    def at(cls, elements: Mapping[str, Element | None]) -> "Fields":
        """Find the values of elements whose texts are places; None stands nowhere."""
        return cls({name: _place(element) for name, element in elements.items()})

    def moved(self, move: Callable[[int], int]) -> Mapping[str, int]:
        """Return the places as they are in a record of which this one is a part."""
        return {name: place if place < 0 else move(place) for name, place in self._places.items()}

    def values(self, texts: Sequence[str], path: str) -> Sequence[str]:
        """Return the stripped values of a record, whose last text is empty. Raises Unreadable for one too long."""
        found: Sequence[str] = self._pick(texts)
        told = "".join(found)
        if "&" in told or " " in told or not told.isprintable():  # all white space but " " is not printable
            found = [unescaped(one).strip() for one in found]
        if len(told) > TEXT_MAX:
            self._measure(found, path)
        return found

    def columns(self, texts: Sequence[str], size: int) -> Sequence[Sequence[str]] | None:
        """Return the values of records of `size` texts, by columns; None where one is to be looked at by itself."""
        nothing = [""] * (len(texts) // size)
        found = [texts[place::size] if place >= 0 else nothing for place in self._places.values()]
        told = "".join(chain.from_iterable(found))
        plain = not ("&" in told or " " in told) and told.isprintable()
        return found if plain and max(map(len, chain.from_iterable(found))) <= TEXT_MAX else None

    def _measure(self, values: Sequence[str], path: str) -> None:
        for name, value in zip(self._places, values, strict=True):
            if len(value) > TEXT_MAX:
                raise Unreadable("value.length", f"{path}/{name}", f"a value is longer than {TEXT_MAX} letters")


def leaf(element: Element | None, path: str) -> Element | None:
    """Return an element that holds a value, or None. Raises Unreadable when anything splits the value."""
    if element is not None and len(element):
        raise Unreadable("value.split", path, "a comment, instruction or element stands inside a value")
    return element


def _place(element: Element | None) -> int:
    return -1 if element is None or element.text is None else int(element.text)


class Shapes(dict[str, S], Generic[S]):
    """The shapes of one kind of record that were met, by their tags; a bounded number of short ones."""

    _letters = 0

    def keep(self, key: str, shape: S) -> S:
        """Remember a shape."""
        if len(key) <= _KEY_MAX:
            self._letters += len(key)
            if len(self) >= _SHAPES_MAX or self._letters > _KEYS_MAX:
                self.clear()
                self._letters = len(key)
            self[key] = shape
        return shape


def key_of(tags: Sequence[str]) -> str:
    """Return what tells one shape from another."""
    return "<".join(tags)


def places(tags: Sequence[str]) -> Tree:
    """Build the tree of a record with the place of each text for the text."""
    return tree(tags, map(str, count()))
