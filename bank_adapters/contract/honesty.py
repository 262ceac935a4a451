"""Whether a profile and its adapter say the truth about themselves, and keep payees out of what they say."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from bank_adapters.capabilities import SUPPORT, DuplicateCheck, Family, Level, PointOfNoReturn, Service
from bank_adapters.contract import scenarios
from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from bank_adapters.contract.tiers import findings_about_tier
from bank_adapters.profile import Profile
from bank_adapters.spi import Payment, RequestAdapter, SubmissionContent
from gateway.domain.errors import CannotRender, GatewayError, SealMismatch, Unreadable
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount, Party

CANARY_NAME = "Zephyrine Quixworth"
CANARY_TEXT = "Coeliac Allowance Quixworth"
CANARY_ACCOUNT = "DE75512108001245126199"
CANARIES = ("zephyrine", "quixworth", CANARY_ACCOUNT.lower(), "1245126199")
_KEY = "G1BANK191104S00001"


def _methods(candidate: Candidate) -> Iterator[str]:
    declared = SUPPORT.get(candidate.profile.family)
    if declared is None:
        yield f"family {candidate.profile.family} declares nothing: add it to capabilities.SUPPORT"
        return
    for capability, level in declared.items():
        there = callable(getattr(candidate.adapter, capability.value, None))
        if there != (level is Level.FULL):
            yield (
                f"{capability.value} is declared {level.value}, but the adapter {'has' if there else 'lacks'} the"
                " method: change the declaration or the adapter"
            )


def _transport(candidate: Candidate) -> Iterator[str]:
    profile = candidate.profile
    files = profile.takes_files
    if files != (profile.point_of_no_return is PointOfNoReturn.RENAME):
        yield "point_of_no_return does not fit the transport: rename for files, first byte for https"
    if files and isinstance(candidate.adapter, RequestAdapter):
        yield "the adapter makes requests, the transport carries files: choose one"
    if files == (profile.family is Family.REST):
        yield "family rest goes through https, every other family through files"
    if profile.answers.duplicate_check is DuplicateCheck.IDEMPOTENCY_KEY and files:
        yield "answers.duplicate_check idempotency-key needs an API: files are told apart by msgid"
    if profile.answers.inquiry_authoritative and not isinstance(candidate.adapter, RequestAdapter):
        yield "answers.inquiry_authoritative, but this bank cannot be asked: write false"


def _timings(candidate: Candidate) -> Iterator[str]:
    timings, transport = candidate.profile.timings, candidate.profile.transport
    if timings.lease_seconds <= timings.send_deadline_seconds:
        yield "timings.lease_seconds must be greater than send_deadline_seconds: else two workers may send"
    for key in ("timeout_seconds", "connect_seconds"):
        limit = getattr(transport, key, None)
        if limit is not None and limit > timings.send_deadline_seconds:
            yield f"transport.{key} is beyond timings.send_deadline_seconds: it could never be used up"
    if candidate.profile.answers.inquiry_authoritative and (
        timings.authoritative_after_seconds < timings.inquire_after_seconds
    ):
        yield "timings.authoritative_after_seconds is below inquire_after_seconds: 'twice unknown' would be one moment"


def _absences(candidate: Candidate) -> Iterator[str]:
    profile = candidate.profile
    if (Service.POSITIVE_STATUS in profile.absent) == profile.answers.positive_status:
        yield "absent and answers.positive_status contradict each other"
    none = profile.answers.duplicate_check is DuplicateCheck.NONE
    if (Service.DUPLICATE_CHECK in profile.absent) != none:
        yield "absent and answers.duplicate_check contradict each other"
    if {Service.POSITIVE_STATUS, Service.NOTIFICATION, Service.STATEMENT} <= profile.absent.keys():
        yield "a bank that never says that anything was done: no payment could ever be called paid"


# What is said of a refusal ---------------------------------------------------------------------------------------


def _tells(error: BaseException | None) -> Iterator[str]:
    """Yield every text that a log would show of an error."""
    while error is not None:
        yield f"{error} {error.args!r}"
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _leaks(texts: Iterable[str]) -> bool:
    return any(canary in text.lower() for text in texts for canary in CANARIES)


def _raised(act: Callable[[], object]) -> list[str]:
    try:
        act()
    except GatewayError as error:
        return list(_tells(error))
    return []


def _canary(profile: Profile, **changes: Any) -> Payment:
    named: dict[str, Any] = {"creditor": Party(name=CANARY_NAME), "remittance_information": CANARY_TEXT}
    payment = scenarios.payment(profile, 901, **named | changes)
    if isinstance(payment.creditor_account, IbanAccount) and "creditor_account" not in changes:
        payment = replace(payment, creditor_account=IbanAccount(iban=CANARY_ACCOUNT))
    return payment


def _broken_canaries(profile: Profile) -> Mapping[str, SubmissionContent]:
    currency = profile.currencies[0]
    made = {
        "an amount of zero": _canary(profile, amount=Money(0, currency)),
        "an amount without end": _canary(profile, amount=Money(10**30, currency)),
        "a letter without a place": replace(_canary(profile), creditor=Party(name=f"{CANARY_NAME} \u4e2d")),
        "a name without end": replace(_canary(profile), creditor=Party(name=f"{CANARY_NAME} " * 40)),
        "a text without end": replace(_canary(profile), remittance_information=f"{CANARY_TEXT} " * 40),
        "a wrong account": _canary(profile, creditor_account=IbanAccount(iban=f"{CANARY_ACCOUNT} x")),
        "a wrong UETR": _canary(profile, uetr="none"),
        "an ultimate creditor without a letter": _canary(
            profile, ultimate_creditor=Party(name=f"\u4e2d {CANARY_NAME}")
        ),
        "a name that breaks records": replace(_canary(profile), creditor=Party(name=f"{CANARY_NAME}\r\n|;\x00")),
    }
    return {what: scenarios.filled_up(profile, [payment]) for what, payment in made.items()}


def _no_leak_rendering(candidate: Candidate) -> Iterator[str]:
    for what, content in _broken_canaries(candidate.profile).items():
        texts = list(candidate.adapter.refusals(content, candidate.profile).values())
        texts += _raised(lambda content=content: candidate.rendered(content))  # type: ignore[misc]
        if _leaks(texts):
            yield f"{what}: the refusal repeats a name, text or account: name the rule and a single letter only"


def _no_leak_rereading(candidate: Candidate) -> Iterator[str]:
    content = scenarios.filled_up(candidate.profile, [_canary(candidate.profile)])
    try:
        document = candidate.rendered(content)
    except CannotRender:
        yield "a payment with a plain name, account and text is refused"
        return
    for size in range(0, len(document), max(1, len(document) // 40)):
        changed = (document[:size], document[:size] + b"\xff" + document[size + 1 :], document[:size] + b"<")
        for one in changed:
            texts = _raised(lambda one=one: candidate.adapter.reread(iter((one,)), candidate.profile))  # type: ignore[misc]
            if _leaks(texts):
                yield "reread's error repeats a name, text or account: tell place and rule"
                return


def _no_leak_reading(candidate: Candidate) -> Iterator[str]:
    """Plant canaries into the bank's messages, break them at many places, and look at what is said."""
    for name, document in candidate.documents():
        ids = candidate.some.payments[0].end_to_end_id.encode()
        planted = document.replace(ids, CANARY_ACCOUNT.encode()).replace(b"CHECK", b"QUIXWORTH")
        for size in range(0, len(planted), max(1, len(planted) // 40)):
            for one in (
                planted[:size],
                planted[:size] + b"\x00" + planted[size:],
                planted[:size] + b"<" + planted[size:],
            ):
                if _leaks(_raised(lambda one=one: candidate.read(one))):  # type: ignore[misc]
                    yield f"{name}: the error repeats what stood in the message: tell place and rule"
                    return


def _no_leak_answers(candidate: Candidate) -> Iterator[str]:
    if not isinstance(candidate.adapter, RequestAdapter):
        return
    bodies = [f'{{"code":"{CANARY_NAME}","message":"{CANARY_ACCOUNT}"}}'.encode(), CANARY_NAME.encode()]
    for status in (200, 400, 404, 409, 422, 500):
        for body in bodies:
            told = [
                candidate.adapter.read_submit(status, body, _KEY).evidence,
                candidate.adapter.read_inquiry(status, body, _KEY).evidence,
            ]
            if _leaks(f"{one}" for one in told):
                yield f"the evidence kept of an answer {status} repeats its text: keep codes only"


def _named_errors(candidate: Candidate) -> Iterator[str]:
    """What is refused while rendering is CannotRender, while reading Unreadable, while rereading SealMismatch."""
    for content in _broken_canaries(candidate.profile).values():
        try:
            candidate.rendered(content)
        except CannotRender:
            continue
        except GatewayError as error:
            yield f"render raises {type(error).__name__}: raise CannotRender"
    for act, wanted in (
        (candidate.read, Unreadable),
        (lambda d: candidate.adapter.reread((d,), candidate.profile), SealMismatch),
    ):
        try:
            act(b"\x00\x01")
        except wanted:
            continue
        except GatewayError as error:
            yield f"reading garbage raises {type(error).__name__}: raise {wanted.__name__}"


def _tier(candidate: Candidate) -> Iterator[str]:
    yield from findings_about_tier(candidate)


CHECKS = (
    Check(name="honesty.capabilities", asks="the capabilities declared are the methods that are there", ask=_methods),
    Check(name="honesty.transport", asks="transport, family and point of no return agree", ask=_transport),
    Check(name="honesty.timings", asks="deadlines and leases leave room for each other", ask=_timings),
    Check(name="honesty.absences", asks="what is absent is what the answers lack", ask=_absences),
    Check(
        name="honesty.no-leak-rendering", asks="a refused payment tells no name and no account", ask=_no_leak_rendering
    ),
    Check(name="honesty.no-leak-rereading", asks="reread's errors tell no name and no account", ask=_no_leak_rereading),
    Check(name="honesty.no-leak-reading", asks="an unreadable message is not quoted", ask=_no_leak_reading),
    Check(name="honesty.no-leak-answers", asks="the evidence of an answer keeps codes only", ask=_no_leak_answers),
    Check(name="honesty.named-errors", asks="each step raises its own error", ask=_named_errors),
    Check(name="honesty.tier", asks="the tier that the profile claims is covered by its evidence", ask=_tier),
)
