"""What the gateway's readers make of what a sandbox bank wrote: profiles to read by, and entries to compare."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml
from hypothesis import strategies as st

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for, load_profile
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.statement import Statement
from gateway.sandbox.behaviours import Shape
from gateway.sandbox.movements import CREDIT, DEBIT, Movement, Sort
from tests.contract.record import name_of
from tests.orders import ROOT
from tests.sandbox.material import DEBTOR, PAY_DAY, UETR

Heard = tuple[list[Observation], list[Statement]]
MSG_ID = "G1ALFA260921S00001"
NAMED = frozenset({Shape.NAMED, Shape.PROPRIETARY, Shape.REVERSAL, Shape.NO_REVERSAL})
WITH_REASON = NAMED | {Shape.UETR, Shape.TX_ID, Shape.BANK_REFERENCE}


@cache
def _text() -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((ROOT / "config" / "banks" / "alfa.yaml").read_text(encoding="utf-8"))
    return document


def profile(**changes: object) -> Profile:
    """The profile of the bank alfa, with some keys changed."""
    return load_profile("alfa", yaml.safe_dump(_text() | changes))


def shipped(slug: str) -> Profile:
    """The profile of a bank as it ships."""
    return load_profile(slug, (ROOT / "config" / "banks" / f"{slug}.yaml").read_text(encoding="utf-8"))


XML = profile()
MT = profile(messages={"initiation": "pain.001.001.09", "statements": "MT"}, statement={"interim_is_booked": True})


def heard(content: bytes, by: Profile = XML) -> Heard:
    """Read a message as the gateway does."""
    told = list(adapter_for(by).read([content], by))
    return [one for one in told if isinstance(one, Observation)], [one for one in told if isinstance(one, Statement)]


@dataclass(frozen=True)
class Line:
    """What an entry says, whatever the format."""

    kind: ObservationKind
    signed_minor: int
    day: date | None
    entry_ref: str | None
    end_to_end_id: str | None
    reason: str | None


def lines(observations: Sequence[Observation]) -> list[Line]:
    """Return what was read, entry by entry."""
    return [
        Line(
            kind=one.kind,
            signed_minor=(one.amount_minor or 0) * (1 if one.credit else -1),
            day=one.booking_date,
            entry_ref=one.entry_ref,
            end_to_end_id=one.end_to_end_id or one.text_id,
            reason=one.reason,
        )
        for one in observations
    ]


def expected(parts: Sequence[Movement]) -> Line:
    """Return what an entry of these movements must be read as."""
    one = parts[0]
    back = one.sort is Sort.RETURN
    kind = {Sort.SUM: ObservationKind.BATCH_ENTRY, Sort.RETURN: ObservationKind.RETURN_ENTRY}
    named = one.sort is Sort.PAYMENT or (back and one.shape in NAMED | {Shape.TEXT})
    return Line(
        kind=kind.get(one.sort, ObservationKind.ENTRY),
        signed_minor=sum(part.signed_minor for part in parts),
        day=one.booked_on,
        entry_ref=one.debit_ref if back and one.shape is Shape.BANK_REFERENCE else one.entry_ref,
        end_to_end_id=one.end_to_end_id if named else None,
        reason=one.reason if back and one.shape in WITH_REASON else None,
    )


_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_references = st.text(_LETTERS, min_size=16, max_size=16)
_OWN = frozenset({Sort.CHARGE, Sort.FUNDING})


@st.composite
def entries(draw: st.DrawFn) -> list[tuple[Movement, ...]]:
    """Entries of one account as banks book them: of all sorts and shapes, each with a reference of its own."""
    sorts = draw(st.lists(st.sampled_from(list(Sort)), max_size=6))
    references = draw(st.lists(_references, min_size=2 * len(sorts), max_size=2 * len(sorts), unique=True))
    made = zip(sorts, references[::2], references[1::2], strict=True)
    return [tuple(_parts(draw, number, *row)) for number, row in enumerate(made)]


def _parts(draw: st.DrawFn, number: int, sort: Sort, entry_ref: str, debit_ref: str) -> Iterator[Movement]:
    shape = draw(st.sampled_from(list(Shape))) if sort is Sort.RETURN else Shape.NAMED
    for part in range(draw(st.integers(1, 3)) if sort in {Sort.SUM, Sort.LUMP} else 1):
        back = sort in {Sort.RETURN, Sort.LUMP}
        asked: dict[str, Any] = {} if sort in _OWN else _asked(10 * number + part)
        yield Movement(
            sort=sort,
            account=DEBTOR,
            side=CREDIT if back or sort is Sort.FUNDING else DEBIT,
            amount_minor=draw(st.integers(1, 10**11)),
            booked_on=draw(st.dates(date(2026, 8, 20), PAY_DAY)),
            entry_ref=entry_ref,
            debit_ref=debit_ref if back else None,
            tx_id=f"TX{entry_ref}" if sort is Sort.RETURN and shape is Shape.TX_ID else None,
            reason=draw(st.sampled_from(["AC01", "AC04", "MD07"])) if back else None,
            shape=Shape.NOTHING if sort is Sort.LUMP else shape,
            **asked,
        )


def _asked(number: int) -> dict[str, Any]:
    names = {"msg_id": MSG_ID, "pmt_inf_id": f"{MSG_ID}P1", "instr_id": f"I{number}"}
    return {"end_to_end_id": name_of(number), "uetr": UETR.format(number % 256), **names}
