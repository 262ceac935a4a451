"""What a bank's reason code makes the gateway do, and the closed set of codes that say *the bank already has it*.

Configuration (`config/reason_codes.yaml`) maps codes to actions. It may narrow what the machine does, never widen it: a
code without a row goes to an officer, and a code of the duplicate set cannot be given another meaning.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from gateway.domain.errors import ConfigError

DUPLICATE = "duplicate"
"""How configuration marks a code of the duplicate set, or adds one to it."""

DUPLICATES = frozenset({"DU01", "DU02", "DU03", "DU04", "DU05", "AM05", "DUPL", "DUPLICATE_KEY"})
"""Codes by which a status says that the bank already has the message, block, payment or idempotency key.

ISO external code set (DU01-DU05 not unique, AM05 duplication, DUPL duplicate payment) and the API code for a used key.
Such an answer is never a rejection: the first one is live.
"""


class Action(StrEnum):
    """What follows from a rejection or a return."""

    RETRY = "retry in the next window"
    FUNDS = "wait for funds"
    OTHER_ROUTE = "other route"
    MEND = "mend"
    BACK = "back to the benefits system"
    HOLD_PAYEE = "hold payee"
    OFFICER = "officer"


class Need(StrEnum):
    """What is missing for another order to be paid, for the benefits system to read."""

    ACCOUNT = "account"
    NAME = "name"
    DATA = "data"
    DEATH = "death"
    """Nothing can be paid to the dead: who is entitled now must be settled."""
    DECISION = "decision"


_NEEDS: Mapping[Action, Need] = {Action.BACK: Need.ACCOUNT, Action.MEND: Need.DATA}
"""What is needed where the table does not say; any other action needs somebody's decision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """The reason table in force."""

    actions: Mapping[str, Action]
    duplicates: frozenset[str] = DUPLICATES
    needs: Mapping[str, Need] = field(default_factory=dict)
    banks: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """By bank, its own codes with the ISO 20022 code that each means."""

    def meant(self, bank: str, code: str | None) -> str | None:
        """Say in ISO 20022's words what a bank told; a code that its profile does not translate means itself."""
        return self.banks.get(bank, {}).get(code, code) if code is not None else None

    def action(self, code: str | None) -> Action:
        """Return the action for a code; no code, an unknown one or a duplicate goes to an officer."""
        return self.actions.get(code, Action.OFFICER) if code else Action.OFFICER

    def need(self, code: str | None) -> Need | None:
        """Return what is needed before the entitlement can be paid; None where the machine goes on by itself."""
        action = self.action(code)
        if action in {Action.RETRY, Action.FUNDS}:
            return None
        return self.needs.get(code or "") or _NEEDS.get(action, Need.DECISION)


def reasons_from(table: Mapping[str, object]) -> Reasons:
    """Read the table as configuration writes it: code -> action or "duplicate", or -> {action: ..., needs: ...}.

    Raises ConfigError for an unknown action or need, and for a code of the duplicate set that is given another meaning.
    """
    mapping = {code: _action_of(row) for code, row in table.items()}
    taken_away = sorted(code for code in DUPLICATES if mapping.get(code, DUPLICATE) != DUPLICATE)
    if taken_away:
        raise ConfigError(
            f"reason codes {', '.join(taken_away)} always mean {DUPLICATE!r}; write that or leave them out"
        )
    known = {str(action) for action in Action}
    wrong = sorted(code for code, action in mapping.items() if action not in known | {DUPLICATE})
    if wrong:
        raise ConfigError(f"reason codes {', '.join(wrong)}: write one of {', '.join(sorted(known | {DUPLICATE}))}")
    return Reasons(
        actions={code: Action(action) for code, action in mapping.items() if action != DUPLICATE},
        duplicates=DUPLICATES | {code for code, action in mapping.items() if action == DUPLICATE},
        needs=_needs_of(table),
    )


def _action_of(row: object) -> str:
    return str(row.get("action")) if isinstance(row, dict) else str(row)


def _needs_of(table: Mapping[str, object]) -> dict[str, Need]:
    """Gather the needs that rows name. Raises ConfigError for an unknown one and for another key."""
    named = {code: row for code, row in table.items() if isinstance(row, dict)}
    known = {str(need) for need in Need}
    wrong = sorted(
        code for code, row in named.items() if row.keys() != {"action", "needs"} or str(row["needs"]) not in known
    )
    if wrong:
        raise ConfigError(
            f"reason codes {', '.join(wrong)}: write {{action: ..., needs: one of {', '.join(sorted(known))}}}"
        )
    return {code: Need(row["needs"]) for code, row in named.items()}
