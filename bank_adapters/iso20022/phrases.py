"""Reasons that a bank tells in words alone: its profile says which code each of its phrases means.

Read where the code says nothing (reference iso20022-and-banks 2.3, the row of NARR). What the phrases leave open, and
two that contradict each other, stays as it was told: an officer reads it. So does what would close a whole file at once
(`gateway.domain.closing.AT_ONCE`): words alone are no proof that nothing of it can move.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from bank_adapters.iso20022.reported import joined
from bank_adapters.iso20022.status import StatusTable, status_table
from bank_adapters.profile import Profile
from gateway.domain.closing import AT_ONCE
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.statement import Statement

UNSPECIFIC = frozenset({None, "NARR", "MS02", "MS03", "SL01", "SL02", "NOAS"})
"""Reason codes beside which the text says why."""
_KINDS = frozenset(
    {ObservationKind.PAYMENT_STATUS, ObservationKind.SUBMISSION_STATUS, ObservationKind.RETURN_ENTRY}
    | {ObservationKind.RETURN_ADVICE}
)


def understood(told: Iterator[Observation | Statement], profile: Profile) -> Iterator[Observation | Statement]:
    """Pass on what a message says, with the reasons that its texts mean at this bank."""
    if not profile.answers.reason_texts:
        return told
    phrases = {phrase.casefold(): code for phrase, code in profile.answers.reason_texts.items()}
    return map(partial(_with_reason, phrases, status_table(profile)), told)


def _with_reason(
    phrases: Mapping[str, str], table: StatusTable, one: Observation | Statement
) -> Observation | Statement:
    if not isinstance(one, Observation) or one.kind not in _KINDS or one.reason not in UNSPECIFIC:
        return one
    if one.reason_text is None or table.says_duplicate(one.reason, one.reason_text):
        return one
    text = one.reason_text.casefold()
    meant = {code for phrase, code in phrases.items() if phrase in text}
    if len(meant) != 1 or (one.kind is ObservationKind.SUBMISSION_STATUS and meant <= AT_ONCE):
        return one
    return replace(one, reason=meant.pop(), reason_text=joined(one.reason, one.reason_text))
