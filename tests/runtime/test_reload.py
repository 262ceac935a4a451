"""Profiles are read again: what is good takes effect, what is not keeps its previous version, nothing is lost."""

import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bank_adapters.registry import load_profiles
from gateway.ports.transport import Arrival, Sent
from gateway.runtime.assembly import Gateway
from gateway.runtime.loops import Bell
from gateway.runtime.reload import Reload, reloaded
from gateway.runtime.serve import doors, metrics_page
from gateway.service.profiles import GONE
from tests.observe.test_metrics import sample
from tests.orders import ROOT
from tests.scenario import Scene, opened, payments
from tests.sending.transport import Scripted

REFUSED = "gateway_configuration_refused"
ELSEWHERE = {
    "alfa": ("{kind: directory, folder: alfa}", "{kind: directory, folder: alfa-new}"),
    "kilo": ("base_url: ", "base_url: http://127.0.0.2:1/elsewhere#"),
}
"""How the transport of a bank is changed in its profile."""


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(database_url, tmp_path) as scene:
        yield scene


def profile(scene: Scene, bank: str) -> Path:
    return scene.root / "config" / "banks" / f"{bank}.yaml"


def change(scene: Scene, bank: str, old: str, new: str) -> None:
    file = profile(scene, bank)
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


def move(scene: Scene, bank: str = "alfa") -> None:
    """Change where the bank is."""
    change(scene, bank, *ELSEWHERE[bank])


async def again(scene: Scene) -> dict[str, str]:
    """Read the configuration again; return what is wrong in it, by bank."""
    scene.gateway = await reloaded(scene.gateway)
    scene.loops.clear()
    return dict(scene.gateway.configuration.broken)


async def test_a_good_profile_takes_effect_beside_a_broken_one_that_keeps_its_previous_version(scene: Scene) -> None:
    before = scene.gateway.banks["alfa"].profile
    change(scene, "alfa", "tries_max: 10", "tries_max: many")
    change(scene, "charlie", "tries_max: 10", "tries_max: 9")
    why = await again(scene)
    assert why.keys() == {"alfa"}
    assert why["alfa"].startswith("timings.tries_max: is text; write a whole number from 1 to 100")
    assert why["alfa"].endswith("the previous profile goes on")
    assert scene.gateway.banks["alfa"].profile == before
    assert scene.gateway.banks["charlie"].profile.timings.tries_max == 9
    assert scene.gateway.disabled == frozenset()


async def test_a_secret_that_is_missing_keeps_the_previous_bank(scene: Scene) -> None:
    before = scene.gateway.banks["alfa"]
    (scene.gateway.settings.secrets_folder / "empty").write_text("")
    change(scene, "alfa", "edge_key_secret: bank-edge", "edge_key_secret: empty")
    assert "empty" in (await again(scene))["alfa"]
    assert scene.gateway.banks["alfa"] is before
    assert scene.gateway.configuration.profiles["alfa"] == before.profile


async def test_a_code_that_another_bank_holds_stays_with_it(scene: Scene) -> None:
    code = 'bank_codes: {DE: ["10010001"]}'
    new = (ROOT / "config" / "banks" / "bravo.yaml").read_text(encoding="utf-8")
    profile(scene, "bravo").write_text(new.replace('bank_codes: {DE: ["10010002"]}', code), encoding="utf-8")
    why = await again(scene)
    assert why == {"bravo": "bank_codes.DE: 10010001 is claimed by alfa and bravo; leave it out of one of them"}
    assert set(scene.gateway.banks) == {"alfa", "charlie"}
    assert scene.gateway.configuration.contested == scene.gateway.configuration.routing.contested == {}
    assert scene.gateway.disabled == {"bravo"}


async def test_a_code_is_not_given_to_another_while_its_bank_goes_on_as_it_was(scene: Scene) -> None:
    """Both files are good as they were meant: alfa gives up what charlie takes. But alfa's is broken, and keeps it."""
    change(scene, "alfa", "tries_max: 10", "tries_max: many")
    change(scene, "charlie", '"10010003"', '"10010003", "10010001"')
    why = await again(scene)
    assert why.keys() == {"alfa", "charlie"}
    assert "10010001 is claimed by alfa and charlie" in why["charlie"]
    assert scene.gateway.configuration.contested == {}
    assert scene.gateway.banks["charlie"].profile.bank_codes == {"DE": ("10010003",)}


async def test_what_a_broken_profile_claims_is_nobody_s_whichever_way_it_is_mended(scene: Scene) -> None:
    """Bravo's file claims what alfa pays: read again, broken, mended and without the claim."""
    new = (ROOT / "config" / "banks" / "bravo.yaml").read_text(encoding="utf-8").replace('"10010002"', '"10010001"')
    both = {("DE", "10010001"): ("alfa", "bravo")}
    profile(scene, "bravo").write_text(new.replace("tries_max: 10", "tries_max: many"), encoding="utf-8")
    for _ in range(2):
        assert (await again(scene)).keys() == {"bravo"}
        assert scene.gateway.configuration.routing.contested == both
    profile(scene, "bravo").write_text(new, encoding="utf-8")
    for _ in range(2):
        assert await again(scene) == {}
        assert scene.gateway.configuration.routing.contested == both
    profile(scene, "bravo").write_text(new.replace('"10010001"', '"10010002"'), encoding="utf-8")
    assert await again(scene) == {}
    assert scene.gateway.configuration.routing.contested == {}


async def test_a_profile_whose_file_is_gone_goes_on_until_a_restart(scene: Scene) -> None:
    profile(scene, "charlie").unlink()
    assert (await again(scene))["charlie"].startswith(GONE)
    assert "charlie" in scene.gateway.banks


async def test_a_new_bank_is_served(scene: Scene) -> None:
    profile(scene, "delta").write_text((ROOT / "config" / "banks" / "delta.yaml").read_text("utf-8"), encoding="utf-8")
    assert await again(scene) == {}
    assert await scene.column("SELECT bank FROM lane ORDER BY bank") == ["alfa", "charlie", "delta"]
    assert [loop.lane for loop in scene.gateway.sending() if loop.kind == "probe"] == ["alfa", "charlie", "delta"]


async def test_another_transport_waits_until_nothing_is_under_way(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    before = scene.gateway.banks["alfa"].profile
    move(scene)
    assert "1 submissions are under way to another destination" in (await again(scene))["alfa"]
    assert scene.gateway.banks["alfa"].profile == before
    await scene.run("send", "alfa")
    assert await scene.states() == ["delivered"]
    assert await again(scene) == {}
    assert scene.gateway.banks["alfa"].destination == "iso20022 by directory to alfa-new"


async def test_a_folder_that_is_broken_as_a_whole_changes_nothing_and_is_shown(scene: Scene) -> None:
    benefits = scene.root / "config" / "benefits.yaml"
    good = benefits.read_text(encoding="utf-8")
    benefits.write_text("benefits: [", encoding="utf-8")
    reload, told = Reload(), list[Gateway]()
    metrics_page(scene.gateway)
    assert sample(scene.gateway.metrics, REFUSED) == 0
    reload.told.append(told.append)
    assert await reload.done(scene.gateway) is scene.gateway
    assert (told, sample(scene.gateway.metrics, REFUSED)) == ([], 1)
    await scene.gateway.banks["alfa"].transport.probe()
    benefits.write_text(good, encoding="utf-8")
    await reload.done(scene.gateway)
    assert sample(scene.gateway.metrics, REFUSED) == 0


async def test_a_hangup_asks_and_doors_and_gauges_hear_of_what_came_of_it(scene: Scene) -> None:
    reload, bell = Reload(), Bell()
    served = doors(scene.gateway, bell)
    metrics_page(scene.gateway, again=reload)
    reload.told.append(lambda after: served.become(doors(after, bell)))
    with reload.on_hangup():
        os.kill(os.getpid(), signal.SIGHUP)
        await reload.asked.wait()
    change(scene, "alfa", "tries_max: 10", "tries_max: 9")
    after = await reload.done(scene.gateway)
    assert served.funds.banks is after.banks
    assert not reload.asked.is_set()


# A restart has no previous version: what was sealed for another place is void if it was never sent, else it waits.


async def restarted(scene: Scene, banks: list[str], check: str, wait: int = 0) -> list[str]:
    async with opened(scene.url, scene.root, banks=banks, worker="w2", at=scene.clock.now()) as other:
        other.clock.advance(wait)
        other.use_transport(banks[0], Scripted(findings=[Arrival.SAYS_UNKNOWN]))
        for _ in range(3):
            await other.run(check, banks[0])
            other.clock.advance(1_000)
        return await other.states()


async def test_what_was_sealed_for_another_place_is_void_and_cut_again(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    move(scene)
    assert await restarted(scene, ["alfa", "charlie"], "send") == ["void"]
    assert await scene.column("SELECT why FROM submission_event WHERE to_state = 'void'") == ["transport changed"]
    assert await scene.column("SELECT count(*) FROM attempt WHERE submission_no IS NULL AND NOT closed") == [1]


async def test_an_unknown_is_not_judged_by_a_place_where_it_was_never_sent(database_url: str, tmp_path: Path) -> None:
    """The bank there says, with authority and twice, that it does not know it: true, and no proof of anything."""
    async with opened(database_url, tmp_path, banks=["kilo"]) as scene:
        scene.use_transport("kilo", Scripted(answers=[Sent.UNKNOWN]))
        await scene.sealed(payments([1], "kilo"))
        await scene.run("send", "kilo")
    text = profile(scene, "kilo").read_text("utf-8")
    url = load_profiles({"kilo": text}).profiles["kilo"].transport.place
    profile(scene, "kilo").write_text(text.replace(url, "https://elsewhere.example"), encoding="utf-8")
    assert await restarted(scene, ["kilo"], "inquire", 1_000) == ["unknown"]
    profile(scene, "kilo").write_text(text, encoding="utf-8")
    assert await restarted(scene, ["kilo"], "inquire", 10_000) == ["not sent"]


async def test_an_unknown_is_not_judged_by_what_a_bank_tells_another_client(database_url: str, tmp_path: Path) -> None:
    """The API is the same; but of what another client brought there it says that it does not know it."""
    async with opened(database_url, tmp_path, banks=["oscar"]) as scene:
        scene.use_transport("oscar", Scripted(answers=[Sent.UNKNOWN]))
        await scene.sealed(payments([1], "oscar"))
        await scene.run("send", "oscar")
    text = profile(scene, "oscar").read_text("utf-8")
    other = text.replace("client_id: social-security-institution", "client_id: another-department")
    assert other != text
    profile(scene, "oscar").write_text(other, encoding="utf-8")
    assert await restarted(scene, ["oscar"], "inquire", 1_000) == ["unknown"]
    profile(scene, "oscar").write_text(text, encoding="utf-8")
    assert await restarted(scene, ["oscar"], "inquire", 10_000) == ["not sent"]


async def test_the_destination_of_what_is_sealed_never_changes(scene: Scene) -> None:
    await scene.sealed(payments([1]))
    with pytest.raises(Exception, match="is sealed"):
        await scene.tamper("UPDATE submission SET destination = 'elsewhere'")
