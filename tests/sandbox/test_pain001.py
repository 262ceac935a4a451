from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from schwifty import IBAN
from schwifty.exceptions import SchwiftyException
from sepaxml import SepaTransfer

from gateway.sandbox.iban import is_iban
from gateway.sandbox.pain001 import read
from gateway.sandbox.payment_file import UNDATED, BadFile, sums_fault
from tests.sandbox.material import DEBTOR, PAY_DAY, File, payee


def by_sepaxml(cents: list[int]) -> bytes:
    """The independent writer: a file of the sepaxml library, exported once and not validated by it."""
    config = {"name": "Institution", "IBAN": DEBTOR, "BIC": "BYLADEM1001", "batch": True, "currency": "EUR"}
    transfer = SepaTransfer(config, schema="pain.001.001.09")
    for position, amount in enumerate(cents):
        transfer.add_payment(
            {
                "name": "Payee",
                "IBAN": payee(position),
                "BIC": "BYLADEM1001",
                "amount": amount,
                "execution_date": PAY_DAY,
                "description": "x",
                "endtoend_id": f"E{position}",
            }
        )
    return bytes(transfer.export(validate=False))


@given(st.lists(st.integers(min_value=1, max_value=99_999_999_999), min_size=1, max_size=5))
def test_a_file_of_another_writer_is_read_to_the_cent(cents: list[int]) -> None:
    file = read(by_sepaxml(cents))
    (block,) = file.blocks
    assert [payment.amount_minor for payment in block.payments] == cents
    assert [payment.end_to_end_id for payment in block.payments] == [f"E{n}" for n in range(len(cents))]
    assert [payment.account for payment in block.payments] == [payee(n) for n in range(len(cents))]
    assert (block.debtor_account, block.execution_date) == (DEBTOR, PAY_DAY)
    assert sums_fault(file) is None


@pytest.mark.parametrize(
    ("figure", "value", "reason"),
    [("GrpNb", "4", "AM18"), ("PmtNb", "2", "AM18"), ("GrpSum", "30.52", "AM10"), ("PmtSum", "30.50", "AM10")],
)
def test_each_declared_figure_is_compared(figure: str, value: str, reason: str) -> None:
    assert sums_fault(read(File(declared={figure: value}).bytes())) == reason


def test_a_missing_control_sum_is_a_wrong_one() -> None:
    content = File().bytes().replace(b"<CtrlSum>30.51</CtrlSum>", b"", 1)
    assert sums_fault(read(content)) == "AM10"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"no file at all", "FF01"),
        (b"<Document/>", "FF01"),
        (File().bytes().replace(b"<Document", b"<!DOCTYPE x [<!ENTITY a 'b'>]><Document", 1), "FF01"),
        (File().bytes().decode().replace("UTF-8", "UTF-16").encode("utf-16"), "FF01"),
        (File().bytes().replace(b"<PmtMtd>TRF</PmtMtd>", b""), "FF01"),
        (File(amounts=("1.001",), declared={"GrpSum": "1.00", "PmtSum": "1.00"}).bytes(), "AM12"),
        (File().bytes().replace(b"2026-09-21</Dt>", b"2026-02-30</Dt>"), "FF01"),
    ],
)
def test_what_is_not_the_message_is_refused(content: bytes, reason: str) -> None:
    with pytest.raises(BadFile) as caught:
        read(content)
    assert caught.value.reason == reason


def test_a_refused_file_is_named_as_far_as_it_can_be() -> None:
    with pytest.raises(BadFile) as caught:
        read(File(msg_id="M-1").bytes().replace(b"<PmtMtd>TRF</PmtMtd>", b""))
    assert (caught.value.msg_id, caught.value.created.isoformat()) == ("M-1", "2026-09-21T05:00:00+00:00")
    with pytest.raises(BadFile) as unnamed:
        read(b"<CreDtTm>2026-99-99T05:00:00Z</CreDtTm>")
    assert (unnamed.value.msg_id, unnamed.value.created) == (None, UNDATED)


def by_schwifty(text: str) -> bool:
    try:
        IBAN(text)
    except SchwiftyException:
        return False
    return True


@given(st.integers(0, 9_999_999), st.integers(4, 21), st.sampled_from("0123456789"))
def test_the_check_of_an_iban_agrees_with_schwifty(number: int, position: int, digit: str) -> None:
    good = payee(number)
    changed = good[:position] + digit + good[position + 1 :]
    assert is_iban(good)
    assert is_iban(changed) == by_schwifty(changed)


def test_amounts_are_exact() -> None:
    file = read(File(amounts=("999999999.99",)).bytes())
    assert Decimal(file.blocks[0].payments[0].amount_minor).scaleb(-2) == Decimal("999999999.99")


@given(st.integers(min_value=1, max_value=400))
def test_a_file_whose_end_is_missing_is_refused(missing: int) -> None:
    content = File(amounts=("1.00", "2.00")).bytes()
    with pytest.raises(BadFile):
        read(content.rstrip()[:-missing])
