"""Messages that speak of payments and settle nothing: from their bytes to positions, verdicts and exceptions."""

import pytest

from gateway.domain.facts import Position
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, Status, camt054, pain002
from tests.scenario import payments

FLIGHT, PAID, RETURNED = Position.IN_FLIGHT, Position.PAID, Position.RETURNED


def recall_answer(end_to_end_id: str, word: str) -> bytes:
    return (
        f"<Document><RsltnOfInvstgtn><Sts><Conf>{word}</Conf></Sts><CxlDtls><TxInfAndSts>"
        f"<OrgnlEndToEndId>{end_to_end_id}</OrgnlEndToEndId><TxCxlSts>{word}</TxCxlSts></TxInfAndSts></CxlDtls>"
        "</RsltnOfInvstgtn></Document>"
    ).encode()


def return_advice(end_to_end_id: str) -> bytes:
    return (
        "<Document><PmtRtr><GrpHdr><NbOfTxs>1</NbOfTxs></GrpHdr><TxInf><RtrId>R1</RtrId>"
        f'<OrgnlEndToEndId>{end_to_end_id}</OrgnlEndToEndId><RtrdIntrBkSttlmAmt Ccy="EUR">{FULL}</RtrdIntrBkSttlmAmt>'
        "<RtrRsnInf><Rsn><Cd>FOCR</Cd></Rsn></RtrRsnInf></TxInf></PmtRtr></Document>"
    ).encode()


def protocol(msg_id: str, *events: tuple[str, str]) -> bytes:
    steps = "".join(
        f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>{action}</OrgnlPmtInfId><StsRsnInf><Rsn><Cd>{code}</Cd></Rsn>"
        f"<AddtlInf>Datei-ID : {msg_id}</AddtlInf></StsRsnInf></OrgnlPmtInfAndSts>"
        for action, code in events
    )
    return (
        "<Document><CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>EBICS</OrgnlMsgId><OrgnlMsgNmId>EBICS</OrgnlMsgNmId>"
        f"</OrgnlGrpInfAndSts>{steps}</CstmrPmtStsRpt></Document>"
    ).encode()


async def test_a_verification_of_payee_decides_nothing_and_a_mismatch_is_somebody_s_work(sent: Ear) -> None:
    ids = await sent.ids()
    about = [Status(end_to_end_id=ids[0], status="RVNM"), Status(end_to_end_id=ids[1], status="RCVC")]
    await sent.hear(pain002(await sent.msg_id(), group="RVCM", about=about))
    assert await sent.positions() == [FLIGHT] * 3
    assert await sent.scene.column("SELECT facts FROM attempt") == [0, 0, 0]
    assert (await sent.verdicts())[:2] == ["payee check failed", "payee checked"]
    assert set(await sent.scene.exceptions()) == {"payee check failed"}


@pytest.mark.parametrize("word", ["CNCL", "RJCR", "PDCR"])
async def test_the_answer_to_a_recall_is_shown_and_moves_nothing(sent: Ear, word: str) -> None:
    await sent.hear(recall_answer((await sent.ids())[0], word))
    assert await sent.positions() == [FLIGHT] * 3
    assert (await sent.verdicts(), await sent.scene.exceptions()) == (["recall answered"], ["recall answered"])


async def test_a_return_is_one_when_it_is_booked_not_when_it_is_announced(sent: Ear) -> None:
    name, account = (await sent.ids())[0], await sent.account()
    await sent.hear(camt054(account, Entry(end_to_end_id=name, amount=FULL)), return_advice(name))
    assert (await sent.positions())[0] is PAID
    assert await sent.verdicts() == ["matched", "return announced"]
    back = Entry(end_to_end_id=name, amount=FULL, sign="CRDT", ref="BACK", reason="FOCR")
    await sent.hear(camt054(account, back, number=2))
    assert (await sent.positions())[0] is RETURNED
    assert await sent.outcomes() == [[(1, "paid"), (2, "returned")]]


@pytest.mark.parametrize(
    ("event", "verdict", "troubles"),
    [
        (("FILE_UPLOAD", "TS01"), "step of the transport", []),
        (("ORDER_HAC_FINAL_NEG", "TD03"), "refused in transport", ["refused in transport"]),
    ],
)
async def test_a_transport_delivers_nothing_by_its_word(
    ear: Ear, event: tuple[str, str], verdict: str, troubles: list[str]
) -> None:
    """A file that the bank's server refused is named by its protocol, and yet the bank does not have it."""
    await ear.scene.sealed(payments([1]))
    for state in ("sending", "unknown"):
        await ear.scene.tamper("UPDATE submission SET state = $1", state)
    await ear.hear(protocol(await ear.msg_id("unknown"), event))
    assert await ear.scene.states() == ["unknown"]
    assert (await ear.verdicts(), await ear.scene.exceptions()) == ([verdict], troubles)


async def test_a_rejected_file_with_a_pending_payment_rejects_none(sent: Ear) -> None:
    about = [Status(end_to_end_id=(await sent.ids())[0], status="PDNG")]
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", reason="FF01", about=about))
    assert await sent.positions() == [FLIGHT] * 3
    assert await sent.scene.exceptions() == ["report contradicts itself"]
    assert await sent.outcomes() == []
