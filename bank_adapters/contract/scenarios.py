"""Submissions to ask an adapter with, within one bank's own limits. The same profile always gives the same ones.

Nobody in them lives: names, accounts and references are made of counters. The pay day lies far in the past, so that
a later date in rendered bytes can only come from a clock.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from bank_adapters.capabilities import AccountType
from bank_adapters.profile import Profile
from bank_adapters.profile.fields import PayeeId, PaymentText
from bank_adapters.profile.names import file_named
from bank_adapters.spi import Debtor, Payment, SubmissionContent
from gateway.domain.collection import Window
from gateway.domain.iban_registry import FORMATS
from gateway.domain.identity import end_to_end_id, msg_id, payment_information_id, uetr
from gateway.domain.money import Money
from gateway.domain.order import Account, CounterAccount, DomesticAccount, IbanAccount, Identification, Party

PAY_DAY = date(2019, 11, 4)
SEALED_AT = datetime(2019, 11, 1, 9, 30, 5, tzinfo=UTC)
SOME = 5
"""Payments of an ordinary scenario, where the bank takes so many."""
LARGEST_MINOR = 99_999_999_999
"""The largest amount that is asked for where a bank names no sum: that of a SEPA credit transfer."""

_NAMES = ("Maria Muster", "Jan Novak", "Anna-Lena O'Hara", "Li", "Karl Friedrich Hieronymus von Beispielhausen")
_FIRST_MINOR, _STEP_MINOR, _STEPS = 12_345, 1_011, 1_000
_CHECKS_MOD = 97
_ACCOUNTS = 1_000


@cache
def iban(country: str, code: str, number: int) -> str:
    """Make an IBAN with right check digits and, where it fits, the bank's own code. Countries without one: DE."""
    country = country if country in FORMATS else "DE"
    form = FORMATS[country]
    kinds = "".join(letter * int(size) for size, letter in _parts(form.structure))
    tail = str(number).rjust(len(kinds), "0")
    body = [digit if kind in "nc" else "A" for kind, digit in zip(kinds, tail, strict=True)]
    place = slice(form.bank.start - 4, form.bank.start - 4 + len(code))
    wanted = kinds[place]
    if len(wanted) == len(code) and all(_fits(kind, sign) for kind, sign in zip(wanted, code, strict=True)):
        body[place] = code
    bban = "".join(body)
    digits = "".join(str(int(sign, 36)) for sign in f"{bban}{country}00")
    return f"{country}{_CHECKS_MOD + 1 - int(digits) % _CHECKS_MOD:02d}{bban}"


def _parts(structure: str) -> Iterable[tuple[str, str]]:
    size = ""
    for sign in structure:
        if sign.isdigit():
            size += sign
        else:
            yield size, sign
            size = ""


def _fits(kind: str, sign: str) -> bool:
    return {"n": sign.isdigit(), "a": sign.isalpha(), "c": sign.isalnum()}[kind]


def account(profile: Profile, kind: AccountType, number: int) -> Account:
    """Make an account of one of the ways to be paid; a thousand of them are enough for any submission."""
    number %= _ACCOUNTS
    country, codes = next(iter(profile.bank_codes.items()), (profile.country, ()))
    code = codes[0] if codes else ""
    if kind is AccountType.IBAN:
        return IbanAccount(iban=iban(country, code, 7_000_000 + number))
    if kind is AccountType.DOMESTIC:
        return DomesticAccount(country=country, bank_code=code or "1", number=f"{7_000_000 + number:010d}")
    ids = (one.scheme for one in profile.layout.payment if isinstance(one, PayeeId)) if profile.layout else iter(())
    return CounterAccount(identification=Identification(scheme=next(ids, "NIDN"), id=f"{10_000_000_000 + number}"))


def payment(profile: Profile, number: int, kind: AccountType | None = None, **changes: Any) -> Payment:
    """Make the payment no. `number`, paid in the first way that the bank offers unless `kind` says another."""
    kind = kind or profile.account_types[0]
    name = end_to_end_id("CHECK", f"{profile.slug}-{number}", 1)
    window = Window(first=PAY_DAY + timedelta(days=4), last=PAY_DAY + timedelta(days=10))
    plain = Payment(
        end_to_end_id=name,
        uetr=uetr(name),
        amount=Money(_ordinary_minor(profile, number), profile.currencies[0]),
        creditor=Party(name=_name(profile, number)),
        creditor_account=account(profile, kind, number),
        ultimate_creditor=None,
        remittance_information=f"Sick pay 2019-10 no {number}",
        purpose=None,
        collection=window if kind is AccountType.COUNTER else None,
    )
    return replace(plain, **changes)


def longest_name(profile: Profile) -> int:
    """Return how many letters the bank's layout leaves to a payee's name; no layout says less than SEPA does."""
    fields = profile.layout.payment if profile.layout else ()
    return next((one.longest for one in fields if isinstance(one, PaymentText) and one.value == "creditor_name"), 70)


def _name(profile: Profile, number: int) -> str:
    name = _NAMES[number % len(_NAMES)]
    return name if len(name) <= longest_name(profile) else _NAMES[0][: longest_name(profile)].strip()


def _ordinary_minor(profile: Profile, number: int) -> int:
    """Make an amount that differs from its neighbours' and fits the bank's limit."""
    limit = profile.sum_limit(profile.currencies[0])
    wanted = _FIRST_MINOR + number % _STEPS * _STEP_MINOR
    return wanted if limit is None else min(wanted, max(1, limit // (2 * profile.limits.min_payments_per_submission)))


def content(profile: Profile, payments: Sequence[Payment], number: int = 1, **changes: Any) -> SubmissionContent:
    """Make a submission of some payments, the `number`th of its bank that day."""
    name = msg_id(profile.slug, PAY_DAY, number, epoch=1)
    plain = SubmissionContent(
        msg_id=name,
        payment_information_id=payment_information_id(name),
        file_name=file_named(profile, name, PAY_DAY) if profile.takes_files else f"{name}-{payments[0].end_to_end_id}",
        created_at=SEALED_AT,
        requested_execution_date=PAY_DAY,
        debtor=Debtor(name="Social Insurance Institution", iban=iban(profile.country, "", 4_711), bic=profile.bic),
        category_purpose="SSBE",
        payments=tuple(payments),
    )
    return replace(plain, **changes)


def most_payments(profile: Profile) -> int:
    """Return how many payments one submission of ours may hold: it is one block, and each payment a cent at least."""
    limits, cents = profile.limits, profile.sum_limit(profile.currencies[0])
    most = min(limits.payments_per_submission, limits.payments_per_block or limits.payments_per_submission)
    return most if cents is None else min(most, cents)


def some(profile: Profile, size: int = SOME) -> SubmissionContent:
    """Make an ordinary submission: `size` payments, or as many as the bank's limits allow or ask for."""
    size = min(max(size, profile.limits.min_payments_per_submission), most_payments(profile))
    return content(profile, under_sum(profile, [payment(profile, number) for number in range(1, size + 1)]))


def of_size(profile: Profile, size: int) -> SubmissionContent:
    """Make a submission of exactly `size` payments whose sum is within the bank's limit where that is possible."""
    return content(profile, under_sum(profile, [payment(profile, number) for number in range(1, size + 1)]), number=2)


def by_kind(profile: Profile) -> list[SubmissionContent]:
    """Make a submission for every way to be paid that the bank offers."""
    size = profile.limits.min_payments_per_submission
    return [
        content(profile, [payment(profile, 100 * place + one, kind) for one in range(1, size + 1)], number=2 + place)
        for place, kind in enumerate(profile.account_types, start=1)
    ]


def under_sum(profile: Profile, payments: Sequence[Payment]) -> list[Payment]:
    """Shrink amounts, evenly, until their sum fits the bank's limit."""
    limit = profile.sum_limit(profile.currencies[0])
    if limit is None or sum(one.amount.minor for one in payments) <= limit:
        return list(payments)
    each = max(1, limit // len(payments))
    return [replace(one, amount=Money(each, one.amount.currency)) for one in payments]


def filled_up(profile: Profile, payments: Sequence[Payment]) -> SubmissionContent:
    """Put harmless payments beside some until the bank's smallest submission is reached."""
    missing = profile.limits.min_payments_per_submission - len(payments)
    more = [replace(payment(profile, 90_000 + n), amount=Money(1, profile.currencies[0])) for n in range(missing)]
    return content(profile, [*payments, *more], number=9)


def largest_minor(profile: Profile) -> int:
    """Return the largest amount that the bank's limit leaves to one payment, beside the fewest others of a cent."""
    limit = profile.sum_limit(profile.currencies[0])
    others = profile.limits.min_payments_per_submission - 1
    return LARGEST_MINOR if limit is None else min(LARGEST_MINOR, limit - others)
