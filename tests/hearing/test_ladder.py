"""The ladder, rung by rung: what names a payment, what no longer does where the profile does not believe it."""

from typing import Any, cast
from uuid import UUID

import pytest

from gateway.domain.facts import Position
from gateway.domain.matching import LADDER, Rule
from gateway.service.apply import Apply
from gateway.service.judge import Ways
from tests.hearing.ear import FULL, Ear
from tests.hearing.messages import Entry, camt052, camt054
from tests.scenario import payment, payments

FLIGHT, PAID, RETURNED = Position.IN_FLIGHT, Position.PAID, Position.RETURNED
TWO = "1024.80"
UNKNOWN_ID = "ESOMEBODYELSESPAYMENT234567AG1"


def believe(ear: Ear, *rules: Rule, bank: str = "alfa", tolerance: str = "0.00") -> None:
    """Let the bank's profile believe only these rungs."""
    apply = cast("Apply", ear.step("apply"))
    ways = cast("dict[str, Ways]", apply.ways)
    profile = ear.scene.gateway.banks[bank].profile
    matching = profile.matching.model_copy(update={"rules": rules, "charges_tolerance": tolerance})
    ways[bank] = Ways(statuses=ways[bank].statuses, matching=matching)


async def rules(ear: Ear) -> list[tuple[str, str | None]]:
    return await ear.scene.rows("SELECT verdict, rule FROM observation ORDER BY message_no, ordinal")


async def named(ear: Ear, rule: Rule) -> Entry:
    """A booking of the first payment that this rung, and no other, can name."""
    (ids, (uetr,)) = (await ear.ids(), await ear.scene.column("SELECT uetr FROM attempt ORDER BY attempt_no LIMIT 1"))
    block = f"<PmtInfId>{await ear.msg_id()}P1</PmtInfId>"
    how: dict[Rule, dict[str, str]] = {
        Rule.UETR: {"refs": f"<UETR>{UUID(str(uetr))}</UETR>"},
        Rule.END_TO_END_ID: {"end_to_end_id": ids[0].lower()},  # a bank may fold cases
        Rule.INSTRUCTION: {"refs": f"{block}<InstrId>{ids[0]}</InstrId><EndToEndId>NOTPROVIDED</EndToEndId>"},
        Rule.BANK_REFERENCE: {"refs": "<EndToEndId>NOTPROVIDED</EndToEndId>", "ref": "LEARNT"},
        Rule.TEXT: {"text": f"RETURN OF {ids[0]} UNPAID"},
    }
    return Entry(**cast("Any", {"amount": FULL, **how[rule]}))


@pytest.mark.parametrize("rule", [Rule.UETR, Rule.END_TO_END_ID, Rule.INSTRUCTION, Rule.TEXT])
async def test_each_rung_names_the_payment_and_is_stored(sent: Ear, rule: Rule) -> None:
    await sent.hear(camt054(await sent.account(), await named(sent, rule)))
    assert await rules(sent) == [("matched", rule)]
    assert await sent.positions() == [PAID, FLIGHT, FLIGHT]


@pytest.mark.parametrize("rule", [Rule.UETR, Rule.END_TO_END_ID, Rule.INSTRUCTION, Rule.TEXT])
async def test_a_rung_that_the_profile_does_not_believe_names_nothing(sent: Ear, rule: Rule) -> None:
    believe(sent, *(r for r in LADDER if r not in {rule, Rule.BATCH_REFERENCE}))
    await sent.hear(camt054(await sent.account(), await named(sent, rule)))
    assert await sent.positions() == [FLIGHT] * 3
    assert await sent.scene.exceptions() == ["ambiguous"]  # three payments of this amount are open


@pytest.mark.parametrize("believed", [True, False])
async def test_the_bank_s_own_reference_is_learnt_from_the_debit(sent: Ear, *, believed: bool) -> None:
    if not believed:
        believe(sent, *(r for r in LADDER if r is not Rule.BANK_REFERENCE))
    account, ids = await sent.account(), await sent.ids()
    await sent.hear(
        camt054(account, Entry(amount=FULL, end_to_end_id=ids[0], ref="A1", refs="<TxId>CLEARING1</TxId>")),
        camt054(
            account, Entry(amount=FULL, sign="CRDT", ref="B7", refs="<TxId>CLEARING1</TxId>", reason="AC04"), number=2
        ),
    )
    assert (await sent.positions())[0] == (RETURNED if believed else PAID)
    assert (await rules(sent))[1] == (("matched", "bank_reference") if believed else ("lump return", None))


RETURNS = {
    "UETR and MsgId, placeholders elsewhere": "<MsgId>{msg}</MsgId><PmtInfId>NOTPROVIDED</PmtInfId>"
    "<InstrId>NOTPROVIDED</InstrId><EndToEndId>NOTPROVIDED</EndToEndId><UETR>{uetr}</UETR>",
    "EndToEndId and TxId": "<EndToEndId>{name}</EndToEndId><TxId>CLEARING9</TxId>",
    "PmtInfId and InstrId": "<PmtInfId>{msg}P1</PmtInfId><InstrId>{name}</InstrId>",
    "the bank's own InstrId": "<InstrId>BANKS-OWN-1</InstrId><EndToEndId>{name}</EndToEndId>",
    "the reference learnt from the debit": "<EndToEndId>NOTPROVIDED</EndToEndId><TxId>CLEARING1</TxId>",
    "free text": "<EndToEndId>NOTPROVIDED</EndToEndId>",
}
"""What banks were seen to name a payment by when it comes back (reference iso20022-and-banks 3.1)."""


@pytest.mark.parametrize("shape", RETURNS)
async def test_a_return_finds_its_payment_by_whatever_the_bank_kept(sent: Ear, shape: str) -> None:
    account, (name, *_), msg = await sent.account(), await sent.ids(), await sent.msg_id()
    uetr = await sent.scene.value("SELECT uetr::text FROM attempt ORDER BY attempt_no LIMIT 1")
    debit = Entry(amount=FULL, end_to_end_id=name, ref="A1", refs="<TxId>CLEARING1</TxId>")
    refs = RETURNS[shape].format(msg=msg, name=name, uetr=uetr)
    text = f"RETURN {name} ACCOUNT CLOSED" if shape == "free text" else ""
    back = Entry(amount=FULL, sign="CRDT", ref="B1", reason="AC04", refs=refs, text=text)
    await sent.hear(camt054(account, debit), camt054(account, back, number=2))
    assert await sent.positions() == [RETURNED, FLIGHT, FLIGHT]
    reason = await sent.scene.value("SELECT reason FROM attempt ORDER BY attempt_no LIMIT 1")
    assert (reason, await sent.scene.exceptions()) == ("AC04", [])


async def test_a_return_that_names_nothing_is_proposed_and_matched_by_nobody_but_a_person(sent: Ear) -> None:
    account, (name, *_) = await sent.account(), await sent.ids()
    back = Entry(amount=FULL, sign="CRDT", ref="B1", reason="AC04", more="<Purp><Cd>SSBE</Cd></Purp>")
    await sent.hear(camt054(account, Entry(amount=FULL, end_to_end_id=name, ref="A1")), camt054(account, back))
    assert await sent.positions() == [PAID, FLIGHT, FLIGHT]
    assert await sent.scene.rows("SELECT kind, detail ->> 'proposal' FROM exception") == [("lump return", "1")]


async def test_a_reference_of_another_bank_teaches_nothing(sent: Ear) -> None:
    """Two banks may count their entries alike."""
    await sent.send(payments([11, 12], "charlie"), "B-2")
    ids = await sent.ids()
    await sent.hear(camt054(await sent.account(), Entry(amount=FULL, end_to_end_id=ids[0], ref="1")))
    await sent.hear(camt054(await sent.account("charlie"), Entry(amount=FULL, sign="CRDT", ref="1")), bank="charlie")
    assert (await sent.positions())[0] == PAID
    assert (await sent.verdicts())[1] == "lump return"


async def test_a_reference_that_several_payments_share_names_none_of_them(sent: Ear) -> None:
    account, ids = await sent.account(), await sent.ids()
    await sent.hear(
        camt054(account, *(Entry(amount=FULL, end_to_end_id=i, ref="SHARED") for i in ids)),
        camt054(account, Entry(amount=FULL, sign="CRDT", ref="SHARED"), number=2),
    )
    assert await sent.positions() == [PAID] * 3
    assert await sent.scene.exceptions() == ["ambiguous"]


@pytest.mark.parametrize("name", ["NOTPROVIDED", "NONREF"])
async def test_a_placeholder_names_nothing(sent: Ear, name: str) -> None:
    refs = f"<InstrId>{name}</InstrId><EndToEndId>{name}</EndToEndId>"
    await sent.hear(camt054(await sent.account(), Entry(amount=FULL, refs=refs, ref=name)))
    assert await sent.positions() == [FLIGHT] * 3


@pytest.mark.parametrize("rung", [Rule.BATCH_REFERENCE, Rule.BATCH_SUM])
@pytest.mark.parametrize("believed", [True, False])
async def test_a_sum_is_matched_by_reference_or_by_count_and_sum(sums: Ear, rung: Rule, *, believed: bool) -> None:
    if not believed:
        believe(sums, *(r for r in LADDER if r is not rung), bank="charlie")
        if rung is Rule.BATCH_REFERENCE:
            believe(sums, Rule.UETR, bank="charlie")
    name = await sums.msg_id() if rung is Rule.BATCH_REFERENCE else ""
    total = camt054(await sums.account("charlie"), Entry(amount="1537.20", batch=(name, 3)))
    await sums.hear(total, bank="charlie")
    assert await sums.positions() == [PAID if believed else FLIGHT] * 3
    assert await rules(sums) == ([("matched batch sum", rung)] if believed else [("orphan", None)])


async def test_the_bank_s_own_reference_of_a_sum_is_learnt(sums: Ear) -> None:
    account = await sums.account("charlie")
    await sums.hear(
        camt052(account, Entry(amount="1537.20", batch=(await sums.msg_id(), 3), ref="PREF1")),
        camt054(account, Entry(amount="1537.20", batch=("", 3), ref="PREF1")),
        bank="charlie",
    )
    assert await sums.positions() == [PAID] * 3
    assert await rules(sums) == [("matched batch sum", "batch_reference")] * 2


async def test_account_and_amount_only_propose(ear: Ear) -> None:
    await ear.send([payment(1, amount="10.00"), payment(2, amount="20.00")])
    await ear.hear(camt054(await ear.account(), Entry(amount="20.00")))
    assert await ear.positions() == [FLIGHT] * 2
    assert await ear.scene.rows("SELECT kind, detail ->> 'proposal' FROM exception") == [("orphan", "2")]


async def test_several_that_are_alike_are_ambiguous(sent: Ear) -> None:
    await sent.hear(camt054(await sent.account(), Entry(amount=FULL)))
    assert await sent.positions() == [FLIGHT] * 3
    assert await sent.scene.rows("SELECT kind, detail ->> 'proposals' FROM exception") == [("ambiguous", "1, 2, 3")]


async def test_an_amount_that_documented_charges_explain_is_the_payment_s(sent: Ear) -> None:
    charges = '<Chrgs><Rcrd><Amt Ccy="EUR">2.40</Amt></Rcrd></Chrgs>'
    entry = Entry(amount=FULL, end_to_end_id=(await sent.ids())[0])
    back = Entry(amount="510.00", end_to_end_id=entry.end_to_end_id, sign="CRDT", ref="B", reason="AC04", more=charges)
    await sent.hear(camt054(await sent.account(), entry), camt054(await sent.account(), back, number=2))
    assert (await sent.positions())[0] == RETURNED


@pytest.mark.parametrize(
    ("amount", "charged", "tolerance", "verdict"),
    [
        ("510.01", "2.40", "0.00", "amount differs"),
        ("510.01", "2.40", "0.01", "matched"),
        ("510.01", "", "9.00", "amount differs"),
        ("514.80", "2.40", "9.00", "amount differs"),
    ],
)
async def test_charges_explain_only_downwards_and_within_the_tolerance(
    sent: Ear, amount: str, charged: str, tolerance: str, verdict: str
) -> None:
    believe(sent, *LADDER, tolerance=tolerance)
    more = f'<Chrgs><Rcrd><Amt Ccy="EUR">{charged}</Amt></Rcrd></Chrgs>' if charged else ""
    ids, account = await sent.ids(), await sent.account()
    await sent.hear(camt054(account, Entry(amount=FULL, end_to_end_id=ids[0])))
    await sent.hear(camt054(account, Entry(amount=amount, end_to_end_id=ids[0], sign="CRDT", ref="B", more=more)))
    assert (await sent.verdicts())[1] == verdict


async def test_a_code_without_a_rule_is_told_once_a_bank(sent: Ear) -> None:
    ids, account = await sent.ids(), await sent.account()
    for number, name in enumerate(ids):
        back = Entry(amount=FULL, end_to_end_id=name, sign="CRDT", ref=f"B{number}", reason="ZZ99")
        await sent.hear(camt054(account, back, number=number))
    assert await sent.scene.rows("SELECT kind, key FROM exception") == [("code without a rule", "alfa/ZZ99")]


async def test_another_s_payment_in_the_text_is_not_ours(sent: Ear) -> None:
    await sent.hear(camt054(await sent.account(), Entry(amount="1.00", text=f"FOR {UNKNOWN_ID}")))
    assert await sent.verdicts() == ["orphan"]
