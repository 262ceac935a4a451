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


class Place(StrEnum):
    """The external code sets of ISO 20022 in which a reason is published."""

    STATUS = "status"
    """ExternalStatusReason1Code: of a rejection, or beside any other status."""
    RETURN = "return"
    """ExternalReturnReason1Code: of money that came back."""
    CANCELLATION = "cancellation"
    """ExternalCancellationReason1Code: why a recall is asked for."""
    REFUSAL = "refused cancellation"
    """ExternalPaymentCancellationRejection1Code: why a recall is refused."""


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
    meanings: Mapping[str, str] = field(default_factory=dict)
    """By code, what it says in a few words."""
    places: Mapping[str, frozenset[Place]] = field(default_factory=dict)
    """By code, the sets in which it is published."""

    def meant(self, bank: str, code: str | None) -> str | None:
        """Say in ISO 20022's words what a bank told; a code that its profile does not translate means itself."""
        return self.banks.get(bank, {}).get(code, code) if code is not None else None

    def knows(self, code: str) -> bool:
        """Whether the table has a line for a code, or it is one of the duplicate set."""
        return code in self.actions or code in self.duplicates

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
    """Read the table as configuration writes it: code -> action or "duplicate", or -> a mapping with that as `action`.

    A mapping also says what is needed (`needs`), or where the code is published and what it means (`where`, `meaning`),
    or all of these. Raises ConfigError for an unknown action, need or place, for any other key, and for a code of the
    duplicate set that is given another meaning.
    """
    rows = {code: _row(code, row) for code, row in table.items()}
    mapping = {code: str(row["action"]) for code, row in rows.items()}
    _refuse_other_meanings(mapping)
    return Reasons(
        actions={code: Action(action) for code, action in mapping.items() if action != DUPLICATE},
        duplicates=DUPLICATES | {code for code, action in mapping.items() if action == DUPLICATE},
        needs={code: Need(str(row["needs"])) for code, row in rows.items() if "needs" in row},
        meanings={code: str(row["meaning"]) for code, row in rows.items() if "meaning" in row},
        places={code: _places(code, row["where"]) for code, row in rows.items() if "where" in row},
    )


def _refuse_other_meanings(mapping: Mapping[str, str]) -> None:
    taken_away = sorted(code for code in DUPLICATES if mapping.get(code, DUPLICATE) != DUPLICATE)
    if taken_away:
        raise ConfigError(
            f"reason codes {', '.join(taken_away)} always mean {DUPLICATE!r}; write that or leave them out"
        )
    known = {*map(str, Action), DUPLICATE}
    wrong = sorted(code for code, action in mapping.items() if action not in known)
    if wrong:
        raise ConfigError(f"reason codes {', '.join(wrong)}: write one of {', '.join(sorted(known))}")


def _row(code: str, row: object) -> Mapping[str, object]:
    """Return a row as a mapping. Raises ConfigError for unknown keys and an unknown need."""
    if not isinstance(row, dict):
        return {"action": row}
    needs = sorted(map(str, Need))
    if row.keys() - {"needs"} not in ({"action"}, {"action", "where", "meaning"}) or row.keys() == {"action"}:
        raise ConfigError(f"reason code {code}: write {{action: ..., needs: ..., where: [...], meaning: ...}}")
    if str(row.get("needs", needs[0])) not in needs:
        raise ConfigError(f"reason code {code}: needs: write one of {', '.join(needs)}")
    if not isinstance(row.get("meaning", "told"), str) or not row.get("meaning", "told"):
        raise ConfigError(f"reason code {code}: meaning: write a few words")
    return row


def _places(code: str, where: object) -> frozenset[Place]:
    known = sorted(map(str, Place))
    if not isinstance(where, list) or not where or any(one not in known for one in where):
        raise ConfigError(f"reason code {code}: where: write a list of {', '.join(known)}")
    return frozenset(map(Place, where))
