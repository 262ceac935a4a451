"""The tier that follows from evidence: what a profile claims must not be more.

Checks pass: draft. A sample of every inbound message that the bank promises: sandbox. A recorded round trip through the
bank's own sandbox, made with the profile as it is now: certified.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bank_adapters.capabilities import Tier
from bank_adapters.certificate import RANK, UNWRITTEN, profile_digest
from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.evidence import Evidence, RoundTrip
from bank_adapters.profile import Profile
from gateway.domain.errors import SealMismatch, Unreadable
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation, ObservationKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """The tier that the evidence covers, and what is missing for the next one."""

    tier: Tier
    missing: tuple[str, ...] = ()


def tier_of(candidate: Candidate) -> Standing:
    """Return the true tier of a bank whose checks pass, by its evidence alone, whatever the profile claims."""
    missing = tuple(_missing_for_sandbox(candidate.profile, candidate.evidence))
    if missing:
        return Standing(tier=Tier.DRAFT, missing=missing)
    missing = tuple(_missing_for_certified(candidate))
    return Standing(tier=Tier.SANDBOX if missing else Tier.CERTIFIED, missing=missing)


def findings_about_tier(candidate: Candidate) -> Iterator[str]:
    """Say what a claim lacks. A draft claims nothing; evidence that is broken is a finding at any tier."""
    claimed, standing = candidate.profile.tier, tier_of(candidate)
    yield from candidate.evidence.faults
    if RANK[claimed] > RANK[standing.tier]:
        yield (
            f"tier says {claimed}, the evidence in {candidate.evidence.folder or 'config/evidence'} covers"
            f" {standing.tier} only: write tier: {standing.tier}, or add what is missing"
        )
        yield from standing.missing


def _missing_for_sandbox(profile: Profile, evidence: Evidence) -> Iterator[str]:
    source = (evidence.source or "").strip()
    if not source or UNWRITTEN in source:
        yield "SOURCE.md is missing or unfinished: say who gave the evidence, when, and what was removed from it"
    for service in evidence.missing(profile.absent):
        yield (
            f"no sample shows the {service.value} that the bank promises: put one into inbound/ with its"
            " expected reading, or name it in `absent` with the reason"
        )


def _missing_for_certified(candidate: Candidate) -> Iterator[str]:
    trip = candidate.evidence.round_trip
    if trip is None:
        yield "roundtrip/ is missing: record a submission, the bank's answers and what became of every payment"
        return
    if trip.record.profile != profile_digest(candidate.profile):
        yield "roundtrip/ was recorded with another profile: the messages changed since; record it again"
    yield from _told_otherwise(candidate, trip)


def _told_otherwise(candidate: Candidate, trip: RoundTrip) -> Iterator[str]:
    """Replay the round trip: our bytes hold the payments recorded, and the answers say what became of them."""
    try:
        reread = candidate.adapter.reread((trip.submitted,), candidate.profile)
    except SealMismatch:
        yield f"roundtrip/{trip.record.submitted} is not what this adapter writes"
        return
    wanted = trip.record.payments
    if reread.count != len(wanted):
        yield f"roundtrip: {reread.count} payments were submitted, {len(wanted)} have an outcome"
    told: list[Observation] = []
    for name, content in trip.answers:
        try:
            told += candidate.observed(content)
        except Unreadable as error:
            yield f"roundtrip/{name} cannot be read ({error.rule})"
            return
    ids = [name for name in wanted if name.encode() in trip.submitted]
    if len(ids) != len(wanted):
        yield "roundtrip: outcome.yaml names payments that were not submitted"
    yield from (
        f"roundtrip: payment {name} is recorded as {outcome}, the answers say otherwise"
        for line, (name, outcome) in enumerate(wanted.items(), start=1)
        if outcome_of(candidate, told, name, line) != outcome
    )


def outcome_of(candidate: Candidate, told: list[Observation], name: str, line: int) -> str:
    """Return what answers say became of one payment."""
    mine = [one for one in told if one.end_to_end_id == name or (getattr(one, "position", None) == line)]
    statuses = [one for one in mine if one.kind is ObservationKind.PAYMENT_STATUS]
    groups = [one for one in told if one.kind is ObservationKind.SUBMISSION_STATUS]
    facts = [candidate.meanings.meaning(one.status, one.reason, one.reason_text).fact for one in statuses or groups]
    if any(one.kind is ObservationKind.RETURN_ENTRY for one in mine):
        return "returned"
    if any(fact & Fact.REJECTED for fact in facts):
        return "rejected"
    sums = any(one.kind is ObservationKind.BATCH_ENTRY and one.booked for one in told)
    booked = any(one.kind is ObservationKind.ENTRY and one.booked for one in mine)
    return "paid" if booked or sums or any(fact & Fact.CREDITED for fact in facts) else "open"
