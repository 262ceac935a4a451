"""Which bank pays an order: the one that claims the payee's bank code.

Banks claim codes, currencies and kinds of account in their profiles; the table only joins the claims. Every answer
carries a reason with a stable code, which is stored with the attempt or shown with the held order.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from gateway.domain.errors import ConfigError
from gateway.domain.iban import bank_code
from gateway.domain.order import Account, CounterAccount, IbanAccount

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
class RoutingTable:
    """The claims of all banks, joined by `routing_table`."""

    claims: Mapping[tuple[str, str], BankTerms]
    """The bank that claims a (country, national bank code)."""
    counters: tuple[BankTerms, ...]
    """The banks that pay over the counter, in order of preference."""


def routing_table(banks: Iterable[BankTerms]) -> RoutingTable:
    """Join the claims of banks given in order of preference (it decides who pays over the counter).

    Raises ConfigError when two banks have one slug or claim one code. A bank that is not live claims as well: a payment
    never moves silently to another bank because its own is switched off.
    """
    terms = tuple(banks)
    if len({bank.slug for bank in terms}) != len(terms):
        raise ConfigError("routing: two banks have the same slug; give each its own")
    claims: dict[tuple[str, str], BankTerms] = {}
    for bank in terms:
        for claim in _claims_of(bank):
            other = claims.setdefault(claim, bank)
            if other is not bank:
                where = f"bank code {claim[1]} of {claim[0]}"
                raise ConfigError(f"routing: {other.slug} and {bank.slug} both claim {where}; remove one claim")
    counters = tuple(bank for bank in terms if COUNTER in bank.account_types)
    return RoutingTable(claims=MappingProxyType(claims), counters=counters)


def _claims_of(bank: BankTerms) -> Iterator[tuple[str, str]]:
    return ((country, code) for country, codes in sorted(bank.bank_codes.items()) for code in sorted(codes))


def route(account: Account, currency: str, table: RoutingTable) -> Route | Unroutable:
    """Choose the bank for a valid account and a currency; look-ups only.

    Reason codes: `route.bank-code`, `route.counter` for a route; `route.no-claim`, `route.not-live`, `route.currency`,
    `route.account-type`, `route.no-counter` for none.
    """
    if isinstance(account, CounterAccount):
        return _over_the_counter(currency, table.counters)
    country, code = (
        bank_code(account.iban) if isinstance(account, IbanAccount) else (account.country, account.bank_code)
    )
    bank = table.claims.get((country, code))
    if bank is None:
        return Unroutable(Reason("route.no-claim", f"no bank claims bank code {code} of {country}"))
    if not bank.live:
        return Unroutable(Reason("route.not-live", f"bank code claimed by {bank.slug}, which is not live"))
    if account.type not in bank.account_types:
        return Unroutable(Reason("route.account-type", f"{bank.slug} does not pay to {account.type} accounts"))
    if currency not in bank.currencies:
        return Unroutable(Reason("route.currency", f"{bank.slug} does not pay in {currency}"))
    return Route(bank.slug, Reason("route.bank-code", f"bank code claimed by {bank.slug}"))


def _over_the_counter(currency: str, counters: Iterable[BankTerms]) -> Route | Unroutable:
    for bank in counters:
        if bank.live and currency in bank.currencies:
            return Route(bank.slug, Reason("route.counter", f"{bank.slug} is the preferred bank for the counter"))
    return Unroutable(Reason("route.no-counter", f"no live bank pays {currency} over the counter"))
