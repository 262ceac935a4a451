"""Offers: how one bank is to pay one benefit, as the catalogue and the bank's profile say it together."""

from collections.abc import Mapping
from dataclasses import dataclass

from bank_adapters.profile import Profile
from bank_adapters.profile.benefits import BenefitTerms, instruments_of, most_by
from gateway.domain.benefits import Benefit, Catalogue
from gateway.domain.instrument import Instrument

NOT_TAKEN = "instrument.not-taken"
"""Why an order is held that its bank cannot pay as fast as its benefit is to be paid."""
_AS_THE_CATALOGUE = BenefitTerms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """How a bank pays a benefit in one currency.

    `instrument` is None where the bank does not take the one that is asked for; `most` the largest amount by it, in
    minor units, or None; `otherwise` the instrument of what cannot be paid by it, or None where that is held.
    """

    category_purpose: str
    instrument: Instrument | None
    most: int | None
    otherwise: Instrument | None

    def by(self, amount_minor: int) -> Instrument | None:
        """Return the instrument of one payment; None where the bank cannot pay it as it should be paid."""
        return self.instrument if self.most is None or amount_minor <= self.most else self.otherwise


def offer_of(benefit: Benefit, profile: Profile, currency: str) -> Offer:
    """Join the catalogue and a profile. Nothing is paid at normal speed instead unless the catalogue says so.

    An amount that is too large even at normal speed is left to the bank's adapter, which names the rule.
    """
    own, taken = _own(benefit, profile), instruments_of(profile)
    asked = own.instrument or benefit.instrument
    otherwise = Instrument.NORMAL if benefit.otherwise_normal and Instrument.NORMAL in taken else None
    fast = asked in taken and asked is not Instrument.NORMAL
    return Offer(
        category_purpose=category_purpose_of(benefit, profile),
        instrument=asked if asked in taken else otherwise,
        most=most_by(profile, asked, currency) if fast else None,
        otherwise=otherwise,
    )


def category_purpose_of(benefit: Benefit, profile: Profile) -> str:
    """Return the category purpose of a benefit at a bank."""
    return _own(benefit, profile).category_purpose or benefit.category_purpose


def _own(benefit: Benefit, profile: Profile) -> BenefitTerms:
    return profile.benefits.get(benefit.code, _AS_THE_CATALOGUE)


def purposes_of(catalogue: Catalogue, profile: Profile) -> Mapping[str, str]:
    """Return the purpose code of each benefit that has one at this bank."""
    own = {code: told.purpose for code, told in profile.benefits.items() if told.purpose is not None}
    return {code: benefit.purpose for code, benefit in catalogue.items() if benefit.purpose} | own
