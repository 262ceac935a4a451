"""What a bank says beside outcomes: recalls that end by its answer, exceptions that are one however often it is said.

A transport's protocol repeats its events with every pull, and a verification of payees says the same of a payment, its
block and its file.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from gateway.domain.answers import RECALL_ANSWERS, RecallAnswer
from gateway.domain.facts import Fact
from gateway.ports.store import Session
from gateway.service.exceptions import Trouble
from gateway.service.judge import Heard, Judgement, Verdict

Judged = tuple[Heard, Judgement]


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """A refusal in a transport, as its protocol tells it."""

    ordinal: int
    entry_ref: str | None
    booking_date: date | None
    status: str | None
    reason: str | None
    reason_text: str | None

    def key(self, bank: str) -> str | None:
        """Return what makes the event one: order, day, action and result; without an order, the text beside them.

        None where it says too little of itself to be known again.
        """
        if self.booking_date is None or not (self.entry_ref or self.reason_text):
            return None
        order = self.entry_ref or sha256((self.reason_text or "").encode()).hexdigest()
        return "/".join((bank, order, self.booking_date.isoformat(), self.status or "", self.reason or ""))


async def transport_keys(session: Session, message_no: int, bank: str, judged: Iterable[Judged]) -> Mapping[int, str]:
    """Return, by ordinal, the key of each refusal in a transport: another pull of the protocol tells no new one."""
    ordinals = [n for heard, j in judged if j.verdict is Verdict.TRANSPORT_REFUSED for n in heard.ordinals]
    if not ordinals:
        return {}
    events = await session.all(EventRow, "aside.events", message_no, ordinals)
    return {event.ordinal: key for event in events if (key := event.key(bank)) is not None}


def payee_troubles(message_no: int, bank: str, judged: Iterable[Judged]) -> list[Trouble]:
    """Return one exception for each file of which a report says that names do not fit: it is released or cancelled.

    It points at the first payment that is named, and lists the codes that were told at any level.
    """
    of_file: defaultdict[int | None, list[Heard]] = defaultdict(list)
    for heard, judgement in judged:
        if judgement.verdict is Verdict.PAYEE_DIFFERS:
            of_file[heard.submission_no].append(heard)
    return [_payee_trouble(message_no, bank, number, said) for number, said in of_file.items()]


def _payee_trouble(message_no: int, bank: str, submission_no: int | None, said: Sequence[Heard]) -> Trouble:
    pairs = [pair for heard in said for pair in zip(heard.ordinals, heard.attempt_nos, strict=True)]
    ordinal, attempt_no = min(pairs, key=lambda pair: (pair[1] is None, pair[0]))
    return Trouble(
        kind=Verdict.PAYEE_DIFFERS.value,
        key=f"{message_no}/submission {submission_no}",
        bank=bank,
        attempt_no=attempt_no,
        submission_no=submission_no,
        message_no=message_no,
        ordinal=ordinal,
        detail={"codes": ", ".join(sorted({heard.status for heard in said if heard.status}))},
    )


async def end_recalls(session: Session, judged: Collection[Judged]) -> None:
    """Move recalls that were asked for: refused by an answer that names the payment, returned by its booked return.

    An answer that agrees moves nothing: the money is back once it is booked.
    """
    refused = [h for h, j in judged if j.verdict is Verdict.RECALL_ANSWERED and _refuses(h)]
    returned = [h for h, j in judged if j.verdict is Verdict.MATCHED and j.fact & Fact.RETURNED]
    for state, heard in (("refused", refused), ("returned", returned)):
        numbers = sorted({n for one in heard for n in one.attempt_nos if n is not None})
        if numbers:
            await session.execute("aside.end_recalls", numbers, state)


def _refuses(heard: Heard) -> bool:
    return heard.status is not None and RECALL_ANSWERS.get(heard.status) is RecallAnswer.REFUSED
