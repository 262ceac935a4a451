"""Words that are not of the payment, file or block that they seem to be of: none of them becomes an outcome."""

import pytest

from gateway.domain.facts import Position
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, Status, camt052, camt054, pain002
from tests.scenario import payments

FLIGHT, ACCEPTED, RETURNED, REJECTED = Position.IN_FLIGHT, Position.ACCEPTED, Position.RETURNED, Position.REJECTED
NOTHING = [0, 0, 0]


async def facts(ear: Ear) -> list[int]:
    return await ear.scene.column("SELECT facts FROM attempt UNION ALL SELECT group_facts FROM submission")


def of_block(msg_id: str, block: str, status: str, *, group: str = "", name: str = "pain.001.001.09") -> bytes:
    """A status of one block alone."""
    said = f"<GrpSts>{group}</GrpSts>" if group else ""
    named = f"<OrgnlMsgId>{msg_id}</OrgnlMsgId>" if msg_id else ""
    return (
        f"<Document><CstmrPmtStsRpt><OrgnlGrpInfAndSts>{named}<OrgnlMsgNmId>{name}</OrgnlMsgNmId>{said}"
        f"</OrgnlGrpInfAndSts><OrgnlPmtInfAndSts><OrgnlPmtInfId>{block}</OrgnlPmtInfId><PmtInfSts>{status}</PmtInfSts>"
        "<StsRsnInf><Rsn><Cd>AC01</Cd></Rsn></StsRsnInf></OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


def recall_answer(word: str, inside: str, msg_id: str = "") -> bytes:
    group = f"<OrgnlGrpInf><OrgnlMsgId>{msg_id}</OrgnlMsgId></OrgnlGrpInf>" if msg_id else ""
    return (
        "<Document><RsltnOfInvstgtn><RslvdCase><Id>REF1</Id></RslvdCase><CxlDtls><TxInfAndSts>"
        f"{group}{inside}<TxCxlSts>{word}</TxCxlSts></TxInfAndSts></CxlDtls></RsltnOfInvstgtn></Document>"
    ).encode()


@pytest.mark.parametrize("block", ["P2", "P10", "P1P1", "X1"])
@pytest.mark.parametrize("with_file", [True, False])
async def test_a_word_of_another_block_is_not_a_word_of_the_file(sent: Ear, block: str, *, with_file: bool) -> None:
    msg_id = await sent.msg_id()
    await sent.hear(of_block(msg_id if with_file else "", f"{msg_id}{block}", "RJCT"))
    assert await facts(sent) == [*NOTHING, 0]
    assert set(await sent.scene.exceptions()) <= {"no such line", "orphan"}
    assert len(await sent.scene.exceptions()) == 1


@pytest.mark.parametrize("block", ["P1", ""])
async def test_a_word_of_the_only_block_is_one_of_the_file(sent: Ear, block: str) -> None:
    msg_id = await sent.msg_id()
    await sent.hear(of_block(msg_id, f"{msg_id}{block}", "RJCT"))
    assert await sent.positions() == [REJECTED] * 3


async def test_a_block_of_another_file_is_nobody_s(sent: Ear) -> None:
    """The file is ours and so is the block, but it is not in that file."""
    first = await sent.msg_id()
    await sent.send(payments([4]), batch="B-2")
    (other,) = await sent.scene.column("SELECT msg_id FROM submission WHERE msg_id <> $1", first)
    await sent.hear(of_block(first, f"{other}P1", "RJCT"))
    assert set(await facts(sent)) == {0}
    assert await sent.scene.exceptions() == ["ambiguous"]


@pytest.mark.parametrize(
    "name", ["camt.055.001.08", "CAMT.056", "urn:iso:camt.055.001.08", "pacs.028.001.03", "pain.007"]
)
async def test_the_refusal_of_a_request_refuses_no_payment(sent: Ear, name: str) -> None:
    msg_id = await sent.msg_id()
    await sent.hear(of_block(msg_id, f"{msg_id}P1", "RJCT", group="RJCT", name=name))
    assert await facts(sent) == [*NOTHING, 0]
    assert await sent.verdicts() == ["recall answered"] * 2


async def test_a_payment_that_is_named_in_a_file_it_left_is_an_alarm(ear: Ear) -> None:
    """The first file was void, so that its payment went in a second one. A word of the first is not of the second."""
    await ear.scene.sealed(payments([1]))
    first = await ear.msg_id("sealed")
    await ear.scene.tamper("UPDATE submission SET state = 'void'")
    await ear.scene.tamper("UPDATE attempt SET submission_no = NULL")
    for kind in ("cut", "seal"):
        await ear.scene.until_idle(kind)
    await ear.scene.until_idle("send", "alfa")
    assert await ear.scene.states() == ["void", "delivered"]
    about = [Status(end_to_end_id=(await ear.ids())[0], status="RJCT", reason="AC04")]
    await ear.hear(pain002(first, about=about))
    assert await ear.scene.column("SELECT facts FROM attempt") == [0]
    assert set(await ear.verdicts()) == {"names what was never sent"}


async def test_the_reason_of_an_acceptance_is_not_that_of_a_rejection(sent: Ear) -> None:
    msg_id = await sent.msg_id()
    await sent.hear(pain002(msg_id, group="ACWC", reason="DT06"), pain002(msg_id, group="RJCT", reason="AM10"))
    assert await sent.scene.column("SELECT group_reason FROM submission") == ["AM10"]


async def test_a_configured_duplicate_of_payments_does_not_reject_their_file(sent: Ear) -> None:
    """AM09 is a duplicate by config/reason_codes.yaml alone; the RJCT above it is bare."""
    about = [Status(end_to_end_id=name, status="RJCT", reason="AM09") for name in await sent.ids()]
    await sent.hear(pain002(await sent.msg_id(), group="RJCT", about=about))
    assert await facts(sent) == [*NOTHING, 0]
    assert await sent.scene.exceptions() == ["suspected duplicate"] * 3


async def test_the_answer_to_a_recall_names_its_payment_by_lower_rungs(sent: Ear) -> None:
    (name, *_), msg_id, account = await sent.ids(), await sent.msg_id(), await sent.account()
    learnt = Entry(end_to_end_id=name, amount=FULL, refs="<TxId>CLEARING7</TxId>", ref="LEARNT")
    in_block = f"<OrgnlInstrId>{name}</OrgnlInstrId>"
    block = (
        "<Document><RsltnOfInvstgtn><CxlDtls><OrgnlPmtInfAndSts>"
        f"<OrgnlPmtInfId>{msg_id}P1</OrgnlPmtInfId><TxInfAndSts>{in_block}<TxCxlSts>PDCR</TxCxlSts></TxInfAndSts>"
        "</OrgnlPmtInfAndSts></CxlDtls></RsltnOfInvstgtn></Document>"
    ).encode()
    by_clearing = recall_answer("PDCR", "<OrgnlTxId>CLEARING7</OrgnlTxId>")
    await sent.hear(camt054(account, learnt), block, by_clearing)
    rows = await sent.scene.rows("SELECT rule, attempt_no IS NOT NULL FROM observation WHERE kind = 'recall answer'")
    assert sorted(rows) == [("bank_reference", True), ("instruction", True)]


async def test_a_case_number_is_no_reference_of_a_booking(sent: Ear) -> None:
    """REF1 is the bank's number of a case, and its reference of a booking too."""
    await sent.hear(camt054(await sent.account(), Entry(end_to_end_id=(await sent.ids())[0], amount=FULL, ref="REF1")))
    await sent.hear(recall_answer("RJCR", "<OrgnlTxId>NEVERHEARD</OrgnlTxId>"))
    assert (await sent.verdicts())[-1] == "orphan"


async def test_the_answer_about_a_payment_that_is_not_ours_is_not_about_its_file(sent: Ear) -> None:
    stranger = "<OrgnlEndToEndId>ESOMEBODYELSESPAYMENT234567AG1</OrgnlEndToEndId>"
    await sent.hear(recall_answer("RJCR", stranger, await sent.msg_id()))
    assert await sent.verdicts() == ["orphan"]


async def asked(ear: Ear) -> str:
    """A recall of the first payment for which its bank was asked."""
    await ear.scene.tamper(
        "INSERT INTO recall (attempt_no, reason, proposed_at) SELECT a.attempt_no, 'stop', $1"
        " FROM attempt a JOIN payment_order o USING (order_no) ORDER BY o.order_id LIMIT 1",
        ear.scene.clock.now(),
    )
    await ear.scene.tamper("UPDATE recall SET state = 'asked'")
    return (await ear.ids())[0]


@pytest.mark.parametrize(
    ("word", "state"),
    [("RJCR", "refused"), ("RJCT", "refused"), ("CNCL", "asked"), ("ACCR", "asked"), ("PDCR", "asked")],
)
async def test_only_a_refusal_ends_a_recall_by_its_word(sent: Ear, word: str, state: str) -> None:
    name = await asked(sent)
    await sent.hear(recall_answer(word, f"<OrgnlEndToEndId>{name}</OrgnlEndToEndId>"))
    assert await sent.scene.column("SELECT state FROM recall") == [state]
    assert await facts(sent) == [*NOTHING, 0]


async def test_an_answer_about_a_whole_file_ends_no_recall(sent: Ear) -> None:
    await asked(sent)
    msg_id = await sent.msg_id()
    await sent.hear(of_block(msg_id, f"{msg_id}P1", "RJCT", name="camt.055"))
    assert await sent.scene.column("SELECT state FROM recall") == ["asked"]


async def test_a_recalled_payment_comes_back_once_however_often_it_is_told(sent: Ear) -> None:
    """Agreed, booked with FOCR, told again in another report: one return. A second credit is a person's work."""
    name, account = await asked(sent), await sent.account()
    back = Entry(end_to_end_id=name, amount=FULL, sign="CRDT", ref="BACK", reason="FOCR")
    again = Entry(end_to_end_id=name, amount=FULL, sign="CRDT", ref="BACK2", reason="FOCR")
    paid = camt054(account, Entry(end_to_end_id=name, amount=FULL))
    await sent.hear(paid, recall_answer("CNCL", f"<OrgnlEndToEndId>{name}</OrgnlEndToEndId>"))
    await sent.hear(
        camt054(account, back, number=2), camt052(account, back, number=3), camt054(account, again, number=4)
    )
    assert (await sent.positions())[0] is RETURNED
    assert await sent.scene.column("SELECT state FROM recall") == ["returned"]
    assert await sent.outcomes() == [[(1, "paid"), (2, "returned")]]
    assert (await sent.verdicts())[-3:] == ["matched", "matched", "returned before"]
    assert "suspected duplicate" in await sent.scene.exceptions()
    returns = "SELECT count(*) FROM observation WHERE kind = 'return entry' AND verdict = 'matched' AND NOT repeats"
    assert await sent.scene.value(returns) == 1


def protocol(number: int, *, order: str = "N002", day: str = "2026-09-21", text: str = "one") -> bytes:
    ids = {"OrderID": order, "TimeStamp": f"{day}T15:11:55Z"}
    others = "".join(f"<Othr><Id>{v}</Id><SchmeNm><Prtry>{k}</Prtry></SchmeNm></Othr>" for k, v in ids.items() if v)
    return (
        f"<Document><CstmrPmtStsRpt><GrpHdr><MsgId>HAC{number}</MsgId></GrpHdr><OrgnlGrpInfAndSts>"
        "<OrgnlMsgId>EBICS</OrgnlMsgId><OrgnlMsgNmId>EBICS</OrgnlMsgNmId></OrgnlGrpInfAndSts><OrgnlPmtInfAndSts>"
        "<OrgnlPmtInfId>ES_VERIFICATION</OrgnlPmtInfId><StsRsnInf><Orgtr><Id><OrgId>"
        f"{others}</OrgId></Id></Orgtr><Rsn><Cd>DS0H</Cd></Rsn><AddtlInf>{text}</AddtlInf></StsRsnInf>"
        "</OrgnlPmtInfAndSts></CstmrPmtStsRpt></Document>"
    ).encode()


async def test_another_pull_of_a_protocol_tells_no_refusal_anew(sent: Ear) -> None:
    await sent.hear(protocol(1), protocol(2), protocol(3, order="ZZZZ"), protocol(4, order="ZZZZ"))
    assert await sent.scene.exceptions() == ["refused in transport"] * 2
    await sent.hear(protocol(5, order="N003"), protocol(6, day="2026-09-22"), protocol(7, order="ZZZZ", text="two"))
    assert await sent.scene.exceptions() == ["refused in transport"] * 5


async def test_a_refusal_without_a_day_is_told_with_every_message(sent: Ear) -> None:
    await sent.hear(protocol(1, day="x"), protocol(2, day="x"))
    assert await sent.scene.exceptions() == ["refused in transport"] * 2


async def test_a_verification_is_one_exception_for_its_file(sent: Ear) -> None:
    """RVMC of group and block, RVNM of two payments: one file to release or to cancel."""
    msg_id, ids = await sent.msg_id(), await sent.ids()
    payment = "<TxInfAndSts><OrgnlEndToEndId>{}</OrgnlEndToEndId><TxSts>RVNM</TxSts></TxInfAndSts>"
    report = of_block(msg_id, f"{msg_id}P1", "RVMC", group="RVMC").decode()
    inside = "".join(payment.format(name) for name in ids[1:])
    await sent.hear(report.replace("</OrgnlPmtInfAndSts>", f"{inside}</OrgnlPmtInfAndSts>").encode())
    assert await facts(sent) == [*NOTHING, 0]
    assert await sent.verdicts() == ["payee check failed"] * 4
    rows = await sent.scene.rows(
        "SELECT kind, detail, attempt_no IS NOT NULL, submission_no IS NOT NULL FROM exception"
    )
    assert rows == [("payee check failed", {"codes": "RVMC, RVNM"}, True, True)]
