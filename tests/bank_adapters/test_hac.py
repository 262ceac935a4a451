"""EBICS customer protocols: steps of a transport in the clothing of a status report, never an outcome of a payment.

The fixtures follow what banks in Germany and Luxembourg send: one block an event, attributes as Othr ids, the text of
the bank line by line. Expected values were read off them by hand.
"""

from datetime import date

import pytest

from bank_adapters.iso20022.status import status_table
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation, ObservationKind
from tests.bank_adapters.material import file_bank, named, observations

BANK = file_bank()
STEP, REFUSAL = ObservationKind.TRANSPORT_STEP, ObservationKind.TRANSPORT_REFUSAL
ORDER = {"PartnerID": "P1", "AdminOrderType": "BTU", "ServiceName": "SCT", "MsgName": "pain.001", "OrderID": "N002"}
AT = {"UserID": "U1", "TimeStamp": "2026-09-21T15:11:55.242Z"}


def event(action: str, code: str = "", lines: tuple[str, ...] = (), **attributes: str) -> str:
    ids = "".join(
        f"<Othr><Id>{value}</Id><SchmeNm><Prtry>{name}</Prtry></SchmeNm></Othr>"
        for name, value in (ORDER | AT | attributes).items()
    )
    reason = f"<Rsn><Cd>{code}</Cd></Rsn>" if code else ""
    text = "".join(f"<AddtlInf>{line}</AddtlInf>" for line in lines)
    return (
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{action}</OrgnlPmtInfId><StsRsnInf>"
        f"<Orgtr><Nm>Institution</Nm><Id><OrgId>{ids}</OrgId></Id></Orgtr>{reason}{text}</StsRsnInf></OrgnlPmtInfAndSts>"
    )


def protocol(*events: str, msg_id: str = "EBICS", name: str = "EBICS") -> list[Observation]:
    content = (
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.03"><CstmrPmtStsRpt>'
        "<GrpHdr><MsgId>8l6H5FfDYaABAADN2yoH0EGyCgQA</MsgId><CreDtTm>2026-09-22T11:15:15.215Z</CreDtTm></GrpHdr>"
        f"<OrgnlGrpInfAndSts><OrgnlMsgId>{msg_id}</OrgnlMsgId><OrgnlMsgNmId>{name}</OrgnlMsgNmId></OrgnlGrpInfAndSts>"
        f"{''.join(events)}</CstmrPmtStsRpt></Document>"
    )
    return observations(content.encode(), bank=BANK)


RULE = "=" * 60
TEXT = (RULE, "Datei-ID   : G1ALFA260921S00001", "Sammlerreferenz : G1ALFA260921S00001P1", RULE)


def test_an_upload_that_went_well() -> None:
    """Three events of order N002; only the last one's text names our file, by MsgId and by PmtInfId alike."""
    rows = protocol(
        event("FILE_UPLOAD", "TS01"), event("ES_VERIFICATION", "DS01"), event("ORDER_HAC_FINAL_POS", lines=TEXT)
    )
    step = {"kind": STEP, "entry_ref": "N002", "booking_date": date(2026, 9, 21)}
    assert [named(row) for row in rows] == [
        step | {"status": "FILE_UPLOAD", "reason": "TS01"},
        step | {"status": "ES_VERIFICATION", "reason": "DS01"},
        step | {"status": "ORDER_HAC_FINAL_POS", "msg_id": "G1ALFA260921S00001", "reason_text": "; ".join(TEXT)},
    ]
    assert [row.path for row in rows] == [f"/CstmrPmtStsRpt/OrgnlPmtInfAndSts[{n}]" for n in (1, 2, 3)]


def test_an_upload_that_was_refused() -> None:
    """TD03: the file is incomplete or invalid. The end without a reason code is told by its action."""
    words = ("Unexpected element 'Document' at", "")
    rows = protocol(
        event("FILE_UPLOAD", "TS01"), event("ES_VERIFICATION", "TD03"), event("ORDER_HAC_FINAL_NEG", lines=words)
    )
    assert [(row.kind, row.reason) for row in rows] == [(STEP, "TS01"), (REFUSAL, "TD03"), (REFUSAL, None)]
    assert rows[2].reason_text == "Unexpected element 'Document' at"


@pytest.mark.parametrize("code", ["TS01", "TS04", "TD01", "DS01", "DS05", "DS06", "DS07"])
def test_results_that_refuse_nothing(code: str) -> None:
    """Meanings from ISO's ExternalStatusReason1Code: transferred, nothing to fetch, signed, forwarded, to be signed."""
    assert [row.kind for row in protocol(event("ADDITIONAL", code))] == [STEP]


@pytest.mark.parametrize("code", ["TA01", "TD02", "TD03", "DS02", "DS03", "DS04", "DS0B", "DS19", "DS25", "ID01", "X"])
def test_results_that_a_person_must_see(code: str) -> None:
    """Aborted, unreadable, cancelled by a user, refused by the bank, not signed, deleted; and what nobody lists."""
    assert [row.kind for row in protocol(event("ADDITIONAL", code))] == [REFUSAL]


def test_of_several_results_the_bad_one_counts() -> None:
    both = event("ES_VERIFICATION", "DS01").replace("</Rsn>", "</Rsn></StsRsnInf><StsRsnInf><Rsn><Cd>DS19</Cd></Rsn>")
    (row,) = protocol(both)
    assert (row.kind, row.reason, row.reason_text) == (REFUSAL, "DS19", "DS01")


def test_an_event_without_an_order_number_names_none() -> None:
    """A Luxembourg bank writes ZZZZ there."""
    (row,) = protocol(event("FILE_UPLOAD", "TS01", OrderID="ZZZZ"))
    assert row.entry_ref is None


def test_a_file_name_among_the_attributes_names_our_file() -> None:
    (row,) = protocol(event("FILE_UPLOAD", "TS01", FileName="G1ALFA260921S00001.pain001.xml"))
    assert row.msg_id == "G1ALFA260921S00001"


def test_a_text_of_two_files_names_neither() -> None:
    (row,) = protocol(event("ADDITIONAL", lines=("G1ALFA260921S00001", "G1ALFA260921S00002")))
    assert row.msg_id is None


@pytest.mark.parametrize(("msg_id", "name"), [("EBICS", "EBICS"), ("EBICS", "HAC"), ("X1", "EBICS")])
def test_either_name_tells_a_protocol(msg_id: str, name: str) -> None:
    (row,) = protocol(event("FILE_UPLOAD", "TS01"), msg_id=msg_id, name=name)
    assert row.kind is STEP


def test_no_event_establishes_anything() -> None:
    """DS02 and RJCT-like results are of the transport: whatever they say, no fact of a payment follows."""
    table = status_table(BANK)
    rows = protocol(event("FILE_UPLOAD", "TS01"), event("ORDER_HAC_FINAL_NEG", "TD03"))
    assert {table.meaning(row.status, row.reason, row.reason_text).fact for row in rows} == {Fact.NONE}
    assert {row.kind for row in rows} <= {STEP, REFUSAL}
    assert all(row.end_to_end_id is None and row.pmt_inf_id is None for row in rows)


def test_a_protocol_without_events_says_nothing() -> None:
    assert protocol() == []


@pytest.mark.parametrize("stamp", ["yesterday", "2026-02-30T10:00:00Z"])
def test_a_strange_time_is_no_day(stamp: str) -> None:
    (row,) = protocol(event("FILE_UPLOAD", "TS01", TimeStamp=stamp))
    assert row.booking_date is None


def test_an_event_without_an_action_is_refused() -> None:
    with pytest.raises(Unreadable) as caught:
        protocol(event("", "TS01"))
    assert caught.value.rule == "transport.action"
    assert caught.value.path == "/CstmrPmtStsRpt/OrgnlPmtInfAndSts[1]/OrgnlPmtInfId"


def test_a_payment_in_a_protocol_is_refused() -> None:
    listed = "<TxInfAndSts><OrgnlEndToEndId>E1</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>"
    with pytest.raises(Unreadable) as caught:
        protocol(event("FILE_UPLOAD", "TS01").replace("</StsRsnInf>", f"</StsRsnInf>{listed}"))
    assert caught.value.rule == "transport.payment"
