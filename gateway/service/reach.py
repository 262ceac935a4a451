"""Reach: which benefits each bank can be paid through, by its profile, the routes and the paying accounts."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gateway.domain.benefits import Benefit, Catalogue
from gateway.domain.routing import COUNTER, BankTerms, RoutingTable
from gateway.service.banks import DebtorAccounts

NOT_LIVE = "not live"
NO_CODES = "claims no bank code"
NOT_PREFERRED = "another bank is preferred for the counter"
NO_ACCOUNT = "no paying account"
NO_BENEFIT = "no benefit in its currencies"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankReach:
    """One way of a bank to pay. `currencies` are those with a paying account; `why_not` says what is missing."""

    bank: str
    account_type: str
    currencies: Sequence[str]
    benefits: Sequence[str]
    why_not: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Every bank with each of its ways to pay, and the benefits that are to be paid with their currencies."""

    banks: Sequence[BankReach]
    benefits: Mapping[str, Sequence[str]]

    def banks_of(self, benefit: str) -> list[str]:
        """Return the banks that can pay a benefit, in at least one way."""
        return sorted({way.bank for way in self.banks if benefit in way.benefits})


def reach_of(
    banks: Iterable[BankTerms], catalogue: Catalogue, routing: RoutingTable, accounts: DebtorAccounts
) -> Reach:
    """Join what banks, routes, paying accounts and the catalogue say. Pensions are paid by nobody."""
    paid = {code: benefit for code, benefit in sorted(catalogue.items()) if not benefit.pension}
    funded = {(currency, bank) for _, _, currency, bank in accounts.accounts}
    ways = [
        _way(bank, account_type, paid, routing, frozenset(c for c, of in funded if of == bank.slug))
        for bank in sorted(banks, key=lambda bank: bank.slug)
        for account_type in sorted(bank.account_types)
    ]
    return Reach(banks=ways, benefits={code: sorted(benefit.currencies) for code, benefit in paid.items()})


def _way(
    bank: BankTerms, account_type: str, paid: Mapping[str, Benefit], routing: RoutingTable, funded: frozenset[str]
) -> BankReach:
    routed = frozenset(c for c in bank.currencies if _routed(bank, account_type, c, routing))
    usable = routed & funded
    benefits = [code for code, benefit in paid.items() if benefit.currencies & usable] if bank.live else []
    return BankReach(
        bank=bank.slug,
        account_type=account_type,
        currencies=sorted(usable),
        benefits=benefits,
        why_not="" if benefits else _why_not(bank, account_type, routed, usable),
    )


def _routed(bank: BankTerms, account_type: str, currency: str, routing: RoutingTable) -> bool:
    """Whether payments of this kind and currency find their way to the bank: by its codes, or as the first counter."""
    if account_type != COUNTER:
        return any(bank.bank_codes.values())
    first = next((b.slug for b in routing.counters if b.broken or (b.live and currency in b.currencies)), None)
    return bank.slug == first


def _why_not(bank: BankTerms, account_type: str, routed: frozenset[str], usable: frozenset[str]) -> str:
    if not bank.live:
        return NOT_LIVE
    if not routed:
        return NOT_PREFERRED if account_type == COUNTER else NO_CODES
    return NO_BENEFIT if usable else NO_ACCOUNT
