"""What a second reader of intake, approval and stops asked."""

import json
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import Refused
from tests.api.conftest import Api
from tests.intake.conftest import Door
from tests.orders import line, lines, manifest_of, order
from tests.scenario import Scene, opened, payee, payment, payments

pytestmark = pytest.mark.usefixtures("still")


async def test_a_line_that_breaks_thousands_of_rules_makes_an_event_that_the_bus_can_carry(door: Door) -> None:
    await door.open()
    await door.push([line(order(1, creditor={"name": "A", "identifications": [1] * 20_000}))])
    await door.close_and_release()
    (size,) = (await door.rows("SELECT octet_length(document) FROM outcome_event"))[0]
    assert isinstance(size, int)
    assert size < 100_000


async def test_a_manifest_writes_totals_with_all_their_decimals(door: Door) -> None:
    await door.open()
    await door.push(lines([1], amount="512.50"))
    closed = await door.close()
    manifest = json.loads(manifest_of(closed)) | {"totals": {"EUR": "512.5"}}
    with pytest.raises(Refused):
        await door.release(json.dumps(manifest, sort_keys=True, separators=(",", ":")).encode())


async def test_a_batch_of_absurd_amounts_can_be_closed(door: Door) -> None:
    await door.open()
    await door.push(lines(range(1, 30), amount="999999999999999.999", currency="KWD"))
    closed = await door.close()
    assert closed.batch.state == "closed"


@pytest.mark.parametrize("written", ["{iban} ", "{spaced}", "{lower}"])
async def test_a_stopped_account_is_found_however_a_person_writes_it(scene: Scene, written: str) -> None:
    iban = payee("alfa", 1)
    spaced = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
    await scene.sealed(payments([1]))
    stop = await scene.stop("account", written.format(iban=iban, spaced=spaced, lower=iban.lower()))
    assert stop.voided == 1


@pytest.mark.parametrize("value", ["ID000001", "nidn:-/-", "NIDN:", ":ID000001"])
async def test_a_stop_on_a_person_that_could_never_match_is_refused(scene: Scene, value: str) -> None:
    with pytest.raises(Refused):
        await scene.stop("person", value)


async def test_a_stop_or_pause_of_a_bank_that_is_not_there_is_refused(scene: Scene) -> None:
    with pytest.raises(Refused):
        await scene.stop("bank", "Alfa")
    with pytest.raises(Refused):
        await scene.pauses.pause(scope="bank", value="Alfa", reason="typing", by="officer-1")


@pytest.mark.parametrize(
    "path", ["/v1/orders/%00", "/v1/batches/%00", "/v1/submissions/%00", "/v1/outcomes?source=%00"]
)
async def test_a_nul_in_an_address_is_the_callers_fault(api: Api, path: str) -> None:
    token = api.token(scope="push read operate", sources=["*"])
    assert (await api.call("GET", path, token=token)).status in {404, 422}


async def test_a_nul_in_a_stop_is_the_callers_fault(api: Api) -> None:
    body: dict[str, Any] = {"kind": "order", "value": "a\0b", "reason": "x"}
    assert (await api.call("POST", "/v1/stops", json=body)).status == 422


async def test_a_stop_number_of_five_thousand_digits_is_no_stop(api: Api) -> None:
    token = api.token(scope="operate", sources=["*"])
    assert (await api.call("POST", f"/v1/stops/{'9' * 5000}/lift", token=token)).status == 404


async def test_tries_used_up_is_told_to_a_person(scene: Scene) -> None:
    await scene.sealed([payment(1)])
    await scene.tamper("UPDATE submission SET tries = 10")
    await scene.run("send", "alfa")
    assert await scene.states() == ["void"]
    assert await scene.exceptions() == ["tries used up"]


async def test_a_payment_by_api_that_was_stopped_and_let_go_again_is_sealed_again(
    database_url: str, tmp_path: Path
) -> None:
    """Its request says the same, byte for byte: only the idempotency key is another."""
    urls = {"kilo": "http://127.0.0.1:9"}
    async with opened(database_url, tmp_path, banks=("alfa", "kilo"), bank_urls=urls) as scene:
        await scene.sealed([payment(1, "kilo")])
        stop = await scene.stop("order", "SICK-000001")
        for person in ("officer-1", "officer-2"):
            await scene.stops.lift(stop.stop_no, by=person, sources=["*"])
        await scene.seal_again()
        assert await scene.states() == ["void", "sealed"]


async def test_a_benefit_that_left_the_catalogue_holds_its_orders_and_ends_nothing(scene: Scene) -> None:
    await scene.release([payment(1)])
    cutter: Any = scene.step("cut")
    object.__setattr__(cutter, "catalogue", {c: b for c, b in cutter.catalogue.items() if c != "SICK_PAY"})
    await cutter.run_once()
    assert await scene.rows("SELECT state, reason FROM payment_order") == [("held", "benefit.not-paid")]
