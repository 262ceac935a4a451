"""Reply files of a bank with flat files, written by the suite from the layout of the bank's replies."""

from collections.abc import Sequence

from bank_adapters.contract.writers import Said, XmlAnswers
from bank_adapters.profile import Profile
from bank_adapters.profile.layout import Layout
from bank_adapters.profile.replies import Replies, ReplyAmount, ReplyConstant, ReplyField, ReplySum
from bank_adapters.spi import Payment, SubmissionContent
from gateway.domain.money import EXPONENT
from gateway.domain.reasons import DUPLICATES

_NO_WORD = "RCVD"
_MEANINGS = {"RJCT": "rejected", "ACSC": "executed", "PDNG": "none", _NO_WORD: "none", "PART": "none"}


class FlatAnswers:
    """Answers by a layout; of accounts such a bank writes camt messages, as every bank does."""

    def __init__(self, profile: Profile, layout: Layout, replies: Replies) -> None:
        self._profile, self._layout, self._replies = profile, layout, replies
        self._exponent = EXPONENT[profile.currencies[0]]
        self._own = frozenset(profile.answers.duplicate_codes) & profile.status_overrides.keys()
        self._has_reason = any(field.value == "reason" for field in replies.line)

    def statuses(self, content: SubmissionContent, said: Sequence[Said], group: str | None) -> bytes:
        """See Answers."""
        head = {"result": self.word(group or _NO_WORD), "count": str(len(said))} | _names(content)
        lines = [self._fields(self._replies.line, self._said(content, one)) for one in said]
        return self._file(head, lines, sum(one.payment.amount.minor for one in said))

    def whole(self, content: SubmissionContent, status: str, reason: str | None) -> bytes | None:
        """See Answers; only where header or trailer has a column for it."""
        fields = {field.value for field in (*self._replies.header, *self._replies.trailer)}
        unsaid = reason in DUPLICATES and "reason" not in fields and reason not in self._own
        if "result" not in fields or not self._replies.header or unsaid:
            return None
        result = self.word(status) if "reason" in fields else self._both(status, reason)
        return self._file({"result": result, "reason": reason or "", "count": "0"} | _names(content), [])

    def entry(self, payment: Payment, *, credit: bool, booked: bool = True, reason: str | None = None) -> bytes:
        """See Answers."""
        return XmlAnswers().entry(payment, credit=credit, booked=booked, reason=reason)

    def can_say(self, reason: str) -> bool:
        """See Answers; where there is no column for the reason, the result says both in the bank's own codes."""
        return self._has_reason or reason in self._own

    def word(self, status: str) -> str:
        """See Answers; in a column too narrow for ISO's codes the bank's own of that meaning, or an unlisted one."""
        width = next(field.width for field in self._replies.line if field.value == "result")
        if width is None or len(status) <= width:
            return status
        wanted, told = _MEANINGS.get(status), self._profile.status_overrides
        unlisted = (sign * width for sign in "ZYXWV" if sign * width not in told)
        return next((code for code, meaning in told.items() if meaning == wanted), next(unlisted))

    def _both(self, status: str, reason: str | None) -> str:
        """Say status and reason in one code: one that means "already have it" comes first."""
        return reason if reason is not None and reason in self._own else self.word(status)

    def _said(self, content: SubmissionContent, said: Said) -> dict[str, str]:
        places = {one.end_to_end_id: place for place, one in enumerate(content.payments)}
        return _names(content) | {
            "line_number": str(self._layout.first_line_number + places[said.payment.end_to_end_id]),
            "end_to_end_id": said.payment.end_to_end_id,
            "result": self.word(said.status) if self._has_reason else self._both(said.status, said.reason),
            "reason": said.reason or "",
            "reason_text": said.text or "",
            "bank_reference": "R1",
            "amount": self._amount_of(self._replies.line, said.payment.amount.minor),
        }

    def _fields(self, fields: Sequence[ReplyField], values: dict[str, str]) -> str:
        replies = self._replies
        told = [one.text if isinstance(one, ReplyConstant) else values.get(one.value, "") for one in fields]
        if replies.fixed:
            return "".join(_column(one, text) for one, text in zip(fields, told, strict=True))
        quote = '"' if (replies.quoting or self._layout.quoting) == "always" else ""
        return (replies.delimiter or self._layout.delimiter or "").join(f"{quote}{one}{quote}" for one in told)

    def _amount_of(self, fields: Sequence[ReplyField], minor: int) -> str:
        """Write an amount as the field for it says; empty where there is none."""
        found = (_amount(one, minor, self._exponent) for one in fields if isinstance(one, ReplySum | ReplyAmount))
        return next(found, "")

    def _file(self, head: dict[str, str], lines: Sequence[str], minor: int = 0) -> bytes:
        head["sum"] = self._amount_of((*self._replies.header, *self._replies.trailer), minor)
        first = [self._fields(self._replies.header, head)] if self._replies.header else []
        last = [self._fields(self._replies.trailer, head)] if self._replies.trailer else []
        end = "\r\n" if self._replies.line_end == "any" else ""
        text = "".join(f"{line}{end}" for line in (*first, *lines, *last))
        return text.encode(self._replies.encoding or self._layout.encoding)


def _column(field: ReplyField, text: str) -> str:
    """Fill a value up as most banks do: numbers with zeros, all else with blanks."""
    width = field.width or 0
    return text.zfill(width) if field.value in {"line_number", "count", "sum", "amount"} else text.ljust(width)


def _amount(field: ReplySum | ReplyAmount, minor: int, exponent: int) -> str:
    decimals = exponent if field.decimals is None else field.decimals
    text = str(minor * 10 ** (decimals - exponent)).zfill(decimals + 1)
    return (
        f"{text[:-decimals]}{field.decimal_sign}{text[-decimals:]}"
        if field.decimal_sign != "none" and decimals
        else text
    )


def _names(content: SubmissionContent) -> dict[str, str]:
    return {"msg_id": content.msg_id, "file_name": content.file_name}
