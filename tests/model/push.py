"""Lines of the benefits system: ordinary ones, and every kind that needs special care."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Any

from gateway.runtime.keys import SandboxKeys
from gateway.service.intake import Intake
from tests.model.orders import SOURCE, Order
from tests.model.world import World
from tests.orders import line, manifest_of
from tests.scenario import payment

DAYS = 90
AMOUNTS = ("512.40", "512.40", "80.00", "233.15")
"""Benefits of a fixed amount are the norm."""


def plain(number: int, world: World, bank: str) -> dict[str, Any]:
    """Payments number n and n + 3 are of one person."""
    person = {"name": "Maria Muster", "identifications": [{"scheme": "NIDN", "id": f"P{number % 3}"}]}
    return payment(number, bank, amount=AMOUNTS[number % len(AMOUNTS)], creditor=person)


def linked(number: int, world: World, bank: str) -> dict[str, Any]:
    """A person with two identifiers: from now on both are one."""
    ids = [{"scheme": "NIDN", "id": f"P{number % 3}"}, {"scheme": "PASS", "id": f"X{number % 2}"}]
    return plain(number, world, bank) | {"creditor": {"name": "Maria Muster", "identifications": ids}}


def represented(number: int, world: World, bank: str) -> dict[str, Any]:
    """A guardian is paid for a child."""
    child = {"name": "Mina Muster", "identifications": [{"scheme": "NIDN", "id": f"CHILD{number % 2}"}]}
    mandate = {"role": "GUARDIAN", "id": f"M-{number % 2}", "validFrom": "2026-01-01"}
    return plain(number, world, bank) | {"ultimateCreditor": child, "mandate": mandate}


def funeral(number: int, world: World, bank: str) -> dict[str, Any]:
    """Due because of a death: what stops the dead does not stop it."""
    dead = {"name": "Max Muster", "identifications": [{"scheme": "NIDN", "id": f"P{(number + 1) % 3}"}]}
    return plain(number, world, bank) | {"benefit": "FUNERAL_GRANT", "deceased": dead}


def counter(number: int, world: World, bank: str) -> dict[str, Any]:
    """Paid over the counter: only kilo does that."""
    person = {"name": "Maria Muster", "identifications": [{"scheme": "NIDN", "id": f"P{number % 3}"}]}
    account = {"type": "COUNTER", "scheme": "NIDN", "id": f"P{number % 3}"}
    first = world.now.date() + timedelta(days=4)
    window = {"from": first.isoformat(), "until": (first + timedelta(days=6)).isoformat()}
    return plain(number, world, "kilo") | {"creditor": person, "creditorAccount": account, "collection": window}


def refused(number: int, world: World, bank: str) -> dict[str, Any]:
    """A pension: never paid."""
    return plain(number, world, bank) | {"benefit": "OLD_AGE_PENSION"}


def again(number: int, world: World, bank: str) -> dict[str, Any]:
    """An entitlement that another order has already: it must not be paid twice."""
    earlier = _earlier(number, world)
    return plain(number, world, bank) | ({"entitlement": earlier.document["entitlement"]} if earlier else {})


def correcting(number: int, world: World, bank: str) -> dict[str, Any]:
    """It names the order that it replaces, into another account."""
    earlier = _earlier(number, world)
    if earlier is None:
        return plain(number, world, bank)
    replaced = {"entitlement": earlier.document["entitlement"], "replaces": earlier.order_id}
    return plain(number, world, bank) | replaced


def _earlier(number: int, world: World) -> Order | None:
    orders = list(world.model.orders.values())
    return orders[number * 7 % len(orders)] if orders else None


KINDS: dict[str, Callable[[int, World, str], dict[str, Any]]] = {
    "plain": plain,
    "linked": linked,
    "represented": represented,
    "funeral": funeral,
    "counter": counter,
    "refused": refused,
    "again": again,
    "correcting": correcting,
}


async def push(world: World, bank: str, kinds: Sequence[str], *, withdraw: bool = False) -> None:
    """Push lines as one batch, and release or withdraw it."""
    model, scene, pay_date = world.model, world.scene, banking_day(world.now.date())
    model.batches += 1
    batch, documents = f"B-{model.batches}", []
    for kind in kinds:
        model.lines += 1
        until = (pay_date + timedelta(days=DAYS)).isoformat()
        dates = {"requestedExecutionDate": pay_date.isoformat(), "validUntil": until}
        documents.append(KINDS[kind](model.lines, world, bank) | dates)
    of: dict[str, Any] = {"source": SOURCE, "batch_id": batch}
    intake = Intake(store=scene.gateway.store, clock=scene.clock, catalogue=scene.gateway.configuration.catalogue)
    await scene.batches.open(**of, programme="STA", pay_date=pay_date, by="benefits")
    await intake.append(**of, lines=[line(document) for document in documents])
    for document in documents:
        to = "kilo" if document["creditorAccount"]["type"] == "COUNTER" else bank
        model.push(Order(document=document, bank=to, batch=batch, pay_date=pay_date))
    closed = await scene.batches.close(**of, by="benefits")
    if withdraw:
        await scene.batches.withdraw(**of, by="benefits")
        return
    content = manifest_of(closed, signed_at=scene.clock.now(), expires=scene.clock.now() + timedelta(days=DAYS))
    signature = SandboxKeys(scene.gateway.settings.data_dir / "keys").sign(SOURCE, content)
    await scene.batches.release(**of, manifest=content, signature=signature, by="benefits")
    for order in model.orders.values():
        order.released = order.released or order.batch == batch


def banking_day(day: date) -> date:
    """This day, or the Monday after it."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
