"""What reading a bank's messages must give: what they name, their sign, and nothing about anybody else."""

from collections.abc import Iterator

from bank_adapters.capabilities import Booking, Service
from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from bank_adapters.contract.evidence import differences
from bank_adapters.contract.writers import Said, XmlAnswers
from bank_adapters.spi import Payment
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact, effective
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.statement import Statement

ENTRIES = frozenset({ObservationKind.ENTRY, ObservationKind.BATCH_ENTRY, ObservationKind.RETURN_ENTRY})


def names(one: Observation, payment: Payment, line: int) -> bool:
    """Whether an observation names a payment: by its ids, or by its line in our submission."""
    if one.end_to_end_id is not None or one.uetr is not None:
        return payment.end_to_end_id == one.end_to_end_id or payment.uetr == one.uetr
    position: int | None = getattr(one, "position", None)
    return position is not None and position == line


def facts_of(candidate: Candidate, told: list[Observation]) -> dict[str, Fact]:
    """Return what statuses establish for each payment of the ordinary submission, as the gateway would merge them."""
    facts: dict[str, Fact] = {}
    group = Fact.NONE
    for one in told:
        if one.kind is ObservationKind.SUBMISSION_STATUS:
            group |= candidate.meanings.meaning(one.status, one.reason, one.reason_text).fact
    for line, payment in enumerate(candidate.some.payments, start=1):
        own = Fact.NONE
        for one in told:
            if one.kind is ObservationKind.PAYMENT_STATUS and names(one, payment, line):
                own |= candidate.meanings.meaning(one.status, one.reason, one.reason_text).fact
        facts[payment.end_to_end_id] = effective(own, group)
    return facts


def _ids_survive(candidate: Candidate) -> Iterator[str]:
    """Answers that name our ids are read back with them."""
    writer, payment = candidate.answers, candidate.some.payments[0]
    documents = {
        "a status": writer.statuses(candidate.some, [Said(payment=payment, status="RJCT", reason="AC04")], None),
        "a booking": writer.entry(payment, credit=False),
        "a return": writer.entry(payment, credit=True, reason="AC04"),
    }
    for what, document in documents.items():
        if not any(names(one, payment, 1) for one in candidate.observed(document)):
            yield f"{what} that names our payment is read without its id: hand EndToEndId and UETR on as they stand"
    whole = writer.whole(candidate.some, "RJCT", "FF01")
    if whole is not None and not any(_names_file(one, candidate) for one in candidate.observed(whole)):
        yield "an answer about the whole submission is read without its MsgId"


def _names_file(one: Observation, candidate: Candidate) -> bool:
    return candidate.some.msg_id == one.msg_id or candidate.some.file_name in {one.msg_id, one.pmt_inf_id}


def _named_only(candidate: Candidate) -> Iterator[str]:
    """Reject one payment of several: the others stay as they were."""
    writer, payments = candidate.answers, candidate.some.payments
    said = [Said(payment=payments[0], status="RJCT", reason="AC04")]
    told = candidate.observed(writer.statuses(candidate.some, said, "PART"))
    facts = facts_of(candidate, told)
    overridden = "RJCT" in candidate.profile.status_overrides
    if facts[payments[0].end_to_end_id] is not Fact.REJECTED and not overridden:
        yield "a rejected payment of a batch is not rejected as it is read"
    for name, fact in facts.items():
        if name != payments[0].end_to_end_id and fact is not Fact.NONE:
            yield f"payment {name} is touched by an answer that does not name it: keep to the payments named"
    named = [one for one in told if one.kind is ObservationKind.PAYMENT_STATUS]
    if len(named) != 1:
        yield f"an answer about one payment is read as {len(named)} statuses of payments"


def _whole_rejection(candidate: Candidate) -> Iterator[str]:
    document = candidate.answers.whole(candidate.some, "RJCT", "FF01")
    if document is None:
        return
    told = candidate.observed(document)
    if any(one.kind is ObservationKind.PAYMENT_STATUS for one in told):
        yield "a rejection of the whole file is read as statuses of single payments, which it does not name"
    overridden = "RJCT" in candidate.profile.status_overrides
    if not overridden and any(fact is not Fact.REJECTED for fact in facts_of(candidate, told).values()):
        yield "a rejection of the whole file does not reject its payments"


def _sign(candidate: Candidate) -> Iterator[str]:
    """Debits are debits: a flipped sign would turn payments into returns."""
    for credit, reason, kind in ((False, None, ObservationKind.ENTRY), (True, "AC04", ObservationKind.RETURN_ENTRY)):
        one = _entry_of(candidate, credit=credit, reason=reason)
        if one.credit is not credit:
            yield f"the sign of a {'credit' if credit else 'debit'} is read the wrong way round"
        if one.kind is not kind:
            yield f"a {'return' if reason else 'booking'} is read as {one.kind}: tell returns from payments"
        if (one.amount_minor, one.currency) != _money(candidate):
            yield "the amount of an entry is not read as it was written, in minor units"


def _money(candidate: Candidate) -> tuple[int, str]:
    amount = candidate.some.payments[0].amount
    return amount.minor, amount.currency


def _entry_of(candidate: Candidate, *, credit: bool, reason: str | None = None, booked: bool = True) -> Observation:
    document = candidate.answers.entry(candidate.some.payments[0], credit=credit, booked=booked, reason=reason)
    told = [one for one in candidate.observed(document) if one.kind in ENTRIES]
    if len(told) != 1:
        raise Unreadable("check.entries", "/", f"one entry is read as {len(told)}")
    return told[0]


def _only_booked_is_booked(candidate: Candidate) -> Iterator[str]:
    for booked in (True, False):
        one = _entry_of(candidate, credit=False, booked=booked)
        if one.booked is not booked:
            yield f"an entry that is {'booked' if booked else 'only pending'} is read as if it were not so"


def _placeholders(candidate: Candidate) -> Iterator[str]:
    writer, payment = candidate.answers, candidate.some.payments[0]
    document = writer.statuses(candidate.some, [Said(payment=payment, status="RJCT", reason="AC04")], None)
    name, layout = payment.end_to_end_id.encode(), candidate.profile.layout
    columns = layout is not None and layout.replies is not None and layout.replies.fixed
    hidden = document.replace(name, b"NOTPROVIDED".ljust(len(name) if columns else 0))
    if hidden != document and any(one.end_to_end_id for one in candidate.observed(hidden)):
        yield "NOTPROVIDED is read as an id: it names nothing"


def _statement(candidate: Candidate) -> Iterator[str]:
    opening, payments = 50_000_000_000_000, candidate.some.payments
    document = XmlAnswers().statement(payments, opening)
    heads = [one for one in candidate.read(document) if isinstance(one, Statement)]
    total = sum(one.amount.minor for one in payments)
    if len(heads) != 1:
        yield f"one statement is read as {len(heads)}"
        return
    (head,) = heads
    if (head.opening_minor, head.closing_minor, head.entries_minor) != (opening, opening - total, -total):
        yield "balances or the sum of a statement's entries are not read as they were written"


def _same_again(candidate: Candidate) -> Iterator[str]:
    """Reading keeps no state: the same message says the same whatever was read before, in whatever pieces."""
    documents = candidate.documents()
    first = {name: candidate.read(document) for name, document in documents}
    for name, document in documents:
        if candidate.read(document) != first[name]:
            yield f"{name}: read again it says something else: keep no state in the adapter"
        if any(candidate.read(document, size) != first[name] for size in (1, 997)):
            yield f"{name}: what it says depends on how the bytes are cut"


def _evidence(candidate: Candidate) -> Iterator[str]:
    for sample in candidate.evidence.samples:
        if sample.expected is None:
            yield f"inbound/{sample.name}: {sample.fault}"
            continue
        try:
            told = candidate.read(sample.content)
        except Unreadable as error:
            yield f"inbound/{sample.name}: the bank's own message cannot be read ({error.rule} at {error.path})"
            continue
        yield from (f"inbound/{sample.name}: {one}" for one in differences(sample.expected, told))


def _booking_manner(candidate: Candidate) -> Iterator[str]:
    """Where the profile says that sums are booked, evidence that books payments one by one contradicts it."""
    kinds = {one.kind for s in candidate.evidence.samples if s.expected for one in s.expected.observations}
    if candidate.profile.booking is Booking.SINGLE and kinds and ObservationKind.BATCH_ENTRY in kinds:
        yield "booking says single, but the bank's messages book sums: write booking: batch"


CHECKS = (
    Check(name="reading.ids-survive", asks="answers are read with the ids that they name", ask=_ids_survive),
    Check(
        name="reading.touches-only-named",
        asks="a partly rejected batch touches only the payments that are named",
        ask=_named_only,
        needs=(Service.PAYMENT_STATUS,),
    ),
    Check(
        name="reading.whole-rejection",
        asks="a rejection of the whole file rejects it, and names no payment",
        ask=_whole_rejection,
    ),
    Check(name="reading.signs", asks="debits, credits and returns are told apart", ask=_sign),
    Check(name="reading.booked", asks="only what is booked is booked", ask=_only_booked_is_booked),
    Check(name="reading.placeholders", asks="a placeholder names nothing", ask=_placeholders),
    Check(name="reading.statement", asks="a statement's figures are read", ask=_statement, needs=(Service.STATEMENT,)),
    Check(name="reading.no-memory", asks="a message says the same however and whenever it is read", ask=_same_again),
    Check(name="reading.evidence", asks="the bank's own messages are read as they are meant", ask=_evidence),
    Check(name="reading.booking-manner", asks="bookings are as the profile says", ask=_booking_manner),
)
