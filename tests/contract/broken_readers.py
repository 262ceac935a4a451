"""What readers do wrong: of messages, of answers to requests, of the meaning of codes."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from bank_adapters.families import ApiBankAdapter, FlatBankAdapter
from bank_adapters.iso20022.status import Meaning, StatusTable
from bank_adapters.profile import Profile
from bank_adapters.spi import HttpRequest
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.statement import Statement
from gateway.ports.transport import Answer, Arrival, Finding, Sent
from tests.contract.changed import Changed, Said


def flip_sign(one: Observation) -> Observation:
    return one if one.credit is None else replace(one, credit=not one.credit)


def return_is_payment(one: Observation) -> Observation:
    return replace(one, kind=ObservationKind.ENTRY) if one.kind is ObservationKind.RETURN_ENTRY else one


def always_booked(one: Observation) -> Observation:
    return one if one.booked is None else replace(one, booked=True)


def lose_ids(one: Observation) -> Observation:
    return replace(one, end_to_end_id=None, uetr=None)


def lose_reason(one: Observation) -> Observation:
    return replace(one, reason="MS03" if one.reason else None)


def hundredfold(one: Observation) -> Observation:
    return replace(one, amount_minor=one.amount_minor * 100) if one.booking_date and one.amount_minor else one


def rejects_all(one: Observation) -> Observation:
    group = one.kind is ObservationKind.SUBMISSION_STATUS
    return replace(one, status="RJCT", reason="AC04") if group and one.status == "PART" else one


def unknown_is_pending(one: Observation) -> Observation:
    known = {"RJCT", "ACCP", "ACSP", "ACTC", "ACSC", "ACCC", "PART", "BOOK"}
    return replace(one, status="PDNG") if one.status and one.status not in known else one


def without_dtd(document: bytes) -> bytes:
    return re.sub(rb"<!DOCTYPE[^\[>]*(\[.*?\])?>", b"", document).replace(b"&e;", b"X")


def up_to_a_comment(document: bytes) -> bytes:
    return re.sub(rb"(<!--.*?-->|<\?x y\?>)[^<]*", b"", document)


def numbers_made_up(document: bytes) -> bytes:
    return re.sub(rb">(NaN|1e9|0x10|Infinity|9{400})<", b">1.00<", document)


def whole_is_of_payments(one: Observation) -> Observation:
    whole = one.kind is ObservationKind.SUBMISSION_STATUS and one.status == "RJCT"
    return replace(one, kind=ObservationKind.PAYMENT_STATUS) if whole else one


def placeholder_is_an_id(one: Observation) -> Observation:
    wanted = one.kind is ObservationKind.PAYMENT_STATUS and one.end_to_end_id is None
    return replace(one, end_to_end_id="NOTPROVIDED") if wanted else one


def without_nul(document: bytes) -> bytes:
    return document.replace(b"\x00", b"")


class Swallows(Changed):
    """Reads as far as it comes."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        try:
            yield from super().read(pieces, profile)
        except Unreadable as error:
            if error.rule not in {"xml.malformed", "message.unknown"}:
                raise


class TakesAnything(Changed):
    """Takes a document that it does not know for news of no importance."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        document = b"".join(pieces)
        try:
            yield from super().read((document,), profile)
        except Unreadable as error:
            if error.rule != "message.unknown" or not document.strip():
                raise


class Crashes(Changed):
    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        document = b"".join(pieces)
        document.decode()  # a byte that is no UTF-8 is the library's error, not ours
        return super().read((document,), profile)


class Quotes(Changed):
    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        document = b"".join(pieces)
        try:
            yield from super().read((document,), profile)
        except Unreadable as error:
            raise Unreadable(error.rule, error.path, f"cannot read {document!r}") from None


class NamesEverybody(Changed):
    """Tells of all payments of a file what was said of one."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        for one in super().read(pieces, profile):
            yield one
            if isinstance(one, Observation) and one.kind is ObservationKind.PAYMENT_STATUS:
                yield replace(one, end_to_end_id=None, uetr=None, kind=ObservationKind.SUBMISSION_STATUS)


class OnlyOnce(Changed):
    """Leaves out what it has told before."""

    seen: frozenset[bytes] = frozenset()

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        document = b"".join(pieces)
        known = document in OnlyOnce.seen
        OnlyOnce.seen |= {document}
        return iter(()) if known else super().read((document,), profile)


class NoKey(ApiBankAdapter):
    def submit_request(self, body: bytes, profile: Profile, name: str) -> HttpRequest:
        return replace(super().submit_request(body, profile, name), headers={"Accept": "application/json"})


class AnyKey(ApiBankAdapter):
    def inquiry_request(self, name: str) -> HttpRequest:
        return HttpRequest(method="GET", path=f"/v1/payments/{name}")


class ErrorMeansNotSent(ApiBankAdapter):
    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer:
        told = super().read_submit(status, body, name, busy_means_not_sent=busy_means_not_sent)
        return replace(told, sent=Sent.NOT_SENT) if status >= 500 else told


class ConflictMeansNotSent(ApiBankAdapter):
    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer:
        told = super().read_submit(status, body, name, busy_means_not_sent=busy_means_not_sent)
        return replace(told, sent=Sent.NOT_SENT) if status == 409 and told.sent is Sent.SENT else told


class AnyPageIsProof(ApiBankAdapter):
    def read_inquiry(self, status: int, body: bytes, name: str) -> Finding:
        return Finding(arrival=Arrival.SAYS_UNKNOWN) if status == 404 else super().read_inquiry(status, body, name)


class AnyReceiptIsProof(ApiBankAdapter):
    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer:
        told = super().read_submit(status, body, name, busy_means_not_sent=busy_means_not_sent)
        return replace(told, sent=Sent.SENT) if status == 201 else told

    def read_inquiry(self, status: int, body: bytes, name: str) -> Finding:
        return Finding(arrival=Arrival.ARRIVED) if status == 200 else super().read_inquiry(status, body, name)


class AnyRefusalIsProof(ApiBankAdapter):
    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer:
        told = super().read_submit(status, body, name, busy_means_not_sent=busy_means_not_sent)
        return replace(told, sent=Sent.SENT) if status == 422 and b'"code"' in body else told


class AnyDoorkeeperIsProof(ApiBankAdapter):
    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer:
        told = super().read_submit(status, body, name, busy_means_not_sent=busy_means_not_sent)
        return replace(told, sent=Sent.NOT_SENT) if status == 403 else told


class LostRouteIsProof(ApiBankAdapter):
    """Believes "not found" whichever key it is about."""

    keyless = True

    def read_inquiry(self, status: int, body: bytes, name: str) -> Finding:
        lost = status == 404 and b"NOT_FOUND" in body and (b"idempotencyKey" not in body) is self.keyless
        return Finding(arrival=Arrival.SAYS_UNKNOWN) if lost else super().read_inquiry(status, body, name)


class AnothersIsProof(LostRouteIsProof):
    keyless = False


class KeepsText(ApiBankAdapter):
    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer:
        told = super().read_submit(status, body, name, busy_means_not_sent=busy_means_not_sent)
        return replace(told, evidence={"body": body.decode(errors="replace")})


class CannotInquire(ApiBankAdapter):
    read_inquiry = None  # type: ignore[assignment]


class NowhereAndWhy(Changed):
    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        try:
            yield from super().read(pieces, profile)
        except Unreadable:
            raise Unreadable("", "", "cannot be read") from None


class TwiceIsNothing(Changed):
    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        document = b"".join(pieces)
        half = len(document) // 2
        twice = document[:half] == document[half:]
        return iter(()) if twice and document else super().read((document,), profile)


class OtherOpening(Changed):
    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        for one in super().read(pieces, profile):
            yield replace(one, opening_minor=0) if isinstance(one, Statement) else one


class WrongLines(FlatBankAdapter):
    """Takes the bank's line numbers for places counted from 0."""

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        for one in super().read(pieces, profile):
            moved = isinstance(one, Observation) and one.position is not None
            yield replace(one, position=one.position + 1) if moved else one  # type: ignore[operator,arg-type,union-attr]


@dataclass(frozen=True)
class Meant:
    """A table of meanings with something else in place of some of them."""

    table: StatusTable
    instead: Callable[[str | None, str | None, Meaning], Meaning]

    def meaning(self, status: str | None, reason: str | None, reason_text: str | None = None) -> Meaning:
        return self.instead(status, reason, self.table.meaning(status, reason, reason_text))


def reject_is_accepted(status: str | None, reason: str | None, told: Meaning) -> Meaning:
    return Meaning(fact=Fact.ACCEPTED) if told.fact is Fact.REJECTED else told


def duplicate_rejects(status: str | None, reason: str | None, told: Meaning) -> Meaning:
    return Meaning(fact=Fact.REJECTED) if told.duplicate and status == "RJCT" else told


def unlisted_is_accepted(status: str | None, reason: str | None, told: Meaning) -> Meaning:
    return Meaning(fact=Fact.ACCEPTED) if told.unlisted else told


def accepted_is_credited(status: str | None, reason: str | None, told: Meaning) -> Meaning:
    return Meaning(fact=Fact.CREDITED) if told.fact is Fact.ACCEPTED else told


def status_books(status: str | None, reason: str | None, told: Meaning) -> Meaning:
    return Meaning(fact=Fact.BOOKED) if status == "ACSC" and not told.duplicate else told


def pending_unlisted(status: str | None, reason: str | None, told: Meaning) -> Meaning:
    return Meaning(fact=Fact.NONE, unlisted=True) if status == "PDNG" else told
