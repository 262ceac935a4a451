"""What a sandbox bank takes and refuses in each format; the files are written by hand (`tests.sandbox.formats`)."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import get_args

import pytest

from gateway.sandbox.judge import Outcome, judge_file
from gateway.sandbox.payment_file import UNDATED, BadFile, Party, minor_units, sums_fault
from gateway.sandbox.readers import Initiation, read
from tests.sandbox.formats import reference
from tests.sandbox.material import DEBTOR, PAY_DAY, File, bank, payee

FORMATS: tuple[Initiation, ...] = get_args(Initiation)
FLAT: tuple[Initiation, ...] = ("fixed-width", "delimited")
OTHERS: tuple[Initiation, ...] = ("MT101", *FLAT)
FIXED, DELIMITED, MT = (File(initiation=one).bytes() for one in ("fixed-width", "delimited", "MT101"))


def refused(content: bytes, initiation: Initiation) -> BadFile:
    with pytest.raises(BadFile) as caught:
        read(content, initiation)
    return caught.value


@pytest.mark.parametrize("initiation", FORMATS)
def test_each_format_says_the_same(initiation: Initiation) -> None:
    file = read(File(initiation=initiation).bytes(), initiation)
    (block,) = file.blocks
    assert (file.count, file.control_sum, block.count, block.control_sum) == (3, Decimal("30.51"), 3, Decimal("30.51"))
    assert (block.debtor_account, block.execution_date) == (DEBTOR, PAY_DAY)
    assert [(one.account, one.amount_minor, one.currency) for one in block.payments] == [
        (payee(1), 1_000, "EUR"),
        (payee(2), 2_050, "EUR"),
        (payee(3), 1, "EUR"),
    ]
    assert [one.end_to_end_id for one in block.payments] == [File().end_to_end_id(place) for place in range(3)]
    assert {one.creditor for one in block.payments} == {Party(name="N")}
    assert sums_fault(file) is None


@pytest.mark.parametrize("initiation", FORMATS)
@pytest.mark.parametrize("written", FORMATS)
def test_a_bank_takes_its_own_format_only(written: Initiation, initiation: Initiation) -> None:
    judged = judge_file(bank(initiation=initiation), File(initiation=written).bytes(), lambda _: False)
    own = written == initiation
    assert (judged.outcome, judged.reason) == ((Outcome.ACCEPTED, None) if own else (Outcome.UNREADABLE, "FF01"))
    assert judged.initiation == initiation


@pytest.mark.parametrize("initiation", OTHERS)
def test_a_file_whose_end_is_missing_is_refused(initiation: Initiation) -> None:
    content = File(initiation=initiation).bytes()
    for end in range(len(content)):
        assert refused(content[:end], initiation).reason in {"FF01", "AM12"}


@pytest.mark.parametrize(("initiation", "zone"), [("fixed-width", 5), ("delimited", 5), ("MT101", 6)])
def test_when_a_file_was_made(initiation: Initiation, zone: int) -> None:
    assert read(File(initiation=initiation).bytes(), initiation).created == datetime(2026, 9, 21, zone, tzinfo=UTC)


@pytest.mark.parametrize("initiation", FLAT)
@pytest.mark.parametrize(("figure", "value", "reason"), [("GrpNb", "4", "AM18"), ("GrpSum", "30.52", "AM10")])
def test_the_figures_of_a_flat_file_are_compared(initiation: Initiation, figure: str, value: str, reason: str) -> None:
    file = File(initiation=initiation, declared={figure: value}).bytes()
    assert judge_file(bank(initiation=initiation), file, lambda _: False).reason == reason


@pytest.mark.parametrize(("figure", "value", "reason"), [("PmtNb", "2", "AM18"), ("PmtSum", "30.50", "AM10")])
def test_the_figures_of_one_order_are_compared(figure: str, value: str, reason: str) -> None:
    assert sums_fault(read(File(initiation="fixed-width", declared={figure: value}).bytes(), "fixed-width")) == reason


@pytest.mark.parametrize("initiation", FLAT)
def test_a_refused_flat_file_is_named(initiation: Initiation) -> None:
    content = File(initiation=initiation, msg_id="G1ALFA260921S00007").bytes()
    wrong = refused(content.replace(b"20260921", b"20260231").replace(b";2026-09-21;", b";2026-02-31;"), initiation)
    assert (wrong.reason, wrong.msg_id) == ("FF01", "G1ALFA260921S00007")
    assert wrong.created in {UNDATED, datetime(2026, 9, 21, 5, tzinfo=UTC)}


HASH = FIXED[FIXED.index(b"\r\n99") + 2 :]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (HASH[33:45], b"000000000000", "AM10"),  # the hash total
        (HASH[33:47], HASH[33:45] + b"00", "AM10"),  # its check digits
        (b"\r\n990000007", b"\r\n990000008", "FF01"),  # the number of records
        (b"EUR20260921T", b"EUR20260921X", "FF01"),  # a speed that the bank does not have
        (b"\r\n08", b"\r\n05", "FF01"),
        (b"000000000001000", b"00000000001000 ", "FF01"),  # an amount is digits alone
        (b"01G1ALFA", b"01G1ALFA ", "FF01"),  # columns move
        (b"03000001", b"04000001", "FF01"),  # a text that no transfer stands before
    ],
)
def test_fixed_columns_are_held_to_the_banks_form(old: bytes, new: bytes, reason: str) -> None:
    assert FIXED.count(old) >= 1
    assert refused(FIXED.replace(old, new, 1), "fixed-width").reason == reason


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b"LIG;2;", b"LIG;3;", "FF01"),
        (b"LIG;2;", b"VIR;2;", "FF01"),
        (b"FIN;", b"LIG;", "FF01"),
        (b";N;10.00;", b";N;10.00", "FF01"),  # a field less
        (b";N;10.00;", b';"N;10.00;', "FF01"),  # a quote that is not closed
        (b";N;10.00;", b";N;10,00;", "AM12"),
        (b";N;10.00;", b";N;10.000;", "AM12"),
        (b";N;10.00;", b";N;10;", "AM12"),
        (b"2026-09-21;DE", b"2026-09-31;DE", "FF01"),
    ],
)
def test_a_delimited_file_is_held_to_the_banks_form(old: bytes, new: bytes, reason: str) -> None:
    assert DELIMITED.count(old) >= 1
    assert refused(DELIMITED.replace(old, new, 1), "delimited").reason == reason


def test_quotes_hold_what_parts_fields() -> None:
    content = DELIMITED.replace(b";N;10.00;", b';"N; ""N""";10.00;', 1)
    assert read(content, "delimited").blocks[0].payments[0].creditor.name == 'N; "N"'


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b":28D:1/1", b":28D:1/2", "FF01"),  # a message of the chain is missing
        (b":28D:1/1", b":28D:2/2", "FF01"),
        (b":30:260921", b":30:260231", "FF01"),
        (b":71A:SHA\r\n:21:", b":21:", ""),  # charges say nothing to the bank
        (b":32B:EUR10,00", b":32B:EUR10.00", "FF01"),
        (b":32B:EUR10,00", b":32B:EUR10,001", "AM12"),
        (b":32B:EUR10,00", b":99Z:EUR10,00", "FF01"),
        (b":32B:EUR10,00", b":32B:EUR10,00\r\n:32B:EUR10,00", "FF01"),
        (b"/ROC/", b"/", "FF01"),
        (b"Institution", b"Institut_on", "FF01"),  # a letter outside SWIFT's set x
        (b"-}\r\n", b"", "FF01"),
        (b"I101", b"I103", "FF01"),
    ],
)
def test_an_mt101_is_held_to_swifts_definition(old: bytes, new: bytes, reason: str) -> None:
    assert MT.count(old) >= 1
    content = MT.replace(old, new, 1)
    if not reason:
        assert len(read(content, "MT101").blocks[0].payments) == 3
        return
    wrong = refused(content, "MT101")
    assert (wrong.reason, wrong.msg_id) == (reason, reference("G1ALFA260921S00001", 0))


def test_the_messages_of_a_chain_say_the_same() -> None:
    first = MT.replace(b":28D:1/1", b":28D:1/2")
    second = MT.replace(b":28D:1/1", b":28D:2/2")
    (block,) = read(first + second, "MT101").blocks
    assert (block.count, block.pmt_inf_id) == (6, reference("G1ALFA260921S00001", 0))
    assert refused(first + second.replace(DEBTOR.encode(), payee(9).encode(), 1), "MT101").reason == "FF01"
    assert refused(second + first, "MT101").reason == "FF01"


@pytest.mark.parametrize(
    ("lines", "name"),
    [
        (["A" * 35, "B"], "A" * 35 + "B"),  # a full line goes on at once
        (["A" * 34, "B"], "A" * 34 + " B"),  # any other ended at a blank
        (["Maria", "C" * 35, "D"], "Maria " + "C" * 35 + "D"),
    ],
)
def test_a_name_over_several_lines_is_put_together_again(lines: list[str], name: str) -> None:
    content = MT.replace(b"\r\nN\r\n", "\r\n".join(["", *lines, ""]).encode(), 1)
    assert read(content, "MT101").blocks[0].payments[0].creditor.name == name


def test_an_mt101_without_blocks_is_read_too() -> None:
    bare = MT.partition(b"\r\n")[2].replace(b"-}", b"-")
    assert read(bare, "MT101") == read(MT, "MT101")


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("1234", "JPY", 1234), ("1234", "ISK", 1234), ("12.34", "TRY", 1234), ("1.234", "KWD", 1234), ("1", "TND", 1000)],
)
def test_amounts_have_the_decimals_of_their_currency(text: str, currency: str, minor: int) -> None:
    assert minor_units(Decimal(text), currency) == minor


@pytest.mark.parametrize(("text", "currency"), [("1.5", "JPY"), ("1.005", "EUR"), ("1.0005", "KWD"), ("NaN", "EUR")])
def test_an_amount_that_a_currency_cannot_have_is_none(text: str, currency: str) -> None:
    with pytest.raises(ArithmeticError):
        minor_units(Decimal(text), currency)
