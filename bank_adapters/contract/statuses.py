"""What a bank's words may prove: the listed codes, the unlisted ones, and "we already have it"."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bank_adapters.capabilities import Service
from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from bank_adapters.contract.writers import Said
from gateway.domain.facts import MOVED, Fact
from gateway.domain.observation import ObservationKind

NO_WORD = Fact.NONE
MOST: Mapping[str, Fact] = MappingProxyType(
    dict.fromkeys(("ACCP", "ACFC", "ACSP", "ACWC", "ACPD", "ACTC"), Fact.ACCEPTED)
    | dict.fromkeys(("RCVD", "PDNG", "PART", "PATC", "ACFW", "PRES"), NO_WORD)
    | dict.fromkeys(("RCVC", "RVCM", "RVMC", "RVNA", "RVNC", "RVNM", "ACIS", "BLCK", "CPUC"), NO_WORD)
    | {"ACSC": Fact.EXECUTED, "ACWP": Fact.EXECUTED, "ACCC": Fact.CREDITED}
    | {"RJCT": Fact.REJECTED, "CANC": Fact.CANCELLED}
)
"""Every code of ISO 20022's external payment status sets, and the most that it may prove (ISO's own definitions)."""
DUPLICATES = ("DU01", "DU02", "DU03", "DU04", "DU05", "AM05", "DUPL")
"""ISO reasons that say: the bank has it already."""
UNLISTED = ("ZZZ9", "OK", "ACSD", "REJECTED", "rjct")
_LADDER = (Fact.NONE, Fact.ACCEPTED, Fact.EXECUTED, Fact.CREDITED)


def _within(fact: Fact, most: Fact) -> bool:
    """Whether a meaning claims no more than ISO lets the code prove; a bank's profile may narrow it."""
    if most in _LADDER:
        if fact in _LADDER:
            return _LADDER.index(fact) <= _LADDER.index(most)
        return most in {Fact.NONE, Fact.ACCEPTED}  # a bank may say "refused" by a code that moved nothing
    return fact in {most, Fact.NONE}


def _listed(candidate: Candidate) -> Iterator[str]:
    for code, most in MOST.items():
        meaning = candidate.meanings.meaning(code, None)
        if meaning.unlisted:
            yield f"status {code} is of ISO 20022 and has no meaning: add it to the table"
        elif not _within(meaning.fact, most):
            yield f"status {code} is taken for more than ISO 20022 says: narrow it"
    for code in candidate.profile.status_overrides:
        if candidate.meanings.meaning(code, None).unlisted:
            yield f"status_overrides.{code} is not in force"


def _rejection(candidate: Candidate) -> Iterator[str]:
    """RJCT is a rejection unless the profile itself says that it is not."""
    told = candidate.profile.status_overrides.get("RJCT")
    if told is None and candidate.meanings.meaning("RJCT", "AC04").fact is not Fact.REJECTED:
        yield "RJCT with a reason does not reject: map it to a rejection"


def _unlisted(candidate: Candidate) -> Iterator[str]:
    known = {*MOST, *candidate.profile.status_overrides}
    for code in (one for one in UNLISTED if one not in known):
        meaning = candidate.meanings.meaning(code, None)
        if meaning.fact is not Fact.NONE or not meaning.unlisted:
            yield "a status that nobody listed is taken for a fact: it must be unlisted, for a person to look"


def _duplicates(candidate: Candidate) -> Iterator[str]:
    for code in (*DUPLICATES, *candidate.profile.answers.duplicate_codes):
        for status in ("RJCT", "ACSC", None):
            meaning = candidate.meanings.meaning(status, code)
            if meaning.fact is not Fact.NONE or not meaning.duplicate:
                yield f"reason {code} proves a fact: it only says that the bank already has it"
                break


def _duplicates_as_read(candidate: Candidate) -> Iterator[str]:
    """Ask through the reader: a level above must not reject what a duplicate reason below did not."""
    writer, content = candidate.answers, candidate.some
    for code in filter(writer.can_say, (*DUPLICATES, *candidate.profile.answers.duplicate_codes)):
        said = [Said(payment=content.payments[0], status="RJCT", reason=code)]
        documents = [writer.statuses(content, said, "RJCT"), writer.whole(content, "RJCT", code)]
        for document in filter(None, documents):
            if _rejecting(candidate, document):
                yield f"reason {code} rejects as it is read, though the bank has it: keep the code at all levels"
                break


def _rejecting(candidate: Candidate, document: bytes) -> bool:
    told = candidate.observed(document)
    facts = [candidate.meanings.meaning(one.status, one.reason, one.reason_text).fact for one in told]
    return any(fact & (Fact.REJECTED | Fact.CANCELLED) for fact in facts)


def _as_written(candidate: Candidate) -> Iterator[str]:
    """The reader hands codes on; what they mean is decided in one place only."""
    writer, payment = candidate.answers, candidate.some.payments[0]
    for status, reason in (("RJCT", "AC04"), ("ACSC", None), ("ZZZ9", None), ("PDNG", None), ("RJCT", "X-99")):
        said = Said(payment=payment, status=status, reason=reason)
        document = writer.statuses(candidate.some, [said], None)
        told = [one for one in candidate.observed(document) if one.kind is ObservationKind.PAYMENT_STATUS]
        wanted = writer.word(status)
        if [one.status for one in told] != [wanted] or (writer.can_say("AC04") and told[0].reason != reason):
            yield f"status {status} with reason {reason} is not read as it was written: hand codes on unchanged"


def _booking_is_no_status(candidate: Candidate) -> Iterator[str]:
    """Only bookings book, and only a rejection rejects: a status of an entry proves nothing of a payment's status."""
    for code, most in MOST.items():
        fact = candidate.meanings.meaning(code, None).fact
        if fact & (Fact.BOOKED | Fact.BOOKED_IN_STATEMENT | Fact.RETURNED | Fact.RETURNED_IN_STATEMENT):
            yield f"status {code} claims a booking: only an entry books"
        if fact & MOVED and not most & MOVED:
            yield f"status {code} claims that money moved: ISO 20022 does not say so"


CHECKS = (
    Check(name="statuses.every-listed-code", asks="every ISO status has a meaning, none too strong", ask=_listed),
    Check(name="statuses.rejection-rejects", asks="RJCT is a rejection", ask=_rejection),
    Check(name="statuses.unlisted-is-no-fact", asks="an unlisted status is unlisted, never a fact", ask=_unlisted),
    Check(name="statuses.duplicate-is-no-rejection", asks="'already have it' is never a rejection", ask=_duplicates),
    Check(
        name="statuses.duplicate-as-read",
        asks="a duplicate reason rejects at no level of a message",
        ask=_duplicates_as_read,
        needs=(Service.PAYMENT_STATUS,),
    ),
    Check(
        name="statuses.codes-as-written",
        asks="the reader hands status and reason on as they were written",
        ask=_as_written,
        needs=(Service.PAYMENT_STATUS,),
    ),
    Check(name="statuses.only-entries-book", asks="no status claims a booking", ask=_booking_is_no_status),
)
