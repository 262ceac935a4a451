"""A bank that wants an envelope gets its files in one, or it gets none."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest

from gateway.domain.errors import ConfigError, WrappingFailed
from gateway.ports.transport import Arrival, Sent
from gateway.runtime.sandbox_files import sandbox_pouches
from gateway.sandbox import Pouch
from gateway.service.banks import Bank
from gateway.service.seal import LATER
from tests.envelope_keys import give_keys
from tests.scenario import Scene, opened, payments
from tests.sending.transport import Scripted

BANK = "juliett"
ENVELOPE = "SELECT recipient, size, sha256 FROM submission_wire ORDER BY submission_no"
WIRE = "SELECT piece FROM submission_wire_bytes ORDER BY submission_no, piece_no"
PLAIN = "SELECT piece FROM submission_bytes ORDER BY submission_no, piece_no"


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    give_keys(tmp_path, [BANK])
    async with opened(database_url, tmp_path, banks=["alfa", BANK]) as scene:
        yield scene


def pouch(scene: Scene) -> Pouch:
    """What the bank opens our files with."""
    profiles = scene.gateway.configuration.profiles.values()
    return sandbox_pouches(profiles, scene.gateway.settings.secrets_folder)[BANK]


@dataclass(frozen=True, slots=True)
class Ended:
    """An envelope whose key has ended."""

    recipient: str = "a key that has ended"

    def wrap(self, content: bytes, at: datetime) -> bytes:
        raise WrappingFailed("envelope.key", f"the bank's key has ended at {at.date()}")

    def unwrap(self, content: bytes, at: datetime) -> bytes:
        raise WrappingFailed("envelope.key", f"the bank's key has ended at {at.date()}")


def change(scene: Scene, **parts: Any) -> Bank:
    """Give the bank other parts, as a reload of its profile or keys does; return what it was."""
    banks = cast("dict[str, Bank]", scene.gateway.banks)
    before = banks[BANK]
    if "wrapping" in parts and parts["wrapping"] is None:
        parts["profile"] = before.profile.model_copy(update={"envelope": None})
    banks[BANK] = replace(before, **parts)
    scene.loops.clear()
    return before


def put_back(scene: Scene, bank: Bank) -> None:
    cast("dict[str, Bank]", scene.gateway.banks)[BANK] = bank
    scene.loops.clear()


def lies_there(scene: Scene) -> bytes:
    (name,) = scene.files(BANK)
    return (scene.root / "banks" / BANK / "in" / name).read_bytes()


async def test_the_bank_gets_an_envelope_that_holds_what_was_sealed(scene: Scene) -> None:
    await scene.sealed(payments([1, 2], BANK))
    await scene.run("send", BANK)
    assert await scene.states() == ["delivered"]
    content = lies_there(scene)
    assert b"<Document" not in content
    assert pouch(scene).opened(content) == b"".join(await scene.column(PLAIN))


async def test_what_is_stored_of_the_wire_is_what_was_sent(scene: Scene) -> None:
    await scene.sealed(payments([1, 2], BANK))
    ((recipient, size, digest),) = await scene.rows(ENVELOPE)
    await scene.run("send", BANK)
    content = lies_there(scene)
    assert (size, digest) == (len(content), sha256(content).digest())
    assert recipient == scene.gateway.banks[BANK].recipient
    assert await scene.value("SELECT evidence ->> 'sha256' FROM intent") == digest.hex()


async def test_what_is_sealed_are_the_plain_bytes(scene: Scene) -> None:
    await scene.sealed(payments([1, 2], BANK))
    plain = b"".join(await scene.column(PLAIN))
    assert plain.startswith(b"<?xml")
    assert await scene.rows("SELECT sha256, size FROM submission") == [(sha256(plain).digest(), len(plain))]


async def test_a_bank_without_an_envelope_gets_the_sealed_bytes(scene: Scene) -> None:
    await scene.sealed(payments([1, 2]))
    await scene.run("send", "alfa")
    assert scene.content("alfa").encode() == b"".join(await scene.column(PLAIN))
    assert await scene.rows(ENVELOPE) == []


async def test_another_try_sends_the_same_envelope(scene: Scene) -> None:
    transport = Scripted(answers=[Sent.NOT_SENT, Sent.SENT])
    scene.use_transport(BANK, transport)
    await scene.sealed(payments([1, 2], BANK))
    await scene.run("send", BANK)
    scene.clock.advance(3_600)
    await scene.run("send", BANK)
    assert await scene.states() == ["delivered"]
    assert transport.sent[0] == transport.sent[1] == b"".join(await scene.column(WIRE))
    assert {(wire.size, wire.sha256) for wire in transport.wires} == {
        (len(transport.sent[0]), sha256(transport.sent[0]).hexdigest())
    }


async def test_an_inquiry_knows_the_envelope_that_lies_at_the_bank(scene: Scene) -> None:
    own = scene.gateway.banks[BANK].transport
    scene.use_transport(BANK, Scripted(answers=[Sent.UNKNOWN], findings=[Arrival.CANNOT_TELL]))
    await scene.sealed(payments([1, 2], BANK))
    await scene.run("send", BANK)
    name = await scene.value("SELECT name FROM submission")
    folder = scene.root / "banks" / BANK / "in"
    scene.use_transport(BANK, own)
    for content, state in ((b"".join(await scene.column(PLAIN)), "unknown"), (b"", "delivered")):
        (folder / name).write_bytes(content or b"".join(await scene.column(WIRE)))
        scene.clock.advance(3_600)
        await scene.run("inquire", BANK)
        assert await scene.states() == [state]


async def test_what_cannot_be_wrapped_stays_open_and_a_person_is_told(scene: Scene) -> None:
    before = change(scene, wrapping=Ended())
    await scene.sealed(payments([1, 2], BANK))
    await scene.run("send", BANK)
    assert (await scene.states(), scene.files(BANK)) == (["open"], [])
    assert await scene.column(PLAIN) == []
    assert await scene.exceptions() == ["envelope failed"]
    assert await scene.column("SELECT detail ->> 'why' FROM exception") == [
        "the bank's key has ended at 2026-09-21 (rule envelope.key)"
    ]
    put_back(scene, before)
    await scene.until_idle("seal")
    assert await scene.states() == ["open"]
    scene.clock.advance(LATER.total_seconds())
    await scene.until_idle("seal")
    await scene.run("send", BANK)
    assert pouch(scene).opened(lies_there(scene)).startswith(b"<?xml")


async def test_a_failing_envelope_holds_up_no_other_bank(scene: Scene) -> None:
    change(scene, wrapping=Ended())
    await scene.sealed([*payments([1, 2], BANK), *payments([3, 4])])
    assert sorted(await scene.states()) == ["open", "sealed"]
    assert await scene.rows("SELECT FROM pause") == []


async def test_what_was_sealed_in_plain_is_never_sent_to_a_bank_that_now_wants_an_envelope(scene: Scene) -> None:
    with_envelope = change(scene, wrapping=None)
    await scene.sealed(payments([1, 2], BANK))
    assert await scene.states() == ["sealed"]
    put_back(scene, with_envelope)
    await scene.run("send", BANK)
    assert (await scene.states(), scene.files(BANK), scene.marks(BANK)) == (["void"], [], [])
    assert await scene.column("SELECT why FROM submission_event WHERE to_state = 'void'") == ["envelope changed"]
    await scene.seal_again()
    await scene.run("send", BANK)
    assert await scene.states() == ["void", "delivered"]
    assert b"<Document" not in lies_there(scene)


async def test_what_was_proved_not_sent_in_plain_is_not_tried_again_in_plain(scene: Scene) -> None:
    with_envelope = change(scene, wrapping=None, transport=Scripted(answers=[Sent.NOT_SENT]))
    await scene.sealed(payments([1, 2], BANK))
    await scene.run("send", BANK)
    assert await scene.states() == ["not sent"]
    transport = Scripted()
    put_back(scene, replace(with_envelope, transport=transport))
    scene.clock.advance(3_600)
    await scene.run("send", BANK)
    assert (await scene.states(), transport.sent) == (["void"], [])


async def test_what_was_wrapped_for_another_key_is_not_sent(scene: Scene) -> None:
    await scene.sealed(payments([1, 2], BANK))
    wrapping = scene.gateway.banks[BANK].wrapping
    assert wrapping is not None
    change(scene, wrapping=replace(cast("Any", wrapping), recipient="cms the next key"))
    await scene.run("send", BANK)
    assert (await scene.states(), scene.files(BANK)) == (["void"], [])
    await scene.seal_again()
    await scene.run("send", BANK)
    assert await scene.states() == ["void", "delivered"]


async def test_what_was_wrapped_is_not_sent_to_a_bank_that_wants_none_any_more(scene: Scene) -> None:
    await scene.sealed(payments([1, 2], BANK))
    change(scene, wrapping=None)
    await scene.run("send", BANK)
    assert (await scene.states(), scene.files(BANK)) == (["void"], [])


async def test_no_bank_is_made_without_the_envelope_that_its_profile_wants(scene: Scene) -> None:
    bank = scene.gateway.banks[BANK]
    with pytest.raises(ConfigError):
        replace(bank, wrapping=None)
    with pytest.raises(ConfigError):
        replace(scene.gateway.banks["alfa"], wrapping=bank.wrapping)


async def test_an_envelope_is_stored_once_and_for_ever(scene: Scene) -> None:
    await scene.sealed(payments([1, 2], BANK))
    await scene.sealed(payments([3, 4], BANK), "B-2")
    first, second = await scene.column("SELECT submission_no FROM submission ORDER BY 1")
    for sql in (
        "UPDATE submission_wire SET size = size",
        "DELETE FROM submission_wire_bytes",
        "UPDATE submission_wire_bytes SET piece = ''",
    ):
        with pytest.raises(asyncpg.CheckViolationError):
            await scene.tamper(sql)
    with pytest.raises(asyncpg.UniqueViolationError):
        await scene.tamper(
            "INSERT INTO submission_wire SELECT $1 + 100000, bank, recipient, size, sha256 FROM submission_wire"
            " WHERE submission_no = $1",
            first,
        )
    assert len(set(await scene.column("SELECT sha256 FROM submission_wire"))) == 2
    assert second > first
