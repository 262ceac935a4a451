"""Status reports between banks, passed on. Expected values were read off the fixtures by hand."""

import pytest

from bank_adapters.iso20022.status import status_table
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import file_bank, named, observations

BANK = file_bank()
ONE, WHOLE, RECALL, ADVICE = (
    ObservationKind.PAYMENT_STATUS,
    ObservationKind.SUBMISSION_STATUS,
    ObservationKind.RECALL_ANSWER,
    ObservationKind.RETURN_ADVICE,
)


def read(inside: str) -> list[Observation]:
    content = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.002.001.10"><FIToFIPmtStsRpt><GrpHdr><MsgId>B1</MsgId>'
        f"<CreDtTm>2026-09-21T10:00:00</CreDtTm></GrpHdr>{inside}</FIToFIPmtStsRpt></Document>"
    )
    return observations(content.encode(), bank=BANK)


def group(status: str = "", *, msg_id: str = "I1", name: str = "pacs.008.001.08", more: str = "") -> str:
    said = f"<GrpSts>{status}</GrpSts>" if status else ""
    return (
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{msg_id}</OrgnlMsgId><OrgnlMsgNmId>{name}</OrgnlMsgNmId>{said}{more}"
        "</OrgnlGrpInfAndSts>"
    )


def of(msg_id: str, name: str) -> str:
    return f"<OrgnlGrpInf><OrgnlMsgId>{msg_id}</OrgnlMsgId><OrgnlMsgNmId>{name}</OrgnlMsgNmId></OrgnlGrpInf>"


def transaction(number: int, status: str, *, before: str = "", after: str = "") -> str:
    return (
        f"<TxInfAndSts><StsId>S{number}</StsId>{before}<OrgnlInstrId>I{number}</OrgnlInstrId>"
        f"<OrgnlEndToEndId>E{number}</OrgnlEndToEndId><OrgnlTxId>T{number}</OrgnlTxId>"
        f"<OrgnlUETR>8a562c67-ca16-48ba-b074-00000000000{number}</OrgnlUETR><TxSts>{status}</TxSts>{after}</TxInfAndSts>"
    )


REASON = "<StsRsnInf><Rsn><Cd>{}</Cd></Rsn><AddtlInf>why</AddtlInf></StsRsnInf>"


def test_an_instant_rejection() -> None:
    """An instant payment of 15.00 refused by the payee's bank: AB05, time-out at the creditor agent."""
    quoted = '<OrgnlTxRef><IntrBkSttlmAmt Ccy="EUR">15</IntrBkSttlmAmt></OrgnlTxRef>'
    one, whole = read(group("RJCT") + transaction(1, "RJCT", after=REASON.format("AB05") + quoted))
    assert named(one) == {
        "kind": ONE,
        "msg_id": "I1",
        "instr_id": "I1",
        "end_to_end_id": "E1",
        "uetr": "8a562c67-ca16-48ba-b074-000000000001",
        "status": "RJCT",
        "reason": "AB05",
        "reason_text": "why",
        "amount_minor": 1_500,
        "currency": "EUR",
        "entry_ref": "T1",
        "tx_id": "T1",
    }
    assert one.path == "/FIToFIPmtStsRpt/TxInfAndSts[1]"
    assert (whole.kind, whole.status, whole.path) == (WHOLE, "RJCT", "/FIToFIPmtStsRpt/OrgnlGrpInfAndSts[1]")


def test_the_banks_own_reference_is_learnt_where_it_stands() -> None:
    (one,) = read(transaction(1, "ACSC", after="<AcctSvcrRef>A1</AcctSvcrRef>"))
    assert (one.entry_ref, one.tx_id, one.msg_id) == ("A1", "T1", None)


def test_transactions_of_several_messages_say_whose_they_are() -> None:
    """Two original messages: I1 rejected, I2 accepted; each transaction names its own."""
    one, two, first, second = read(
        group("RJCT")
        + group("ACSP", msg_id="I2")
        + transaction(1, "RJCT", before=of("I1", "pacs.008.001.08"))
        + transaction(2, "ACSP", before=of("I2", "pacs.008.001.08"))
    )
    assert [(row.end_to_end_id, row.msg_id, row.status) for row in (one, two)] == [
        ("E1", "I1", "RJCT"),
        ("E2", "I2", "ACSP"),
    ]
    assert [(row.msg_id, row.status) for row in (first, second)] == [("I1", "RJCT"), ("I2", "ACSP")]


def test_of_several_messages_a_transaction_must_name_one() -> None:
    with pytest.raises(Unreadable) as caught:
        read(group("RJCT") + group("ACSP", msg_id="I2") + transaction(1, "RJCT"))
    assert (caught.value.rule, caught.value.path) == ("report.group", "/FIToFIPmtStsRpt/TxInfAndSts[1]")


@pytest.mark.parametrize(("name", "kind"), [("camt.056.001.08", RECALL), ("pacs.004.001.09", ADVICE)])
@pytest.mark.parametrize("place", ["group", "transaction"])
def test_the_refusal_of_a_recall_or_a_return_rejects_no_payment(name: str, kind: ObservationKind, place: str) -> None:
    if place == "group":
        rows = read(group("RJCT", name=name) + transaction(1, "RJCT"))
    else:
        rows = read(transaction(1, "RJCT", before=of("I9", name)))
    assert {row.kind for row in rows} == {kind}


def test_a_duplicate_below_a_rejected_message_rejects_nothing() -> None:
    rows = read(group("RJCT") + transaction(1, "RJCT", after=REASON.format("AM05")))
    table = status_table(BANK)
    assert {table.meaning(row.status, row.reason, row.reason_text).fact for row in rows} == {Fact.NONE}


def test_a_pending_transaction_below_a_rejected_message_overrules_it() -> None:
    rows = read(group("RJCT") + transaction(1, "PDNG"))
    assert [row.kind for row in rows] == [ONE, ObservationKind.OVERRULED_STATUS]


def test_a_report_without_anything_but_the_message_names_it() -> None:
    (whole,) = read(group())
    assert named(whole) == {"kind": WHOLE, "msg_id": "I1"}


def test_counts_are_reconciled() -> None:
    """Two rejections are counted, one is listed."""
    counts = "<NbOfTxsPerSts><DtldNbOfTxs>2</DtldNbOfTxs><DtldSts>RJCT</DtldSts></NbOfTxsPerSts>"
    with pytest.raises(Unreadable) as caught:
        read(group("PART", more=counts) + transaction(1, "RJCT"))
    assert caught.value.path == "/FIToFIPmtStsRpt/OrgnlGrpInfAndSts[1]/NbOfTxsPerSts"


def test_a_group_behind_its_transactions_is_refused() -> None:
    with pytest.raises(Unreadable) as caught:
        read(transaction(1, "RJCT") + group("RJCT"))
    assert caught.value.rule == "element.order"
