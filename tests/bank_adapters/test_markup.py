"""Tags and texts are those of lxml, whatever hides them; shapes and shortcuts change nothing; no memory fills."""

import tracemalloc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bank_adapters.iso20022 import camt, detect, markup, plain, shapes
from bank_adapters.iso20022.markup import SLICE, TOKEN_MAX, batches, letters, unescaped
from bank_adapters.iso20022.shapes import TAGS, Memo, tree
from bank_adapters.iso20022.xml import LOCAL
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from tests.bank_adapters.material import bytes_in_pieces, entry, file_bank, notification, observations
from tests.bank_adapters.test_statements import BOOKINGS, stmt
from tests.statements import Booking, camt054

BANK = file_bank()

# The second reading against lxml's -----------------------------------------------------------------------------------

NAME = st.sampled_from(["a", "Ntry", "TxDtls", "p:Amt", "Äß"])
TEXT = st.text(st.sampled_from("ab >]'\"&<\n\r\u00e9\u0401\u0085\u2028\U0001f600"), max_size=8)
QUOTED = st.text(st.sampled_from("ab >'&<\t\n\r/="), max_size=6)


def quoted(value: str) -> str:
    return '"' + value.replace("&", "&amp;").replace("<", "&lt;") + '"'


def plain_text(value: str) -> str:
    return value.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "]]&gt;")


CONTENT = st.one_of(
    TEXT.map(plain_text),
    TEXT.map(lambda t: f"<![CDATA[{t.replace(']]>', ']]')}]]>"),
    TEXT.map(lambda t: f"<!--{t}-->").filter(lambda t: "--" not in t[4:-3] and not t[4:-3].endswith("-")),
    TEXT.map(lambda t: f"<?go {t}?>"),
    st.sampled_from(["&#65;", "&#x1F600;", "&quot;", "&apos;", "&gt;", "&amp;lt;", "&#13;", "\r", "\n"]),
    st.sampled_from(["&#00000000065;", "&#x0000000041;", "&#0000000000000010;", "<![CDATA[]]>", "<![CDATA[]]]]>"]),
)
ELEMENT: st.SearchStrategy[str] = st.deferred(
    lambda: st.builds(
        lambda name, attributes, space, inside: (
            f"<{name}{attributes}{space}/>"
            if inside is None
            else f"<{name}{attributes}{space}>{inside}</{name}{space}>"
        ),
        NAME,
        st.lists(QUOTED.map(quoted), max_size=2).map(
            lambda values: "".join(f" x{n} = {v}" for n, v in enumerate(values))
        ),
        st.sampled_from(["", " ", "\n"]),
        st.none() | st.lists(CONTENT | ELEMENT, max_size=4).map("".join),
    )
)
DOCUMENT = ELEMENT.map(lambda text: f"<r xmlns:p='urn:p'>{text}</r>")


def told(document: str, size: int) -> list[tuple[str, dict[str, str], str, str]]:
    """Opened elements with attributes, and texts before their children, by our reading."""
    tags: list[str] = []
    texts: list[str] = []
    for some, behind in batches(document[at : at + size] for at in range(0, len(document), size)):
        tags += some
        texts += behind
    return flat(tree(tags, texts).root)


def flat(root: etree._Element) -> list[tuple[str, dict[str, str], str, str]]:
    found = []
    for one in root.iter():
        tag: object = one.tag  # a function, for comments and instructions
        if isinstance(tag, str):
            attributes = {str(k): str(v) for k, v in one.attrib.items()}
            found.append((etree.QName(one).localname, attributes, one.text or "", str(sum(1 for _ in one))))
        else:
            found.append(("", {}, "", ""))
    return found


@settings(deadline=None)
@given(DOCUMENT, st.integers(1, 30))
def test_tags_and_texts_are_those_of_lxml(document: str, size: int) -> None:
    expected = flat(etree.fromstring(document.encode()))
    assert told(document, size) == expected
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(markup, "SLICE", size)  # wherever what is looked at together may end
        assert told(document, 1 << 20) == expected


@pytest.mark.parametrize("slice_", range(1, 40))
def test_cdata_goes_on_the_text_before_it_wherever_a_slice_ends(slice_: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(markup, "SLICE", slice_)
    (_, name, sign) = told("<r><a>E1<![CDATA[2<]]>3</a><b><![CDATA[DBIT]]></b></r>", 1 << 20)
    assert (name[2], sign[2]) == ("E12<3", "DBIT")


@settings(max_examples=300, deadline=None)
@given(DOCUMENT, st.data())
def test_what_lxml_takes_for_no_document_is_none(document: str, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(document)))
    damaged = document[:at] + data.draw(st.text("<>&;/!-[]?'\" a\0\n", max_size=3)) + document[at + 1 :]
    try:
        told(damaged, data.draw(st.integers(1, 40)))
    except Unreadable:
        return
    parser = etree.XMLParser()
    with suppress(etree.XMLSyntaxError):
        etree.fromstring(damaged.encode(), parser)
    assert {one.domain_name for one in parser.error_log} <= {"NAMESPACE"}  # which does not matter


@given(st.lists(st.text(max_size=10), max_size=20))
def test_letters_lose_nothing(parts: list[str]) -> None:
    assert "".join(letters(parts)) == "".join(parts)


def test_references_stand_for_their_letters() -> None:
    assert unescaped("&lt;&gt;&amp;&quot;&apos;&#65;&#x42;&amp;amp;") == "<>&\"'AB&amp;"
    assert unescaped(f"&#{'0' * 5_000}65;&#x{'0' * 5_000}42;") == "AB"


# Shapes and the shortcut ---------------------------------------------------------------------------------------------

ODDITIES = ["", "<AddtlNtryInf>E</AddtlNtryInf>", "<!-- x -->", "<RvslInd>true</RvslInd>", "<Chrgs/>", "<NtryDtls/>"]


@settings(deadline=None)
@given(st.integers(-500, 500), BOOKINGS.filter(bool), st.data())
def test_the_shortcut_for_plain_entries_tells_what_the_long_way_tells(
    opening: int, bookings: list[Booking], data: st.DataObject
) -> None:
    odd = [replace(one, more=data.draw(st.sampled_from(ODDITIES))) for one in bookings]
    content = camt054(stmt(opening, odd))
    short = list(detect.read([content], BANK))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(camt, "plain_entry", lambda *_: None)
        assert list(detect.read([content], BANK)) == short


def test_a_plain_entry_takes_the_shortcut(monkeypatch: pytest.MonkeyPatch) -> None:
    details = '<NtryDtls><TxDtls><Amt Ccy="EUR">12.30</Amt></TxDtls></NtryDtls>'
    monkeypatch.setattr(camt, "Entry", None)
    assert len(observations(notification(entry(details) * 3), bank=BANK)) == 3


def test_a_shape_is_found_out_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[object] = []
    build = shapes.tree

    def counted(tags: Sequence[str], texts: Iterable[str]) -> shapes.Tree:
        made.append(tags)
        return build(tags, texts)

    monkeypatch.setattr(shapes, "tree", counted)
    details = '<NtryDtls><TxDtls><Purp><Cd>ONCE</Cd></Purp><Amt Ccy="EUR">12.30</Amt></TxDtls></NtryDtls>'
    assert len(observations(notification(entry(details) * 50), bank=BANK)) == 50
    assert 0 < len(made) <= 2


def test_memories_are_bounded() -> None:
    memo = Memo(len)
    for number in range(25_000):
        assert memo[str(number)] == len(str(number))
    assert memo["x" * 300] == 300
    assert len(memo) <= 10_000
    assert "x" * 300 not in memo
    kept = shapes.Shapes[int]()
    for number in range(2_500):
        kept.keep(str(number), number)
    kept.keep("x" * 9_000, 1)
    assert len(kept) <= 1_000
    for number in range(900):
        kept.keep(f"{number}{'x' * 8_000}", number)
    assert sum(map(len, kept)) <= 1_000_000
    for number in range(25_000):
        assert LOCAL[f"{{urn:{number}}}a{number}"] == f"a{number}"
    assert LOCAL["y" * 300] == "y" * 300
    assert len(LOCAL) <= 10_000
    assert "y" * 300 not in LOCAL
    assert len(TAGS) <= 10_000
    assert isinstance(plain._SHAPES, shapes.Shapes)


# What stands beside ---------------------------------------------------------------------------------------------------

DETAIL = '<NtryDtls><TxDtls><Refs><EndToEndId>{}</EndToEndId></Refs><Amt Ccy="EUR">12.30</Amt></TxDtls></NtryDtls>'
NAMED = [
    ("a line end inside", "E\r\n1", "E\n1"),
    ("an old line end inside", "E\r1", "E\n1"),
    ("a carriage return by reference", "E&#13;1", "E\r1"),
    ("a long reference", "E&#0000000000000049;", "E1"),
    ("a long hexadecimal reference", "E&#x0000000000031;", "E1"),
    ("brackets", "E]]&gt;>1", "E]]>>1"),
    ("a declaration in CDATA", "<![CDATA[<?xml?>]]>", "<?xml?>"),
    ("CDATA in CDATA", "<![CDATA[<![CDATA[]]>]]&gt;", "<![CDATA[]]>"),
    ("a comment in CDATA", "<![CDATA[<!-- E -->]]>", "<!-- E -->"),
]


@pytest.mark.parametrize(("written", "read"), [pytest.param(w, r, id=name) for name, w, r in NAMED])
@pytest.mark.parametrize("size", [1 << 20, 1, 7])
def test_a_value_is_what_lxml_reads(written: str, read: str, size: int) -> None:
    content = notification(entry(DETAIL.format(written)))
    found = [str(one.text) for one in etree.fromstring(content).iter("{*}EndToEndId")]
    assert [row.end_to_end_id for row in observations(*bytes_in_pieces(content, size), bank=BANK)] == found == [read]


@pytest.mark.parametrize("size", range(1, 60))
def test_line_ends_on_the_border_of_pieces_are_one(size: int) -> None:
    content = "<r>" + "\r\n" * 40 + "<a b='1\r\n2'/>\r</r>"
    assert told(content, size) == flat(etree.fromstring(content.encode()))


# Size ----------------------------------------------------------------------------------------------------------------

HEAD, TAIL = notification("|").split(b"|")
DETAILS = '<NtryDtls><TxDtls>{}<Amt Ccy="EUR">12.30</Amt></TxDtls></NtryDtls>'


def repeated(before: str, again: str, times: int, after: str) -> Iterator[bytes]:
    yield HEAD + before.encode()
    for _ in range(times):
        yield again.encode()
    yield after.encode() + TAIL


KIB = "x" * 1024
ENDLESS = [
    ("a value", lambda: repeated("<Ntry><AddtlNtryInf>", KIB, 1 << 20, "</AddtlNtryInf></Ntry>"), "xml.token"),
    ("an ignored value", lambda: repeated("<Ntry><X>", KIB, 1 << 20, "</X></Ntry>"), "xml.token"),
    ("a comment", lambda: repeated("<!--", KIB, 1 << 20, "-->"), "xml.token"),
    ("an instruction full of others", lambda: repeated("<?go ", "<?" * 512, 1 << 20, "?>"), "xml.token"),
    ("a CDATA section", lambda: repeated("<X><![CDATA[", "<" * 1024, 1 << 20, "]]></X>"), "xml.token"),
    ("attributes", lambda: repeated("<Ntry", ' a="1"' * 100, 1 << 20, "></Ntry>"), "xml."),
    (
        "different attributes",
        lambda: repeated("<Ntry", "", 0, "".join(f' a{n}="1"' for n in range(60_000)) + "/>"),
        "xml.attributes",
    ),
    ("an entry's own elements", lambda: repeated("<Ntry>", f"<X>{KIB}</X>", 1 << 20, "</Ntry>"), "element.size"),
    (
        "a transaction's elements",
        lambda: repeated("<Ntry><NtryDtls><TxDtls>", f"<X>{KIB}</X>", 1 << 20, ""),
        "element.size",
    ),
    ("an account's head", lambda: repeated("", f"<Bal>{KIB}</Bal>", 1 << 20, ""), "element.size"),
    ("a name", lambda: repeated("<", KIB, 1 << 20, "/>"), "xml.token"),
    ("space before everything", lambda: iter([b" " * 1024] * (1 << 20)), "message.unknown"),
]


@pytest.mark.parametrize(("pieces", "rule"), [pytest.param(p, r, id=name) for name, p, r in ENDLESS])
def test_what_has_no_end_is_refused_before_it_fills_the_memory(pieces: object, rule: str) -> None:
    assert callable(pieces)
    taken = 0

    def counted() -> Iterator[bytes]:
        nonlocal taken
        for piece in pieces():
            taken += len(piece)
            yield piece

    tracemalloc.start()
    try:
        with pytest.raises(Unreadable) as caught:
            list(detect.read(counted(), BANK))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert caught.value.rule.startswith(rule)
    assert taken < 4 * TOKEN_MAX
    assert peak < 48 << 20


def test_a_transaction_of_a_thousand_and_an_entry_of_many_stay_flat() -> None:
    """An entry with 4,000 transactions holds no more than one with 1,000; its head stands before them."""

    def peak(count: int) -> int:
        one = '<TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><Amt Ccy="EUR">0.01</Amt></TxDtls>'
        head = entry("|", amount=f"{count // 100}.{count % 100:02d}").split("|")
        tracemalloc.start()
        read = detect.read(repeated(f"{head[0]}<NtryDtls>", one, count, f"</NtryDtls>{head[1]}"), BANK)
        found = sum(1 for row in read if isinstance(row, Observation) and row.amount_minor == 1)
        top = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert found == count
        return top

    peak(10)
    assert peak(4_000) < 1.5 * peak(1_000)


def test_transactions_that_wait_for_the_end_of_their_entry_are_few_letters() -> None:
    one = f'<TxDtls><Refs><EndToEndId>E1</EndToEndId></Refs><Amt Ccy="EUR">0.01</Amt><X>{KIB * 100}</X></TxDtls>'
    head = entry("|", amount="2.00").split("|")
    tracemalloc.start()
    read = detect.read(repeated(f"{head[0]}<NtryDtls>", one, 200, f"</NtryDtls>{head[1]}"), BANK)
    assert sum(1 for row in read if isinstance(row, Observation) and row.end_to_end_id == "E1") == 200
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 10 << 20  # the entry has 20 million letters


def test_batches_are_bounded() -> None:
    document = "<r>" + "<a>b</a>" * 50_000 + "</r>"
    assert max(len(tags) for tags, _ in batches([document])) <= SLICE


def test_a_message_cut_anywhere_is_refused() -> None:
    content = notification(entry(DETAILS.format("")))
    for end in range(1, len(content) - 1):
        with pytest.raises(Unreadable):
            observations(*bytes_in_pieces(content[:end], 64), bank=BANK)
