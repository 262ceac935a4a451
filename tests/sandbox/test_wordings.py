"""What sandbox banks say in every format: valid by the standards' own schemas, and read as what was meant."""

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import mt940
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.domain.observation import ObservationKind
from gateway.sandbox import camt053, camt054, load_parameters
from gateway.sandbox import mt940 as own_mt940
from gateway.sandbox import mt942 as own_mt942
from gateway.sandbox.behaviours import ReturnParameters, Shape, StatementParameters, VerdictParameters
from gateway.sandbox.camt053 import Told
from gateway.sandbox.entries import Style
from gateway.sandbox.flat_replies import OWN_REASONS
from gateway.sandbox.messages import Header
from gateway.sandbox.movements import Movement, Sort
from gateway.sandbox.wording import DressParameters, FlatParameters, MtParameters
from tests.sandbox.heard import MSG_ID, MT, XML, Line, entries, expected, heard, lines, shipped
from tests.sandbox.material import DEBTOR, PAY_DAY, File, Seen, of_sort, run
from tests.sandbox.statements import played, said, schema
from tests.sandbox.test_parameters import section

OFTEN = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HEAD = Header(
    msg_id="ALFAC0123456789ABCDEFGHIJ", created=datetime(2026, 9, 21, 18, tzinfo=UTC), sender="Sparkasse Köln"
)
CAMT = ("02", "04", "08", "10")
MT_DIALECTS = [
    MtParameters(text=text, terminal=t) for text in ("code words", "subfields") for t in (None, "ALFADEFFAXXX")
]
EVERY_SHAPE = ReturnParameters(shapes=tuple(Shape))
SOME = File(amounts=("12.34",) * 12)
FATES: dict[str, Any] = {"rejected_per_10000": 3_000, "returned_per_10000": 4_000}


def told(groups: list[tuple[Movement, ...]], opening: int) -> Told:
    closing = opening + sum(part.signed_minor for parts in groups for part in parts)
    return Told(
        statement_id="ALFA-1", account=DEBTOR, sequence=7, day=PAY_DAY,
        opening_minor=opening, closing_minor=closing, entries=groups,
    )  # fmt: skip


def valid(content: bytes, sort: str) -> None:
    schema(sort).assertValid(etree.fromstring(content))


balances = st.integers(-(10**12), 10**12)


# Account reports -------------------------------------------------------------------------------------------------


@OFTEN
@given(entries(), balances, st.sampled_from(CAMT))
def test_a_camt_statement_is_valid_and_read_as_what_was_booked(
    groups: list[tuple[Movement, ...]], opening: int, version: str
) -> None:
    whole, style = told(groups, opening), Style(version=version)
    content = camt053.write_statement(HEAD, style, [whole])
    valid(content, f"camt.053.001.{version}")
    valid(camt053.write_report(HEAD, style, whole), f"camt.052.001.{version}")
    observations, (statement,) = heard(content)
    assert lines(observations) == [_of_camt(parts) for parts in groups]
    assert (statement.opening_minor, statement.closing_minor) == (opening, whole.closing_minor)
    assert (statement.account, statement.sequence, statement.entry_count) == (DEBTOR, 7, len(groups))
    assert statement.entries_minor == (whole.closing_minor or 0) - opening


def _of_camt(parts: tuple[Movement, ...]) -> Line:
    """A camt message tells the clearing's reference too, where it names nothing else."""
    line = expected(parts)
    only_tx_id = parts[0].sort is Sort.RETURN and parts[0].shape is Shape.TX_ID
    return replace(line, entry_ref=parts[0].tx_id) if only_tx_id else line


@OFTEN
@given(entries(), balances, st.sampled_from(MT_DIALECTS))
def test_an_mt940_is_read_as_what_was_booked_by_us_and_by_others(
    groups: list[tuple[Movement, ...]], opening: int, how: MtParameters
) -> None:
    whole = told(groups, opening)
    content = own_mt940.write(HEAD, how, [whole])
    observations, (statement,) = heard(content, MT)
    assert lines(observations) == [expected(parts) for parts in groups]
    assert (statement.opening_minor, statement.closing_minor) == (opening, whole.closing_minor)
    assert (statement.account, statement.sequence, statement.entry_count) == (DEBTOR, 7, len(groups))
    others = mt940.parse(content.decode("ascii"))
    data = others.data
    assert [int(data[f"final_{edge}_balance"].amount.amount * 100) for edge in ("opening", "closing")] == [
        opening,
        whole.closing_minor,
    ]
    amounts = [(int(abs(one.data["amount"].amount) * 100), one.data["date"]) for one in others]
    assert amounts == [(abs(line.signed_minor), line.day) for line in map(expected, groups)]
    long = [line.removeprefix(":86:") for line in content.decode("ascii").split("\r\n") if not line.startswith("{")]
    assert max(map(len, long)) <= 65


@OFTEN
@given(entries().filter(bool), st.sampled_from(MT_DIALECTS))
def test_a_notice_says_the_same_in_camt_and_mt(groups: list[tuple[Movement, ...]], how: MtParameters) -> None:
    observations, statements = heard(own_mt942.write(HEAD, how, DEBTOR, groups), MT)
    assert lines(observations) == [expected(parts) for parts in groups]
    assert (statements, {one.booked for one in observations}) == ([], {True})
    for version in CAMT:
        content = camt054.write(HEAD, DEBTOR, Style(version=version), groups)
        valid(content, f"camt.054.001.{version}")
        assert lines(heard(content)[0]) == [_of_camt(parts) for parts in groups]


def test_charges_stand_where_mt_has_them(tmp_path: Path) -> None:
    returns = ReturnParameters(charged_per_10000=10_000, charge_minor=150)
    bank = played(
        tmp_path, SOME, returned_per_10000=10_000, returns=returns, statement=StatementParameters(version="MT940")
    )
    (content,) = [one.content for one in said(bank) if one.content.startswith(b":20:")]
    bank.close()
    backs = [one for one in heard(content, MT)[0] if one.credit]
    assert [(one.amount_minor, one.charges_minor, one.charged) for one in backs] == [(1_084, 150, True)] * 12


def test_a_payment_that_was_named_in_sixteen_letters_is_named_so_again(tmp_path: Path) -> None:
    (_, content, *_) = [one.content for one in run(tmp_path, SOME, camt_version="MT942")]
    assert b"NTRFI1//" in content  # the InstrId that was given
    assert content.count(b"/EREF/E000") == 12


# Statuses --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", ["03", "10", "12"])
@pytest.mark.parametrize("detail", ["group", "itemised"])
def test_a_pain_002_is_valid_in_every_version(tmp_path: Path, version: str, detail: str) -> None:
    dress = DressParameters(name="Bank")
    answers = run(tmp_path, SOME, File(msg_id="SECOND", first=30), SOME, status_version=version, status_detail=detail,
                  dress=dress, **FATES)  # fmt: skip
    found = [one for one in answers if b"CstmrPmtStsRpt" in one.content]
    for one in found:
        valid(one.content, f"pain.002.001.{version}")
    assert len(found) == 3  # the last one refuses a file that came twice
    assert Seen(found[0].content).has("OrgnlUETR") is (version != "03")
    assert {Seen(one.content).one("Nm") for one in found} == {"Bank"}


def _outcomes(content: bytes, by: Any = XML) -> set[tuple[str | None, str | None, str | None]]:
    told = [one for one in heard(content, by)[0] if one.kind is ObservationKind.PAYMENT_STATUS]
    return {(one.end_to_end_id, one.status, one.reason) for one in told}


@pytest.mark.parametrize("detail", ["group", "itemised"])
def test_a_pacs_002_is_valid_and_says_what_a_pain_002_says(tmp_path: Path, detail: str) -> None:
    terms: dict[str, Any] = FATES | {"status_detail": detail, "dress": DressParameters(name="Bank")}
    (usual, *_) = run(tmp_path / "pain", SOME, **terms)
    (passed_on, *_) = run(tmp_path / "pacs", SOME, status_version="pacs.002", **terms)
    valid(passed_on.content, "pacs.002.001.10")
    assert _outcomes(passed_on.content) == _outcomes(usual.content) != set()
    assert {one.msg_id for one in heard(passed_on.content)[0]} == {MSG_ID}


def test_a_refused_block_is_told_payment_by_payment_where_there_are_no_blocks(tmp_path: Path) -> None:
    stranger = File(debtor="DE44100100010020260009")
    (passed_on, *_) = run(tmp_path, stranger, status_version="pacs.002")
    assert _outcomes(passed_on.content) == {(stranger.end_to_end_id(n), "RJCT", "AC02") for n in range(3)}


def test_a_flat_reply_names_lines_or_references(tmp_path: Path) -> None:
    file = File(amounts=("1.00",) * 8)
    rows = {}
    for names in ("line", "reference"):
        for columns in ("delimited", "fixed"):
            flat = FlatParameters(columns=columns, names=names)
            content = run(tmp_path / f"{names} {columns}", file, flat=flat, status_detail="itemised", **FATES)[
                0
            ].content
            rows[names, columns] = _rows(content, columns)
    for names in ("line", "reference"):
        assert rows[names, "delimited"] == rows[names, "fixed"]
    by_line, by_reference = rows["line", "delimited"], rows["reference", "delimited"]
    assert by_line[0] == ["C", MSG_ID, "01", ""]
    assert by_line[-1] == ["S", "000008"]
    assert [row[1] for row in by_line[1:-1]] == [f"{n:06d}" for n in range(1, 9)]
    assert [row[1] for row in by_reference[1:-1]] == [file.end_to_end_id(n) for n in range(8)]
    assert [row[2:] for row in by_line[1:-1]] == [row[2:] for row in by_reference[1:-1]]
    assert {row[2] for row in by_line[1:-1]} == {"00", "10"}
    assert {row[3] for row in by_line[1:-1]} <= {"", *OWN_REASONS.values()}


def _rows(content: bytes, columns: str) -> list[list[str]]:
    """Take a reply apart without the writer's tables."""
    text = content.decode("ascii")
    if columns == "delimited":
        return list(csv.reader(io.StringIO(text), delimiter=";"))
    cuts = {"C": (1, 28, 30, 34), "D": (1, 36, 38, 42, 58), "S": (1, 7)}
    whole = text.split("\r\n")[:-1]
    assert {len(line) for line in whole} == {60}
    return [[line[a:b].strip() for a, b in zip((0, *cuts[line[0]]), cuts[line[0]], strict=False)] for line in whole]


@pytest.mark.parametrize("slug", ["golf", "hotel"])
def test_a_flat_reply_is_read_by_the_profile_that_ships(tmp_path: Path, slug: str) -> None:
    flat = {"golf": FlatParameters(), "hotel": FlatParameters(columns="fixed", names="reference")}[slug]
    file, by = File(amounts=("1.00",) * 8), shipped(slug)
    content = run(tmp_path, file, flat=flat, status_detail="itemised", **FATES)[0].content
    written = [row[1:4] for row in _rows(content, flat.columns)[1:-1]]
    told = [one for one in heard(content, by)[0] if one.kind is ObservationKind.PAYMENT_STATUS]
    names = [f"{one.position:06d}" if slug == "golf" else one.end_to_end_id for one in told]
    assert [[n, one.status, one.reason or ""] for n, one in zip(names, told, strict=True)] == written
    meant = {one.reason and meanings(by, one.reason) for one in told}
    assert meant == {
        None,
        *(_outcome[2] for _outcome in _outcomes_of_a_pain_002(tmp_path / "xml", file) if _outcome[2]),
    }


def meanings(by: Any, reason: str) -> str:
    """What the profile takes a bank's number for."""
    return str(by.reason_overrides[reason])


def _outcomes_of_a_pain_002(root: Path, file: File) -> set[tuple[str | None, str | None, str | None]]:
    return _outcomes(run(root, file, status_detail="itemised", **FATES)[0].content)


def test_a_file_that_is_refused_as_a_whole_has_a_reply_without_lines(tmp_path: Path) -> None:
    verdicts = VerdictParameters(file_refused_per_10000=10_000)
    (answer,) = run(tmp_path, File(), flat=FlatParameters(), verdicts=verdicts)
    assert (answer.suffix, answer.content) == ("txt", f"C;{MSG_ID};10;901\r\nS;000000\r\n".encode())


# Dress and zips --------------------------------------------------------------------------------------------------

DRESSES = [
    DressParameters(encoding=encoding, prefix=prefix, wrapper=wrapper, name="Banque Économique, Łódź")
    for encoding in ("UTF-8", "UTF-8 with mark", "ISO-8859-1", "UTF-16")
    for prefix in (None, "ns2")
    for wrapper in ("none", "application header", "text")
]


@pytest.mark.parametrize("dress", DRESSES, ids=str)
def test_a_message_says_the_same_in_any_dress(tmp_path: Path, dress: DressParameters) -> None:
    habits: dict[str, Any] = FATES | {"statement": StatementParameters(), "returns": EVERY_SHAPE}
    plain = played(tmp_path / "plain", SOME, dress=DressParameters(name=dress.name), **habits)
    other = played(tmp_path / "other", SOME, dress=dress, **habits)
    pairs = list(zip(said(plain), said(other), strict=True))
    plain.close()
    other.close()
    assert len(pairs) >= 4
    for usual, dressed in pairs:
        assert heard(usual.content) == heard(dressed.content)
        assert _document(dressed.content) == _document(usual.content)
        assert (dressed.content == usual.content) is (dress == DressParameters(name=dress.name))


def _document(content: bytes) -> list[tuple[str, str | None]]:
    """Names and texts of the message inside whatever is around it, as lxml finds them."""
    root = etree.fromstring(content)
    letter = root.findtext("{*}Content")
    document = etree.fromstring(letter.encode()) if letter else root
    (found,) = document.iter("{*}Document")
    return [(str(one.tag), one.text) for one in found.iter()]


def test_a_bank_without_a_dress_writes_plain_utf_8(tmp_path: Path) -> None:
    (status, *_) = run(tmp_path, File())
    assert status.content.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="urn:iso')
    assert of_sort([status], "pain.002.001.10")


def test_what_goes_out_at_one_time_is_one_zip(tmp_path: Path) -> None:
    zipped = StatementParameters(pages=2, zipped=True)
    loose = played(tmp_path / "loose", SOME, statement=replace(zipped, zipped=False))
    bank, again = (played(tmp_path / name, SOME, statement=zipped) for name in ("one", "two"))
    (archive,) = [one for one in said(bank) if one.suffix == "zip"]
    pages = [one.content for one in said(loose) if b"BkToCstmrStmt" in one.content]
    with zipfile.ZipFile(io.BytesIO(archive.content)) as found:
        assert found.testzip() is None
        assert [found.read(name) for name in found.namelist()] == pages
    assert archive.content in [one.content for one in said(again)]
    (one,) = bank.books.accounts.statements()
    assert {"in a zip", "on several pages"} <= one.habits
    read, statements = heard(archive.content)
    assert (len(read), len(statements)) == (12, 2)
    for opened in (loose, bank, again):
        opened.close()


# Parameters ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"statement": {"version": "MT940", "pages": 2}}, "one page"),
        ({"statement": {"version": "MT940", "entry_status": "omitted"}}, "left out"),
        ({"status_version": "03", "accept_status": "ACCC"}, "ACCC"),
        ({"flat": {"columns": "woven"}}, "columns"),
        ({"mt": {"terminal": "SHORT"}}, "terminal"),
        ({"dress": {"encoding": "EBCDIC"}}, "encoding"),
    ],
)
def test_wordings_that_do_not_fit_are_refused(changes: dict[str, object], names: str) -> None:
    with pytest.raises(ValueError, match="sandbox bank alfa: ") as caught:
        load_parameters({"alfa": section(**changes)}, seed=1)
    assert names in str(caught.value)
