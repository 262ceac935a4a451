"""Other ways: only what can never arrive goes through another bank, with its proof, one open attempt at a time."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.ports.transport import Arrival, Sent
from tests.scenario import Scene, opened, payments
from tests.sending.setting import LIVE, SUSPENDED, written
from tests.sending.transport import Scripted

MINUTES = 61
BRAVO: dict[str, Any] = {"interbank": {"countries": ["DE"]}}
GOLF: dict[str, Any] = {"interbank": {"countries": ["DE", "FR"]}}
OPEN = "SELECT bank, generation, route_reason FROM attempt WHERE NOT closed ORDER BY order_no"
P2 = "SELECT order_no FROM attempt WHERE NOT closed GROUP BY order_no HAVING count(*) > 1"


Changes = dict[str, dict[str, Any]]


@asynccontextmanager
async def gateway(
    url: str,
    root: Path,
    alfa: dict[str, Any],
    others: Changes | None = None,
    ways: tuple[str, ...] = ("bravo", "golf"),
) -> AsyncIterator[Scene]:
    """A gateway of bank alfa and two that pay to accounts at other banks, in this order of preference."""
    profiles = {"alfa": alfa, "bravo": {**BRAVO, **LIVE}, "golf": {**GOLF, **LIVE}, **(others or {})}
    banks = written(root, profiles, interbank=list(ways))
    async with opened(url, root, banks=banks) as scene:
        yield scene


async def void(scene: Scene) -> None:
    await scene.stop("order", "SICK-000009")


async def nothing(_scene: Scene) -> None:
    """Leave it sealed."""


async def sent(scene: Scene) -> None:
    await scene.run("send", "alfa")


async def left_behind(scene: Scene) -> None:
    """An intent is committed, and its worker gone."""
    step: Any = scene.step("send", "alfa")
    assert len(await step._intend(0.0)) == 1


def answering(answer: Sent) -> Scripted:
    return Scripted(answers=[answer], findings=[Arrival.CANNOT_TELL])


@pytest.mark.parametrize(
    ("act", "answer", "state", "goes"),
    [
        (nothing, Sent.SENT, "sealed", False),
        (left_behind, Sent.SENT, "sending", False),
        (sent, Sent.SENT, "delivered", False),
        (sent, Sent.NOT_SENT, "not sent", False),
        (sent, Sent.UNKNOWN, "unknown", False),
        (void, Sent.SENT, "void", True),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_only_what_a_void_submission_held_leaves_a_suspended_bank(  # one state of submissions a row
    database_url: str, tmp_path: Path, act: Any, answer: Sent, state: str, *, goes: bool
) -> None:
    async with gateway(database_url, tmp_path, LIVE) as scene:
        scene.use_transport("alfa", answering(answer))
        await scene.sealed(payments([1, 9]))
        await act(scene)
        assert await scene.states() == [state]
    async with gateway(database_url, tmp_path, SUSPENDED) as scene:
        await scene.until_idle("cut")
        banks = await scene.column("SELECT bank FROM attempt WHERE NOT closed ORDER BY order_no")
        assert banks == (["bravo", "alfa"] if goes else ["alfa", "alfa"])  # the other one is stopped
        assert await scene.rows(P2) == []


async def test_an_open_submission_and_a_dissolved_one(database_url: str, tmp_path: Path) -> None:
    """What is cut waits for its bank; once sealing found that a member may not leave, the others may go another way."""
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await scene.release(payments([1, 9]))
        await scene.until_idle("cut")
    async with gateway(database_url, tmp_path, SUSPENDED) as scene:
        await scene.until_idle("cut")
        assert await scene.column("SELECT bank FROM attempt") == ["alfa", "alfa"]
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await scene.stop("order", "SICK-000009")
        await scene.run("seal")
        assert await scene.states() == ["dissolved"]
    async with gateway(database_url, tmp_path, SUSPENDED) as scene:
        await scene.until_idle("cut")
        assert (await scene.rows(OPEN))[0][:2] == ("bravo", 2)


async def test_the_old_attempt_is_closed_with_its_proof_and_the_new_one_pays(database_url: str, tmp_path: Path) -> None:
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await scene.sealed(payments([1, 9]))
        await void(scene)
    async with gateway(database_url, tmp_path, SUSPENDED) as scene:
        await scene.seal_again()
        await scene.until_idle("send")
        assert await scene.rows(
            "SELECT generation, bank, closed, closed_proof FROM attempt WHERE order_no = 1 ORDER BY 1"
        ) == [
            (
                1,
                "alfa",
                True,
                {"in no submission": "every earlier one is void or dissolved", "another way": "suspended"},
            ),
            (2, "bravo", False, None),
        ]
        assert (await scene.rows(OPEN))[0][
            2
        ] == "route.interbank: by interbank transfer through bravo: alfa is suspended"
        assert await scene.rows("SELECT bank, state FROM submission ORDER BY 1") == [
            ("alfa", "void"),
            ("bravo", "delivered"),
        ]
        assert scene.content("bravo").count("<EndToEndId>") == 1
        assert scene.files("alfa") == []


async def test_a_stop_and_a_pause_are_obeyed(database_url: str, tmp_path: Path) -> None:
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await scene.sealed(payments([1, 9]))
        await void(scene)
        await scene.pauses.pause(scope="bank", value="alfa", reason="a message about what is void", by="officer-1")
    async with gateway(database_url, tmp_path, SUSPENDED) as scene:
        await scene.until_idle("cut")
        assert {row[0] for row in await scene.rows(OPEN)} == {"alfa"}
        await scene.pauses.resume(scope="bank", value="alfa", by="officer-1")
        await scene.until_idle("cut")
        assert [row[0] for row in await scene.rows(OPEN)] == ["bravo", "alfa"]
        await scene.stop("order", "SICK-000001")
        await scene.seal_again()
        await scene.until_idle("send")
        assert scene.files("bravo") == []


async def given_up(scene: Scene) -> None:
    """Bank alfa is tried ten times."""
    scene.use_transport("alfa", answering(Sent.NOT_SENT))
    await scene.sealed(payments([1]))
    for _ in range(11):
        await scene.run("send", "alfa")
        scene.clock.advance(MINUTES)
    assert await scene.rows("SELECT state, tries FROM submission") == [("void", 10)]


async def test_tries_used_up_go_another_way_although_the_bank_is_live(database_url: str, tmp_path: Path) -> None:
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await given_up(scene)
        await scene.seal_again()
        assert await scene.rows(OPEN) == [
            ("bravo", 2, "route.interbank: by interbank transfer through bravo: tries used up at alfa")
        ]
        assert await scene.value("SELECT closed_proof ->> 'another way' FROM attempt WHERE closed") == (
            "tries used up, submission 1"
        )


async def test_tries_used_up_without_another_way_are_cut_again_for_their_bank(
    database_url: str, tmp_path: Path
) -> None:
    async with gateway(database_url, tmp_path, LIVE, ways=()) as scene:
        await given_up(scene)
        await scene.seal_again()
        assert await scene.states() == ["void", "sealed"]
        assert not await scene.run("cut")


async def test_no_way_leads_back_to_a_bank_that_was_tried(database_url: str, tmp_path: Path) -> None:
    """Suspended one after the other: alfa, bravo, golf; then the payment waits where it is."""
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await scene.sealed(payments([1, 9]))
        await void(scene)
    for suspended, at in (
        ({}, "bravo"),
        ({"bravo": {**BRAVO, **SUSPENDED}}, "golf"),
        ({"golf": {**GOLF, **SUSPENDED}}, "golf"),
    ):
        async with gateway(database_url, tmp_path, SUSPENDED, suspended) as scene:
            for _ in range(3):
                await scene.until_idle("cut")
            assert (await scene.rows(OPEN))[0][0] == at
            await scene.tamper("""
                WITH held AS (SELECT submission_no FROM submission WHERE state = 'open'),
                freed AS (UPDATE attempt a SET submission_no = NULL FROM held h WHERE a.submission_no = h.submission_no)
                UPDATE submission s SET state = 'dissolved' FROM held h WHERE s.submission_no = h.submission_no""")


@pytest.mark.parametrize(
    "why_not",
    [
        {"bravo": {**BRAVO, **LIVE, "limits": {"sum_per_submission": "100.00"}}},
        {"bravo": {"interbank": {"countries": ["AT"]}, **LIVE}},
        {"bravo": {**BRAVO, **SUSPENDED}},
    ],
    ids=["its limit is lower", "another country", "suspended too"],
)
async def test_a_bank_that_cannot_pay_is_passed_over_and_nothing_is_held(
    database_url: str, tmp_path: Path, why_not: Changes
) -> None:
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await scene.sealed(payments([1, 9]))
        await void(scene)
    async with gateway(database_url, tmp_path, SUSPENDED, why_not) as scene:
        await scene.until_idle("cut")
        assert (await scene.rows(OPEN))[0][0] == "golf"
    async with gateway(database_url, tmp_path, LIVE) as scene:
        assert await scene.value("SELECT count(*) FROM payment_order WHERE state = 'held'") == 0


@pytest.mark.parametrize("chunk", [1, 2, 3])
async def test_what_has_no_other_way_keeps_nothing_behind_it_back(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    """Two of four payments are more than bravo takes; they are looked at first."""
    monkeypatch.setattr("gateway.service.reroute.CHUNK", chunk)
    lower: Changes = {"bravo": {**BRAVO, **LIVE, "limits": {"sum_per_submission": "600.00"}}}
    async with gateway(database_url, tmp_path, LIVE, lower, ways=("bravo",)) as scene:
        await scene.sealed([*payments([1, 2], amount="700.00"), *payments([3, 9])])
        await void(scene)
    async with gateway(database_url, tmp_path, SUSPENDED, lower, ways=("bravo",)) as scene:
        await scene.until_idle("cut")
        assert [row[0] for row in await scene.rows(OPEN)] == ["alfa", "alfa", "bravo", "alfa"]


async def test_what_a_bank_has_spoken_of_stays(database_url: str, tmp_path: Path) -> None:
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await scene.sealed(payments([1, 9]))
        await void(scene)
        await scene.tamper("UPDATE attempt SET facts = 1 WHERE attempt_no = 1")
    async with gateway(database_url, tmp_path, SUSPENDED) as scene:
        await scene.until_idle("cut")
        assert {row[0] for row in await scene.rows(OPEN)} == {"alfa"}


async def test_payees_of_a_bank_that_nobody_connects_are_paid_by_transfer(database_url: str, tmp_path: Path) -> None:
    async with gateway(database_url, tmp_path, LIVE) as scene:
        await scene.sealed(payments([1], "charlie"))
        await scene.until_idle("send")
        ((bank, _, reason),) = await scene.rows(OPEN)
        assert (bank, reason.partition(":")[0]) == ("bravo", "route.interbank")
        assert len(scene.files("bravo")) == 1
