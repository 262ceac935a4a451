"""A bank that waits for a control file gets it after its file, once: whatever dies between the two."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest

from bank_adapters.profile import Profile
from bank_adapters.spi import Companion, SubmissionContent
from gateway.ports.transport import Arrival, Finding, Sent
from gateway.service.banks import Bank
from gateway.service.press import CONTROL_BYTES_MAX
from tests.scenario import Scene, opened, payments
from tests.sending.flat import BANK, CONTROL, LAYOUT, PROFILE, there
from tests.sending.setting import written
from tests.sending.transport import Scripted

LEASE = 61
CONTROLS = "SELECT name, content FROM submission_control ORDER BY submission_no"
VOID = "SELECT why FROM submission_event WHERE to_state = 'void'"


class DiedError(BaseException):
    """The process ends here: nothing of it catches this."""


class Death:
    """Kills its worker the `number`-th time that it comes to an effect of this name."""

    def __init__(self, effect: str, number: int) -> None:
        self._effect, self._left = effect, number

    def __call__(self, effect: str, /) -> None:
        self._left -= effect == self._effect
        if effect == self._effect and self._left == 0:
            raise DiedError


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    written(tmp_path, {BANK: PROFILE})
    async with opened(database_url, tmp_path, banks=[BANK]) as scene:
        yield scene


def change(scene: Scene, **layout: Any) -> None:
    """Change the bank's layout, as a restart with another profile does."""
    banks = cast("dict[str, Bank]", scene.gateway.banks)
    bank = banks[BANK]
    data = bank.profile.model_dump(mode="json") | {"layout": {**LAYOUT, **layout}}
    banks[BANK] = replace(bank, profile=Profile.model_validate_json(json.dumps(data)))
    scene.loops.clear()


async def dies_while_sending(scene: Scene, death: Death) -> None:
    await scene.sealed(payments([1, 2]))
    async with opened(scene.url, scene.root, banks=[BANK], worker="w2", boundary=death) as dying:
        with pytest.raises(DiedError):
            await dying.run("send", BANK)


async def test_the_control_file_follows_its_file(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    ((name, content),) = await scene.rows(CONTROLS)
    await scene.run("send", BANK)
    assert await scene.states() == ["delivered"]
    found = there(scene)
    assert sorted(found) == [".ok", ".txt"]
    assert (scene.marks(BANK), found[".ok"]) == ([], content)
    assert scene.files(BANK) == sorted([name, *await scene.column("SELECT name FROM submission")])
    assert await scene.value("SELECT evidence ->> 'control file' FROM intent") == name
    assert content.decode().split(";")[::2] == ["000002", sha256(found[".txt"]).hexdigest() + "\n"]


async def test_what_is_stored_of_it_stays_and_its_name_is_used_once(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    for sql in ("UPDATE submission_control SET content = ''", "DELETE FROM submission_control"):
        with pytest.raises(asyncpg.CheckViolationError):
            await scene.tamper(sql)
    with pytest.raises(asyncpg.UniqueViolationError):
        await scene.tamper(
            "INSERT INTO submission_control SELECT submission_no + 100000, bank, rule, name, '' FROM submission_control"
        )
    assert len(await scene.rows(CONTROLS)) == 1


@pytest.mark.parametrize(
    "written",
    [
        (),
        (Companion(name="a.ok", content=b""), Companion(name="b.ok", content=b"")),
        (Companion(name="a.ok", content=b"0" * (CONTROL_BYTES_MAX + 1)),),
        None,
    ],
    ids=["none", "two", "too long", "named as the file"],
)
async def test_without_the_control_file_that_the_bank_waits_for_nothing_is_sealed(
    scene: Scene, written: tuple[Companion, ...] | None
) -> None:
    bank = scene.gateway.banks[BANK]

    class Another(type(bank.adapter)):  # type: ignore[misc]
        def companions(self, submission: SubmissionContent, *_: object) -> tuple[Companion, ...]:
            return (Companion(name=submission.file_name.upper(), content=b""),) if written is None else written

    cast("dict[str, Bank]", scene.gateway.banks)[BANK] = replace(bank, adapter=Another())
    await scene.sealed(payments([1, 2]))
    assert (await scene.states(), await scene.exceptions()) == (["open"], ["seal mismatch"])
    assert await scene.column("SELECT value FROM pause") == [BANK]


async def test_a_bank_without_one_gets_none(scene: Scene) -> None:
    change(scene, control_file=None)
    await scene.sealed(payments([1]))
    await scene.run("send", BANK)
    assert (await scene.rows(CONTROLS), list(there(scene))) == ([], [".txt"])


@pytest.mark.parametrize(("effect", "number"), [("rename", 2), ("control", 1), ("control", 2)])
async def test_a_worker_that_dies_between_the_two_leaves_one_file_and_one_control_file(
    scene: Scene, effect: str, number: int
) -> None:
    await dies_while_sending(scene, Death(effect, number))
    between = {".txt"} if number == 1 or effect == "rename" else {".txt", ".ok"}
    assert (set(there(scene)), await scene.states()) == (between, ["sending"])
    scene.clock.advance(LEASE)
    await scene.run("sweep")
    assert await scene.states() == ["unknown"]
    await scene.run("inquire", BANK)
    assert await scene.states() == ["delivered"]
    ((_, content),) = await scene.rows(CONTROLS)
    assert there(scene)[".ok"] == content
    scene.clock.advance(3_600)
    await scene.run("send", BANK)
    assert (sorted(there(scene)), await scene.value("SELECT count(*) FROM intent")) == ([".ok", ".txt"], 1)


@pytest.mark.parametrize(("effect", "number"), [("wire", 1), ("wire", 2), ("wire", 3), ("wire", 4), ("rename", 1)])
async def test_a_worker_that_dies_before_is_followed_by_one_that_sends_both(
    scene: Scene, effect: str, number: int
) -> None:
    await dies_while_sending(scene, Death(effect, number))
    assert there(scene) == {}
    scene.clock.advance(LEASE)
    await scene.run("sweep")
    await scene.run("inquire", BANK)
    assert await scene.states() == ["not sent"]
    scene.clock.advance(3_600)
    await scene.run("send", BANK)
    assert (await scene.states(), sorted(there(scene)), scene.marks(BANK)) == (["delivered"], [".ok", ".txt"], [])


async def test_an_inquiry_that_dies_while_it_puts_it_is_asked_again(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    async with opened(scene.url, scene.root, banks=[BANK], worker="w2", boundary=Death("rename", 2)) as dying:
        with pytest.raises(DiedError):
            await dying.run("send", BANK)
    scene.clock.advance(LEASE)
    await scene.run("sweep")
    for number in (1, 2):
        async with opened(
            scene.url,
            scene.root,
            banks=[BANK],
            at=scene.clock.now(),
            worker=f"w{number}",
            boundary=Death("control", number),
        ) as dying:
            with pytest.raises(DiedError):
                await dying.run("inquire", BANK)
        scene.clock.advance(3_600)
    assert (await scene.states(), sorted(there(scene))) == (["unknown"], [".ok", ".txt"])
    await scene.run("inquire", BANK)
    assert await scene.states() == ["delivered"]


async def test_another_control_file_under_its_name_is_an_alarm_and_stays(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    ((name, _),) = await scene.rows(CONTROLS)
    (scene.root / "banks" / BANK / "in" / name).write_bytes(b"not ours")
    await scene.run("send", BANK)
    assert (await scene.states(), there(scene)) == (["not sent"], {".ok": b"not ours"})
    assert await scene.exceptions() == ["control file differs"]


async def test_an_inquiry_that_meets_another_control_file_tells_a_person(scene: Scene) -> None:
    class Alarming(Scripted):
        async def inquire(self, *_: Any) -> Any:
            return Finding(arrival=Arrival.CANNOT_TELL, alarm=True)

    scene.use_transport(BANK, Alarming(answers=[Sent.UNKNOWN]))
    await scene.sealed(payments([1, 2]))
    await scene.run("send", BANK)
    scene.clock.advance(3_600)
    await scene.run("inquire", BANK)
    assert (await scene.states(), await scene.exceptions()) == (["unknown"], ["unknown", "control file differs"])


@pytest.mark.parametrize(
    "control",
    [None, CONTROL | {"name": "{stem}.ctl"}, CONTROL | {"lines": [[{"value": "count"}]]}],
    ids=["none", "another name", "other words"],
)
async def test_what_was_sealed_under_another_rule_is_cut_again(scene: Scene, control: dict[str, Any] | None) -> None:
    await scene.sealed(payments([1, 2]))
    change(scene, control_file=control)
    await scene.run("send", BANK)
    assert (await scene.states(), there(scene), await scene.column(VOID)) == (["void"], {}, ["control file changed"])
    await scene.seal_again()
    await scene.run("send", BANK)
    assert await scene.states() == ["void", "delivered"]
    assert len(there(scene)) == (1 if control is None else 2)


async def test_another_try_sends_the_same_control_file(scene: Scene) -> None:
    transport = Scripted(answers=[Sent.NOT_SENT, Sent.SENT])
    scene.use_transport(BANK, transport)
    await scene.sealed(payments([1, 2]))
    await scene.run("send", BANK)
    scene.clock.advance(3_600)
    await scene.run("send", BANK)
    ((name, content),) = await scene.rows(CONTROLS)
    assert [(w.control.name, w.control.content) for w in transport.wires if w.control] == [(name, content)] * 2
