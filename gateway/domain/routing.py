"""Which bank pays an order: the one that claims the payee's bank code, or one that is preferred in its place.

Banks claim codes, currencies and kinds of account in their profiles; the table only joins the claims. Payees of a bank
that is not connected, not live or suspended are paid by interbank transfer through the first preferred bank that can.
Whoever a bank whose profile is broken may have paid waits: a mistake in a file sends nobody's money another way.
Every answer carries a reason with a stable code, which is stored with the attempt or shown with the held order.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from gateway.domain.errors import ConfigError
from gateway.domain.iban import bank_code
from gateway.domain.order import Account, CounterAccount, DomesticAccount, IbanAccount

COUNTER: Final = "COUNTER"
"""The account type of payments over the counter."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BankTerms:
    """What one bank takes, as its profile says.

    `bank_codes` maps a country to the national bank codes the bank pays to; `currencies` are ISO 4217 codes;
    `account_types` are the account types it can pay ("IBAN", "DOMESTIC", "COUNTER"); a bank that is not `live` gets
    nothing.
    """

    slug: str
    bank_codes: Mapping[str, frozenset[str]]
    currencies: frozenset[str]
    account_types: frozenset[str]
    live: bool
    interbank: frozenset[str] = frozenset()
    """Countries of the accounts at other banks that it can pay to."""
    per_day: int | None = None
    """Most payments of a day while the bank is ramped up."""
    broken: bool = False
    """Its profile cannot be used: what it takes is not known."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a route was chosen or why there is none: `code` is stable, `text` is for people."""

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


@dataclass(frozen=True, slots=True)
class Route:
    """The bank that pays."""

    bank: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class Unroutable:
    """No live bank can pay; the order is held with the reason."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """What configuration prefers, by slug: it chooses among banks that can pay and makes none able."""

    interbank: Sequence[str] = ()
    """Banks that pay to accounts at other banks. None is used that is not named."""
    counter: Sequence[str] = ()
    """Banks that pay over the counter; those not named come after."""


NO_PREFERENCES: Final = Preferences()


def preferences_from(document: object, banks: Collection[str]) -> Preferences:
    """Read preferences as configuration writes them; `banks` are the slugs of all profiles, broken ones too.

    Raises ConfigError for a key, a shape or a bank that there is not.
    """
    if not isinstance(document, Mapping) or not document.keys() <= {"interbank", "counter"}:
        raise ConfigError("routing.yaml: write the keys interbank and counter, and no others, each a list of banks")
    for key, slugs in document.items():
        if not isinstance(slugs, list) or not all(isinstance(slug, str) for slug in slugs):
            raise ConfigError(f"routing.yaml: {key}: write a list of banks, such as [alfa, golf]")
        for slug in slugs:
            if slug not in banks:
                raise ConfigError(f"routing.yaml: {key}: there is no profile banks/{slug}.yaml; remove {slug}")
            if slugs.count(slug) > 1:
                raise ConfigError(f"routing.yaml: {key}: {slug} is named twice; name it once")
    return Preferences(interbank=tuple(document.get("interbank", ())), counter=tuple(document.get("counter", ())))


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTable:
    """The claims of all banks, joined by `routing_table`."""

    claims: Mapping[tuple[str, str], BankTerms]
    """The bank that claims a (country, national bank code)."""
    counters: tuple[BankTerms, ...]
    """The banks that pay over the counter, in order of preference; those preferred stand here broken, too."""
    interbank: tuple[BankTerms, ...] = ()
    """The banks that pay to accounts at other banks, in order of preference; those that are broken, too."""
    contested: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    """The codes that several banks claim, one whose profile can be used among them: none of them pays there."""
    banks: Mapping[str, BankTerms] = field(default_factory=dict)
    """Every bank whose profile can be used, by slug."""
    broken: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """The codes that only broken profiles claim, with the slug of one: nobody pays there until it is mended."""
    unread: Sequence[str] = ()
    """Banks whose broken profiles do not say what they claim: what nobody else claims may be theirs."""

    def pays(self, slug: str) -> bool:
        """Whether payments may go to a bank: it is there, and live."""
        return slug in self.banks and self.banks[slug].live


def routing_table(
    banks: Iterable[BankTerms],
    preferences: Preferences = NO_PREFERENCES,
    broken: Mapping[str, Mapping[str, Collection[str]]] = MappingProxyType({}),
    unread: Iterable[str] = (),
) -> RoutingTable:
    """Join the claims of banks given in any order that is always the same.

    `broken` are the bank codes, by country, that broken profiles claim, by slug. A code that a good one claims as well
    is contested: whose it is stays open when a file breaks. `unread` are those of which not every code can be read.

    Raises ConfigError when two banks have one slug, and for a preference that no bank can meet. A bank that is not live
    claims as well: a payment never moves silently to another bank because its own is switched off.
    """
    given = tuple(banks)
    terms = {bank.slug: bank for bank in given}
    if len(terms) != len(given):
        raise ConfigError("routing: two banks have the same slug; give each its own")
    claims, contested = _joined(given, broken)
    named = _named(preferences.counter, terms)
    for bank in named:
        if COUNTER not in bank.account_types and not bank.broken:
            raise ConfigError(f"routing.yaml: counter: {bank.slug} does not pay over the counter; remove it there")
    counters = [bank for bank in given if COUNTER in bank.account_types and bank not in named]
    interbank = _named(preferences.interbank, terms)
    for bank in interbank:
        if not bank.interbank and not bank.broken:
            raise ConfigError(
                f"routing.yaml: interbank: the profile of {bank.slug} has no key interbank; write its countries"
            )
    return RoutingTable(
        claims=MappingProxyType(claims),
        counters=(*named, *counters),
        interbank=interbank,
        contested=MappingProxyType(contested),
        banks=MappingProxyType(terms),
        broken=MappingProxyType({claim: slug for slug, codes in sorted(broken.items()) for claim in _claims_of(codes)}),
        unread=tuple(unread),
    )


def _joined(
    banks: Iterable[BankTerms], broken: Mapping[str, Mapping[str, Collection[str]]]
) -> tuple[dict[tuple[str, str], BankTerms], dict[tuple[str, str], tuple[str, ...]]]:
    """Return which good bank claims what alone, and what it claims beside others, broken ones too."""
    terms: dict[tuple[str, str], BankTerms] = {}
    slugs: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for bank in banks:
        for claim in _claims_of(bank.bank_codes):
            terms[claim] = bank
            slugs[claim].append(bank.slug)
    for slug, codes in broken.items():
        for claim in _claims_of(codes):
            slugs[claim].append(slug)
    alone = {claim: bank for claim, bank in terms.items() if len(slugs[claim]) == 1}
    contested = {claim: tuple(sorted(slugs[claim])) for claim in terms.keys() - alone.keys()}
    return alone, contested


def _named(slugs: Sequence[str], terms: Mapping[str, BankTerms]) -> tuple[BankTerms, ...]:
    """Return the banks of a preference; one that is not there has a broken profile, and its place is not another's."""
    return tuple(terms.get(slug) or _broken(slug) for slug in slugs)


def _broken(slug: str) -> BankTerms:
    nothing: frozenset[str] = frozenset()
    return BankTerms(
        slug=slug, bank_codes={}, currencies=nothing, account_types=nothing, live=False, interbank=nothing, broken=True
    )


def _claims_of(bank_codes: Mapping[str, Collection[str]]) -> Iterator[tuple[str, str]]:
    return ((country, code) for country, codes in sorted(bank_codes.items()) for code in sorted(set(codes)))


def route(account: Account, currency: str, table: RoutingTable) -> Route | Unroutable:
    """Choose the bank for a valid account and a currency; look-ups only.

    Reason codes: `route.bank-code`, `route.interbank`, `route.counter` for a route; `route.no-claim`, `route.not-live`,
    `route.contested`, `route.broken`, `route.currency`, `route.account-type`, `route.no-counter` for none.
    """
    if isinstance(account, CounterAccount):
        return _over_the_counter(currency, table.counters)
    country, code = claim = _claim(account)
    if by := table.contested.get(claim):
        return Unroutable(Reason("route.contested", f"bank code {code} of {country} is claimed by {' and '.join(by)}"))
    bank = table.claims.get(claim)
    if bank is None and (slug := table.broken.get(claim)):
        return Unroutable(Reason("route.broken", f"bank code claimed by {slug}, whose profile is broken"))
    if bank is None and table.unread:
        text = f"bank code {code} of {country} may be claimed by {table.unread[0]}, whose profile cannot be read"
        return Unroutable(Reason("route.broken", text))
    if bank is None:
        why = Reason("route.no-claim", f"no bank claims bank code {code} of {country}")
    elif not bank.live:
        why = Reason("route.not-live", f"bank code claimed by {bank.slug}, which is not live")
    else:
        return _at_its_own(account, currency, bank)
    return _by_interbank(account, currency, table, why=why.text) or Unroutable(why)


def another_route(
    account: Account, currency: str, table: RoutingTable, *, why: str, but: Collection[str] = ()
) -> Route | None:
    """Choose the first preferred bank, other than `but`, that pays to this account at another bank; None without one.

    `why` says why the payee's own bank does not pay. Behind one whose profile is broken nobody is chosen.
    """
    if isinstance(account, CounterAccount):
        return None
    way = _by_interbank(account, currency, table, why=why, but=but)
    return way if isinstance(way, Route) else None


def _by_interbank(
    account: IbanAccount | DomesticAccount,
    currency: str,
    table: RoutingTable,
    *,
    why: str,
    but: Collection[str] = (),
) -> Route | Unroutable | None:
    """Return None where no preferred bank can pay."""
    country, _ = _claim(account)
    for bank in table.interbank:
        if bank.slug in but:
            continue
        if bank.broken:
            return _waits_for(bank.slug, "interbank transfers")
        able = bank.live and country in bank.interbank and currency in bank.currencies
        if able and account.type in bank.account_types:
            return Route(bank.slug, Reason("route.interbank", f"by interbank transfer through {bank.slug}: {why}"))
    return None


def _waits_for(slug: str, what: str) -> Unroutable:
    return Unroutable(Reason("route.broken", f"{slug} is preferred for {what}, and its profile is broken"))


def _claim(account: IbanAccount | DomesticAccount) -> tuple[str, str]:
    return bank_code(account.iban) if isinstance(account, IbanAccount) else (account.country, account.bank_code)


def _at_its_own(account: Account, currency: str, bank: BankTerms) -> Route | Unroutable:
    if account.type not in bank.account_types:
        return Unroutable(Reason("route.account-type", f"{bank.slug} does not pay to {account.type} accounts"))
    if currency not in bank.currencies:
        return Unroutable(Reason("route.currency", f"{bank.slug} does not pay in {currency}"))
    return Route(bank.slug, Reason("route.bank-code", f"bank code claimed by {bank.slug}"))


def _over_the_counter(currency: str, counters: Iterable[BankTerms]) -> Route | Unroutable:
    for bank in counters:
        if bank.broken:
            return _waits_for(bank.slug, "the counter")
        if bank.live and currency in bank.currencies:
            return Route(bank.slug, Reason("route.counter", f"{bank.slug} is the preferred bank for the counter"))
    return Unroutable(Reason("route.no-counter", f"no live bank pays {currency} over the counter"))
