"""What writers do wrong, and those that read back what was written."""

import random
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bank_adapters.families import FlatBankAdapter
from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.profile import Profile
from bank_adapters.spi import Companion, Reread
from gateway.domain.errors import CannotRender, ConfigError, SealMismatch
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount, Party
from tests.contract.changed import Changed, Content, named, with_payments


def drop_last(content: Content) -> Content:
    return replace(content, payments=content.payments[:-1]) if len(content.payments) > 1 else content


def pay_first_twice(content: Content) -> Content:
    first = content.payments[0]
    again = replace(first, end_to_end_id=f"{first.end_to_end_id[:-1]}2")
    return replace(content, payments=(*content.payments, again))


def swap_accounts(content: Content) -> Content:
    if len(content.payments) < 2:
        return content
    one, other, *rest = content.payments
    swapped = (
        replace(one, creditor_account=other.creditor_account),
        replace(other, creditor_account=one.creditor_account),
    )
    return replace(content, payments=(*swapped, *rest))


def lose_cents(content: Content) -> Content:
    return with_payments(
        content, lambda one: replace(one, amount=Money(max(100, one.amount.minor // 100 * 100), one.amount.currency))
    )


def backwards(content: Content) -> Content:
    return replace(content, payments=content.payments[::-1])


def draw_an_id(content: Content) -> Content:
    return replace(content, msg_id=f"{content.msg_id[:10]}{random.randrange(10**9)}")


def stamp_now(content: Content) -> Content:
    return replace(content, created_at=datetime.now(UTC).replace(microsecond=0))


def own_ids(content: Content) -> Content:
    return replace(content, msg_id="G1OTHER191104S1", payment_information_id="G1OTHER191104S1P1")


def drop_letters(content: Content) -> Content:
    return with_payments(content, named(lambda name: name.encode("ascii", "ignore").decode() or "N"))


def question_marks(content: Content) -> Content:
    return with_payments(content, named(lambda name: name.encode("ascii", "replace").decode()))


def cut_names(content: Content) -> Content:
    return with_payments(content, named(lambda name: name[:70]))


def always_euro(content: Content) -> Content:
    return with_payments(content, lambda one: replace(one, amount=Money(one.amount.minor, "EUR")))


def forget_whom_for(content: Content) -> Content:
    return with_payments(content, lambda one: replace(one, ultimate_creditor=None))


def only_good_ones(content: Content) -> Content:
    return replace(content, payments=tuple(one for one in content.payments if one.amount.minor > 0))


def wrong_control_sum(document: bytes) -> bytes:
    return re.sub(rb"<CtrlSum>[0-9.]+<", b"<CtrlSum>1.00<", document, count=1)


def wrong_count(document: bytes) -> bytes:
    return re.sub(rb"<NbOfTxs>[0-9]+<", b"<NbOfTxs>1000<", document, count=1)


def no_pay_date(document: bytes) -> bytes:
    return re.sub(rb"<ReqdExctnDt>.*?</ReqdExctnDt>", b"", document, flags=re.DOTALL)


def other_charset(document: bytes) -> bytes:
    return document.decode().encode("cp037")


def unescape(document: bytes) -> bytes:
    return document.replace(b"&lt;", b"<").replace(b"&gt;", b">").replace(b"&amp;", b"&")


class Unescaped(Changed):
    """Writes what stands in a name as if it were its own."""

    def refusals(self, submission: Content, profile: Profile) -> Mapping[str, str]:
        return {}

    def render(self, submission: Content, profile: Profile) -> Iterator[bytes]:
        plain = with_payments(submission, lambda one: replace(one, creditor=Party(name="Mark of a name")))
        document = b"".join(Iso20022Adapter.render(self, plain, profile))
        for one in submission.payments:
            document = document.replace(b"Mark of a name", one.creditor.name.encode(), 1)
        yield document


class LeakyRefusals(Changed):
    def refusals(self, submission: Content, profile: Profile) -> Mapping[str, str]:
        names = {one.end_to_end_id: one.creditor.name for one in submission.payments}
        return {key: f"{why}: {names[key]}" for key, why in super().refusals(submission, profile).items()}


class LeakyCause(Changed):
    def render(self, submission: Content, profile: Profile) -> Iterator[bytes]:
        try:
            yield from super().render(submission, profile)
        except CannotRender as error:
            accounts = [one.creditor_account.key for one in submission.payments]
            raise CannotRender("cannot render") from ValueError(f"{error}: {accounts}")


class Remembers(Changed):
    """Rereads what it wrote last, whatever it is given."""

    last: Reread | None = None

    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        if Remembers.last is None:
            Remembers.last = super().reread(pieces, profile)
        return Remembers.last


class BelievesHeader(Changed):
    """Rereads what the header claims, and takes the payments for granted."""

    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        document = b"".join(pieces)
        told = super().reread((re.sub(rb"(<EndToEndId>E)9", rb"\1A", document),), profile)
        return replace(told, payments_digest="0" * 64)


class FirstPieceOnly(Changed):
    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        every = list(pieces)
        return super().reread(every if len(every) < 5 else every[:5], profile)


class TakesGarbage(Changed):
    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        document = b"".join(pieces)
        if b"CdtTrfTxInf" not in document:
            return Reread(count=0, sum_minor=0, currency="EUR", payments_digest="", sha256="", size=0)
        return super().reread((document,), profile)


def drop_those_with_a_purpose(content: Content) -> Content:
    kept = tuple(one for one in content.payments if one.purpose is None)
    return replace(content, payments=kept or content.payments[:0])


def other_debtor(content: Content) -> Content:
    return replace(content, debtor=replace(content.debtor, iban="DE02120300000000202051"))


def other_debtor_name(content: Content) -> Content:
    return replace(content, debtor=replace(content.debtor, name="Somebody Else"))


def accents_as_signs(content: Content) -> Content:
    marks = {ord(mark): "'" for mark in "\u0301\u0303"}
    return with_payments(content, named(lambda name: name.translate(marks)))


def any_account_is_an_iban(content: Content) -> Content:
    account = IbanAccount(iban="DE02120300000000202051")
    return with_payments(
        content,
        lambda one: one if isinstance(one.creditor_account, IbanAccount) else replace(one, creditor_account=account),
    )


def first_of_an_id(content: Content) -> Content:
    return replace(content, payments=tuple({one.end_to_end_id: one for one in content.payments[::-1]}.values())[::-1])


class NotBytes(Changed):
    def render(self, submission: Content, profile: Profile) -> Iterator[bytes]:
        yield bytearray(b"".join(super().render(submission, profile)))  # type: ignore[misc]


class RefusesNobody(Changed):
    def refusals(self, submission: Content, profile: Profile) -> Mapping[str, str]:
        return {}


class TakesNothing(Changed):
    def render(self, submission: Content, profile: Profile) -> Iterator[bytes]:
        return super().render(submission, profile) if submission.payments else iter(())


class WantsMore(Changed):
    def render(self, submission: Content, profile: Profile) -> Iterator[bytes]:
        if len(submission.payments) < 4:
            raise CannotRender("fewer than four")
        return super().render(submission, profile)


class OtherError(Changed):
    def render(self, submission: Content, profile: Profile) -> Iterator[bytes]:
        try:
            yield from super().render(submission, profile)
        except CannotRender as error:
            raise ConfigError("cannot render") from error


class QuotesRereading(Changed):
    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        document = b"".join(pieces)
        try:
            return super().reread((document,), profile)
        except SealMismatch:
            raise SealMismatch(f"cannot read {document!r}") from None


class NoControl(FlatBankAdapter):
    """Forgets the control file that its bank waits for."""

    def companions(self, submission: Content, reread: Reread, profile: Profile) -> Sequence[Companion]:
        return ()


class OthersControl(FlatBankAdapter):
    """Writes a control file about other bytes than those that were read back."""

    def companions(self, submission: Content, reread: Reread, profile: Profile) -> Sequence[Companion]:
        return super().companions(submission, replace(reread, sha256="0" * 64), profile)


class PlainDelimiter(FlatBankAdapter):
    """Writes a delimiter that stands in a name as it is."""

    def refusals(self, submission: Content, profile: Profile) -> Mapping[str, str]:
        return super().refusals(with_payments(submission, named(lambda name: name.replace("|", "/"))), profile)

    def render(self, submission: Content, profile: Profile) -> Iterator[bytes]:
        hidden = with_payments(submission, named(lambda name: name.replace("|", "///")))
        return (piece.replace(b"///", b"|") for piece in super().render(hidden, profile))
