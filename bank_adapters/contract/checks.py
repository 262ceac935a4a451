"""Every question of the suite, in the order in which its answers help."""

from bank_adapters.contract import (
    controls,
    honesty,
    hostility,
    letters,
    limits,
    reading,
    rendering,
    requests,
    rereading,
    statuses,
)
from bank_adapters.contract.check import Check

CHECKS: tuple[Check, ...] = (
    *rendering.CHECKS,
    *rereading.CHECKS,
    *controls.CHECKS,
    *limits.CHECKS,
    *letters.CHECKS,
    *statuses.CHECKS,
    *reading.CHECKS,
    *hostility.CHECKS,
    *requests.CHECKS,
    *honesty.CHECKS,
)
