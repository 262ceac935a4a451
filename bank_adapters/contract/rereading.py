"""What reading our own bytes back must prove: the figures are those of the orders, and every change is noticed."""

import re
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256

from bank_adapters.contract import scenarios
from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from bank_adapters.contract.seen import digest, expected
from bank_adapters.spi import Reread, SubmissionContent
from gateway.domain.errors import CannotRender, SealMismatch
from gateway.domain.money import format_minor


def _figures(content: SubmissionContent, document: bytes) -> Reread:
    """Compute the figures of a seal from the orders, without any adapter."""
    payments = tuple(expected(one) for one in content.payments)
    return Reread(
        count=len(payments),
        sum_minor=sum(one.amount_minor for one in payments),
        currency=payments[0].currency,
        payments_digest=digest(payments),
        sha256=sha256(document).hexdigest(),
        size=len(document),
    )


def _reread(candidate: Candidate, document: bytes, size: int = 1 << 30) -> Reread:
    pieces = (document[start : start + size] for start in range(0, len(document), size))
    return candidate.adapter.reread(pieces, candidate.profile)


def _agrees(candidate: Candidate) -> Iterator[str]:
    for content in (candidate.some, *scenarios.by_kind(candidate.profile)):
        document = candidate.rendered(content)
        try:
            told, wanted = _reread(candidate, document), _figures(content, document)
        except SealMismatch:
            yield "reread refuses what render wrote: writer and reader disagree about the format"
            continue
        for part in ("count", "sum_minor", "currency", "payments_digest", "sha256", "size"):
            if getattr(told, part) != getattr(wanted, part):
                yield f"reread's {part} is not that of the orders: read it from the bytes, payment by payment"


def _in_pieces(candidate: Candidate) -> Iterator[str]:
    document = candidate.bytes_of_some()
    whole = _reread(candidate, document)
    if any(_reread(candidate, document, size) != whole for size in (1, 7, 997)):
        yield "reread depends on how the bytes are cut: join or stream them, whatever the pieces"


def _swap_accounts(content: SubmissionContent, document: bytes) -> bytes | None:
    if len(content.payments) < 2:  # noqa: PLR2004 - two accounts are needed to swap them
        return None
    one, other = (_last_part(payment.creditor_account.key).encode() for payment in content.payments[:2])
    hidden = b"\x01" * len(one)
    return document.replace(one, hidden, 1).replace(other, one, 1).replace(hidden, other, 1)


def _last_part(key: str) -> str:
    return re.split(r"[/:]", key)[-1]


def _other_account(content: SubmissionContent, document: bytes) -> bytes | None:
    own = _last_part(content.payments[0].creditor_account.key).encode()
    last = b"1" if own[-1:] != b"1" else b"2"
    return document.replace(own, own[:-1] + last, 1)


def _other_amount(content: SubmissionContent, document: bytes) -> bytes | None:
    """Change the last payment's last cent, however the bank writes amounts."""
    payment = content.payments[-1]
    digits = format_minor(payment.amount.minor, payment.amount.currency).replace(".", "")
    found = list(re.finditer(rb"(?<![0-9])0*" + rb"[.,]?".join(re.escape(d.encode()) for d in digits), document))
    if not found:
        return None
    end = found[-1].end()
    last = b"1" if document[end - 1 : end] != b"1" else b"2"
    return document[: end - 1] + last + document[end:]


def _other_name(content: SubmissionContent, document: bytes) -> bytes | None:
    """Change it where it stands last: before that a bank may want it as the instruction's id too."""
    before, name, after = document.rpartition(content.payments[0].end_to_end_id.encode())
    return before + name[:1] + b"9" + name[2:] + after if name else None


def _without_the_end(content: SubmissionContent, document: bytes) -> bytes | None:
    del content
    return document.rstrip()[: len(document.rstrip()) * 2 // 3]


def _twice(content: SubmissionContent, document: bytes) -> bytes | None:
    del content
    return document + document


_CHANGES: Mapping[str, Callable[[SubmissionContent, bytes], bytes | None]] = {
    "two accounts swapped": _swap_accounts,
    "another account": _other_account,
    "another amount": _other_amount,
    "another EndToEndId": _other_name,
    "the end cut off": _without_the_end,
    "the document twice": _twice,
}


def _notices(candidate: Candidate) -> Iterator[str]:
    """Change the bytes behind the writer's back: reread must refuse them or tell other figures."""
    content, document = candidate.some, candidate.bytes_of_some()
    right = _figures(content, document)
    _reread(candidate, document)
    for change, make in _CHANGES.items():
        changed = make(content, document)
        if changed is None or changed == document:
            continue
        try:
            told = _reread(candidate, changed)
        except SealMismatch:
            continue
        if (told.count, told.sum_minor, told.payments_digest) == (right.count, right.sum_minor, right.payments_digest):
            yield f"reread does not notice {change}: read every figure from the payments in the bytes"


def _garbage(candidate: Candidate) -> Iterator[str]:
    for name, document in (("nothing", b""), ("zeros", bytes(64)), ("text", b"all is well"), ("<a/>", b"<a/>")):
        try:
            _reread(candidate, document)
        except SealMismatch:
            continue
        yield f"reread takes {name} for a submission: raise SealMismatch"


def _other_submission(candidate: Candidate) -> Iterator[str]:
    """What was rendered before must not answer for what is read now."""
    other = scenarios.content(candidate.profile, candidate.some.payments[::-1], number=7)
    if len(other.payments) < 2:  # noqa: PLR2004
        changed = scenarios.payment(candidate.profile, 71)
        other = scenarios.content(candidate.profile, [changed], number=7)
    try:
        document = candidate.rendered(other)
    except CannotRender:
        yield "the same payments in another order are refused"
        return
    _reread(candidate, candidate.bytes_of_some())
    if _reread(candidate, document).payments_digest != _figures(other, document).payments_digest:
        yield "reread tells the figures of another submission: keep no state, read the bytes that are given"


CHECKS = (
    Check(
        name="rereading.agrees-with-orders",
        asks="count, sum, digests and size read back from the bytes are those of the orders",
        ask=_agrees,
    ),
    Check(name="rereading.notices-changes", asks="a change behind the writer's back is noticed", ask=_notices),
    Check(name="rereading.any-pieces", asks="rereading does not depend on how bytes are cut", ask=_in_pieces),
    Check(name="rereading.refuses-garbage", asks="what is no submission of ours is refused", ask=_garbage),
    Check(
        name="rereading.no-memory", asks="rereading answers for the bytes given, not for others", ask=_other_submission
    ),
)
