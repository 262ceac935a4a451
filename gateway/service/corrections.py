"""Corrections: an order that names the one it replaces takes over its entitlement when its batch is released.

One transaction, the release's own: the old order becomes *replaced* and the new one payable, or the new one stays held
and the reason is told. Until then the new order claims nothing, so that a batch that is withdrawn has changed nothing.
"""

from dataclasses import dataclass

from gateway.ports.store import Session


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction and the order it names. `refusal` says why it cannot take over, if so."""

    order_no: int
    old_order_no: int
    refusal: str | None


async def take_over(session: Session, batch_no: int, source: str) -> tuple[int, int]:
    """Let the corrections of a batch that is being released take over. Intake of the source waits meanwhile.

    Return how many took over, and how many stay held.

    What stays held says why: `correction.not-open` (the named order is neither cancelled nor given back, or replaced
    already), `correction.twice` (another correction of the batch has the entitlement), `entitlement.claimed`,
    `correction.in-motion` (money for the entitlement may still move, or has moved and did not come back).
    """
    if not await session.value("corrections.waiting", batch_no):
        return 0, 0
    await session.execute("intake.turn", source)
    await session.execute("corrections.lock", batch_no)
    found = await session.all(Correction, "corrections.judge", batch_no)
    taken = [c for c in found if c.refusal is None]
    kept = [c for c in found if c.refusal is not None]
    await session.execute("corrections.replaced", [c.old_order_no for c in taken])
    await session.execute("corrections.payable", [c.order_no for c in taken])
    await session.execute("corrections.keep_held", [c.order_no for c in kept], [c.refusal for c in kept])
    return len(taken), len(kept)
