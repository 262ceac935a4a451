"""Status and reason codes. The lists of codes come from the ISO external code sets, not from the code under test."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from bank_adapters.iso20022.status import ISO, Meaning, status_table
from bank_adapters.profile import Profile
from gateway.domain.errors import ConfigError
from gateway.domain.facts import Fact
from gateway.domain.reasons import DUPLICATES, Action, Reasons, reasons_from
from tests.bank_adapters.material import file_bank, file_bank_parts, profile_of
from tests.shared import shared_dir

REASONS = Path(__file__).resolve().parents[2] / "config" / "reason_codes.yaml"
TABLE = status_table(file_bank())


def iso_codes(*names: str) -> set[str]:
    texts = [(shared_dir() / "codes" / f"external_{name}_code.json").read_text("utf-8") for name in names]
    return {code for text in texts for code in json.loads(text)["codes"]}


def shipped() -> Reasons:
    return reasons_from(yaml.safe_load(REASONS.read_text("utf-8")))


def test_every_published_status_code_is_mapped() -> None:
    assert iso_codes("payment_group_status", "payment_transaction_status") <= set(ISO)


@pytest.mark.parametrize(
    ("status", "fact"),
    [
        *((code, Fact.ACCEPTED) for code in ("ACCP", "ACFC", "ACSP", "ACWC", "ACPD")),
        ("ACSC", Fact.EXECUTED),
        ("ACCC", Fact.CREDITED),
        ("RJCT", Fact.REJECTED),
        ("CANC", Fact.CANCELLED),
        *((code, Fact.NONE) for code in ("RCVD", "PDNG", "PART", "PATC", "ACTC")),
        *((code, Fact.NONE) for code in ("RCVC", "RVCM", "RVMC", "RVNA", "RVNC", "RVNM")),
    ],
)
def test_what_a_status_establishes(status: str, fact: Fact) -> None:
    assert TABLE.meaning(status, None) == Meaning(fact=fact)


def test_actc_is_worth_what_the_profile_says() -> None:
    assert status_table(file_bank(trusts_actc=True)).meaning("ACTC", None).fact is Fact.ACCEPTED


def test_an_unlisted_status_is_nobodys_guess() -> None:
    assert TABLE.meaning("ACXX", None) == Meaning(fact=Fact.NONE, unlisted=True)


def test_no_status_says_nothing() -> None:
    assert TABLE.meaning(None, None) == Meaning(fact=Fact.NONE)


@pytest.mark.parametrize("reason", ["DU01", "DU02", "DU03", "DU04", "DU05", "AM05", "DUPL", "DUPLICATE_KEY"])
@pytest.mark.parametrize("status", ["RJCT", "CANC", "ACSC", None])
def test_a_duplicate_is_never_a_rejection(status: str | None, reason: str) -> None:
    assert TABLE.meaning(status, reason) == Meaning(fact=Fact.NONE, duplicate=True)


def test_a_banks_own_duplicate_code_and_phrase() -> None:
    bank = status_table(file_bank(duplicate_codes=["X17"], duplicate_texts=["Already Exist"]))
    assert bank.meaning("RJCT", "X17").duplicate
    assert bank.meaning("RJCT", "NARR", "Instruction ID 7 already exist").duplicate
    assert bank.meaning("RJCT", "AC04", "account already existed").fact is Fact.REJECTED, "only a narrative is read"
    assert bank.meaning("RJCT", "NARR", "no such account").fact is Fact.REJECTED
    assert TABLE.meaning("RJCT", "NARR", "already exist").fact is Fact.REJECTED


@pytest.mark.parametrize(
    ("code", "word", "fact"),
    [
        ("ACWC", "cancelled", Fact.CANCELLED),  # Rabobank's bulk API: withdrawn
        ("ACTC", "none", Fact.NONE),  # Rabobank's bulk API: awaits authorisation
        ("ACCC", "executed", Fact.EXECUTED),
        ("ACSC", "accepted", Fact.ACCEPTED),
        ("RJCT", "none", Fact.NONE),
        ("BANKOWN", "rejected", Fact.REJECTED),
        ("BANKOWN", "executed", Fact.EXECUTED),
    ],
)
def test_a_profile_narrows_a_code(code: str, word: str, fact: Fact) -> None:
    bank = profile_of(file_bank_parts() | {"status_overrides": {code: word}})
    assert status_table(bank).meaning(code, None).fact is fact


@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("RCVD", "accepted"),
        ("ACCP", "executed"),
        ("ACSC", "credited"),
        ("ACSC", "rejected"),
        ("ACCC", "cancelled"),
        ("RJCT", "accepted"),
        ("RJCT", "cancelled"),
        ("BANKOWN", "credited"),
    ],
)
def test_a_profile_never_widens_a_code(code: str, word: str) -> None:
    with pytest.raises(ConfigError, match=f"status_overrides.{code}"):
        profile_of(file_bank_parts() | {"status_overrides": {code: word}})


def test_reasons_shipped_are_iso_codes() -> None:
    known = iso_codes("status_reason", "return_reason", "cancellation_reason", "payment_cancellation_rejection")
    assert set(yaml.safe_load(REASONS.read_text("utf-8"))) <= known


@pytest.mark.parametrize(
    ("code", "action"),
    [
        ("AC01", Action.BACK),
        ("AC04", Action.BACK),
        ("AC06", Action.HOLD_PAYEE),
        ("AM04", Action.FUNDS),
        ("MD07", Action.HOLD_PAYEE),
        ("CNOR", Action.OTHER_ROUTE),
        ("DT05", Action.RETRY),
        ("RR10", Action.MEND),
        ("AM10", Action.OFFICER),
        ("AM09", Action.OFFICER),
        ("DU01", Action.OFFICER),
        ("X-UNKNOWN", Action.OFFICER),
        (None, Action.OFFICER),
    ],
)
def test_what_a_reason_makes_the_gateway_do(code: str | None, action: Action) -> None:
    assert shipped().action(code) is action


def test_the_duplicate_set_can_grow_but_not_shrink() -> None:
    reasons = reasons_from({"X99": "duplicate"})
    assert reasons.duplicates == DUPLICATES | {"X99"}
    with pytest.raises(ConfigError, match="DU03"):
        reasons_from({"DU03": "officer"})


def test_an_unknown_action_is_refused() -> None:
    with pytest.raises(ConfigError, match="AC01"):
        reasons_from({"AC01": "shrug"})


OWN = {"E17": "AC04", "E20": "AM05", "MS03": "AC06"}


def overriding(**overrides: str) -> Profile:
    return file_bank().model_copy(update={"reason_overrides": overrides})


def test_a_banks_own_reason_means_the_code_that_its_profile_says() -> None:
    reasons = replace(shipped(), banks={"own": OWN})
    assert [reasons.meant("own", code) for code in ("E17", "MS03", "AC01", None)] == ["AC04", "AC06", "AC01", None]
    assert reasons.meant("other", "E17") == "E17"
    assert reasons.action(reasons.meant("own", "E17")) is Action.BACK
    assert reasons.action(reasons.meant("other", "E17")) is Action.OFFICER


@pytest.mark.parametrize("status", ["RJCT", "ACSP", None])
def test_a_reason_changes_no_status_but_for_a_duplicate(status: str | None) -> None:
    """An override makes no rejection of what is none; one that means a duplicate takes a rejection away."""
    table = status_table(overriding(**OWN))
    assert table.meaning(status, "E17") == table.meaning(status, "AC04") == table.meaning(status, None)
    assert table.meaning(status, "E20") == Meaning(fact=Fact.NONE, duplicate=True)


@pytest.mark.parametrize("code", sorted(DUPLICATES))
def test_what_means_a_duplicate_means_nothing_else(code: str) -> None:
    with pytest.raises(ConfigError, match=f"reason_overrides.{code}: always means 'duplicate'"):
        status_table(overriding(**{code: "AC04"}))


def test_a_code_that_the_institution_calls_a_duplicate_stays_one_whatever_the_profile_says() -> None:
    reasons = reasons_from({"E17": "duplicate", "AC04": "back to the benefits system"})
    assert status_table(overriding(**OWN), reasons).meaning("RJCT", "E17").duplicate
    meant = reasons_from({"AC04": "duplicate"})
    assert "AC04" in meant.duplicates
    assert status_table(overriding(**OWN), meant).meaning("RJCT", "E17").duplicate


def test_a_banks_own_word_for_a_duplicate_has_no_other_meaning() -> None:
    own = file_bank(duplicate_codes=["X99"]).model_copy(update={"reason_overrides": {"X99": "AC04"}})
    with pytest.raises(ConfigError, match="X99: always means"):
        status_table(own)


@pytest.mark.parametrize("meant", ["account closed", "AC4", "ac04", "AC04X"])
def test_a_reason_means_a_code_of_iso(meant: str) -> None:
    with pytest.raises(ConfigError, match="write an ISO 20022 reason code"):
        status_table(overriding(E17=meant))
