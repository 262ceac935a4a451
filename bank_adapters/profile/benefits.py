"""What a bank is told of single benefits otherwise than the catalogue says, and which instruments it takes."""

from typing import TYPE_CHECKING, Literal

from pydantic import Field

from bank_adapters.capabilities import FLAT, Family, Instrument
from bank_adapters.profile.base import AnyPurposeCode, CategoryPurposeCode, Strict
from bank_adapters.profile.fields import InstrumentCode
from gateway.domain.money import parse_minor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bank_adapters.profile import Profile

Part = Literal[
    "creditor_address",
    "creditor_agent",
    "creditor_name",
    "creditor_reference",
    "remittance_information",
    "ultimate_creditor",
    "ultimate_debtor",
]
"""A part of a payment that a bank's messages may have no place for."""


class BenefitTerms(Strict):
    """One benefit at this bank."""

    purpose: AnyPurposeCode | None = Field(
        default=None,
        description="Purp: a code of ISO 20022, or the number in a national list; null: as the catalogue has it.",
    )
    category_purpose: CategoryPurposeCode | None = Field(
        default=None, description="CtgyPurp, by which hours are kept too; null: as the catalogue has it."
    )
    instrument: Instrument | None = Field(
        default=None,
        description="How fast, of what the bank takes; null: as the catalogue has it.",
    )


def most_by(profile: "Profile", instrument: Instrument, currency: str) -> int | None:
    """Return the most minor units that a bank pays at once by an instrument; None where it has no limit of its own."""
    named = profile.pain001.types(profile.scheme).get(instrument)
    return None if named is None or named.amount_max is None else parse_minor(named.amount_max, currency)


def instruments_of(profile: "Profile") -> frozenset[Instrument]:
    """Return the instruments that a bank takes; a family that has no word for them pays at normal speed."""
    if profile.family is Family.ISO20022:
        return frozenset(profile.pain001.instruments)
    if profile.layout is not None and profile.family in FLAT:
        fields = (*profile.layout.of_file, *profile.layout.payment)
        coded = [one.codes for one in fields if isinstance(one, InstrumentCode)]
        return frozenset(one for one in Instrument if all(one.value in codes for codes in coded)) if coded else _NORMAL
    if profile.mt is not None and profile.mt.urgent:
        return _NORMAL | {Instrument.URGENT}
    return _NORMAL


_NORMAL = frozenset({Instrument.NORMAL})


_FIELDS = {
    "remittance_information": "remittance",
    "ultimate_creditor": "ultimate_creditor_name",
    "ultimate_debtor": "ultimate_debtor_name",
}
"""The fields of a layout that hold a part, where they have another name."""


def benefit_contradictions(profile: "Profile") -> "Iterator[str]":
    """List in what a profile's benefits and what it leaves out disagree with its family, and what to write."""
    taken = instruments_of(profile)
    for code, told in profile.benefits.items():
        if told.instrument is not None and told.instrument not in taken:
            yield f"benefits.{code}.instrument: the bank takes {', '.join(sorted(taken))}; write one of them"
        national = told.purpose is not None and told.purpose.isdecimal()
        if national and profile.family is Family.ISO20022 and profile.pain001.purpose == "code":
            yield f"benefits.{code}.purpose: a national number is no ISO code; write pain001.purpose: own code"
    held = {field.value for field in profile.layout.of_payment} if profile.layout is not None else set[str]()
    for part in profile.leaves_out:
        if _FIELDS.get(part, part) in held:
            yield f"leaves_out: the layout has a field {_FIELDS.get(part, part)}; take one of them away"
    if "creditor_name" in profile.leaves_out and profile.layout is None:
        yield "leaves_out: creditor_name: only a layout can have no field for it; take it away"
    if profile.leaves_out and profile.family is Family.ISO20022:
        yield (
            "leaves_out: family iso20022 has a place for all of them; write what the bank does not take as address:"
            " none, pain001.creditor_agent: none, or leave it out"
        )
