"""Every format says the same, and none lets a cell become markup, a formula or a terminal's command."""

import csv
import json
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from io import BytesIO, StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from gateway.api.formats import as_csv, as_html, as_json, as_pdf, as_table, writers
from gateway.domain.paper import (
    Amount,
    Cell,
    Column,
    Paper,
    ReportFormat,
    ReportKind,
    Section,
    Share,
    Span,
    Table,
    plain,
    shown,
)

EVIL = '=HYPERLINK("https://x.example","a")<script>alert(1)</script>\x1b[2J'
MADE = datetime(2026, 9, 21, 20, 0, 59, tzinfo=UTC)
COLUMNS = (
    Column(id="of", title="of"),
    Column(id="orders", title="orders", number=True),
    Column(id="amount", title="amount", number=True),
    Column(id="rate", title="rate", number=True),
    Column(id="time", title="time", number=True),
    Column(id="on", title="on"),
    Column(id="at", title="at"),
    Column(id="none", title="none"),
)
ROW: tuple[Cell, ...] = (
    *("alfa", 1_234, Amount(minor=-51_240, currency="EUR"), Share(part=1, whole=3)),
    *(Span(seconds=343_800), date(2026, 9, 21), MADE, None),
)


def paper(*rows: tuple[Cell, ...], closes: bool = True) -> Paper:
    table = Table(id="things", caption="Things & more", columns=COLUMNS, rows=rows)
    empty = Table(id="empty", caption="Nothing here", columns=COLUMNS[:1], rows=())
    section = Section(id="first", title="First", note="A note.", tables=[table, empty])
    return Paper(
        kind=ReportKind.BANK,
        pay_date=date(2026, 9, 21),
        made_at=MADE,
        sources=["*"],
        about="alfa",
        closes=closes,
        sections=[section],
    )


def records(content: bytes) -> list[list[str]]:
    return list(csv.reader(StringIO(content.decode(), newline=""), strict=True))


@pytest.mark.parametrize(
    ("cell", "for_machines", "for_people"),
    [
        (None, "", ""),
        ("alfa", "alfa", "alfa"),
        (-3, "-3", "-3"),
        (Amount(minor=-51_240, currency="EUR"), "-512.40", "-512.40"),
        (Amount(minor=5, currency="JPY"), "5", "5"),
        (Amount(minor=5, currency="KWD"), "0.005", "0.005"),
        (Amount(minor=0, currency=""), "", ""),
        (Share(part=1, whole=3), "0.3333", "33.3 %"),
        (Share(part=2, whole=3), "0.6667", "66.7 %"),
        (Share(part=3, whole=3), "1.0000", "100.0 %"),
        (Share(part=0, whole=0), "", ""),
        (Span(seconds=59), "59", "59 s"),
        (Span(seconds=61), "61", "1 min 1 s"),
        (Span(seconds=10_800), "10800", "3 h 0 min"),
        (Span(seconds=343_800), "343800", "3 d 23 h"),
        (Span(seconds=-60), "-60", "-1 min 0 s"),
        (date(2026, 9, 21), "2026-09-21", "2026-09-21"),
        (MADE, "2026-09-21T20:00:59Z", "2026-09-21 20:00 UTC"),
    ],
)
def test_how_a_cell_is_written(cell: Cell, for_machines: str, for_people: str) -> None:
    assert (plain(cell), shown(cell)) == (for_machines, for_people)


def test_a_row_that_does_not_fit_its_columns_is_refused() -> None:
    with pytest.raises(ValueError, match="not as wide"):
        paper(("alfa",))


def test_csv_is_one_file_of_even_records() -> None:
    head, report, columns, row, empty = records(as_csv.write(paper(ROW)))
    assert head == ["report", "kind", "about", "pay_date", "made_at", "sources", "closes", "", ""]
    assert report == ["report", "bank", "alfa", "2026-09-21", "2026-09-21T20:00:59Z", "all sources", "yes", "", ""]
    assert columns == ["things", "of", "orders", "amount", "rate", "time", "on", "at", "none"]
    when = ["2026-09-21", "2026-09-21T20:00:59Z"]
    assert row == ["things", "alfa", "1234", "-512.40", "0.3333", "343800", *when, ""]
    assert empty[:2] == ["empty", "of"]


def test_numbers_below_zero_are_no_formulas() -> None:
    assert as_csv.field(Amount(minor=-1, currency="EUR")) == "-0.01"
    assert as_csv.field(-1) == "-1"


@given(
    st.sampled_from(["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "  =", "\n @"]),
    st.text(),
)
def test_text_that_begins_like_a_formula_is_text_in_a_spreadsheet(begin: str, rest: str) -> None:
    assert as_csv.field(begin + rest) == f"'{begin}{rest}"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_comes_back_from_csv(text: str) -> None:
    row = records(as_csv.write(paper((text, *ROW[1:]))))[3]
    assert row[1].removeprefix("'") == text.removeprefix("'")
    assert not row[1].lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))


class Page(HTMLParser):
    """Reads what a page says, and that its tags close in order."""

    VOID = frozenset({"meta", "link", "img", "br"})

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(content.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((self.open[-1], data.strip()))

    def of(self, tag: str) -> list[str]:
        return [text for where, text in self.texts if where == tag]


def test_html_has_captions_and_headers_with_a_scope() -> None:
    page = Page(as_html.write(paper(ROW)))
    assert page.open == []
    assert page.of("h1") == ["Report by bank alfa, 2026-09-21"]
    assert page.of("caption") == ["Things & more"]
    scopes = [attributes.get("scope") for tag, attributes in page.tags if tag == "th"]
    assert scopes == ["col"] * len(COLUMNS) + ["row"]
    assert page.of("td") == ["1234", "-512.40", "33.3 %", "3 d 23 h", "2026-09-21", "2026-09-21 20:00 UTC"]
    assert dict(page.tags)["html"] == {"lang": "en"}
    assert "Nothing here: none." in page.of("p")


def test_html_loads_and_runs_nothing() -> None:
    page = Page(as_html.write(paper((EVIL, *ROW[1:]))))
    assert not {"script", "link", "img", "iframe", "object"} & {tag for tag, _ in page.tags}
    for _, attributes in page.tags:
        assert not {"src", "onload", "onclick", "style"} & attributes.keys()
        assert (attributes.get("href") or "#").startswith("#")
    policy = next(a["content"] for _, a in page.tags if a.get("http-equiv") == "Content-Security-Policy")
    assert (policy or "").startswith("default-src 'none'")
    assert "url(" not in "".join(page.of("style"))
    assert '=HYPERLINK("https://x.example","a")<script>alert(1)</script>?[2J' in page.of("th")


def test_html_says_in_words_that_it_does_not_close() -> None:
    assert "NOT EVERY EQUATION HOLDS." in Page(as_html.write(paper(ROW, closes=False))).of("p")


def test_pdf_holds_every_cell_and_counts_its_pages() -> None:
    reader = PdfReader(BytesIO(as_pdf.write(paper(*[ROW] * 120))))
    texts = [page.extract_text() for page in reader.pages]
    assert len(texts) > 2
    assert f"page 1 of {len(texts)}" in texts[0]
    assert sum(text.count("-512.40") for text in texts) == 120
    assert all("orders" in text for text in texts[:3])
    assert "Nothing here: none." in texts[-1]
    assert reader.metadata is not None
    assert reader.metadata.title == "Report by bank alfa, 2026-09-21"


def test_pdf_of_the_same_report_is_the_same_file_and_runs_nothing() -> None:
    content = as_pdf.write(paper((EVIL + "Ω", *ROW[1:])))
    assert content == as_pdf.write(paper((EVIL + "Ω", *ROW[1:])))
    for action in (b"/JavaScript", b"/URI", b"/Launch", b"/OpenAction <<"):
        assert action not in content


def test_json_keeps_types_and_exact_amounts() -> None:
    document = json.loads(as_json.write(paper(ROW)))
    assert (document["kind"], document["payDate"], document["closes"]) == ("bank", "2026-09-21", True)
    things, empty = document["sections"][0]["tables"]
    assert things["rows"] == [
        [
            {"type": "text", "value": "alfa"},
            {"type": "count", "value": 1234},
            {"type": "amount", "value": "-512.40", "currency": "EUR"},
            {"type": "share", "value": "0.3333", "part": 1, "whole": 3},
            {"type": "seconds", "value": 343800},
            {"type": "day", "value": "2026-09-21"},
            {"type": "moment", "value": "2026-09-21T20:00:59Z"},
            {"type": "nothing"},
        ]
    ]
    assert empty["rows"] == []


def test_a_table_for_a_terminal_is_plain_letters_within_its_width() -> None:
    text = as_table.write(paper((EVIL, *ROW[1:])), width=100).decode()
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 100
    assert "-512.40" in text
    assert "(none)" in text


def test_every_format_has_a_writer_and_names_its_letters() -> None:
    known = writers()
    assert known.keys() == set(ReportFormat)
    assert all(writer.write(paper(ROW)) for writer in known.values())
    types = {name: writer.content_type for name, writer in known.items()}
    assert types[ReportFormat.CSV] == "text/csv; charset=utf-8"
    assert types[ReportFormat.PDF] == "application/pdf"
