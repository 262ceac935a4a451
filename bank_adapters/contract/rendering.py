"""What rendered bytes must be: every order once, their own sums true, the same bytes for ever, valid."""

import pickle
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

from lxml import etree

from bank_adapters.alphabet import LetterError, alphabet
from bank_adapters.capabilities import Family
from bank_adapters.contract import scenarios
from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from bank_adapters.contract.seen import Seen, WitnessError, Written, expected, small
from bank_adapters.iso20022.schemas import schema
from bank_adapters.spi import Payment, SubmissionContent
from gateway.domain.errors import CannotRender
from gateway.domain.order import Party

_DATE = re.compile(
    r"(?<![0-9A-Za-z])(?:"
    r"20[2-9][0-9][-./]?(?:0[1-9]|1[0-2])[-./]?(?:[0-2][0-9]|3[01])(?=$|[^0-9]|[0-9]{4}(?:[0-9]{2})?(?![0-9]))"
    r"|(?:[0-2][0-9]|3[01])[-./](?:0[1-9]|1[0-2])[-./]20[2-9][0-9](?![0-9]))"
)
"""A date from 2020 on, in the forms in which banks write dates (and times after them)."""
_ISO = "urn:iso:std:iso:20022:tech:xsd:"


def seen_or_finding(candidate: Candidate, document: bytes) -> tuple[Written | None, str | None]:
    """Read rendered bytes with the suite's own eyes, or say why they cannot be read."""
    try:
        return candidate.seen(document), None
    except WitnessError as error:
        return None, f"the rendered bytes are not what they claim to be: {error}"


def unlike(payments: Sequence[Payment], seen: Sequence[Seen]) -> Iterator[str]:
    """Say in what the payments in the bytes differ from those asked for. Findings name EndToEndIds alone."""
    asked = Counter(one.end_to_end_id for one in payments)
    written = Counter(one.end_to_end_id for one in seen)
    for name in asked - written:
        yield f"payment {name} is missing in the bytes: write every payment"
    for name in written - asked:
        yield f"payment {name} stands in the bytes more often than it was asked for: write it once"
    found = {one.end_to_end_id: replace(one, name="") for one in seen}
    for payment in payments:
        one, wanted = found.get(payment.end_to_end_id), expected(payment)
        if one is None or one == wanted:
            continue
        parts = ("account", "amount_minor", "currency")
        wrong = ", ".join(part for part in parts if getattr(one, part) != getattr(wanted, part))
        yield f"payment {payment.end_to_end_id}: {wrong} in the bytes is not that of the order"


def _each_order_once(candidate: Candidate) -> Iterator[str]:
    for content in (candidate.some, *scenarios.by_kind(candidate.profile)):
        document = candidate.bytes_of_some() if content is candidate.some else candidate.rendered(content)
        written, finding = seen_or_finding(candidate, document)
        if written is None:
            yield finding or ""
        else:
            yield from unlike(content.payments, written.payments)


def _order_kept(candidate: Candidate) -> Iterator[str]:
    written = candidate.seen(candidate.bytes_of_some())
    names = [one.end_to_end_id for one in written.payments]
    if names != [one.end_to_end_id for one in candidate.some.payments]:
        yield "the payments do not stand in the order of the submission: keep it, the seal's digest is over that order"


def _count_and_sum(candidate: Candidate) -> Iterator[str]:
    written, finding = seen_or_finding(candidate, candidate.bytes_of_some())
    if written is None:
        yield finding or ""
        return
    payments = candidate.some.payments
    total = sum(one.amount.minor for one in payments)
    for where, count, claimed in written.claims:
        if count is not None and count != len(payments):
            yield f"{where}: the number of payments is {count}, not {len(payments)}: count what is written"
        if claimed is not None and claimed != total:
            yield f"{where}: the control sum is not the sum of the orders: add up what is written, in minor units"


def _same_bytes_again(candidate: Candidate) -> Iterator[str]:
    first = candidate.bytes_of_some()
    if candidate.rendered(candidate.some) != first:
        yield "a second rendering gives other bytes: draw nothing, derive every id and time from the submission"
    copied = replace(candidate, adapter=pickle.loads(pickle.dumps(candidate.adapter)))  # noqa: S301 - our own object
    if copied.rendered(pickle.loads(pickle.dumps(candidate.some))) != first:  # noqa: S301
        yield "another process would give other bytes: keep no state in the adapter"


def _no_clock(candidate: Candidate) -> Iterator[str]:
    """Look for a later date, where every date of the submission lies years back: the suite itself needs no clock."""
    text = candidate.bytes_of_some().decode("latin-1")
    if _DATE.search(text):
        yield "the bytes hold the time of rendering: write the submission's created_at, which is its seal time"


def _pieces(candidate: Candidate) -> Iterator[str]:
    for piece in candidate.adapter.render(candidate.some, candidate.profile):
        if type(piece) is not bytes:
            yield f"render gives {type(piece).__name__}, not bytes"
            return


def _valid(candidate: Candidate) -> Iterator[str]:
    documents = [candidate.bytes_of_some(), *map(candidate.rendered, scenarios.by_kind(candidate.profile))]
    for document in documents:
        if candidate.profile.family is Family.ISO20022:
            profile = candidate.profile
            yield from _against_schema(
                document, profile.messages.initiation, profile.pain001.namespace or _ISO + profile.messages.initiation
            )
        else:
            # The witness takes exactly the records, fields and widths that are agreed, and nothing else.
            _, finding = seen_or_finding(candidate, document)
            if finding:
                yield finding


def _against_schema(document: bytes, version: str, namespace: str) -> Iterator[str]:
    if document.count(f'"{namespace}"'.encode()) != 1:
        yield f"its namespace is not {namespace}: write the one that the bank asks for"
        return
    try:
        tree = etree.fromstring(document.replace(namespace.encode(), f"{_ISO}{version}".encode(), 1))
    except etree.XMLSyntaxError as error:
        yield f"not well-formed at line {error.position[0]}: mend the writer"
        return
    valid = schema(version)
    if not valid.validate(tree):
        for first in islice(valid.error_log, 1):  # type: ignore[call-overload]  # its stub forgets that it is iterable
            yield f"breaks the schema of {version} at {first.path} ({first.type_name}): write what the schema asks"


def _ids_in_the_bytes(candidate: Candidate) -> Iterator[str]:
    written = candidate.seen(candidate.bytes_of_some())
    asked = [candidate.some.msg_id, candidate.some.payment_information_id]
    if not candidate.profile.takes_files:
        asked = [candidate.some.payments[0].uetr]
    for name in written.ids:
        if name not in asked:
            yield "the bytes name themselves by an id that is not the submission's: write the ids that were given"
    layout = candidate.profile.layout
    if not written.ids and (layout is None or "msg_id" in {field.value for field in layout.fields}):
        yield "the bytes name no id of the submission: write its MsgId (or the payment's UETR)"


def _on_behalf(candidate: Candidate) -> Iterator[str]:
    """An ultimate creditor is written or refused; a child's benefit must not lose the child's name."""
    if "ultimate_creditor" in candidate.profile.leaves_out:
        return  # the profile says that the bank has no place for it
    name = "Ulrike Ultima"
    payment = scenarios.payment(candidate.profile, 61, ultimate_creditor=Party(name=name))
    document = rendered_or_none(candidate, scenarios.filled_up(candidate.profile, [payment]))
    texts = () if document is None else candidate.seen(document).texts
    if document is not None and small(name, candidate.profile) not in {small(one, candidate.profile) for one in texts}:
        yield "an ultimate creditor is left out: write the name, or name the payment in refusals"


def _purpose(candidate: Candidate) -> Iterator[str]:
    payment = scenarios.payment(candidate.profile, 62, purpose="BENE")
    content = scenarios.filled_up(candidate.profile, [payment])
    document = rendered_or_none(candidate, content)
    written = None if document is None else candidate.seen(document)
    if written is not None and payment.end_to_end_id not in {one.end_to_end_id for one in written.payments}:
        yield "a payment with a purpose code is not written: leave out the code, never the payment"


def rendered_or_none(candidate: Candidate, content: SubmissionContent) -> bytes | None:
    """Render, or return None where the adapter refuses as the interface allows."""
    try:
        return candidate.rendered(content)
    except CannotRender:
        return None


def _debtor(candidate: Candidate) -> Iterator[str]:
    """The account that pays stands in the bytes, and no other: it decides whose money leaves."""
    layout = candidate.profile.layout
    asked = layout is None or "debtor_iban" in {field.value for field in layout.fields}
    if asked and candidate.some.debtor.iban not in candidate.seen(candidate.bytes_of_some()).texts:
        yield "the paying account is not in the bytes: write the debtor's IBAN"


def _debtor_name(candidate: Candidate) -> Iterator[str]:
    try:
        name = alphabet(candidate.profile.alphabet).write(candidate.some.debtor.name)
    except LetterError:  # the scenario's own name is plain
        return
    written = candidate.seen(candidate.bytes_of_some())
    if candidate.profile.family is Family.ISO20022 and name not in written.texts:
        yield "the debtor's name is not in the bytes: write it as configured"


CHECKS = (
    Check(
        name="rendering.each-order-once",
        asks="every order stands in the bytes once and only once, with its account, amount and currency",
        ask=_each_order_once,
    ),
    Check(name="rendering.order-kept", asks="payments stand in the submission's order", ask=_order_kept),
    Check(
        name="rendering.count-and-sum",
        asks="counts and control sums in the bytes are those of the orders, at every level",
        ask=_count_and_sum,
    ),
    Check(
        name="rendering.same-bytes-again",
        asks="two renderings are byte-identical, also by a copy of the adapter",
        ask=_same_bytes_again,
    ),
    Check(name="rendering.no-clock", asks="nothing in the bytes comes from the time of rendering", ask=_no_clock),
    Check(name="rendering.pieces-of-bytes", asks="render yields bytes", ask=_pieces),
    Check(name="rendering.valid", asks="the bytes fit the message's schema or record layout", ask=_valid),
    Check(
        name="rendering.ids-as-given",
        asks="the bytes name themselves by the submission's own ids",
        ask=_ids_in_the_bytes,
    ),
    Check(
        name="rendering.on-behalf", asks="an ultimate creditor is written or refused, never left out", ask=_on_behalf
    ),
    Check(name="rendering.purpose", asks="a purpose code costs no payment", ask=_purpose),
    Check(name="rendering.debtor", asks="the account that pays stands in the bytes", ask=_debtor),
    Check(name="rendering.debtor-name", asks="the debtor is named as configured", ask=_debtor_name),
)
