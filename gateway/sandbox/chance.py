"""Chance without randomness: every decision of a sandbox bank is a digest of what it decides about.

The same seed and the same payment give the same decision in any order, in any process and after any crash.
"""

import base64
import hashlib

TEN_THOUSAND = 10_000


def _digest(seed: int, purpose: str, key: str) -> bytes:
    return hashlib.sha256(f"{seed}\0{purpose}\0{key}".encode()).digest()


def number(seed: int, purpose: str, key: str, below: int) -> int:
    """Return a number of 0..below-1 that only depends on the arguments."""
    return int.from_bytes(_digest(seed, purpose, key)[:8]) % below


def happens(seed: int, purpose: str, key: str, per_10000: int) -> bool:
    """Say yes for `per_10000` of ten thousand keys."""
    return number(seed, purpose, key, TEN_THOUSAND) < per_10000


def pick(seed: int, purpose: str, key: str, options: tuple[str, ...]) -> str:
    """Choose one of the options, each as often as the others."""
    return options[number(seed, purpose, key, len(options))]


def reference(seed: int, purpose: str, key: str, length: int) -> str:
    """Make a reference of `length` (at most 50) upper-case letters and digits, as banks put on bookings."""
    return base64.b32encode(_digest(seed, purpose, key)).decode()[:length]
