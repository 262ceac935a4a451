"""Evidence and the tier that follows from it: nothing is covered that is not shown."""

import shutil
from collections.abc import Callable
from datetime import date
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from bank_adapters.capabilities import Service, Tier
from bank_adapters.certificate import profile_digest
from bank_adapters.contract.candidate import Candidate, candidate_of
from bank_adapters.contract.check import run
from bank_adapters.contract.checks import CHECKS
from bank_adapters.contract.evidence import INBOUND_MESSAGES, read_evidence
from bank_adapters.contract.scenarios import content, iban, payment
from bank_adapters.contract.statuses import MOST
from bank_adapters.contract.tiers import tier_of
from bank_adapters.profile import Profile
from bank_adapters.registry import load_profile
from gateway.domain.iban import iban_violations
from gateway.domain.iban_registry import FORMATS
from gateway.sandbox import FileBank
from tests.contract.record import EVIDENCE, name_of, numbers, parameters, record
from tests.orders import ROOT
from tests.sandbox.material import LATER, NOW, PAY_DAY, drop, payee
from tests.sandbox.plain import plain
from tests.shared import shared_dir

BY_NAME = {check.name: check for check in CHECKS}


def profile(slug: str) -> Profile:
    return load_profile(slug, (ROOT / "config" / "banks" / f"{slug}.yaml").read_text(encoding="utf-8"))


def bank(folder: Path, slug: str = "alfa", **changes: Any) -> Candidate:
    return candidate_of(profile(slug).model_copy(update=changes), read_evidence(folder))


@pytest.fixture
def alfa(tmp_path: Path) -> Path:
    """The evidence of a bank, free to be spoilt."""
    return shutil.copytree(EVIDENCE / "alfa", tmp_path / "alfa")


def findings(check: str, folder: Path, **changes: Any) -> str:
    return "\n".join(run(BY_NAME[check], bank(folder, **changes)).findings)


# What is shown ---------------------------------------------------------------------------------------------------


def test_the_banks_that_ship_are_proved_in_the_sandbox_and_no_further() -> None:
    tiers = {slug: tier_of(bank(EVIDENCE / slug, slug)) for slug in parameters()}
    assert {slug: standing.tier for slug, standing in tiers.items()} == dict.fromkeys(tiers, Tier.SANDBOX)
    assert "roundtrip/ is missing" in tiers["alfa"].missing[0]


@pytest.mark.parametrize("service", INBOUND_MESSAGES)
def test_each_promised_message_must_be_shown(alfa: Path, service: Service) -> None:
    for path in (alfa / "inbound").glob(f"{service.value.replace(' ', '-')}.*"):
        path.unlink()
    standing = tier_of(bank(alfa))
    assert standing.tier is Tier.DRAFT
    assert service.value in standing.missing[0]
    assert service.value in findings("honesty.tier", alfa)
    assert tier_of(bank(alfa, absent={service: "this bank has no such message"})).tier is Tier.SANDBOX


def test_a_draft_needs_no_evidence_and_claims_nothing(tmp_path: Path) -> None:
    assert findings("honesty.tier", tmp_path / "none", tier=Tier.DRAFT) == ""
    assert "SOURCE.md is missing" in findings("honesty.tier", tmp_path / "none")


def test_where_it_comes_from_must_be_said(alfa: Path) -> None:
    (alfa / "SOURCE.md").unlink()
    assert "SOURCE.md is missing" in findings("honesty.tier", alfa)


def test_a_message_that_nobody_explained_fails(alfa: Path) -> None:
    (alfa / "inbound" / "statement.expected.yaml").unlink()
    assert "write inbound/statement.expected.yaml" in findings("reading.evidence", alfa)


def test_an_explanation_of_nothing_fails(alfa: Path) -> None:
    (alfa / "inbound" / "statement.xml").unlink()
    assert "statement.expected.yaml: the message that it explains is missing" in findings("honesty.tier", alfa)


def edited(path: Path, change: Callable[[dict[str, object]], None]) -> None:
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(told)
    path.write_text(yaml.safe_dump(told), encoding="utf-8")


def test_all_of_a_message_must_be_expected_and_nothing_else(alfa: Path) -> None:
    path = alfa / "inbound" / "notification.expected.yaml"
    edited(path, lambda told: told.update(observations=told["observations"][:1]))  # type: ignore[index]
    assert "entry was read that is not expected" in findings("reading.evidence", alfa)
    edited(path, lambda told: told.update(observations=[{"kind": "entry", "amount": "1.23", "currency": "EUR"}]))
    assert "nothing was read that is a entry with the expected amount_minor" in findings("reading.evidence", alfa)


def test_a_mistake_in_an_explanation_names_its_key(alfa: Path) -> None:
    edited(alfa / "inbound" / "notification.expected.yaml", lambda told: told.update(payee="somebody"))
    assert "payee: Extra inputs are not permitted" in findings("reading.evidence", alfa)


@pytest.mark.parametrize("slug", ["alfa", "bravo", "delta", "golf", "hotel", "kilo", "mike", "november", "papa"])
def test_what_ships_is_what_the_sandbox_banks_write(slug: str, tmp_path: Path) -> None:
    record(slug, tmp_path / slug)
    files = {one.relative_to(tmp_path): one.read_bytes() for one in tmp_path.rglob("*") if one.is_file()}
    assert files == {
        one.relative_to(EVIDENCE): one.read_bytes() for one in (EVIDENCE / slug).rglob("*") if one.is_file()
    }


def test_no_name_of_a_person_is_in_the_evidence() -> None:
    inbound = list(EVIDENCE.glob("*/inbound/*"))
    assert len(inbound) > 100
    of_banks = [f"<Nm>{bank.dress.name}</Nm>".encode() for bank in parameters().values()]
    for path in inbound:
        text = reduce(lambda content, name: content.replace(name, b""), of_banks, plain(path.read_bytes()))
        assert b"<Nm>" not in text, path
        assert b'"name"' not in text, path


# Round trips -----------------------------------------------------------------------------------------------------


@pytest.fixture
def round_trip(alfa: Path, tmp_path: Path) -> Path:
    """Send a submission of ours to the sandbox bank and record what its books say became of it."""
    ours, parameters_of_alfa = profile("alfa"), parameters()["alfa"]
    plain = numbers(parameters_of_alfa, "", returned=0, plain=3)
    payments = [payment(ours, n, end_to_end_id=name_of(n)) for n in plain]
    debtor = content(ours, payments).debtor
    debtor = type(debtor)(name=debtor.name, iban=parameters_of_alfa.debtor_accounts[0], bic=debtor.bic)
    submission = content(ours, payments, debtor=debtor, requested_execution_date=PAY_DAY)
    submitted = b"".join(candidate_of(ours).adapter.render(submission, ours))
    opened = FileBank(parameters_of_alfa, tmp_path / "bank")
    drop(tmp_path / "bank", "alfa", "ours.xml", submitted)
    assert opened.collect(NOW)
    answers = opened.books.due(LATER, 10)
    told = {str(row["endToEndId"]): "paid" if row["booked"] else "rejected" for row in opened.books.export()}
    opened.close()
    folder = alfa / "roundtrip"
    folder.mkdir()
    (folder / "ours.xml").write_bytes(submitted)
    for place, answer in enumerate(answers):
        (folder / f"answer-{place}.xml").write_bytes(answer.content)
    outcome = {
        "recorded": date(2026, 11, 1),
        "by": "a tester",
        "profile": profile_digest(ours),
        "submitted": "ours.xml",
        "answers": [f"answer-{place}.xml" for place in range(len(answers))],
        "payments": told,
    }
    (folder / "outcome.yaml").write_text(yaml.safe_dump(outcome), encoding="utf-8")
    return alfa


def test_a_recorded_round_trip_certifies(round_trip: Path) -> None:
    assert tier_of(bank(round_trip)).tier is Tier.CERTIFIED
    assert findings("honesty.tier", round_trip, tier=Tier.CERTIFIED) == ""


def test_a_round_trip_of_another_profile_is_stale(round_trip: Path) -> None:
    limits = profile("alfa").limits.model_copy(update={"min_payments_per_submission": 1})
    standing = tier_of(bank(round_trip, limits=limits))
    assert (standing.tier, standing.missing) == (
        Tier.SANDBOX,
        ("roundtrip/ was recorded with another profile: the messages changed since; record it again",),
    )


def test_what_is_recorded_must_follow_from_the_answers(round_trip: Path) -> None:
    def rejected(told: dict[str, object]) -> None:
        payments = told["payments"]
        assert isinstance(payments, dict)
        payments[next(iter(payments))] = "rejected"

    edited(round_trip / "roundtrip" / "outcome.yaml", rejected)
    standing = tier_of(bank(round_trip))
    assert standing.tier is Tier.SANDBOX
    assert "is recorded as rejected, the answers say otherwise" in standing.missing[0]


def test_every_payment_submitted_has_an_outcome(round_trip: Path) -> None:
    def fewer(told: dict[str, object]) -> None:
        payments = told["payments"]
        assert isinstance(payments, dict)
        payments.popitem()

    edited(round_trip / "roundtrip" / "outcome.yaml", fewer)
    assert "3 payments were submitted, 2 have an outcome" in tier_of(bank(round_trip)).missing[0]


def test_a_round_trip_lacks_nothing_that_it_names(round_trip: Path) -> None:
    (round_trip / "roundtrip" / "answer-0.xml").unlink()
    assert "answer-0.xml named in outcome.yaml is not there" in findings("honesty.tier", round_trip)


# What the suite asks with ----------------------------------------------------------------------------------------


def test_the_statuses_asked_for_are_those_of_the_code_lists() -> None:
    codes = shared_dir() / "codes"
    files = ("external_payment_group_status_code.json", "external_payment_transaction_status_code.json")
    listed = [yaml.safe_load((codes / name).read_text(encoding="utf-8"))["codes"] for name in files]
    assert set(MOST) == {code for one in listed for code in one}


@pytest.mark.parametrize("country", sorted(FORMATS))
def test_accounts_of_scenarios_are_valid(country: str) -> None:
    assert iban_violations(iban(country, "", 7_000_001)) == []


def test_an_account_of_a_scenario_is_one_of_the_bank() -> None:
    assert payment(profile("kilo"), 1).creditor_account.key[4:8] == "KILO"
    assert payee(1)[4:12] == "10010002"
