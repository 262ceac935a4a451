"""What a bank that is spoken to by requests must be asked, and what its answers prove: never more than they say."""

from collections.abc import Iterator

from bank_adapters.capabilities import Capability
from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from bank_adapters.spi import RequestAdapter
from gateway.domain.errors import CannotRender
from gateway.ports.transport import Arrival, Sent

_ID, _OTHER_ID = "G1BANK191104S00001", "G1BANK191104S00002"
_RECEIPT = b'{"idempotencyKey":"G1BANK191104S00001","status":"RCVD"}'
_UNKNOWN = b'{"code":"NOT_FOUND","idempotencyKey":"G1BANK191104S00001"}'
_PAGE = b"<html>Service</html>"
_NO_WORD = (
    (200, _PAGE),
    (404, _PAGE),
    (404, b'{"message":"no route"}'),
    (404, b'{"code":"NOT_FOUND"}'),
    (200, b'{"status":"UP"}'),
    (500, _RECEIPT),
)
"""What other servers between us and the bank answer: nothing about a payment."""
_OF_ANOTHER = b'{"code":"FORMAT_ERROR","idempotencyKey":"G1BANK191104S00002"}'
_NO_PROOF = (
    (200, _PAGE),
    (204, b""),
    (302, b""),
    (200, b'{"status":"UP"}'),
    (404, _RECEIPT),
    (409, b'{"code":"BUSY"}'),
    (500, _RECEIPT),
    (504, _PAGE),
)
_IDS = (_ID, "A.b_c-9", "x" * 64)
_BAD_IDS = ("", "x" * 65, "a b", "a/b", "a\r\nX: y", "é", "a?b", "a#b")


def _adapter(candidate: Candidate) -> RequestAdapter:
    if not isinstance(candidate.adapter, RequestAdapter):
        raise TypeError("the family declares requests, the adapter has no methods for them")
    return candidate.adapter


def _submit(candidate: Candidate) -> Iterator[str]:
    adapter, body = _adapter(candidate), candidate.bytes_of_some()
    for name in _IDS:
        request = adapter.submit_request(body, candidate.profile, name)
        if request.body != body:
            yield "the request's body is not the sealed bytes: send them as they are"
        if name not in request.headers.values() and name not in request.path:
            yield "the request does not carry its idempotency key: the bank could not tell a repeat"
        if not request.path.startswith("/") or "://" in request.path:
            yield "the request's path does not stand under the profile's base_url: begin it with /"
    if adapter.submit_request(body, candidate.profile, _IDS[0]) != adapter.submit_request(
        body, candidate.profile, _IDS[0]
    ):
        yield "the same submission gives another request the second time"


def _names(candidate: Candidate) -> Iterator[str]:
    adapter = _adapter(candidate)
    for name in _BAD_IDS:
        for ask in (lambda n: adapter.submit_request(b"{}", candidate.profile, n), adapter.inquiry_request):
            try:
                request = ask(name)
            except CannotRender:
                continue
            if name not in request.path and name not in request.headers.values():
                continue
            yield "a key that could break out of header or path is taken: raise CannotRender"


def _answers(candidate: Candidate) -> Iterator[str]:
    adapter = _adapter(candidate)
    if adapter.read_submit(201, _RECEIPT, _ID).sent is not Sent.SENT:
        yield "201 with the bank's receipt is not taken for sent"
    if adapter.read_submit(201, _RECEIPT, _OTHER_ID).sent is not Sent.UNKNOWN:
        yield "a receipt for another key is taken for proof: compare the key that it names"
    for status, body in _NO_PROOF:
        if adapter.read_submit(status, body, _ID).sent is not Sent.UNKNOWN:
            yield f"an answer {status} is taken for proof of what happened: it is UNKNOWN"
    for status in (429, 503):
        if adapter.read_submit(status, b"", _ID).sent is not Sent.UNKNOWN:
            yield f"{status} is taken for proof that nothing came in: only the profile may say so"
    for status in (400, 401, 403, 409, 422, 429, 503):
        if adapter.read_submit(status, _OF_ANOTHER, _ID, busy_means_not_sent=True).sent is not Sent.UNKNOWN:
            yield f"an answer {status} about another key is taken for proof: compare the key that it names"


def _duplicate_answer(candidate: Candidate) -> Iterator[str]:
    """The key was used before: the bank has the payment; that is delivery, and no refusal."""
    used = b'{"code":"DUPLICATE_KEY","idempotencyKey":"G1BANK191104S00001"}'
    answer = _adapter(candidate).read_submit(409, used, _ID)
    if answer.sent is Sent.NOT_SENT:
        yield "'key already used' is taken for not sent: the payment would go again"


def _inquiry(candidate: Candidate) -> Iterator[str]:
    adapter = _adapter(candidate)
    request = adapter.inquiry_request(_IDS[0])
    if request.method != "GET" or request.body:
        yield "the inquiry is not a GET without a body: it must move no money"
    wanted = [(200, _RECEIPT, Arrival.ARRIVED), (404, _UNKNOWN, Arrival.SAYS_UNKNOWN)]
    wanted += [(status, body, Arrival.CANNOT_TELL) for status, body in _NO_WORD]
    wanted += [(status, b"", Arrival.CANNOT_TELL) for status in (301, 401, 403, 429, 503)]
    for status, body, arrival in wanted:
        if adapter.read_inquiry(status, body, _ID).arrival is not arrival:
            yield f"an inquiry answered {status} is not read as '{arrival}'"
    if adapter.read_inquiry(200, _RECEIPT, _OTHER_ID).arrival is not Arrival.CANNOT_TELL:
        yield "an answer about another key is taken for arrival: compare the key that it names"
    if adapter.read_inquiry(404, _UNKNOWN, _OTHER_ID).arrival is not Arrival.CANNOT_TELL:
        yield "'not found' about another key is believed of this one: compare the key that it names"


_NEEDS = (Capability.SUBMIT_REQUEST, Capability.READ_SUBMIT)
_INQUIRES = (Capability.INQUIRY_REQUEST, Capability.READ_INQUIRY)

CHECKS = (
    Check(name="requests.submit", asks="a request carries the sealed bytes and its key", ask=_submit, needs=_NEEDS),
    Check(name="requests.safe-names", asks="no key breaks out of header or path", ask=_names, needs=_NEEDS),
    Check(
        name="requests.only-proof-is-proof", asks="an answer that proves nothing is unknown", ask=_answers, needs=_NEEDS
    ),
    Check(
        name="requests.duplicate-is-delivered",
        asks="'key already used' never means not sent",
        ask=_duplicate_answer,
        needs=_NEEDS,
    ),
    Check(
        name="requests.inquiry", asks="an inquiry moves nothing and believes only proof", ask=_inquiry, needs=_INQUIRES
    ),
)
