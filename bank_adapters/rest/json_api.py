"""The adapter of banks with a JSON API: one payment is one request, told apart by its idempotency key.

POST /v1/payments with header Idempotency-Key = the submission's name and a canonical JSON body; GET
/v1/payments/{key} reads back what the bank has. The body holds no time of creation: the same payment is the same bytes.
An answer that says whether the bank has a payment names its key as `idempotencyKey`; one that names none was given by
somebody else. Whatever names another key was said about something else, and proves nothing.
Status, booking and return messages are JSON objects, read by `messages`; the body is read back by `reread`. The shape
of the body, and how it pays over the counter, is described in `body`.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from bank_adapters.profile import Profile
from bank_adapters.rest import messages
from bank_adapters.rest.body import body_of
from bank_adapters.rest.reread import reread
from bank_adapters.spi import HttpRequest, Reread, SubmissionContent
from gateway.domain.digest import canonical
from gateway.domain.errors import CannotRender, Oversized
from gateway.domain.observation import Observation
from gateway.domain.reasons import DUPLICATES
from gateway.domain.statement import Statement
from gateway.ports.transport import Answer, Arrival, Finding, Sent

PATH = "/v1/payments"

_KEY = re.compile(r"[A-Za-z0-9._-]{1,64}")
_CODE = re.compile(r"[A-Za-z0-9_-]{1,35}")
_TAKEN = frozenset({200, 201, 202})
_REFUSED_PAYMENT = frozenset({400, 422})
_REFUSED_CALLER = frozenset({401, 403})
_BUSY = frozenset({429, 503})
_CONFLICT, _SERVER_ERROR = 409, 500
_OK, _UNKNOWN_KEY = 200, (404, "NOT_FOUND")


class JsonApiAdapter:
    """See `bank_adapters.spi.RequestAdapter`."""

    def refusals(self, submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
        """Return, by EndToEndId, why a payment cannot be put into the request."""
        found: dict[str, str] = {}
        for payment in submission.payments:
            try:
                body_of(submission, payment, profile)
            except CannotRender as error:
                found[payment.end_to_end_id] = str(error)
        return found

    def render(self, submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
        """Write the request's body."""
        if len(submission.payments) != 1:
            raise CannotRender(f"submission {submission.msg_id}: one payment is one request")
        payment = submission.payments[0]
        body = body_of(submission, payment, profile)
        limit = profile.sum_limit(payment.amount.currency)
        if limit is not None and payment.amount.minor > limit:
            raise CannotRender(f"payment {payment.end_to_end_id}: the amount is over the bank's limit")
        written = canonical(body)
        most = profile.limits.bytes_per_submission
        if most is not None and len(written) > most:
            raise Oversized(f"payment {payment.end_to_end_id}: {len(written)} bytes are over the bank's limit")
        return iter((written,))

    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        """Read a request's body back."""
        del profile  # the body has one shape
        return reread(pieces)

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation | Statement]:
        """Read a status, booking or return message."""
        del profile
        return messages.read(pieces)

    def submit_request(self, body: bytes, profile: Profile, name: str) -> HttpRequest:
        """Describe the request that submits a sealed body."""
        del profile
        headers = {"Content-Type": "application/json", "Accept": "application/json", "Idempotency-Key": _key(name)}
        return HttpRequest(method="POST", path=PATH, headers=headers, body=body)

    def read_submit(self, status: int, body: bytes, name: str, *, busy_means_not_sent: bool = False) -> Answer:
        """Read the answer to a submission.

        Only a JSON object that names the key proves that the payment is there: proxies say 200 too. 400 and 422 with
        the API's own code refuse the payment for good: it was delivered, and the bank's message says so again. 401 and
        403 stand before any payment. A conflict is a success only if it says that this key is already used. None of
        these holds for an answer that names another key.
        """
        answer = _answer(body)
        evidence = _evidence(status, answer)
        ours, others, code = _names(answer, name), _names_another(answer, name), evidence.get("code")
        duplicate = status == _CONFLICT and code in DUPLICATES
        refused = code is not None and status in _REFUSED_PAYMENT and not others
        if (ours and (duplicate or status in _TAKEN)) or refused:
            return Answer(sent=Sent.SENT, evidence=evidence)
        if not others and (status in _REFUSED_CALLER or (status in _BUSY and busy_means_not_sent)):
            return Answer(sent=Sent.NOT_SENT, evidence=evidence, unreachable=True)
        return Answer(sent=Sent.UNKNOWN, evidence=evidence, unreachable=status >= _SERVER_ERROR or status in _BUSY)

    def inquiry_request(self, name: str) -> HttpRequest:
        """Describe the read-back of a key."""
        return HttpRequest(method="GET", path=f"{PATH}/{_key(name)}", headers={"Accept": "application/json"})

    def read_inquiry(self, status: int, body: bytes, name: str) -> Finding:
        """Read the answer to a read-back: only 200 proves arrival, only 404 with the API's own code says unknown.

        Both only in a JSON object that names the key that was asked about: a proxy's or another server's answer proves
        nothing about payments. API gateways answer 404 in JSON as well, some with this very code, for a route that they
        lost: without the key that is no word about a payment, and believing it would pay twice.
        """
        answer, arrival = _answer(body), Arrival.CANNOT_TELL
        if answer is not None and _names(answer, name):
            if status == _OK:
                arrival = Arrival.ARRIVED
            elif (status, answer.get("code")) == _UNKNOWN_KEY:
                arrival = Arrival.SAYS_UNKNOWN
        return Finding(arrival=arrival, evidence=_evidence(status, answer))


def _key(name: str) -> str:
    """Return a key that is safe in a header and in a path, or refuse it."""
    if _KEY.fullmatch(name) is None:
        raise CannotRender("an idempotency key has 1 to 64 letters of A-Z a-z 0-9 . _ -")
    return name


def _answer(body: bytes) -> dict[str, Any] | None:
    """Return the JSON object of an answer, or None where it is anything else."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def _names(answer: Mapping[str, Any] | None, name: str) -> bool:
    """Whether an answer speaks of the submission of this name."""
    return answer is not None and answer.get("idempotencyKey") == name


def _names_another(answer: Mapping[str, Any] | None, name: str) -> bool:
    """Whether an answer speaks of something else than the submission of this name, whatever it calls that."""
    return answer is not None and answer.get("idempotencyKey", name) != name


def _evidence(status: int, answer: Mapping[str, Any] | None) -> dict[str, str]:
    """Return what is kept of an answer: its status and its machine code if that is short and plain, never its text."""
    code = (answer or {}).get("code")
    plain = {"code": code} if isinstance(code, str) and _CODE.fullmatch(code) else {}
    return {"http_status": str(status), **plain}
