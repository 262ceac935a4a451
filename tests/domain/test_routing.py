"""Routing: who pays whom, why, and which claims cannot stand together."""

from collections.abc import Mapping

import pytest

from gateway.domain.errors import ConfigError
from gateway.domain.order import Account, CounterAccount, DomesticAccount, IbanAccount, Identification
from gateway.domain.routing import (
    BankTerms,
    Preferences,
    Reason,
    Route,
    Unroutable,
    another_route,
    preferences_from,
    route,
    routing_table,
)

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
    interbank: str = "",
) -> BankTerms:
    return BankTerms(
        slug=slug,
        bank_codes=codes,
        currencies=frozenset(currencies.split()),
        account_types=frozenset(types.split()),
        live=live,
        interbank=frozenset(interbank.split()),
    )


ALFA = bank("alfa", {"DE": frozenset({"37040044", "10010010"})})
BETA = bank("beta", {"KZ": frozenset({"125"})})
AT_10010001 = bank("beta", {"DE": frozenset({"10010001"})})


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
def test_a_code_that_two_banks_claim_is_paid_by_neither(live: bool) -> None:  # noqa: FBT001
    rival = bank("rival", {"DE": frozenset({"37040044"})}, live=live, interbank="DE")
    for banks in ([ALFA, rival], [rival, ALFA]):
        table = routing_table(banks, Preferences(interbank=["rival"]))
        answer = route(IBAN, "EUR", table)
        assert str(answer.reason) == "route.contested: bank code 37040044 of DE is claimed by alfa and rival"
        assert isinstance(answer, Unroutable)
        assert dict(table.contested) == {("DE", "37040044"): ("alfa", "rival")}


def test_what_only_one_of_two_rivals_claims_is_still_paid() -> None:
    rival = bank("rival", {"DE": frozenset({"10010010"})})
    assert route(IBAN, "EUR", routing_table([ALFA, rival])).reason.code == "route.bank-code"


def test_the_same_code_in_two_countries_is_two_codes() -> None:
    table = routing_table([bank("a", {"DE": frozenset({"125"})}), BETA])
    assert route(DOMESTIC, "KZT", table) == Route("beta", Reason("route.bank-code", "bank code claimed by beta"))


def test_two_banks_cannot_share_a_slug() -> None:
    with pytest.raises(ConfigError, match="same slug"):
        routing_table([ALFA, bank("alfa", {})])


# Interbank -------------------------------------------------------------------------------------------------------

FIRST = bank("first", {}, interbank="DE FR")
SECOND = bank("second", {}, interbank="DE KZ")
PREFERRED = Preferences(interbank=["first", "second"])


@pytest.mark.parametrize(
    ("banks", "why"),
    [
        ([], "no bank claims bank code 37040044 of DE"),
        ([bank("alfa", ALFA.bank_codes, live=False)], "bank code claimed by alfa, which is not live"),
    ],
)
def test_payees_of_a_bank_that_is_not_live_are_paid_through_the_first_preferred(
    banks: list[BankTerms], why: str
) -> None:
    reason = Reason("route.interbank", f"by interbank transfer through first: {why}")
    for order in ([*banks, FIRST, SECOND], [SECOND, FIRST, *banks]):
        assert route(IBAN, "EUR", routing_table(order, PREFERRED)) == Route("first", reason)


@pytest.mark.parametrize(
    "first",
    [
        bank("first", {}, interbank="DE", live=False),
        bank("first", {}, interbank="FR"),
        bank("first", {}, interbank="DE", currencies="KZT"),
        bank("first", {}, interbank="DE", types="DOMESTIC"),
    ],
    ids=["not live", "another country", "another currency", "another kind of account"],
)
def test_a_preferred_bank_that_cannot_pay_is_passed_over(first: BankTerms) -> None:
    answer = route(IBAN, "EUR", routing_table([first, SECOND], PREFERRED))
    assert isinstance(answer, Route)
    assert answer.bank == "second"
    assert isinstance(route(IBAN, "EUR", routing_table([first], PREFERRED)), Unroutable)


def test_a_live_bank_pays_its_own_payees_whatever_is_preferred() -> None:
    table = routing_table([ALFA, FIRST], PREFERRED)
    assert route(IBAN, "EUR", table).reason.code == "route.bank-code"
    assert str(route(IBAN, "SEK", table).reason) == "route.currency: alfa does not pay in SEK"


def test_a_bank_that_is_not_preferred_is_not_used() -> None:
    assert isinstance(route(IBAN, "EUR", routing_table([FIRST])), Unroutable)


def test_what_is_paid_over_the_counter_is_never_paid_by_transfer() -> None:
    assert another_route(COUNTER, "EUR", routing_table([FIRST], PREFERRED), why="x") is None


def test_another_route_never_leads_back() -> None:
    table = routing_table([FIRST, SECOND], PREFERRED)
    found = [another_route(IBAN, "EUR", table, why="x", but=but) for but in ((), ("first",), ("first", "second"))]
    assert [r.bank if r else None for r in found] == ["first", "second", None]


def test_counters_go_by_preference_and_those_not_named_come_after() -> None:
    banks = [bank(slug, {}, types="COUNTER") for slug in ("kiosk", "post", "store")]
    table = routing_table(banks, Preferences(counter=["store", "post"]))
    assert [b.slug for b in table.counters] == ["store", "post", "kiosk"]


@pytest.mark.parametrize(
    ("preferences", "told"),
    [
        (Preferences(interbank=["alfa"]), "interbank: the profile of alfa has no key interbank; write its countries"),
        (Preferences(counter=["alfa"]), "counter: alfa does not pay over the counter; remove it there"),
    ],
)
def test_a_preference_that_no_bank_can_meet_is_refused(preferences: Preferences, told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        routing_table([ALFA, FIRST], preferences)


def test_nobody_is_paid_by_transfer_past_a_preferred_bank_whose_profile_is_broken() -> None:
    table = routing_table([SECOND], PREFERRED)
    said = "route.broken: first is preferred for interbank transfers, and its profile is broken"
    assert str(route(IBAN, "EUR", table).reason) == said
    assert another_route(IBAN, "EUR", table, why="x") is None
    way = another_route(IBAN, "EUR", table, why="x", but={"first"})
    assert way is not None
    assert way.bank == "second"
    behind = routing_table([SECOND], Preferences(interbank=["second", "first"]))
    assert isinstance(route(IBAN, "EUR", behind), Route)


def test_nobody_is_paid_past_a_preferred_counter_whose_profile_is_broken() -> None:
    post = bank("post", {}, types="COUNTER")
    answer = route(COUNTER, "EUR", routing_table([post], Preferences(counter=["kiosk", "post"])))
    said = "route.broken: kiosk is preferred for the counter, and its profile is broken"
    assert isinstance(answer, Unroutable)
    assert str(answer.reason) == said
    behind = routing_table([post], Preferences(counter=["post", "kiosk"]))
    assert isinstance(route(COUNTER, "EUR", behind), Route)


def test_preferences_are_read_in_their_order() -> None:
    read = preferences_from({"interbank": ["second", "first"]}, {"first", "second"})
    assert read == Preferences(interbank=("second", "first"), counter=())


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (None, "write the keys interbank and counter"),
        ({"interbanks": []}, "write the keys interbank and counter"),
        ({"interbank": "alfa"}, r"interbank: write a list of banks, such as \[alfa, golf\]"),
        ({"counter": [1]}, "counter: write a list of banks"),
        ({"counter": ["kiosk"]}, "counter: there is no profile banks/kiosk.yaml; remove kiosk"),
        ({"interbank": ["alfa", "alfa"]}, "interbank: alfa is named twice; name it once"),
    ],
)
def test_what_is_no_preference_is_refused_with_what_to_write(document: object, told: str) -> None:
    with pytest.raises(ConfigError, match=f"routing.yaml: {told}"):
        preferences_from(document, {"alfa"})


def test_payees_of_a_broken_profile_wait_and_go_no_other_way() -> None:
    through = bank("gamma", {}, interbank="DE")
    broken = {"romeo": {"DE": {"37040044"}}, "sierra": {"DE": {"37040044"}}}
    table = routing_table([through], Preferences(interbank=["gamma"]), broken)
    expected = Reason("route.broken", "bank code claimed by sierra, whose profile is broken")
    assert route(IBAN, "EUR", table) == Unroutable(expected)
    assert isinstance(route(IbanAccount(iban="DE66100100010020260001"), "EUR", table), Route)


def test_what_a_profile_that_cannot_be_read_may_claim_waits() -> None:
    """By transfer goes only what is known to be nobody's; what another bank claims is that bank's."""
    through = bank("gamma", {}, interbank="DE")
    table = routing_table([through, AT_10010001], Preferences(interbank=["gamma"]), {"romeo": {}}, ["romeo"])
    expected = "route.broken: bank code 37040044 of DE may be claimed by romeo, whose profile cannot be read"
    answer = route(IBAN, "EUR", table)
    assert isinstance(answer, Unroutable)
    assert str(answer.reason) == expected
    assert isinstance(route(IbanAccount(iban="DE66100100010020260001"), "EUR", table), Route)


def test_a_code_stays_contested_when_one_of_its_profiles_breaks() -> None:
    """Whose it is was open before, and a mistake in a file is no answer; what it does not claim is the good one's."""
    broken = {"romeo": {"DE": ["37040044", "37040044"]}}
    for banks in ([ALFA], [bank("alfa", ALFA.bank_codes, live=False), FIRST]):
        table = routing_table(banks, Preferences(interbank=["first"][: len(banks) - 1]), broken)
        answer = route(IBAN, "EUR", table)
        assert isinstance(answer, Unroutable)
        assert str(answer.reason) == "route.contested: bank code 37040044 of DE is claimed by alfa and romeo"
    other = route(IbanAccount(iban="DE66100100010020260001"), "EUR", routing_table([AT_10010001], broken=broken))
    assert other == Route("beta", Reason("route.bank-code", "bank code claimed by beta"))
