"""Writes camt.055.001.08 and .09: the wish that a bank cancels payments before execution, or recalls them after it.

The two versions differ in parts that are not written here. No package ships their schema, so every rule that it makes
of what is written is a rule of this module; the tests hold the outcome against ISO's own schemas. A wish moves no
money; its answers (camt.029, a status, a returned amount) are read like every other message.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from bank_adapters.iso20022.pain001_parties import agent, element
from bank_adapters.iso20022.pain001_terms import WITHOUT_UETR, Terms, terms_of
from bank_adapters.profile import Profile
from bank_adapters.profile.pain001 import VERSIONS
from bank_adapters.sepa.rules import amount_violations, put, put_name, uetr_violations
from bank_adapters.spi import CancellationRequest, CancelledPayment
from gateway.domain.errors import CannotRender, Violation
from gateway.domain.identity import is_cancellation_id, reference_violations
from gateway.domain.money import Money, format_minor

REASONS: Mapping[str, str] = {
    "DUPL": "the payment was sent twice",
    "TECH": "a technical problem made it wrong",
    "FRAD": "its origin is fraudulent",
    "CUST": "the debtor asks for it",
    "AC03": "the account is not the payee's",
    "AM09": "the amount is wrong",
}
"""What SEPA recalls for (reference iso20022-and-banks 3.4): the first three recall, the others ask the payee."""
INFORMATION_MAX = 105
"""Max105Text of ISO 20022: AddtlInf."""
PAYMENTS_A_PIECE = 256

_BATCH_MAX = 10**18 - 1
_CODE_LENGTH = 4


def render(request: CancellationRequest, profile: Profile) -> Iterator[bytes]:
    """Write the request; see `bank_adapters.spi.CancellingAdapter.cancel`."""
    version = profile.messages.cancellation
    if version is None:
        raise CannotRender(f"cancellation {request.assignment_id}: the bank is not asked by message")
    terms = terms_of(profile)
    broken = [*_frame_violations(request, terms), *_payment_violations(request.payments, terms.minor_max)]
    if broken:
        told = "; ".join(f"{one.text} (rule {one.rule}, at {one.path})" for one in broken)
        raise CannotRender(f"cancellation {request.assignment_id}: {told}")
    return _written(request, profile, terms, version)


def _frame_violations(request: CancellationRequest, terms: Terms) -> Iterator[Violation]:
    for path, value in (("Assgnmt/Id", request.assignment_id), ("Undrlyg/OrgnlMsgId", request.original_msg_id)):
        yield from reference_violations(value, path)
    if not is_cancellation_id(request.assignment_id):
        yield Violation("Assgnmt/Id", "recall.id", "the id has not the form by which answers to requests are known")
    if request.original_message not in VERSIONS:
        yield Violation("Undrlyg/OrgnlMsgNmId", "recall.message", "the original is no message that is written here")
    for path, moment in (("Assgnmt/CreDtTm", request.created_at), ("OrgnlCreDtTm", request.original_created_at)):
        if moment.tzinfo is None:
            yield Violation(path, "time.zone", "a time has no zone")
    _, wrong = put_name(request.debtor.name, "debtor name", "Assgnmt/Assgnr/Pty/Nm", terms.name_max, terms.letters)
    _, long = put(request.additional_information, "additional information", "AddtlInf", INFORMATION_MAX, terms.letters)
    yield from (one for one in (wrong, long) if one is not None)
    known = (
        request.reason in REASONS if terms.sepa else len(request.reason) == _CODE_LENGTH and request.reason.isalnum()
    )
    if not (known and request.reason.isascii() and request.reason.isupper()):
        yield Violation("CxlRsnInf/Rsn/Cd", "recall.reason", "no reason for which a payment is recalled")
    if (request.whole is None) == (not request.payments):
        yield Violation("Undrlyg", "recall.scope", "either payments are cancelled, or the whole message")
    if request.whole is not None:
        count, total = request.whole
        yield from amount_violations(total, _BATCH_MAX, "Undrlyg/OrgnlGrpInfAndCxl/CtrlSum")
        if count < 1:
            yield Violation("Undrlyg/OrgnlGrpInfAndCxl/NbOfTxs", "count.positive", "a message holds a payment at least")


def _payment_violations(payments: Sequence[CancelledPayment], most: int) -> Iterator[Violation]:
    for place, payment in enumerate(payments, start=1):
        path = f"TxInf[{place}]"
        yield from reference_violations(payment.cancellation_id, f"{path}/CxlId")
        yield from reference_violations(payment.payment_information_id, "OrgnlPmtInfAndCxl/OrgnlPmtInfId")
        yield from reference_violations(payment.end_to_end_id, f"{path}/OrgnlEndToEndId")
        if payment.instruction_id is not None:
            yield from reference_violations(payment.instruction_id, f"{path}/OrgnlInstrId")
        yield from uetr_violations(payment.uetr, f"{path}/OrgnlUETR")
        yield from amount_violations(payment.amount, most, f"{path}/OrgnlInstdAmt")
    if len({payment.amount.currency for payment in payments}) > 1:
        yield Violation("CtrlData/CtrlSum", "currency.one", "the payments are in several currencies")
    for name, path in (("end_to_end_id", "TxInf/OrgnlEndToEndId"), ("cancellation_id", "TxInf/CxlId")):
        if len({getattr(payment, name) for payment in payments}) < len(payments):
            yield Violation(path, "reference.unique", "an id stands more than once: a payment is recalled once")


def _written(request: CancellationRequest, profile: Profile, terms: Terms, version: str) -> Iterator[bytes]:
    yield _opening(request, profile, terms, version).encode()
    if request.whole is not None:
        yield _whole_message(request, *request.whole, terms).encode()
    ordered = sorted(request.payments, key=lambda payment: payment.payment_information_id)
    for block, payments in groupby(ordered, key=lambda payment: payment.payment_information_id):
        yield from _block(request, block, list(payments), terms)
    yield b"</Undrlyg></CstmrPmtCxlReq></Document>"


def _opening(request: CancellationRequest, profile: Profile, terms: Terms, version: str) -> str:
    payments = [payment.amount for payment in request.payments]
    count, total = request.whole or (len(payments), _sum(payments))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:{version}">'
        f"<CstmrPmtCxlReq><Assgnmt>{element('Id', request.assignment_id)}"
        f"<Assgnr><Pty>{element('Nm', terms.letters(request.debtor.name))}</Pty></Assgnr>"
        f"<Assgne>{agent('Agt', 'BICFI', profile.bic, not_provided=False)}</Assgne>"
        f"<CreDtTm>{_moment(request.created_at)}</CreDtTm></Assgnmt>"
        f"<CtrlData>{_totals(count, total)}</CtrlData><Undrlyg>"
    )


def _whole_message(request: CancellationRequest, count: int, total: Money, terms: Terms) -> str:
    return (
        f"<OrgnlGrpInfAndCxl>{_original(request)}{_totals(count, total)}<GrpCxl>true</GrpCxl>"
        f"{_reason(request, terms)}</OrgnlGrpInfAndCxl>"
    )


def _block(
    request: CancellationRequest, block: str, payments: Sequence[CancelledPayment], terms: Terms
) -> Iterator[bytes]:
    """Write the payments of one block of the original message, each with its reason."""
    reason, total = _reason(request, terms), _sum(payment.amount for payment in payments)
    head = (
        f"<OrgnlPmtInfAndCxl>{element('OrgnlPmtInfId', block)}<OrgnlGrpInf>{_original(request)}</OrgnlGrpInf>"
        f"{_totals(len(payments), total)}<PmtInfCxl>false</PmtInfCxl>"
    )
    yield head.encode()
    told = terms.habits.uetr and request.original_message not in WITHOUT_UETR
    for start in range(0, len(payments), PAYMENTS_A_PIECE):
        yield "".join(_payment(one, reason, uetr=told) for one in payments[start : start + PAYMENTS_A_PIECE]).encode()
    yield b"</OrgnlPmtInfAndCxl>"


def _payment(payment: CancelledPayment, reason: str, *, uetr: bool) -> str:
    """Write a payment by the names that its message gave it; `uetr`: a UETR was among them."""
    amount = payment.amount
    own = element("OrgnlUETR", payment.uetr) if uetr else ""
    return (
        f"<TxInf>{element('CxlId', payment.cancellation_id)}{element('OrgnlInstrId', payment.instruction_id)}"
        f"{element('OrgnlEndToEndId', payment.end_to_end_id)}{own}"
        f'<OrgnlInstdAmt Ccy="{amount.currency}">{format_minor(amount.minor, amount.currency)}</OrgnlInstdAmt>'
        f"<OrgnlReqdExctnDt><Dt>{payment.requested_execution_date.isoformat()}</Dt></OrgnlReqdExctnDt>{reason}</TxInf>"
    )


def _reason(request: CancellationRequest, terms: Terms) -> str:
    more = element("AddtlInf", terms.letters(request.additional_information))
    orderer = f"<Orgtr>{element('Nm', terms.letters(request.debtor.name))}</Orgtr>"
    return f"<CxlRsnInf>{orderer}<Rsn>{element('Cd', request.reason)}</Rsn>{more}</CxlRsnInf>"


def _original(request: CancellationRequest) -> str:
    return (
        f"{element('OrgnlMsgId', request.original_msg_id)}{element('OrgnlMsgNmId', request.original_message)}"
        f"<OrgnlCreDtTm>{_moment(request.original_created_at)}</OrgnlCreDtTm>"
    )


def _totals(count: int, total: Money) -> str:
    return f"<NbOfTxs>{count}</NbOfTxs><CtrlSum>{format_minor(total.minor, total.currency)}</CtrlSum>"


def _sum(amounts: Iterable[Money]) -> Money:
    all_of_them = list(amounts)
    return Money(sum(one.minor for one in all_of_them), all_of_them[0].currency)


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
