"""What a check is, and how one is asked: plain functions, so that a test runner and the command line run the same."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType, TracebackType

from bank_adapters.capabilities import SUPPORT, AccountType, Capability, Level, Service
from bank_adapters.contract.candidate import Candidate

Ask = Callable[[Candidate], Iterable[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question to a bank.

    `name` is stable ("limits.most-payments"), `asks` says in a sentence what must hold. `ask` yields a finding for
    everything that does not, each saying what to do. `needs` are what the question is about: it is skipped only where
    the bank declares that it is without.
    """

    name: str
    asks: str
    ask: Ask
    needs: tuple[Capability | Service | AccountType, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a check: findings, or why it was not asked."""

    check: Check
    findings: tuple[str, ...] = ()
    skipped: str | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing was found; a skipped check passes for the reason it carries."""
        return not self.findings


FINDINGS_MAX = 5
"""Findings told of one check: the first ones say what is wrong."""


def run(check: Check, candidate: Candidate) -> Result:
    """Ask one question. An error that the interface does not name is a finding, told by its kind and place alone."""
    skipped = without(check, candidate)
    if skipped is not None:
        return Result(check=check, skipped=skipped)
    found: list[str] = []
    try:
        for finding in check.ask(candidate):
            found.append(finding)
            if len(found) == FINDINGS_MAX:
                break
    except Exception as error:  # noqa: BLE001 - an adapter may raise anything; that is what is examined
        found.append(f"{_raised(error)}: raise only the errors that bank_adapters.spi names, with a path")
    return Result(check=check, findings=tuple(found))


def run_all(checks: Iterable[Check], candidate: Candidate) -> Iterator[Result]:
    """Ask every question."""
    return (run(check, candidate) for check in checks)


def without(check: Check, candidate: Candidate) -> str | None:
    """Return why a check cannot be asked of this bank, by its own declaration; None where it can."""
    profile = candidate.profile
    levels: Mapping[Capability, Level] = SUPPORT.get(profile.family, MappingProxyType({}))
    for need in check.needs:
        if isinstance(need, Service) and need in profile.absent:
            return f"{need.value} is absent: {profile.absent[need]}"
        if isinstance(need, Capability) and levels.get(need) is Level.IMPOSSIBLE:
            return f"{need.value} is impossible for family {profile.family}: it has no such message"
        if isinstance(need, AccountType) and need not in profile.account_types:
            return f"account_types does not offer {need.value}"
    return None


def _raised(error: Exception) -> str:
    """Say what was raised and where, never its text: that may quote a payee."""
    place: TracebackType | None = error.__traceback__
    while place is not None and place.tb_next is not None:
        place = place.tb_next
    where = "" if place is None else f" at {_module(place)} line {place.tb_lineno}"
    return f"an unexpected {type(error).__name__}{where}"


def _module(place: TracebackType) -> str:
    return str(place.tb_frame.f_globals.get("__name__", "somewhere"))
