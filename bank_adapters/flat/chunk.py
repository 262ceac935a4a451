"""A run of payments in the making, column by column: what a whole run shares is looked at once, not payment by payment.

Everything is checked here that is not the business of a single field.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from operator import attrgetter

from bank_adapters.flat import values
from bank_adapters.flat.values import Unfit
from bank_adapters.profile import Profile
from bank_adapters.profile.fields import PayeeId, Remittance, RemittanceRest
from bank_adapters.profile.layout import Following, Layout
from bank_adapters.spi import Payment
from gateway.domain.iban_registry import FORMATS
from gateway.domain.order import IbanAccount

_PARTS: Sequence[tuple[str, str, str, Callable[[Payment], object]]] = (
    ("creditor_reference", "creditor_reference", "a creditor reference", attrgetter("creditor_reference")),
    ("creditor_agent", "creditor_agent", "the BIC of the creditor's bank", attrgetter("creditor_agent")),
    ("creditor_address", "creditor_address", "an address", attrgetter("creditor_address")),
    ("creditor_name", "creditor_name", "a creditor's name", attrgetter("creditor.name")),
    ("ultimate_creditor", "ultimate_creditor_name", "an ultimate creditor", attrgetter("ultimate_creditor")),
    ("ultimate_debtor", "ultimate_debtor_name", "an ultimate debtor", attrgetter("ultimate_debtor")),
    ("remittance_information", "remittance", "remittance information", attrgetter("remittance_information")),
    (
        "creditor_reference",
        "creditor_reference_issuer",
        "an issuer of its creditor reference",
        lambda one: one.creditor_reference is not None and one.creditor_reference.issuer,
    ),
    (
        "ultimate_debtor",
        "ultimate_debtor_id",
        "an identification of the ultimate debtor",
        lambda one: one.ultimate_debtor is not None and one.ultimate_debtor.identifications,
    ),
)
"""Parts of a payment without which it is not written: the part, the field that would hold it, its name, what gets it.

No layout has a field for an address, an issuer or an identification. A part that the profile leaves out may be lost.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Some payments of a file, in parallel lists.

    `places` are theirs in the submission, from 0; `records` the numbers of their lines in the file, from 1; `texts`
    what a field of remittance information holds; `hashed` what each payment adds to the hash total.
    """

    payments: Sequence[Payment]
    places: Sequence[int]
    minors: Sequence[int]
    accounts: "Accounts"
    hashed: Sequence[int] = ()
    texts: Sequence[str] = ()
    records: Sequence[int] = ()
    following: Sequence["Followers"] = ()

    def rows(self, chosen: Sequence[int], texts: Sequence[str], records: Sequence[int]) -> "Chunk":
        """Return a chunk of some of its payments, by their place in it: what a record that follows them is about."""
        return replace(
            self,
            payments=[self.payments[row] for row in chosen],
            places=[self.places[row] for row in chosen],
            minors=(),
            texts=texts,
            records=records,
            following=(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Followers:
    """The records of one kind that follow payments: for each its payment's place in the chunk, and its text."""

    of: Sequence[int]
    texts: Sequence[str]


class Accounts:
    """The creditors' accounts of a chunk, by what fields hold of them."""

    def __init__(self, payments: Sequence[Payment], profile: Profile, shape: "Shape") -> None:
        accounts = [payment.creditor_account for payment in payments]
        self._ibans = values.plain_ibans(accounts, profile)
        self._parts = (
            []
            if self._ibans is not None
            else [
                values.account_parts(one, profile, tells_country=shape.tells_country, scheme=shape.scheme)
                for one in accounts
            ]
        )

    def column(self, name: str) -> Sequence[str]:
        """Return one part of each account, such as "creditor_iban"; "digits" is what is added up of it."""
        if self._ibans is None:
            return [parts.get(name, "") for parts in self._parts]
        match name:
            case "creditor_iban" | "digits":
                return self._ibans
            case "creditor_bban":
                return [iban[4:] for iban in self._ibans]
            case "creditor_country":
                return [iban[:2] for iban in self._ibans]
            case "creditor_bank_code":
                return [iban[FORMATS[iban[:2]].bank] for iban in self._ibans]
        return [""] * len(self._ibans)


@dataclass(frozen=True, slots=True)
class Shape:
    """What a layout asks of payments as a whole, found out once."""

    layout: Layout
    tells_country: bool = field(init=False)
    at_home: bool = field(init=False)
    placeless: Sequence[tuple[str, str, Callable[[Payment], object]]] = field(init=False)
    scheme: str | None = field(init=False)
    remittance: Remittance | None = field(init=False)

    def __post_init__(self) -> None:
        names, held = {one.value for one in self.layout.payment}, _held(self.layout)
        found = {
            "tells_country": "creditor_country" in names,
            "at_home": "creditor_bban" in names and not names & {"creditor_iban", "creditor_country"},
            "placeless": tuple((part, told, get) for part, name, told, get in _PARTS if name not in held),
            "scheme": next((one.scheme for one in self.layout.payment if isinstance(one, PayeeId)), None),
            "remittance": next((one for one in self.layout.payment if isinstance(one, Remittance)), None),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def chunk(self, payments: Sequence[Payment], first: int, profile: Profile) -> Chunk:
        """Check payments, the first of which has the place `first`. Raises Unfit naming the field and the rule."""
        minors = [payment.amount.minor for payment in payments]
        if not {payment.amount.currency for payment in payments} <= set(profile.currencies):
            raise Unfit("the bank does not pay in its currency")
        if min(minors) <= 0:
            raise Unfit("the amount is not greater than zero")
        for part, told, get in self.placeless:
            if part not in profile.leaves_out and any(map(get, payments)):
                raise Unfit(f"it has {told}, which the layout has no field for (rule part.no-place, at {part})")
        try:
            self._refuse_abroad(payments, profile)
            accounts = Accounts(payments, profile, self)
            hashed = self._hashed(accounts, minors)
        except Unfit as error:
            raise Unfit(f"the creditor's account {error}") from None
        texts, following = self._texts(payments, profile)
        return Chunk(
            payments=payments,
            places=range(first, first + len(payments)),
            minors=minors,
            accounts=accounts,
            hashed=hashed,
            texts=texts,
            following=following,
        )

    def _refuse_abroad(self, payments: Sequence[Payment], profile: Profile) -> None:
        """Refuse an IBAN of another country where only what stands behind its country is written."""
        accounts = (payment.creditor_account for payment in payments if self.at_home)
        if any(isinstance(one, IbanAccount) and one.iban[:2] != profile.country for one in accounts):
            raise Unfit("is in another country, which the layout has no field for")

    def _hashed(self, accounts: Accounts, minors: Sequence[int]) -> Sequence[int]:
        rule = self.layout.hash_total
        if rule is None:
            return ()
        digits, codes = accounts.column("digits"), accounts.column("creditor_bank_code")
        return values.hashed(rule, digits, codes, minors)

    def _texts(self, payments: Sequence[Payment], profile: Profile) -> tuple[Sequence[str], Sequence[Followers]]:
        """Spread remittance information over the payment's own record and those that follow it."""
        told = self.remittance is not None or any(one.when == "remittance_rest" for one in self.layout.following)
        if not told:
            return (), [self._followers(one, payments, ()) for one in self.layout.following]
        texts = [payment.remittance_information for payment in payments]
        try:
            written = values.words(texts, profile)
        except Unfit as error:
            raise Unfit(f"remittance {error}") from None
        if not any(one.when == "remittance_rest" for one in self.layout.following):
            return written, [self._followers(one, payments, ()) for one in self.layout.following]
        longest = self.remittance.longest if self.remittance else 0
        rests: Sequence[str] = [text[longest:] for text in written]
        return [text[:longest] for text in written], [
            self._followers(one, payments, rests) for one in self.layout.following
        ]

    def _followers(self, record: Following, payments: Sequence[Payment], rests: Sequence[str]) -> Followers:
        places = range(len(payments))
        match record.when:
            case "always":
                chosen = list(places)
            case "ultimate_creditor":
                chosen = [place for place in places if payments[place].ultimate_creditor is not None]
            case "purpose":
                chosen = [place for place in places if payments[place].purpose]
            case "remittance_rest":
                return _parts(record, rests)
        return Followers(of=chosen, texts=())


def _held(layout: Layout) -> set[str]:
    """Return the fields that hold their part of every payment that has it, whichever record they stand in."""
    held: set[str] = {one.value for one in layout.payment}
    for record in layout.following:
        names = {one.value for one in record.fields}
        match record.when:
            case "always":
                held |= names
            case "ultimate_creditor":
                held |= names & {"ultimate_creditor_name"}
            case "remittance_rest":
                held.add("remittance")
            case "purpose":
                pass
    return held


def _parts(record: Following, rests: Sequence[str]) -> Followers:
    """Cut what is left of remittance information into the fields of the records that hold it."""
    field_of = next(one for one in record.fields if isinstance(one, RemittanceRest))
    size, most = field_of.longest, field_of.longest * record.at_most
    if not field_of.cut and max(map(len, rests)) > most:
        raise Unfit(f"remittance has more letters than its field and {record.at_most} records of {size} can hold")
    pieces = [
        (place, rest[at : at + size]) for place, rest in enumerate(rests) for at in range(0, min(len(rest), most), size)
    ]
    return Followers(of=[place for place, _ in pieces], texts=[text for _, text in pieces])
