"""Writes MT101 (request for transfer): sequence A once a message, sequence B once a payment; CRLF, character set x.

Fields 20 and 21 hold references of ours in sixteen letters (`reference`); the EndToEndId itself stands in field 70
behind /ROC/, SWIFT's code for the ordering customer's reference, so that the bytes alone say which attempt each payment
is, and so that it reaches the payee. Reference: iso20022-and-banks 1.2 and 4.3.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from bank_adapters.alphabet import LetterError, alphabet
from bank_adapters.capabilities import Booking, Instrument
from bank_adapters.mt.reference import PLACES_MAX, Stem, stem
from bank_adapters.mt.words import WIDTH, Unfit, as_much_as_fits, wrapped
from bank_adapters.profile import Profile
from bank_adapters.profile.mt import PLAIN, MtTerms
from bank_adapters.sepa.rules import MINOR_MAX, account_violations, bic_violations
from bank_adapters.spi import Payment, SubmissionContent, as_taken
from gateway.domain.errors import CannotRender, Oversized
from gateway.domain.money import EXPONENT
from gateway.domain.order import Account, DomesticAccount, IbanAccount

END = "\r\n"
LINES = 4
"""Lines of a name (fields 50H and 59) and of remittance information (field 70)."""
AMOUNT_MAX = 15
"""Letters of an amount (15d), its comma among them."""
PIECE = 64 * 1024
_ID = re.compile(r"[A-Za-z0-9]{1,30}")
"""An EndToEndId that has room behind /ROC/ on one line: ours have 29 or 30 letters."""
_X = re.compile(r"[a-zA-Z0-9/\-?:().,'+ ]*")


def refusals(submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
    """Return, by EndToEndId, why a payment cannot be written."""
    counts = Counter(payment.end_to_end_id for payment in submission.payments)
    found = {one: f"payment {one}: the EndToEndId stands more than once" for one, count in counts.items() if count > 1}
    writer = _Payments(profile)
    for payment in submission.payments:
        try:
            writer.fields(payment, instrument=submission.instrument)
        except CannotRender as error:
            found.setdefault(payment.end_to_end_id, str(error))
    return found


def render(submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
    """Write the file; see `bank_adapters.spi.Adapter.render`."""
    _check(submission, profile)
    terms, names = profile.mt or PLAIN, stem(submission.msg_id, profile.slug)
    writer, payments = _Payments(profile), submission.payments
    size = terms.payments_per_message or PLACES_MAX
    total = -(-len(payments) // size)
    head, tail = _around(terms)
    lines: list[str] = []
    for number in range(1, total + 1):
        first = (number - 1) * size
        lines += [*head, *_sequence_a(submission, profile, names, f"{number}/{total}", number)]
        for place, payment in enumerate(payments[first : first + size], start=first + 1):
            lines.append(f":21:{names.of_payment(place)}")
            lines += writer.fields(payment, instrument=submission.instrument)
        lines += tail
    return _pieces(lines, submission, profile)


def _pieces(lines: Sequence[str], submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
    """Hand the file on in pieces; every letter of it is one byte."""
    document = "".join(f"{line}{END}" for line in lines).encode("ascii")
    limit = profile.limits.bytes_per_submission
    if limit is not None and len(document) > limit:
        raise Oversized(f"submission {submission.msg_id}: {len(document)} bytes are over the bank's limit")
    return (document[start : start + PIECE] for start in range(0, len(document), PIECE))


def _around(terms: MtTerms) -> tuple[list[str], list[str]]:
    """Return what stands before and behind the text of a message."""
    if terms.envelope == "none":
        return [], ["-"]
    return [f"{{1:F01{terms.sender}0000000000}}{{2:I101{terms.receiver}N}}{{4:"], ["-}"]


def _check(submission: SubmissionContent, profile: Profile) -> None:
    """Refuse a submission that is wrong as a whole."""
    where, payments, limits = f"submission {submission.msg_id}", submission.payments, profile.limits
    most = min(limits.payments_per_submission, limits.payments_per_block or limits.payments_per_submission)
    if submission.blocks:
        raise CannotRender(f"{where}: an MT101 of ours is of one block")
    if not 1 <= len(payments) <= most:
        raise CannotRender(f"{where}: {len(payments)} payments, not 1 to {most}")
    if len({payment.end_to_end_id for payment in payments}) != len(payments):
        raise CannotRender(f"{where}: an EndToEndId stands more than once")
    if len({payment.amount.currency for payment in payments}) != 1:
        raise CannotRender(f"{where}: one file is of one currency")
    limit = profile.sum_limit(payments[0].amount.currency)
    if limit is not None and sum(payment.amount.minor for payment in payments) > limit:
        raise CannotRender(f"{where}: the sum is over the bank's limit")


def _sequence_a(submission: SubmissionContent, profile: Profile, names: Stem, chain: str, number: int) -> Iterator[str]:
    """Write what is said of a whole message. Field 21R asks for one booking of the sum of the whole chain."""
    where, debtor = f"submission {submission.msg_id}", submission.debtor
    violations = [*account_violations(IbanAccount(iban=debtor.iban)), *bic_violations(debtor.bic, "DbtrAgt")]
    broken = next(iter(violations), None)
    if broken is not None:
        raise CannotRender(f"{where}: the debtor: {broken.text} (rule {broken.rule})")
    yield f":20:{names.of_message(number)}"
    if profile.booking is Booking.BATCH:
        yield f":21R:{names.of_message(1)}"
    yield f":28D:{chain}"
    yield f":50H:/{debtor.iban}"
    try:
        yield from wrapped(_letters(debtor.name, profile), LINES)
    except Unfit as error:
        raise CannotRender(f"{where}: the debtor's name {error}") from None
    if debtor.bic is not None and debtor.bic[:8] != profile.bic[:8]:
        yield f":52A:{debtor.bic}"
    yield f":30:{submission.requested_execution_date:%y%m%d}"


class _Payments:
    """Writes sequence B, all but its reference."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._terms = profile.mt or PLAIN

    def fields(self, payment: Payment, *, instrument: Instrument) -> list[str]:
        """Write a payment. Raises CannotRender naming it and the broken rule."""
        what, place, payment = "it", ":21:", as_taken(payment, self._profile.leaves_out)
        lines: list[str] = []
        try:
            _refuse_what_has_no_place(payment, instrument)
            lines += [":23E:URGP"] if instrument is Instrument.URGENT else []
            what, place = "the amount", ":32B:"
            lines.append(f":32B:{payment.amount.currency}{self._amount(payment)}")
            what, place = "the creditor's account", ":59:"
            lines += self._account(payment.creditor_account, payment.creditor_agent)
            what = "the creditor's name"
            lines += self._name(payment.creditor.name)
            what, place = "the remittance information", ":70:"
            lines += self._remittance(payment)
        except Unfit as error:
            rule = "" if "(rule " in str(error) else f" (rule mt.form, at {place})"
            raise CannotRender(f"payment {payment.end_to_end_id}: {what} {error}{rule}") from None
        return [*lines, f":71A:{self._terms.charges}"]

    def _amount(self, payment: Payment) -> str:
        currency, minor = payment.amount.currency, payment.amount.minor
        if currency not in self._profile.currencies:
            raise Unfit("is in a currency that the bank does not pay in")
        if minor <= 0 or (self._profile.scheme == "SEPA" and minor > MINOR_MAX):
            raise Unfit("is not greater than zero, or beyond SEPA's")
        exponent = EXPONENT[currency]
        digits = f"{minor:0{exponent + 1}d}"
        text = f"{digits[: len(digits) - exponent]},{digits[len(digits) - exponent :]}"
        if len(text) > AMOUNT_MAX:
            raise Unfit(f"has more than {AMOUNT_MAX} letters")
        return text

    def _account(self, account: Account, agent: str | None) -> list[str]:
        """Write the creditor's bank, where it is named, and account."""
        if any(bic_violations(agent, "CdtrAgt")):
            raise Unfit("is at a bank whose BIC is none")
        named = [f":57A:{agent}"] if agent else []
        if isinstance(account, IbanAccount) and "IBAN" in self._profile.account_types:
            broken = next(iter(account_violations(account)), None)
            if broken is not None:
                raise Unfit(f"breaks a rule: {broken.text} (rule {broken.rule})")
            return [*named, f":59:/{account.iban}"]
        if isinstance(account, DomesticAccount) and "DOMESTIC" in self._profile.account_types:
            return [f":57C://{self._terms.clearing}{_code(account.bank_code, 31)}", f":59:/{self._number(account)}"]
        raise Unfit("is of a type that the bank does not pay to")

    def _number(self, account: DomesticAccount) -> str:
        if account.country != self._profile.country:
            raise Unfit("is in another country, which the message has no field for")
        return _code(account.number, WIDTH - 1)

    def _name(self, name: str) -> list[str]:
        written = _letters(name, self._profile)
        if not written:
            raise Unfit("is empty")
        return wrapped(written, LINES)

    def _remittance(self, payment: Payment) -> list[str]:
        """Write field 70: our own id on the first line, then each further part from a line of its own."""
        if _ID.fullmatch(payment.end_to_end_id) is None:
            raise Unfit("has no room for the EndToEndId: 30 letters and digits at most")
        lines = [f":70:/ROC/{payment.end_to_end_id}"]
        for code, text in self._parts(payment):
            written = _letters(text, self._profile)
            if "//" in written:
                raise Unfit("holds //, which parts of it are told apart by")
            room, first = LINES - len(lines), f"///{code}/"
            cut = code == "URI" and self._terms.remittance_cut
            if written:
                lines += (as_much_as_fits if cut else wrapped)(written, room, first=first)
        return lines

    def _parts(self, payment: Payment) -> Iterator[tuple[str, str]]:
        """Yield code word and text of what field 70 holds beside our own id."""
        for code, party in (("ULTD", payment.ultimate_debtor), ("ULTB", payment.ultimate_creditor)):
            if party is not None and self._terms.ultimate_parties == "refuse":
                raise Unfit("has no place for an ultimate party at this bank (rule part.no-place, at :70:)")
            if party is not None:
                yield code, party.name
        if payment.creditor_reference is not None:
            yield "RFB", _code(payment.creditor_reference.reference, 16)
        yield "URI", payment.remittance_information


def _refuse_what_has_no_place(payment: Payment, instrument: Instrument) -> None:
    if instrument is Instrument.INSTANT:
        raise Unfit("is an instant payment, which an MT101 cannot ask for")
    debtor, reference, account = payment.ultimate_debtor, payment.creditor_reference, payment.creditor_account
    parts = (
        (payment.creditor_address, "an address", "Cdtr/PstlAdr"),
        (reference and reference.issuer, "an issuer of its creditor reference", "RmtInf/Strd/CdtrRefInf/Tp/Issr"),
        (debtor and debtor.identifications, "an identification of the ultimate debtor", "UltmtDbtr/Id"),
        (
            isinstance(account, DomesticAccount) and payment.creditor_agent,
            "the BIC of the creditor's bank beside its national code",
            "CdtrAgt/FinInstnId",
        ),
    )
    for held, told, place in parts:
        if held:
            raise Unfit(f"has {told}, for which the message has no place (rule part.no-place, at {place})")


def _letters(text: str, profile: Profile) -> str:
    """Write a text in the bank's alphabet, which is x or a part of it."""
    try:
        return alphabet(profile.alphabet).write(text)
    except LetterError as error:
        raise Unfit(f"cannot be written: {error}") from None


def _code(text: str, longest: int) -> str:
    """Write what machines read: unchanged, or not at all."""
    if not text or _X.fullmatch(text) is None or text != text.strip() or text[0] in ":-/" or len(text) > longest:
        raise Unfit(f"is not of 1 to {longest} letters of SWIFT's character set x")
    return text
