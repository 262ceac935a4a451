"""What one bank asks of a pain.001: its profile's keys, its scheme's limits, its letters; put together once a file."""

from collections.abc import Mapping
from dataclasses import dataclass

from bank_adapters.alphabet import alphabet
from bank_adapters.alphabet.sets import BASIC
from bank_adapters.capabilities import Booking, Instrument
from bank_adapters.profile import Profile
from bank_adapters.profile.pain001 import OUTSIDE_EEA, Pain001, PaymentType
from bank_adapters.sepa.rules import DOMESTIC_MINOR_MAX, MINOR_MAX, NAME_MAX, Letters
from gateway.domain.iban_registry import FORMATS
from gateway.domain.money import parse_minor

SCHEMA_NAME_MAX = 140
WITHOUT_UETR = frozenset({"pain.001.001.03"})
"""Versions that have no UETR, and the older names BIC and BICOrBEI."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the writer must know of a bank. `name_max` is in letters, `minor_max` in minor units of any currency.

    `namespace` is ISO's of the version, or the bank's own. `plain`: the bank's letters are those of the SEPA alphabet;
    texts of them stay as they are. `bic_needed`: countries of accounts that need their bank's BIC.
    """

    version: str
    namespace: str
    old: bool
    sepa: bool
    currencies: frozenset[str]
    letters: Letters
    plain: bool
    name_max: int
    minor_max: int
    address: str | None
    bic_needed: frozenset[str]
    batch: bool
    types: Mapping[Instrument, PaymentType]
    habits: Pain001

    @property
    def bic(self) -> str:
        """The element that holds an agent's BIC in this version."""
        return "BIC" if self.old else "BICFI"

    def most(self, instrument: Instrument, currency: str) -> int:
        """Return the largest amount of one payment in minor units."""
        named = self.types.get(instrument)
        own = None if named is None or named.amount_max is None else parse_minor(named.amount_max, currency)
        return self.minor_max if own is None else min(own, self.minor_max)


def iso(version: str) -> str:
    """Return the namespace that ISO 20022 gives a version."""
    return f"urn:iso:std:iso:20022:tech:xsd:{version}"


def terms_of(profile: Profile) -> Terms:
    """Read a profile."""
    sepa, habits, version = profile.scheme == "SEPA", profile.pain001, profile.messages.initiation
    letters = alphabet(profile.alphabet)
    return Terms(
        version=version,
        namespace=habits.namespace or iso(version),
        old=version in WITHOUT_UETR,
        sepa=sepa,
        currencies=frozenset(profile.currencies),
        letters=letters.write,
        plain=letters.encoding == "ascii" and letters.holds(BASIC),
        name_max=habits.name_max or (NAME_MAX if sepa else SCHEMA_NAME_MAX),
        minor_max=MINOR_MAX if sepa else DOMESTIC_MINOR_MAX,
        address=profile.address,
        bic_needed=_bic_needed(profile),
        batch=profile.booking is Booking.BATCH,
        types=habits.types(profile.scheme),
        habits=habits,
    )


def _bic_needed(profile: Profile) -> frozenset[str]:
    """Return the countries of accounts that need their bank's BIC: those of the profile, or SEPA's own rule."""
    habits = profile.pain001
    if habits.bic_needed is not None:
        return frozenset(habits.bic_needed)
    if profile.scheme != "SEPA" or habits.creditor_agent == "none":
        return frozenset()
    return frozenset(FORMATS if profile.country in OUTSIDE_EEA else OUTSIDE_EEA) - {profile.country}
