"""Several blocks in one pain.001, and what a large file costs."""

import tracemalloc
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bank_adapters.capabilities import Instrument
from bank_adapters.spi import Block, Payment, SubmissionContent
from gateway.bench.writing import Endless, large
from gateway.domain.errors import CannotRender, Oversized, SealMismatch
from gateway.domain.money import Money
from gateway.sandbox.pain001 import read as bank_reads
from gateway.sandbox.payment_file import sums_fault
from tests.bank_adapters.material import file_bank, file_bank_parts, payment, profile_of, submission
from tests.bank_adapters.pain001_orders import ADAPTER, FUND, bank, rendered, xml

# Several blocks --------------------------------------------------------------------------------------------------


def block(number: int, *payments: Payment, **changes: Any) -> Block:
    plain = Block(
        payment_information_id=f"G1ALFA260921S00001P{number}",
        requested_execution_date=date(2026, 9, 20 + number),
        debtor=submission().debtor,
        payments=payments,
    )
    return replace(plain, **changes)


ANKARA = replace(submission().debtor, iban="AT611904300234573201", name="Second Branch")
TWO = submission(
    payments=(),
    blocks=(
        block(1, payment(1, amount=Money(100, "EUR")), payment(2, amount=Money(23, "EUR")), category_purpose="SSBE"),
        block(
            2,
            payment(3, amount=Money(5, "EUR")),
            debtor=ANKARA,
            instrument=Instrument.INSTANT,
            batch_booking=True,
            category_purpose="GOVT",
            ultimate_debtor=FUND,
        ),
    ),
)
BOTH: dict[str, Any] = {"instruments": {"normal": None, "instant": None}}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("GrpHdr/NbOfTxs", ["3"]),
        ("GrpHdr/CtrlSum", ["1.28"]),
        ("PmtInf/PmtInfId", ["G1ALFA260921S00001P1", "G1ALFA260921S00001P2"]),
        ("PmtInf/NbOfTxs", ["2", "1"]),
        ("PmtInf/CtrlSum", ["1.23", "0.05"]),
        ("PmtInf/BtchBookg", ["false", "true"]),
        ("PmtInf/ReqdExctnDt/Dt", ["2026-09-21", "2026-09-22"]),
        ("PmtInf/Dbtr/Nm", ["Social Insurance Institution", "Second Branch"]),
        ("PmtInf/DbtrAcct/Id/IBAN", ["DE89370400440532013000", "AT611904300234573201"]),
        ("PmtInf/PmtTpInf/LclInstrm/Cd", ["INST"]),
        ("PmtInf/PmtTpInf/CtgyPurp/Cd", ["SSBE", "GOVT"]),
        ("PmtInf/UltmtDbtr/Nm", ["Fonds Sued"]),
    ],
)
def test_blocks_stand_one_behind_the_other(path: str, expected: list[str]) -> None:
    assert xml(TWO, bank(**BOTH), path) == expected


def test_a_bank_with_its_own_reader_reads_the_blocks_that_were_meant() -> None:
    file = bank_reads(rendered(TWO, bank(**BOTH)))
    assert sums_fault(file) is None
    read = [[(p.end_to_end_id, p.amount_minor, p.account) for p in one.payments] for one in file.blocks]
    meant = [[(p.end_to_end_id, p.amount.minor, p.creditor_account.key) for p in one.payments] for one in TWO.blocks]
    assert read == meant
    assert [one.debtor_account for one in file.blocks] == [one.debtor.iban for one in TWO.blocks]


def test_money_that_moves_from_block_to_block_is_seen() -> None:
    document = rendered(TWO, bank(**BOTH)).replace(b"<CtrlSum>1.23<", b"<CtrlSum>1.24<")
    with pytest.raises(SealMismatch, match="PmtInf: NbOfTxs or CtrlSum disagrees"):
        ADAPTER.reread([document.replace(b"<CtrlSum>0.05<", b"<CtrlSum>0.04<")], bank(**BOTH))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (replace(TWO, payments=(payment(9),)), "payments beside its blocks"),
        (replace(TWO, blocks=(TWO.blocks[0], block(1, payment(3)))), "PmtInfId stands more than once"),
        (replace(TWO, blocks=(TWO.blocks[0], block(2, payment(1)))), "EndToEndId stands more than once"),
        (replace(TWO, blocks=(TWO.blocks[0], block(2))), "0 payments, not 1 to 20000 in a block"),
        (replace(TWO, blocks=(TWO.blocks[0], block(2, payment(3), payment_information_id="/P"))), "reference.slash"),
    ],
)
def test_blocks_that_contradict_each_other_are_refused(content: SubmissionContent, told: str) -> None:
    with pytest.raises(CannotRender, match=told):
        rendered(content, bank(**BOTH))


def test_a_bank_that_takes_one_block_gets_no_two() -> None:
    with pytest.raises(CannotRender, match="2 blocks, not 1 to 1"):
        rendered(TWO, bank(blocks_per_submission=1, **BOTH))


def test_a_bank_that_drops_ultimate_parties_gets_none_of_a_block_either() -> None:
    refused = ADAPTER.refusals(TWO, bank(ultimate_parties="refused", **BOTH))
    assert set(refused) == {payment(3).end_to_end_id}
    assert "rule bank.ultimate-parties, at UltmtDbtr" in refused[payment(3).end_to_end_id]


def test_payments_of_two_currencies_are_no_file() -> None:
    profile = bank(scheme="domestic", currencies=["TRY", "EUR"])
    content = submission(payment(1, amount=Money(1, "TRY")), payment(2))
    assert set(ADAPTER.refusals(content, profile)) == {payment(2).end_to_end_id}


# Size and memory -------------------------------------------------------------------------------------------------


def test_a_file_over_the_limit_in_bytes_is_oversized() -> None:
    parts = file_bank_parts()
    parts["limits"] |= {"bytes_per_submission": 4096}
    rendered(submission(payment(1)), profile_of(parts))
    with pytest.raises(Oversized, match="more than 4096 bytes"):
        rendered(submission(*(payment(n) for n in range(20))), profile_of(parts))


def peak(count: int) -> int:
    content, profile = large(submission(*(payment(n) for n in range(50))), file_bank(), count)
    tracemalloc.start()
    assert ADAPTER.reread(ADAPTER.render(content, profile), profile).count == count
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_number_of_payments() -> None:
    peak(500)  # compiles what is kept
    assert peak(4_000) - peak(1_000) < 3_000 * 40, "twice eight bytes a payment, with room to grow"


def test_payments_without_end_differ() -> None:
    some: Sequence[Payment] = [payment(n) for n in range(3)]
    made = Endless(some=some, number=10)
    assert len({one.end_to_end_id for one in made}) == len({one.uetr for one in made}) == len(made) == 10
    assert [one.end_to_end_id for one in made[2:4]] == [made[2].end_to_end_id, made[3].end_to_end_id]
    with pytest.raises(IndexError):
        made[10]
