"""Webhooks: banks that call the gateway with what they have to say, each call signed with a shared secret.

Written here on its own, from the description that a bank would be given: HMAC-SHA256 in hex over `<timestamp>.<body>`,
in X-Signature, beside X-Timestamp (seconds since 1970) and X-Message-Id.
"""

import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO

import structlog
from aiohttp import ClientError, ClientSession, ClientTimeout

from gateway.sandbox.books import Answer

_TAKEN = 202
_SECONDS = 10
_log = structlog.get_logger(__name__)


def signature(secret: bytes, timestamp: str, body: bytes) -> str:
    """Sign a call."""
    return hmac.new(secret, timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Webhooks:
    """Calls the gateway for the banks in `secrets`, in the order of their messages, so that a run can be repeated."""

    def __init__(self, secrets: Mapping[str, bytes]) -> None:
        """Call nobody until `call_at` says where; `taken` counts the messages that were new to the gateway."""
        self._secrets = secrets
        self._url = ""
        self.taken = 0

    def call_at(self, url: str) -> None:
        """Say where the gateway listens."""
        self._url = url

    def serves(self, slug: str) -> bool:
        """Whether this bank calls."""
        return bool(self._url) and slug in self._secrets

    async def call(self, slug: str, answers: Sequence[Answer], now: datetime) -> list[Answer]:
        """Return those messages, from the first on, that the gateway took; the rest is for another time."""
        taken: list[Answer] = []
        async with ClientSession(timeout=ClientTimeout(total=_SECONDS), trust_env=False) as session:
            for answer in answers:
                if not await self._took(session, slug, answer, now):
                    break
                taken.append(answer)
        return taken

    async def _took(self, session: ClientSession, slug: str, answer: Answer, now: datetime) -> bool:
        timestamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/octet-stream",
            "X-Timestamp": timestamp,
            "X-Signature": signature(self._secrets[slug], timestamp, answer.content),
            "X-Message-Id": f"{answer.name}.{answer.copy}",
        }
        url = f"{self._url}/v1/bank-messages/{slug}"
        try:
            async with session.post(url, data=BytesIO(answer.content), headers=headers, allow_redirects=False) as said:
                if said.status != _TAKEN:
                    _log.warning("a webhook call was refused", bank=slug, status=said.status)
                    return False
                self.taken += (await said.json())["status"] == "accepted"
                return True
        except (ClientError, OSError, TimeoutError) as error:
            _log.warning("a webhook call failed", bank=slug, error=type(error).__name__)
            return False
