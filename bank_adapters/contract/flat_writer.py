"""Reply files of a delimited bank, written by the suite from the layout of the bank's replies."""

from collections.abc import Sequence

from bank_adapters.contract.writers import Said, XmlAnswers
from bank_adapters.profile import Profile
from bank_adapters.profile.layout import Layout
from bank_adapters.profile.replies import Replies, ReplyConstant, ReplyHeadField, ReplyLineField
from bank_adapters.spi import Payment, SubmissionContent
from gateway.domain.reasons import DUPLICATES

_NO_WORD = "RCVD"


class FlatAnswers:
    """Answers by a layout; of accounts such a bank writes camt messages, as every bank does."""

    def __init__(self, profile: Profile, layout: Layout, replies: Replies) -> None:
        self._layout, self._replies = layout, replies
        self._own = frozenset(profile.answers.duplicate_codes) & profile.status_overrides.keys()
        self._has_reason = any(field.value == "reason" for field in replies.line)

    def statuses(self, content: SubmissionContent, said: Sequence[Said], group: str | None) -> bytes:
        """See Answers."""
        head = {"result": group or _NO_WORD, "count": str(len(said))} | _names(content)
        lines = [self._fields(self._replies.line, self._said(content, one)) for one in said]
        return self._file(head, lines)

    def whole(self, content: SubmissionContent, status: str, reason: str | None) -> bytes | None:
        """See Answers; only where header or trailer has a column for it."""
        fields = {field.value for field in (*self._replies.header, *self._replies.trailer)}
        unsaid = reason in DUPLICATES and "reason" not in fields and reason not in self._own
        if "result" not in fields or not self._replies.header or unsaid:
            return None
        result = status if "reason" in fields else self._both(status, reason)
        return self._file({"result": result, "reason": reason or "", "count": "0"} | _names(content), [])

    def entry(self, payment: Payment, *, credit: bool, booked: bool = True, reason: str | None = None) -> bytes:
        """See Answers."""
        return XmlAnswers().entry(payment, credit=credit, booked=booked, reason=reason)

    def can_say(self, reason: str) -> bool:
        """See Answers; where there is no column for the reason, the result says both in the bank's own codes."""
        return self._has_reason or reason in self._own

    def _both(self, status: str, reason: str | None) -> str:
        """Say status and reason in one code: one that means "already have it" comes first."""
        return reason if reason is not None and reason in self._own else status

    def _said(self, content: SubmissionContent, said: Said) -> dict[str, str]:
        places = {one.end_to_end_id: place for place, one in enumerate(content.payments)}
        return _names(content) | {
            "line_number": str(self._layout.first_line_number + places[said.payment.end_to_end_id]),
            "end_to_end_id": said.payment.end_to_end_id,
            "result": said.status if self._has_reason else self._both(said.status, said.reason),
            "reason": said.reason or "",
            "reason_text": said.text or "",
            "bank_reference": "R1",
        }

    def _fields(self, fields: Sequence[ReplyHeadField] | Sequence[ReplyLineField], values: dict[str, str]) -> str:
        delimiter = self._replies.delimiter or self._layout.delimiter
        quote = '"' if (self._replies.quoting or self._layout.quoting) == "always" else ""
        told = [one.text if isinstance(one, ReplyConstant) else values.get(one.value, "") for one in fields]
        return delimiter.join(f"{quote}{one}{quote}" for one in told)

    def _file(self, head: dict[str, str], lines: Sequence[str]) -> bytes:
        first = [self._fields(self._replies.header, head)] if self._replies.header else []
        last = [self._fields(self._replies.trailer, head)] if self._replies.trailer else []
        text = "".join(f"{line}\r\n" for line in (*first, *lines, *last))
        return text.encode(self._replies.encoding or self._layout.encoding)


def _names(content: SubmissionContent) -> dict[str, str]:
    return {"msg_id": content.msg_id, "file_name": content.file_name}
