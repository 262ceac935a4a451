"""The unit all background work is made of."""

from typing import Protocol


class Step(Protocol):
    """One bounded unit of work in its own transactions.

    Loops call it, woken by events; tests call it one by one with their own clock, so that interleavings and crash
    points can be enumerated.
    """

    async def run_once(self) -> bool:
        """Do at most one unit; return whether anything was done, so that more may wait."""
        ...
