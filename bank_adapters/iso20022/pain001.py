"""Writes pain.001.001.03, .09 and .11 as a stream: memory does not grow with the number of payments.

The head of a block is written once, each payment by one expression; counts and sums are taken in a first pass over the
payments, so that a submission's payments must give the same again when they are gone through again. What schemas check
of a payment is checked here by rules, each with its id; the frame, with one harmless payment a block, is also validated
by libxml2 before the first byte leaves, and the whole file when it is read back (`reread`), which shares no code.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import islice

from bank_adapters.iso20022.pain001_frame import END, END_OF_BLOCK, frame_violations, head, opening
from bank_adapters.iso20022.pain001_payment import PaymentWriter
from bank_adapters.iso20022.pain001_run import RunWriter
from bank_adapters.iso20022.pain001_tally import Tally, Total, tally
from bank_adapters.iso20022.pain001_terms import Terms, iso, terms_of
from bank_adapters.iso20022.schemas import schema
from bank_adapters.iso20022.xml import pull
from bank_adapters.profile import Profile
from bank_adapters.sepa import reason
from bank_adapters.spi import Block, Payment, SubmissionContent
from gateway.domain.errors import CannotRender, Oversized, Unreadable

PAYMENTS_A_PIECE = 256
"""Payments written before a piece is handed on: some hundred kilobytes."""
SUM_MAX = 10**18 - 1
"""Eighteen digits: DecimalNumber of the schemas, the control sum's type."""

_HARMLESS = (
    "<CdtTrfTxInf><PmtId><EndToEndId>E</EndToEndId></PmtId><Amt><InstdAmt Ccy='EUR'>1</InstdAmt></Amt></CdtTrfTxInf>"
)
"""The least that the schemas take for a payment."""


def refusals(submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
    """Return, by EndToEndId, why a payment cannot be written."""
    terms = terms_of(profile)
    counted = tally(submission, profile.currencies)
    found = {
        one: f"payment {one}: the EndToEndId stands more than once (rule reference.unique, at PmtId/EndToEndId)"
        for one in counted.repeated
    }
    for block in submission.every_block:
        writer = PaymentWriter(block, terms, counted.currency)
        together = RunWriter(writer, terms, counted.currency)
        for run in _runs(block.payments):
            if together.text(run) is not None:
                continue
            for payment in run:
                if broken := writer.broken(payment):
                    found.setdefault(payment.end_to_end_id, reason(payment, broken))
    return found


def render(submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
    """Write the file; see `bank_adapters.spi.Adapter.render`. A payment that cannot be written ends the iteration."""
    terms = terms_of(profile)
    counted = tally(submission, profile.currencies)
    for wrong in _wrong_as_a_whole(submission, profile, counted):
        raise CannotRender(f"submission {submission.msg_id}: {wrong}")
    _check_frame(submission, terms, counted.currency)
    written = _written(submission, terms, counted)
    return _within(profile.limits.bytes_per_submission, written, submission.msg_id)


def _wrong_as_a_whole(submission: SubmissionContent, profile: Profile, counted: Tally) -> Iterator[str]:
    limits, most_blocks = profile.limits, profile.pain001.blocks_per_submission
    if submission.blocks and submission.payments:
        yield "payments beside its blocks"
    if not 1 <= counted.whole.count <= limits.payments_per_submission:
        yield f"{counted.whole.count} payments, not 1 to {limits.payments_per_submission}"
    most = limits.payments_per_block or limits.payments_per_submission
    for total in counted.blocks:
        if not 1 <= total.count <= most:
            yield f"{total.count} payments, not 1 to {most} in a block"
    if most_blocks is not None and len(counted.blocks) > most_blocks:
        yield f"{len(counted.blocks)} blocks, not 1 to {most_blocks}"
    ids = [block.payment_information_id for block in submission.every_block]
    if len(set(ids)) != len(ids):
        yield "a PmtInfId stands more than once (rule reference.unique, at PmtInf/PmtInfId)"
    if counted.repeated:
        yield "an EndToEndId stands more than once (rule reference.unique, at PmtId/EndToEndId)"
    if submission.created_at.tzinfo is None:
        yield "the seal time has no zone"
    limit = profile.sum_limit(counted.currency)
    if counted.whole.minor > (SUM_MAX if limit is None else min(limit, SUM_MAX)):
        yield "the sum is over the bank's limit"


def _check_frame(submission: SubmissionContent, terms: Terms, currency: str) -> None:
    """Refuse what stands around the payments where a rule or the schema does; it comes from configuration."""
    for one in frame_violations(submission, terms):
        raise CannotRender(f"submission {submission.msg_id}: {one.text} (rule {one.rule}, at {one.path})")
    single = Total(count=1, minor=1)
    skeleton = [opening(submission, replace(terms, namespace=iso(terms.version)), single, currency)]
    for block in submission.every_block:
        skeleton += (head(block, terms, single, currency), _HARMLESS, END_OF_BLOCK)
    try:
        for _ in pull(("".join((*skeleton, END)).encode(),), ("Document",), schema=schema(terms.version)):
            pass
    except Unreadable as error:
        raise CannotRender(f"submission {submission.msg_id} does not fit {terms.version}: {error}") from error


def _written(submission: SubmissionContent, terms: Terms, counted: Tally) -> Iterator[bytes]:
    text = opening(submission, terms, counted.whole, counted.currency)
    for block, total in zip(submission.every_block, counted.blocks, strict=True):
        yield (text + head(block, terms, total, counted.currency)).encode()
        yield from _payments(block, terms, counted.currency)
        text = END_OF_BLOCK
    yield (text + END).encode()


def _payments(block: Block, terms: Terms, currency: str) -> Iterator[bytes]:
    writer = PaymentWriter(block, terms, currency)
    together = RunWriter(writer, terms, currency)
    for run in _runs(block.payments):
        text = together.text(run)
        yield ("".join(_one_by_one(run, writer)) if text is None else text).encode()


def _one_by_one(payments: Iterable[Payment], writer: PaymentWriter) -> Iterator[str]:
    for payment in payments:
        told = writer.text(payment)
        if not isinstance(told, str):
            raise CannotRender(reason(payment, told))
        yield told


def _runs(payments: Iterable[Payment]) -> Iterator[Sequence[Payment]]:
    """Yield the payments, so many at a time as make a piece."""
    rest = iter(payments)
    while run := tuple(islice(rest, PAYMENTS_A_PIECE)):
        yield run


def _within(limit: int | None, pieces: Iterable[bytes], name: str) -> Iterator[bytes]:
    """Pass pieces on while they are within the bank's limit in bytes."""
    size = 0
    for piece in pieces:
        size += len(piece)
        if limit is not None and size > limit:
            raise Oversized(f"submission {name}: more than {limit} bytes, the bank's limit")
        if piece:
            yield piece
