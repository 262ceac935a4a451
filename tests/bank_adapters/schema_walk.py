"""Documents grown from an ISO 20022 schema: every element that it allows may stand, in its order, as often as it may.

Knows nothing of the readers. What the caller wants stands often, everything else now and then; leaves get values of
their type. The schema itself is the judge of what was grown.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from lxml import etree

from tests.shared import shared_dir

Node = etree._Element
XS = "{http://www.w3.org/2001/XMLSchema}"
LETTERS = ("A", "zz Top", "Ä-ö", "1;2", "<&>", "'x'", "NOTPROVIDED", " padded ", "İstanbul", "0" * 35)
PATTERNS: Mapping[str, Sequence[str]] = {
    "[0-9]{1,15}": ("0", "7", "000012"),
    "[0-9]{2}": ("07",),
    "[A-Z0-9]{18,18}[0-9]{2,2}": ("ABCDEFGHIJ0123456789",),
    "[A-Z0-9]{4,4}[A-Z]{2,2}[A-Z0-9]{2,2}([A-Z0-9]{3,3}){0,1}": ("ALFADEFF", "ALFADEFFXXX"),
    "[A-Z]{6,6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3,3}){0,1}": ("ALFADEFF", "ALFADEFFXXX"),
    "[A-Z]{2,2}": ("DE", "TR"),
    "[A-Z]{2,2}[0-9]{2,2}[a-zA-Z0-9]{1,30}": ("DE02120300000000202051",),
    "[A-Z]{3,3}": ("EUR",),
    "[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}": ("8a562c67-ca16-48ba-b074-65581be6f011",),
    "[a-zA-Z0-9]{4}": ("Ab12",),
    r"\+[0-9]{1,3}-[0-9()+\-]{1,30}": ("+49-30",),
}
BASES: Mapping[str, Sequence[str]] = {
    "xs:boolean": ("true", "false", "1"),
    "xs:date": ("2026-09-21", "2026-02-28"),
    "xs:dateTime": ("2026-09-21T10:00:00", "2026-09-21T23:59:59.999+03:00"),
    "xs:decimal": ("12", "0", "7.5"),
    "xs:gYear": ("2026",),
    "xs:time": ("10:00:00",),
}
RARELY, NOT, DEEP = 0.06, 0.25, 6
"""How often stands what nobody wants, how often is left out what is wanted, and how deep the first goes."""
AMOUNTS = ("12.30", "0", "7.5", "99999.99", "5.0400")


@dataclass(frozen=True, slots=True)
class Part:
    """An element inside a type."""

    name: str
    type: str
    least: int
    most: int | None


@dataclass(slots=True)
class Shape:
    """What a schema says, ready to be grown from. `wanted` stand often; `values` are by type, before all others."""

    file: str
    wanted: frozenset[str]
    values: Mapping[str, Sequence[str]]
    most: int = 3
    schema: etree.XMLSchema = field(init=False)
    namespace: str = field(init=False)
    _types: dict[str, Node] = field(init=False)

    def __post_init__(self) -> None:
        path: Path = shared_dir() / "xsd" / self.file
        root = etree.parse(path).getroot()
        self.schema = etree.XMLSchema(root)
        self.namespace = root.get("targetNamespace", "")
        self._types = {one.get("name", ""): one for one in root if one.tag != f"{XS}element"}

    def grow(self, rng: Random) -> Node:
        """Grow one document."""
        root = etree.fromstring(f'<Document xmlns="{self.namespace}"/>')
        self._fill(root, "Document", rng, 0)
        return root

    def _fill(self, node: Node, name: str, rng: Random, depth: int) -> None:
        kind = self._types[name]
        if kind.tag == f"{XS}simpleType":
            node.text = self._leaf(kind, rng)
            return
        if kind.find(f"{XS}simpleContent") is not None:
            node.text = rng.choice(AMOUNTS)
            node.set("Ccy", "EUR")
            return
        for particle in kind:
            self._grow(node, particle, rng, depth)

    def _grow(self, node: Node, particle: Node, rng: Random, depth: int) -> None:
        """Grow what one particle of a type allows: an element, all of a sequence, one of a choice."""
        if particle.tag == f"{XS}sequence":
            for one in particle:
                self._grow(node, one, rng, depth)
        elif particle.tag == f"{XS}choice":
            liked = [one for one in particle if one.get("name") in self.wanted] or list(particle)
            self._grow(node, rng.choice(list(particle) if rng.random() < RARELY else liked), rng, depth)
        elif particle.tag == f"{XS}element":
            part = _part(particle)
            in_choice = (around := particle.getparent()) is not None and around.tag == f"{XS}choice"
            for _ in range(max(self._often(part, rng, depth), int(in_choice))):
                child = etree.SubElement(node, f"{{{self.namespace}}}{part.name}")
                self._fill(child, part.type, rng, depth + 1)

    def _often(self, part: Part, rng: Random, depth: int) -> int:
        if part.name == "SplmtryData":
            return 0
        if part.name not in self.wanted:
            return part.least or int(depth < DEEP and rng.random() < RARELY)
        if not part.least and rng.random() < NOT:
            return 0
        return rng.randint(1, min(self.most, part.most or self.most))

    def _leaf(self, kind: Node, rng: Random) -> str:
        chosen = self.values.get(kind.get("name", ""))
        restriction = kind.find(f"{XS}restriction")
        assert restriction is not None
        enumerated = [one.get("value", "") for one in restriction.iter(f"{XS}enumeration")]
        pattern = restriction.find(f"{XS}pattern")
        if chosen is None and enumerated:
            chosen = enumerated
        if chosen is None and pattern is not None:
            chosen = PATTERNS[pattern.get("value", "")]
        if chosen is None:
            chosen = BASES.get(restriction.get("base", ""), LETTERS)
        longest = restriction.find(f"{XS}maxLength")
        return rng.choice(chosen)[: int(longest.get("value", "1")) if longest is not None else None]


def _part(one: Node) -> Part:
    most = one.get("maxOccurs", "1")
    limit = None if most == "unbounded" else int(most)
    return Part(one.get("name", ""), one.get("type", ""), int(one.get("minOccurs", "1")), limit)


def every(node: Node, path: str) -> list[Node]:
    """Find by local names, whatever the namespace."""
    return [node] if not path else node.findall("/".join(f"{{*}}{name}" for name in path.split("/")))


def text(node: Node, path: str) -> str | None:
    """Return the stripped text of the first such element, or None."""
    found = every(node, path)
    return (found[0].text or "").strip() or None if found else None


def name(node: Node, path: str) -> str | None:
    """Return an identifier; NOTPROVIDED is none."""
    value = text(node, path)
    return None if value == "NOTPROVIDED" else value


def texts(node: Node, path: str) -> list[str]:
    """Return all texts that are not empty."""
    return [value for one in every(node, path) if (value := (one.text or "").strip())]
