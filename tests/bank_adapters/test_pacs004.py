"""Returns between banks, passed on: word that money comes back, which books nothing. Read off the fixtures by hand."""

from datetime import date

import pytest

from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import file_bank, named, observations

BANK = file_bank()


def read(inside: str) -> list[Observation]:
    content = f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.004.001.09"><PmtRtr>{inside}</PmtRtr></Document>'
    return observations(content.encode(), bank=BANK)


def header(count: str = "1", total: str = "", more: str = "") -> str:
    sum_of = f'<TtlRtrdIntrBkSttlmAmt Ccy="EUR">{total}</TtlRtrdIntrBkSttlmAmt>' if total else ""
    return (
        f"<GrpHdr><MsgId>R1</MsgId><CreDtTm>2026-09-28T10:00:00</CreDtTm><NbOfTxs>{count}</NbOfTxs>{more}{sum_of}"
        "<IntrBkSttlmDt>2026-09-29</IntrBkSttlmDt><SttlmInf><SttlmMtd>CLRG</SttlmMtd></SttlmInf></GrpHdr>"
    )


def transaction(number: int = 1, amount: str = "498.50", reason: str = "FOCR", more: str = "") -> str:
    return (
        f"<TxInf><RtrId>RT{number}</RtrId><OrgnlGrpInf><OrgnlMsgId>I1</OrgnlMsgId>"
        "<OrgnlMsgNmId>pacs.008.001.08</OrgnlMsgNmId></OrgnlGrpInf><OrgnlInstrId>NOTPROVIDED</OrgnlInstrId>"
        f"<OrgnlEndToEndId>E{number}</OrgnlEndToEndId><OrgnlTxId>T{number}</OrgnlTxId>"
        f"<OrgnlUETR>8A562C67-CA16-48BA-B074-00000000000{number}</OrgnlUETR>"
        '<OrgnlIntrBkSttlmAmt Ccy="EUR">512.40</OrgnlIntrBkSttlmAmt>'
        f'<RtrdIntrBkSttlmAmt Ccy="EUR">{amount}</RtrdIntrBkSttlmAmt>{more}'
        f"<RtrRsnInf><Rsn><Cd>{reason}</Cd></Rsn><AddtlInf>as asked</AddtlInf></RtrRsnInf></TxInf>"
    )


CHARGED = '<ChrgsInf><Amt Ccy="EUR">13.90</Amt><Agt><FinInstnId/></Agt></ChrgsInf>'


def test_a_positive_answer_to_a_recall() -> None:
    """512.40 was paid; FOCR: it comes back after a recall, 498.50 of it, for the payee's bank kept 13.90."""
    (row,) = read(header(total="498.50") + transaction(more=CHARGED))
    assert named(row) == {
        "kind": ObservationKind.RETURN_ADVICE,
        "msg_id": "I1",
        "end_to_end_id": "E1",
        "uetr": "8a562c67-ca16-48ba-b074-000000000001",
        "reason": "FOCR",
        "reason_text": "as asked",
        "amount_minor": 49_850,
        "currency": "EUR",
        "credit": True,
        "booked": False,
        "entry_ref": "RT1",
        "booking_date": date(2026, 9, 29),
        "charged": True,
        "tx_id": "T1",
        "charges_minor": 1_390,
    }
    assert row.path == "/PmtRtr/TxInf[1]"


def test_a_return_has_its_own_day_where_it_says_one() -> None:
    (row,) = read(header() + transaction(more="<IntrBkSttlmDt>2026-09-30</IntrBkSttlmDt>"))
    assert row.booking_date == date(2026, 9, 30)


def test_a_return_without_an_interbank_amount_has_the_instructed_one() -> None:
    inside = transaction().replace("RtrdIntrBkSttlmAmt", "RtrdInstdAmt")
    (row,) = read(header() + inside)
    assert (row.amount_minor, row.currency) == (49_850, "EUR")


def test_charges_in_another_currency_are_some_that_are_not_told() -> None:
    (row,) = read(header() + transaction(more=CHARGED + CHARGED.replace("EUR", "USD")))
    assert (row.charged, row.charges_minor) == (True, None)


def test_a_reason_of_the_group_is_each_payments() -> None:
    """MD07, the payee died, said once of the whole message; the transaction has no reason of its own."""
    group = (
        "<OrgnlGrpInf><OrgnlMsgId>I1</OrgnlMsgId><OrgnlMsgNmId>pacs.008</OrgnlMsgNmId>"
        "<RtrRsnInf><Rsn><Cd>MD07</Cd></Rsn></RtrRsnInf></OrgnlGrpInf>"
    )
    bare = transaction().partition("<RtrRsnInf>")[0] + "</TxInf>"
    (row,) = read(header() + group + bare)
    assert (row.reason, row.reason_text) == ("MD07", None)


def test_a_whole_message_that_comes_back() -> None:
    """GrpRtr without a list: 2 payments of I1 together 1,024.80."""
    group = "<OrgnlGrpInf><OrgnlMsgId>I1</OrgnlMsgId><OrgnlMsgNmId>pacs.008</OrgnlMsgNmId></OrgnlGrpInf>"
    (row,) = read(header("2", "1024.80", more="<GrpRtr>true</GrpRtr>") + group)
    assert named(row) == {
        "kind": ObservationKind.RETURN_ADVICE,
        "msg_id": "I1",
        "amount_minor": 102_480,
        "currency": "EUR",
        "credit": True,
        "booked": False,
        "batch_count": 2,
        "booking_date": date(2026, 9, 29),
    }


@pytest.mark.parametrize(
    ("inside", "rule", "path"),
    [
        (header("2") + transaction(), "report.count", "/PmtRtr/GrpHdr/NbOfTxs"),
        (header("1", "498.51") + transaction(), "report.sum", "/PmtRtr/GrpHdr/TtlRtrdIntrBkSttlmAmt"),
        (header("0"), "report.count", "/PmtRtr/GrpHdr"),  # nothing comes back, and nothing is named
        (header("x") + transaction(), "number.format", "/PmtRtr/GrpHdr/NbOfTxs"),
        (header() + transaction(amount="9" * 400), "money.format", "/PmtRtr/TxInf[1]/RtrdIntrBkSttlmAmt"),
        (header() + transaction(amount="NaN"), "money.format", "/PmtRtr/TxInf[1]/RtrdIntrBkSttlmAmt"),
        (header() + transaction(amount="-1"), "money.format", "/PmtRtr/TxInf[1]/RtrdIntrBkSttlmAmt"),
        (header() + transaction(amount="1.005"), "money.decimals", "/PmtRtr/TxInf[1]/RtrdIntrBkSttlmAmt"),
        (transaction() + header(), "element.order", "/PmtRtr/GrpHdr"),
    ],
)
def test_a_return_that_contradicts_itself_is_refused(inside: str, rule: str, path: str) -> None:
    with pytest.raises(Unreadable) as caught:
        read(inside)
    assert (caught.value.rule, caught.value.path) == (rule, path)
