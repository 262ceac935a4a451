"""Plain entries of one shape that stand behind one another, read column by column: half of what one by one takes.

They say the same but for what they name, their amounts and their days, as the bookings of a payroll do. A shortcut and
nothing else: where one of them has to be looked at by itself, all are left to `plain.plain_entry`, which tells the same
and says what is wrong.
"""

import re
from collections.abc import Sequence
from datetime import date
from itertools import repeat
from typing import NamedTuple

from bank_adapters.iso20022.entry import NO_CHARGES, SIGNS, Head, Manner, Place, Terms
from bank_adapters.iso20022.plain import IN, Plain
from bank_adapters.iso20022.xml import PLACEHOLDER_MAX, day_in, in_cents, known_reference, uetr_of
from bank_adapters.observed import observed_many
from gateway.domain.observation import Observation, ObservationKind, ToldBy

LEAST = 4
"""Fewer entries are not worth it."""
_UETRS = re.compile(r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\n)*+")

_Texts = Sequence[str]


class _Run(NamedTuple):
    """What the entries have in common, and what each says of itself."""

    terms: Terms
    currency: str
    minors: Sequence[int]
    days: Sequence[date | None]
    entry_refs: Sequence[str | None]
    names: Sequence[Sequence[str | None]]
    """MsgId, PmtInfId, InstrId, EndToEndId, AcctSvcrRef, TxId, UETR."""


def plain_entries(
    shape: Plain, size: int, texts: _Texts, place: Place, how: Manner
) -> Sequence[tuple[Head | None, Observation]]:
    """Read entries of `size` tags, the first of them at `place`; none where any has to be looked at by itself.

    Only those of a statement come with their heads.
    """
    columns = shape.fields.columns(texts, size)
    run = None if columns is None else _run(shape, columns, how)
    if run is None:
        return ()
    numbers = range(place.number, place.number + len(run.minors))
    heads = _heads(run, place, numbers) if how.told_by is ToldBy.STATEMENT else repeat(None, len(numbers))
    return list(zip(heads, _observations(run, place, numbers, how), strict=True))


def _run(shape: Plain, columns: Sequence[_Texts], how: Manner) -> _Run | None:
    amounts, sign, reversal, entry_refs, status, days, *codes = columns[: shape.heads]
    *named, uetrs, own_amounts, own_family, own_code, own_sign = columns[shape.heads :]
    same = [{*column} for column in (sign, reversal, status, *codes, own_family, own_code, own_sign)]
    currency = shape.head.currency or ""
    minors = in_cents(amounts, currency)
    if minors is None or amounts != own_amounts or currency != shape.listed.currency or max(map(len, same)) > 1:
        return None
    *key, family_said, code_said, sign_said = [one for (one,) in same]
    terms = how.known.get(tuple(key))
    if terms is None or terms.fee or family_said or code_said:
        return None
    if shape.listed.signed and (sign_said not in SIGNS or (SIGNS[sign_said] is not terms.flipped) is not terms.credit):
        return None
    try:
        found = {day: day_in(day) if day else None for day in {*days}}
    except ValueError:
        return None
    names = [*map(_known, named), _unique(uetrs)]
    return _Run(terms, currency, minors, [found[day] for day in days], _known(entry_refs), names)


def _heads(run: _Run, place: Place, numbers: Sequence[int]) -> Sequence[Head]:
    terms, around = run.terms, place.path.rpartition("[")[0]
    return [
        Head(
            Place(place.statement, number, place.account, f"{around}[{number}]"),
            (minor, run.currency),
            minor if terms.credit else -minor,
            terms,
            day,
            ref,
            NO_CHARGES,
        )
        for number, minor, day, ref in zip(numbers, run.minors, run.days, run.entry_refs, strict=True)
    ]


def _observations(run: _Run, place: Place, numbers: Sequence[int], how: Manner) -> Sequence[Observation]:
    terms, around = run.terms, place.path.rpartition("[")[0]
    msg_ids, pmt_inf_ids, instr_ids, names, own_refs, clearing, uetrs = run.names
    signed = run.minors if terms.credit else [-minor for minor in run.minors]
    return observed_many(
        kind=repeat(ObservationKind.RETURN_ENTRY if terms.credit and terms.returned else ObservationKind.ENTRY),
        path=[f"{around}[{number}]/{IN}" for number in numbers],
        msg_id=msg_ids,
        pmt_inf_id=pmt_inf_ids,
        instr_id=instr_ids,
        end_to_end_id=names,
        uetr=uetrs,
        status=repeat(terms.status),
        account=repeat(place.account),
        amount_minor=run.minors,
        currency=repeat(run.currency),
        credit=repeat(terms.credit),
        booked=repeat(terms.booked),
        entry_ref=[own or other or ref for own, other, ref in zip(own_refs, clearing, run.entry_refs, strict=True)],
        booking_date=run.days,
        told_by=repeat(how.told_by),
        statement=repeat(place.statement),
        entry=numbers,
        tx_id=clearing,
        entry_minor=signed if how.told_by is ToldBy.STATEMENT else repeat(None),
    )


def _known(column: _Texts) -> Sequence[str | None]:
    """Return identifiers; None for placeholders, and for nothing."""
    if min(map(len, column)) > PLACEHOLDER_MAX:
        return column
    return [known_reference(one) for one in column]


def _unique(column: _Texts) -> Sequence[str | None]:
    """Return UETRs in lower case; None where there is none, or what has not the form of one."""
    together = "\n".join((*column, "")).lower()
    return (
        together.split("\n")[:-1] if _UETRS.fullmatch(together) else [uetr_of(one) if one else None for one in column]
    )
