"""How fast a payment is to be."""

from enum import StrEnum


class Instrument(StrEnum):
    """How fast a payment is to be: what a block of payments asks of the bank."""

    NORMAL = "normal"
    INSTANT = "instant"
    URGENT = "urgent"
