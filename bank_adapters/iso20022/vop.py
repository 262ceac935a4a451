"""Verification-of-payee reports, which come as pain.002: what a payee's bank said of a name, never an outcome.

Banks write the codes at any level (RVMC at the group for one RVNM below), leave the transactions out, list only those
that do not match, or name them by UETR alone. Reference: iso20022-and-banks 1.4.
"""

from collections.abc import Iterable

from gateway.domain.answers import PAYEE_CHECKS
from gateway.domain.observation import ObservationKind


def is_report(status: str | None, counted: Iterable[str]) -> bool:
    """Whether a status of the group, or what it counts, is of a verification."""
    return status in PAYEE_CHECKS or any(one in PAYEE_CHECKS for one in counted)


def kind_of(status: str | None, otherwise: ObservationKind, *, verification: bool) -> ObservationKind:
    """Say what a status is. In a verification report what has none is part of it; RJCT stays a rejection."""
    checked = verification if status is None else status in PAYEE_CHECKS
    return ObservationKind.PAYEE_CHECK if checked else otherwise
