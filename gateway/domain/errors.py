"""Every error the gateway raises on purpose, as one tree.

GatewayError
├── Refused                 the caller's input breaks a rule; carries every violation
│   └── Conflict            what is asked contradicts what is stored; nothing was changed
├── NotFound                no such thing for this caller
├── Forbidden               the caller may not do this
├── Unreadable              a bank message that cannot be read; carries path and rule
├── CannotRender            a submission that cannot be put into the bank's language
│   └── Oversized           it can, but takes more bytes than the bank does: smaller ones may fit
├── SealMismatch            the bytes do not say what the signed orders say
├── WrappingFailed          an envelope (OpenPGP, CMS) that could not be made, opened or authenticated
├── ConfigError             settings or a profile that must not run
├── DayUnknown              a day that a calendar does not reach; nobody may guess whether it is a banking day
├── BankUnreachable         connect, TLS, authenticate, list or read failed; no payment was under way (retryable)
├── BusUnavailable          Kafka failed a publish or a read; nothing may be concluded from it (retryable)
├── StoreBusy               a transaction lost a race and stored nothing; run it again as a whole (retryable)
├── StoreDown               the database cannot be reached, or went away before it answered (retryable)
├── Unstorable              a value that no column holds: text with NUL, a number out of range
└── LeaseLost               another worker owns this now; what we saw may be stored as evidence only

Messages name what, where and which rule. They never hold a name, an account number or a national id.
"""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One broken rule: `rule` is a stable code, `path` a JSON pointer or XML path, `text` says what is wrong."""

    path: str
    rule: str
    text: str


class GatewayError(Exception):
    """Root of the tree. `retryable` tells a loop whether the same call may be made again by machine."""

    retryable: ClassVar[bool] = False


class Refused(GatewayError):
    """Input that breaks at least one rule; nothing of it was stored."""

    def __init__(self, violations: list[Violation], *, title: str = "the request breaks a rule") -> None:
        super().__init__(title)
        self.title = title
        self.violations = violations

    @classmethod
    def one(cls, path: str, rule: str, text: str) -> "Refused":
        """Make a refusal with a single violation."""
        return cls([Violation(path, rule, text)], title=text)


class Conflict(Refused):
    """What is asked contradicts what is stored; what is stored stays as it was."""


class NotFound(GatewayError):
    """No such thing, or none that this caller may see."""


class Forbidden(GatewayError):
    """The caller is known but may not do this."""


class Unreadable(GatewayError):
    """A bank message that cannot be read. `path` says where, `rule` is a stable code."""

    def __init__(self, rule: str, path: str, text: str) -> None:
        super().__init__(f"{text} (at {path or '/'}, rule {rule})")
        self.rule = rule
        self.path = path
        self.text = text

    def __reduce__(self) -> tuple[type["Unreadable"], tuple[str, str, str]]:
        """Pickle what it was made of: a message may be read in another process."""
        return Unreadable, (self.rule, self.path, self.text)


class CannotRender(GatewayError):
    """A submission that this bank's language cannot express; names the order number, never the person."""


class Oversized(CannotRender):
    """A submission that takes more bytes than the bank's limit; of fewer payments it may fit."""


class SealMismatch(GatewayError):
    """The rendered bytes and the signed orders disagree; the bytes must never be sent."""


class WrappingFailed(GatewayError):
    """An envelope that could not be made, opened or authenticated. `rule` is a stable code; nothing may be used."""

    def __init__(self, rule: str, text: str) -> None:
        super().__init__(f"{text} (rule {rule})")
        self.rule = rule
        self.text = text

    def __reduce__(self) -> tuple[type["WrappingFailed"], tuple[str, str]]:
        """Pickle what it was made of: it comes back from the process in which the work was done."""
        return WrappingFailed, (self.rule, self.text)


class ConfigError(GatewayError):
    """Settings that must not run; the text says what to write instead."""


class DayUnknown(GatewayError):
    """A day outside the years of a calendar; the text names both."""


class BankUnreachable(GatewayError):
    """The bank could not be reached for something that moves no money."""

    retryable = True


class BusUnavailable(GatewayError):
    """Kafka failed a publish or a read. Records of a failed publish may be there; a failed reader is finished."""

    retryable = True


class StoreBusy(GatewayError):
    """A serialization failure, deadlock or lock time-out: the transaction stored nothing and may be run again."""

    retryable = True


class StoreDown(GatewayError):
    """The database cannot be reached, or went away before it answered.

    If that was while committing, the outcome is unknown: look it up by its business key, or ask again for the same.
    """

    retryable = True


class Unstorable(GatewayError):
    """A value that no column holds (text with NUL, a number out of range); the transaction stored nothing."""


class LeaseLost(GatewayError):
    """The lease ended and somebody else may have gone on."""
