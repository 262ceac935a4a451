"""Routing: who pays whom, why, and which claims cannot stand together."""

from collections.abc import Mapping

import pytest

from gateway.domain.errors import ConfigError
from gateway.domain.order import Account, CounterAccount, DomesticAccount, IbanAccount, Identification
from gateway.domain.routing import BankTerms, Reason, Route, Unroutable, route, routing_table

IBAN = IbanAccount(iban="DE89370400440532013000")
DOMESTIC = DomesticAccount(country="KZ", bank_code="125", number="1")
COUNTER = CounterAccount(identification=Identification(scheme="NIDN", id="1"))


def bank(
    slug: str,
    codes: Mapping[str, frozenset[str]],
    *,
    currencies: str = "EUR KZT",
    types: str = "IBAN DOMESTIC",
    live: bool = True,
) -> BankTerms:
    return BankTerms(
        slug=slug,
        bank_codes=codes,
        currencies=frozenset(currencies.split()),
        account_types=frozenset(types.split()),
        live=live,
    )


ALFA = bank("alfa", {"DE": frozenset({"37040044", "10010010"})})
BETA = bank("beta", {"KZ": frozenset({"125"})})


@pytest.mark.parametrize(
    ("account", "currency", "slug"),
    [
        (IBAN, "EUR", "alfa"),
        (DOMESTIC, "KZT", "beta"),
        (IbanAccount(iban="KZ86125KZT5004100100"), "KZT", "beta"),
    ],
)
def test_the_bank_that_claims_the_code_pays(account: Account, currency: str, slug: str) -> None:
    expected = Route(slug, Reason("route.bank-code", f"bank code claimed by {slug}"))
    assert route(account, currency, routing_table([ALFA, BETA])) == expected
    assert route(account, currency, routing_table([BETA, ALFA])) == expected


@pytest.mark.parametrize(
    ("terms", "account", "currency", "reason"),
    [
        ([], IBAN, "EUR", "route.no-claim: no bank claims bank code 37040044 of DE"),
        ([BETA], IBAN, "EUR", "route.no-claim: no bank claims bank code 37040044 of DE"),
        (
            [bank("alfa", ALFA.bank_codes, live=False)],
            IBAN,
            "EUR",
            "route.not-live: bank code claimed by alfa, which is not live",
        ),
        ([ALFA], IBAN, "SEK", "route.currency: alfa does not pay in SEK"),
        (
            [bank("beta", BETA.bank_codes, types="IBAN")],
            DOMESTIC,
            "KZT",
            "route.account-type: beta does not pay to DOMESTIC accounts",
        ),
        ([ALFA], COUNTER, "EUR", "route.no-counter: no live bank pays EUR over the counter"),
        (
            [bank("post", {}, types="COUNTER", live=False), bank("kiosk", {}, types="COUNTER", currencies="KZT")],
            COUNTER,
            "EUR",
            "route.no-counter: no live bank pays EUR over the counter",
        ),
    ],
)
def test_why_nobody_can_pay(terms: list[BankTerms], account: Account, currency: str, reason: str) -> None:
    answer = route(account, currency, routing_table(terms))
    assert isinstance(answer, Unroutable)
    assert str(answer.reason) == reason


def test_the_first_live_bank_with_the_currency_pays_over_the_counter() -> None:
    off = bank("off", {}, types="COUNTER", live=False)
    kiosk = bank("kiosk", {}, types="COUNTER", currencies="KZT")
    post = bank("post", {}, types="COUNTER")
    last = bank("last", {}, types="COUNTER")
    answer = route(COUNTER, "EUR", routing_table([ALFA, off, kiosk, post, last]))
    assert answer == Route("post", Reason("route.counter", "post is the preferred bank for the counter"))


@pytest.mark.parametrize("live", [True, False])
def test_two_banks_cannot_claim_one_code(live: bool) -> None:  # noqa: FBT001
    rival = bank("rival", {"DE": frozenset({"10010010"})}, live=live)
    with pytest.raises(ConfigError, match="alfa and rival both claim bank code 10010010 of DE"):
        routing_table([ALFA, rival])


def test_the_same_code_in_two_countries_is_two_codes() -> None:
    table = routing_table([bank("a", {"DE": frozenset({"125"})}), BETA])
    assert route(DOMESTIC, "KZT", table) == Route("beta", Reason("route.bank-code", "bank code claimed by beta"))


def test_two_banks_cannot_share_a_slug() -> None:
    with pytest.raises(ConfigError, match="same slug"):
        routing_table([ALFA, bank("alfa", {})])
