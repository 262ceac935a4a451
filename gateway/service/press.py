"""Press: signed documents become bytes, and the bytes are read back. Pure, so that it can run in another process."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from bank_adapters.profile import Profile
from bank_adapters.profile.layout import control_rule
from bank_adapters.spi import Adapter, Companion, CompanionAdapter, Payment, Reread, SubmissionContent
from gateway.domain.collection import Window, follows
from gateway.domain.digest import PaymentsDigest, parse_object
from gateway.domain.errors import CannotRender, GatewayError, SealMismatch
from gateway.domain.identity import end_to_end_id
from gateway.domain.order_reading import order_from

PIECE = 1024 * 1024
CONTROL_BYTES_MAX = 64 * 1024
"""Bytes of the largest control file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """One member as it was signed: the ids of its attempt and the canonical document it pays.

    `collection` is the window of this attempt, where it is paid over the counter.
    """

    end_to_end_id: str
    generation: int
    uetr: str
    source: str
    document: bytes
    collection: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """Rendered bytes with what was read back from them; or, by EndToEndId, why members cannot be rendered.

    `control` is the control file, there exactly where the profile asks for one.
    """

    pieces: tuple[bytes, ...] = ()
    reread: Reread | None = None
    control: Companion | None = None
    refusals: Mapping[str, str] = field(default_factory=dict)


def press(
    adapter: Adapter,
    profile: Profile,
    header: SubmissionContent,
    members: Sequence[Signed],
    purposes: Mapping[str, str],
) -> Pressed:
    """Render `members` under `header`, re-read the bytes and compare them with what was signed.

    `purposes` maps benefits to purpose codes. Raises SealMismatch and CannotRender; no byte may be used then.
    """
    payments = [_payment(m, purposes) for m in members]
    try:
        pressed = _written(adapter, profile, replace(header, payments=payments))
    except GatewayError:
        raise
    except Exception as error:  # noqa: BLE001 - whatever it is, it stops its own bank only; its text may hold a name
        raise CannotRender(f"the bank's adapter fails: {type(error).__name__}") from None
    if pressed.reread is not None:
        _agree(pressed.pieces, pressed.reread, payments)
    return pressed


def _written(adapter: Adapter, profile: Profile, content: SubmissionContent) -> Pressed:
    """Let the adapter write, and read what it wrote."""
    refusals = adapter.refusals(content, profile)
    if refusals:
        return Pressed(refusals=dict(refusals))
    pieces = tuple(_pieces(adapter.render(content, profile)))
    reread = adapter.reread(pieces, profile)
    return Pressed(pieces=pieces, reread=reread, control=_control(adapter, profile, content, reread))


def _control(adapter: Adapter, profile: Profile, content: SubmissionContent, reread: Reread) -> Companion | None:
    """Let the adapter write the control file, of what was read back; whoever waits for one gets it."""
    written = adapter.companions(content, reread, profile) if isinstance(adapter, CompanionAdapter) else ()
    if len(written) != (1 if control_rule(profile.layout) else 0):
        raise CannotRender(f"submission {content.msg_id}: not the control file that the bank waits for")
    for one in written:
        if one.name.casefold() == content.file_name.casefold() or len(one.content) > CONTROL_BYTES_MAX:
            raise CannotRender(f"submission {content.msg_id}: its control file is named as the file, or too long")
    return written[0] if written else None


def _payment(member: Signed, purposes: Mapping[str, str]) -> Payment:
    order = order_from(parse_object(member.document), member.document, source=member.source)
    # Else one signed document, copied over another's, would be paid under two ids.
    if member.end_to_end_id != end_to_end_id(member.source, order.order_id, member.generation):
        raise SealMismatch("an attempt and the signed document that it pays are not of one order")
    if not _same_row(order.collection, member.collection):
        raise SealMismatch("the collection window is none that follows from the signed one")
    return Payment(
        end_to_end_id=member.end_to_end_id,
        uetr=member.uetr,
        amount=order.amount,
        creditor=order.creditor,
        creditor_account=order.creditor_account,
        ultimate_creditor=order.ultimate_creditor,
        remittance_information=order.remittance_information,
        purpose=purposes.get(order.benefit),
        collection=member.collection,
        creditor_kind=order.creditor_kind,
        creditor_address=order.creditor_address,
        creditor_agent=order.creditor_agent,
        ultimate_debtor=order.ultimate_debtor,
        creditor_reference=order.creditor_reference,
    )


def _same_row(signed: Window | None, window: Window | None) -> bool:
    if signed is None or window is None:
        return signed is window
    return follows(signed, window)


def _agree(pieces: Iterable[bytes], reread: Reread, payments: Sequence[Payment]) -> None:
    """Compare what the bytes say, payment by payment through their digest, with what was signed."""
    signed, whole = PaymentsDigest(), sha256()
    for payment in payments:
        account = payment.creditor_account.key
        signed.add(payment.end_to_end_id, account, payment.amount.minor, payment.amount.currency)
    for piece in pieces:
        whole.update(piece)
    if (reread.count, reread.sum_minor, reread.payments_digest) != (signed.count, signed.sum, signed.hexdigest()):
        raise SealMismatch("the bytes and the signed orders disagree")
    if whole.hexdigest() != reread.sha256:
        raise SealMismatch("the digest read back is not that of the bytes")


def _pieces(rendered: Iterable[bytes]) -> Iterator[bytes]:
    """Put what was rendered into pieces of at most 1 MiB."""
    kept = bytearray()
    for part in rendered:
        kept += part
        while len(kept) >= PIECE:
            yield bytes(kept[:PIECE])
            del kept[:PIECE]
    if kept:
        yield bytes(kept)
