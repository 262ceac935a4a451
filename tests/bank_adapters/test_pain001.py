"""Writing pain.001.001.09: what is in the file, what is refused, and the same submission is always the same bytes."""

import subprocess
import sys
from copy import deepcopy
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from lxml import etree

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.spi import Payment
from gateway.domain.errors import CannotRender
from gateway.domain.money import Money
from gateway.domain.order import CounterAccount, DomesticAccount, IbanAccount, Identification, Party
from gateway.sandbox.pain001 import read as bank_reads
from tests.bank_adapters.material import file_bank, file_bank_parts, payment, profile_of, submission
from tests.shared import shared_dir

ADAPTER = Iso20022Adapter()
NS = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}


def rendered(*payments: Payment, **changes: Any) -> bytes:
    return b"".join(ADAPTER.render(submission(*payments, **changes), file_bank()))


def texts(document: bytes, path: str) -> list[str]:
    found = etree.fromstring(document).xpath(path, namespaces=NS)
    assert isinstance(found, list)
    return [str(one.text) for one in found if isinstance(one, etree._Element)]


FULL = payment(
    2,
    amount=Money(5, "EUR"),
    creditor=Party(name="Vormund Jürgen Groß"),
    ultimate_creditor=Party(name="Kind Groß"),
    remittance_information="Kindergeld \u2013 Mai",
    purpose="BECH",
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("//p:GrpHdr/p:MsgId", ["G1ALFA260921S00001"]),
        ("//p:GrpHdr/p:CreDtTm", ["2026-09-18T09:30:05Z"]),
        ("//p:GrpHdr/p:NbOfTxs", ["2"]),
        ("//p:GrpHdr/p:CtrlSum", ["512.45"]),
        ("//p:InitgPty/p:Nm", ["Social Insurance Institution"]),
        ("//p:PmtInf/p:PmtInfId", ["G1ALFA260921S00001P1"]),
        ("//p:PmtInf/p:BtchBookg", ["false"]),
        ("//p:PmtInf/p:NbOfTxs", ["2"]),
        ("//p:PmtInf/p:CtrlSum", ["512.45"]),
        ("//p:PmtTpInf/p:SvcLvl/p:Cd", ["SEPA"]),
        ("//p:PmtTpInf/p:CtgyPurp/p:Cd", ["SSBE"]),
        ("//p:ReqdExctnDt/p:Dt", ["2026-09-21"]),
        ("//p:Dbtr/p:Nm", ["Social Insurance Institution"]),
        ("//p:DbtrAcct/p:Id/p:IBAN", ["DE89370400440532013000"]),
        ("//p:DbtrAgt//p:BICFI", ["ALFADEFFXXX"]),
        ("//p:ChrgBr", ["SLEV"]),
        ("//p:EndToEndId", ["E00000000000000000000000001G1", "E00000000000000000000000002G1"]),
        ("//p:UETR", ["8a562c67-ca16-48ba-b074-000000000001", "8a562c67-ca16-48ba-b074-000000000002"]),
        ("//p:InstdAmt", ["512.40", "0.05"]),
        ("//p:CdtTrfTxInf/p:Cdtr/p:Nm", ["Maria Muster", "Vormund Juergen Gross"]),
        ("//p:CdtrAcct/p:Id/p:IBAN", ["DE02120300000000202051"] * 2),
        ("//p:UltmtCdtr/p:Nm", ["Kind Gross"]),
        ("//p:Purp/p:Cd", ["BECH"]),
        ("//p:Ustrd", ["Sick pay 2026-09", "Kindergeld - Mai"]),
        ("//p:CdtrAgt | //p:InstrId | //p:PstlAdr", []),
    ],
)
def test_what_stands_in_the_file(path: str, expected: list[str]) -> None:
    assert texts(rendered(payment(1), FULL), path) == expected


def test_the_file_is_valid_against_the_schema_of_iso_itself() -> None:
    schema = etree.XMLSchema(etree.parse(shared_dir() / "xsd" / "pain.001.001.09.xsd"))
    for document in (rendered(payment(1), FULL), rendered(payment(1), category_purpose=None)):
        schema.assertValid(etree.fromstring(document))


def test_a_bank_that_books_sums_is_asked_to() -> None:
    bank = profile_of(file_bank_parts() | {"booking": "batch"})
    assert texts(b"".join(ADAPTER.render(submission(), bank)), "//p:BtchBookg") == ["true"]


def test_without_a_bic_the_agent_is_not_provided() -> None:
    document = rendered(debtor=replace(submission().debtor, bic=None))
    assert texts(document, "//p:DbtrAgt/p:FinInstnId/p:Othr/p:Id") == ["NOTPROVIDED"]


def test_no_text_no_remittance() -> None:
    assert texts(rendered(payment(remittance_information="")), "//p:RmtInf") == []


def test_the_seal_time_is_told_in_utc() -> None:
    ankara = datetime(2026, 9, 18, 12, 30, 5, tzinfo=timezone(timedelta(hours=3)))
    assert texts(rendered(created_at=ankara), "//p:CreDtTm") == ["2026-09-18T09:30:05Z"]


def test_the_same_submission_is_the_same_bytes_also_in_another_process() -> None:
    script = (
        "import sys; from tests.bank_adapters.material import *;"
        "from bank_adapters.registry import adapter_for; bank = file_bank();"
        "sys.stdout.buffer.write(b''.join(adapter_for(bank).render(submission(payment(1), payment(2)), bank)))"
    )
    other = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)
    assert other.stdout == rendered(payment(1), payment(2)) == rendered(payment(1), payment(2))


def test_what_is_given_stays_as_it_was() -> None:
    given = submission(payment(1), FULL)
    before = deepcopy(given)
    b"".join(ADAPTER.render(given, file_bank()))
    assert given == before


def test_large_files_come_in_pieces() -> None:
    pieces = list(ADAPTER.render(submission(*(payment(n) for n in range(4000))), file_bank()))
    assert len(pieces) > 1
    assert all(len(piece) <= 1024 * 1024 for piece in pieces)


REFUSED = [
    (payment(7, creditor=Party(name="王 Maria")), "creditor name: the letter U+738B"),
    (payment(7, creditor=Party(name="M" * 71)), "creditor name has more than 70"),
    (payment(7, creditor=Party(name="Ä" * 36)), "creditor name has more than 70"),
    (payment(7, creditor=Party(name="  ")), "creditor name is empty"),
    (payment(7, ultimate_creditor=Party(name="Ali @")), "ultimate creditor name: the letter U+0040"),
    (payment(7, remittance_information="line\nbreak"), "remittance information: the letter U+000A"),
    (payment(7, remittance_information="x" * 141), "remittance information has more than 140"),
    (payment(7, amount=Money(100, "TRY")), "SEPA pays in EUR only"),
    (payment(7, amount=Money(0, "EUR")), "amount is outside"),
    (payment(7, amount=Money(-5, "EUR")), "amount is outside"),
    (payment(7, amount=Money(100_000_000_000, "EUR")), "amount is outside"),
    (payment(7, creditor_account=DomesticAccount(country="KZ", bank_code="1", number="2")), "IBAN"),
    (payment(7, creditor_account=CounterAccount(identification=Identification(scheme="NIDN", id="1"))), "IBAN"),
    (payment(7, creditor_account=IbanAccount(iban="DE02 1203 0000 0000 2020 51")), "IBAN"),
    (payment(7, uetr="not-a-uuid"), "UETR"),
    (payment(7, purpose="TOOLONG"), "purpose"),
]


@pytest.mark.parametrize(("wrong", "told"), REFUSED)
def test_one_payment_is_refused_by_name_of_its_number_and_the_others_are_not(wrong: Payment, told: str) -> None:
    content = submission(payment(1), wrong, payment(3))
    found = ADAPTER.refusals(content, file_bank())
    assert set(found) == {wrong.end_to_end_id}
    assert told in found[wrong.end_to_end_id]
    assert wrong.creditor.name.strip() not in found[wrong.end_to_end_id] or not wrong.creditor.name.strip()
    assert "DE02" not in found[wrong.end_to_end_id]
    with pytest.raises(CannotRender, match=wrong.end_to_end_id):
        b"".join(ADAPTER.render(content, file_bank()))


def test_an_end_to_end_id_stands_once() -> None:
    twice = submission(payment(1), payment(2), payment(1))
    assert set(ADAPTER.refusals(twice, file_bank())) == {payment(1).end_to_end_id}
    with pytest.raises(CannotRender, match="more than once"):
        ADAPTER.render(twice, file_bank())


@pytest.mark.parametrize("name", ["E/", "/E", "E//1", "E" * 36, "", "Ü"])
def test_references_keep_to_sepas_rules(name: str) -> None:
    with pytest.raises(CannotRender, match="EndToEndId"):
        rendered(payment(1, end_to_end_id=name))


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"msg_id": "G" * 36}, "MsgId"),
        ({"payment_information_id": "P//1"}, "PmtInfId"),
        ({"created_at": datetime(2026, 9, 18, 9)}, "no zone"),  # noqa: DTZ001 - that is the point
        ({"category_purpose": "TOOLONG"}, r"does not fit pain\.001\.001\.09.*xml\.schema"),
        ({"debtor": replace(submission().debtor, iban="nonsense")}, r"rule iban\.alphabet, at PmtInf\[1\]/DbtrAcct"),
        ({"debtor": replace(submission().debtor, iban="DE89370400440532013001")}, r"rule iban\.check-digits"),
        ({"debtor": replace(submission().debtor, name="Институт @")}, r"debtor name: .*U\+0040"),
        ({"debtor": replace(submission().debtor, name="")}, "debtor name"),
    ],
)
def test_a_submission_that_is_wrong_as_a_whole(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(CannotRender, match=told):
        rendered(**changes)


def test_schema_errors_do_not_repeat_the_file() -> None:
    with pytest.raises(CannotRender) as caught:
        rendered(category_purpose="TOOLONG")
    assert "TOOLONG" not in str(caught.value)


def test_limits_of_the_profile() -> None:
    parts = file_bank_parts()
    parts["limits"] |= {"payments_per_submission": 2, "sum_per_submission": "1000.00"}
    small = profile_of(parts)
    b"".join(ADAPTER.render(submission(payment(1)), small))
    with pytest.raises(CannotRender, match="3 payments, not 1 to 2"):
        ADAPTER.render(submission(payment(1), payment(2), payment(3)), small)
    with pytest.raises(CannotRender, match="over the bank's limit"):
        ADAPTER.render(submission(payment(1), payment(2)), small)
    with pytest.raises(CannotRender, match="0 payments"):
        ADAPTER.render(submission(payments=()), small)
    with pytest.raises(CannotRender, match="20001 payments, not 1 to 20000"):
        ADAPTER.render(submission(payments=[payment(n) for n in range(20_001)]), file_bank())


def test_a_bank_with_its_own_reader_reads_what_was_meant() -> None:
    file = bank_reads(rendered(payment(1), FULL))
    (block,) = file.blocks
    assert (file.msg_id, file.count, file.control_sum) == ("G1ALFA260921S00001", 2, Decimal("512.45"))
    assert (block.pmt_inf_id, block.count, block.control_sum) == ("G1ALFA260921S00001P1", 2, Decimal("512.45"))
    assert [(p.end_to_end_id, p.uetr, p.account, p.amount_minor, p.currency) for p in block.payments] == [
        (p.end_to_end_id, p.uetr, p.creditor_account.key, p.amount.minor, "EUR") for p in (payment(1), FULL)
    ]
