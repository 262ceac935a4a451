"""Check digits as the writer computes them; the reader verifies them in the other direction."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bank_adapters.profile.fields import CheckMethod


def mod97(digits: str) -> str:
    """Return the two check digits of ISO 7064 MOD 97-10."""
    return f"{98 - int(digits) * 100 % 97:02d}"


def mod11(digits: str) -> str:
    """Return the check character of ISO 7064 MOD 11-2: a digit, or X for ten."""
    total = 0
    for digit in digits:
        total = (total + int(digit)) * 2
    return "0123456789X"[(12 - total % 11) % 11]


def mod10(digits: str) -> str:
    """Return the check digit of Luhn (ISO/IEC 7812-1)."""
    doubled = (sum(divmod(2 * int(digit), 10)) for digit in digits[::-2])
    plain = (int(digit) for digit in digits[-2::-2])
    return str(-(sum(doubled) + sum(plain)) % 10)


METHODS: Mapping[CheckMethod, Callable[[str], str]] = MappingProxyType({"mod97": mod97, "mod11": mod11, "mod10": mod10})
