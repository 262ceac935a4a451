"""Mandates: by what right somebody else than the entitled person is paid."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Role(StrEnum):
    """What the creditor is to the entitled person (or, for a ward, the entitled person's guardian to the creditor)."""

    GUARDIAN = "GUARDIAN"
    TRUSTEE = "TRUSTEE"
    WARD = "WARD"
    MANDATE_HOLDER = "MANDATE_HOLDER"


@dataclass(frozen=True, slots=True, kw_only=True)
class Mandate:
    """The right of a representative payee; both days belong to it, without the last it runs until it is revoked.

    Revoking it is a stop of kind "mandate" on its id.
    """

    role: Role
    id: str
    valid_from: date
    valid_until: date | None = None

    def covers(self, day: date) -> bool:
        """Whether the representative may be paid on this day."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)
