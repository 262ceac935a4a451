"""A message full of different names fills no memory: they are bounded, and what libxml2 keeps goes with its thread."""

from collections.abc import Callable, Iterator
from html import escape

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from bank_adapters.iso20022 import detect
from bank_adapters.iso20022.markup import TOKEN_MAX
from bank_adapters.iso20022.names import NAME_MAX, NAMES_MAX, Names
from bank_adapters.iso20022.shapes import TAGS, TAGS_MAX
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from tests.bank_adapters.material import GROUP, bytes_in_pieces, entry, file_bank, notification, report
from tests.shared import shared_dir

BANK = file_bank()
REPORT = report(
    GROUP.format("") + "<OrgnlPmtInfAndSts><TxInfAndSts>|<TxSts>RJCT</TxSts></TxInfAndSts></OrgnlPmtInfAndSts>"
)
BOOKED = notification(entry("|"))
FAR = "<!-- far -->" * 10_000


def refused(content: bytes, size: int = 1 << 16) -> tuple[str, str]:
    with pytest.raises(Unreadable) as caught:
        list(detect.read(bytes_in_pieces(content, size), BANK))
    return caught.value.rule, caught.value.path


def many(write: Callable[[int], str], count: int = NAMES_MAX) -> bytes:
    """So many transactions, each with something of its own."""
    head, behind, tail = REPORT.decode().partition("|")[0], "<TxSts>RJCT</TxSts>", "</OrgnlPmtInfAndSts>"
    one = "</TxInfAndSts><TxInfAndSts>".join(f"{write(n)}{behind}" for n in range(count))
    return f"{head}{one}</TxInfAndSts>{tail}{REPORT.decode().partition(tail)[2]}".encode()


MANY = {
    "elements": lambda n: f"<x{n}/>",
    "elements with content": lambda n: f"<x{n}>y</x{n}>",
    "attributes": lambda n: f"<x a{n}='1'/>",
    "attributes behind a bracket in quotes": lambda n: f"<x a='>' b{n}='1'/>",
    "prefixes": lambda n: f"<x xmlns:p{n}='u'/>",
    "namespaces": lambda n: f"<x xmlns='u?{n}=1'/>",
    "namespaces of prefixes": lambda n: f'<x xmlns:p="u{n}"/>',
}


@pytest.mark.parametrize("write", MANY.values(), ids=MANY)
@pytest.mark.parametrize("size", [1 << 16, 977])
def test_many_different_names_are_refused(write: Callable[[int], str], size: int) -> None:
    content = many(write)
    assert etree.fromstring(content) is not None
    assert refused(content, size) == ("xml.names", "/")


@pytest.mark.parametrize("write", [lambda _: "<x a='1'/>", lambda n: f"<x a='{n}'/>", lambda n: f"<x>{n}</x>"])
def test_the_same_names_again_and_again_are_read(write: Callable[[int], str]) -> None:
    told = list(detect.read([many(write)], BANK))
    assert sum(isinstance(one, Observation) and one.status == "RJCT" for one in told) == NAMES_MAX


def test_a_long_name_is_refused() -> None:
    long = "x" * (NAME_MAX + 1)
    for value in (f"<{long}/>", f"<x {long}='1'/>", f"<x xmlns='{long}'/>"):
        assert refused(REPORT.replace(b"|", value.encode())) == ("xml.names", "/")


ENDLESS = {
    "a tag": "<x a='",
    "a comment": "<!-- <x></x> ",
    "an instruction": "<?go <x/> ",
    "CDATA": "<x><![CDATA[<x/>",
    "a value": "<x>",
    "a name": "<x",
}


@pytest.mark.parametrize("begin", ENDLESS.values(), ids=ENDLESS)
@pytest.mark.parametrize("content", [REPORT, BOOKED], ids=["status", "booking"])
def test_what_has_no_end_is_refused_before_it_fills_the_memory(content: bytes, begin: str) -> None:
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        yield content.partition(b"|")[0] + begin.encode()
        for _ in range(1 << 14):
            taken += 1 << 16
            yield b"y" * (1 << 16)

    with pytest.raises(Unreadable) as caught:
        list(detect.read(pieces(), BANK))
    assert caught.value.rule in {"xml.token", "xml.malformed"}
    assert taken < 2 * TOKEN_MAX


def test_many_different_tags_of_an_account_report_are_refused() -> None:
    tags = "".join(f"<x{n}/>" for n in range(TAGS_MAX + 1))
    assert refused(BOOKED.replace(b"|", tags.encode())) == ("xml.names", "/")
    entries = "".join(entry(f"<y{n}/>") for n in range(TAGS_MAX + 1))
    assert refused(notification(entries))[0] == "xml.names"


def test_one_message_s_names_are_not_another_s() -> None:
    """The memory of tags is shared; what one message brought does not count against the next."""
    for _ in range(3):
        TAGS.clear()
        tags = "".join(f"<x{n}/>" for n in range(TAGS_MAX - 500))
        assert len(list(detect.read([BOOKED.replace(b"|", tags.encode())], BANK))) == 1


def test_namespaces_that_are_kept_count_as_memory() -> None:
    """Elements that nobody handles stay; what they declare stays with them."""
    declared = " ".join(f"xmlns:p{n}='{'u' * 200}{n}'" for n in range(60))
    taken = 0

    def pieces() -> Iterator[bytes]:
        nonlocal taken
        head, tail = report(GROUP.format("") + "<OrgnlPmtInfAndSts>|</OrgnlPmtInfAndSts>").split(b"|")
        yield head
        for _ in range(4_000):
            taken += 1
            yield f"<x {declared}/>".encode()
        yield tail

    with pytest.raises(Unreadable, match=r"element\.size"):
        list(detect.read(pieces(), BANK))
    assert taken < 1_000


def test_real_messages_have_few_names() -> None:
    for file in sorted((shared_dir() / "samples").rglob("*.xml")):
        names = Names()
        names.take(file.read_bytes().decode("latin-1"))
        assert len(names._names) < 200


TEXT = st.text(st.sampled_from("ab ='\"&>\n"), max_size=6)
DOCUMENT = st.recursive(
    st.builds(lambda text: escape(text, quote=False), TEXT),
    lambda inside: st.builds(
        lambda name, attribute, value, parts, comment: (
            f"<{name} {attribute} = '{escape(value)}'>{'<!-- <no> -->' if comment else ''}{''.join(parts)}</{name}>"
        ),
        st.sampled_from(["a", "p.q", "n1", "Äß", "long" * 20]),
        st.sampled_from(["x", "y-1", "zz"]),
        TEXT,
        st.lists(inside, max_size=3),
        st.booleans(),
    ),
    max_leaves=12,
)


@given(DOCUMENT.map(lambda inside: f"<top>{inside}</top>"), st.integers(1, 9))
def test_every_name_that_lxml_finds_is_counted_in_whatever_pieces_it_comes(document: str, size: int) -> None:
    names, found = Names(), set[str]()
    for at in range(0, len(document), size):
        found |= names.take(document[at : at + size])
    root = etree.fromstring(document)
    elements = {str(one.tag) for one in root.iter("{*}*")}
    attributes = {str(name) for one in root.iter("{*}*") for name in one.attrib}
    assert elements <= found
    assert elements | attributes <= names._names
