"""Check digits as the reader verifies them: by the relation that they make true, never by computing them."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bank_adapters.profile.fields import CheckMethod


def _mod97(whole: str) -> bool:
    return int(whole) % 97 == 1


def _mod11(whole: str) -> bool:
    weighted = ("0123456789X".index(sign) * pow(2, place, 11) for place, sign in enumerate(reversed(whole)))
    return sum(weighted) % 11 == 1


def _mod10(whole: str) -> bool:
    total = 0
    for place, sign in enumerate(reversed(whole)):
        value = int(sign) << (place & 1)
        total += value - 9 if value > 9 else value  # noqa: PLR2004 - of two digits
    return total % 10 == 0


_HOLD: Mapping[CheckMethod, Callable[[str], bool]] = MappingProxyType(
    {"mod97": _mod97, "mod11": _mod11, "mod10": _mod10}
)
FORMS: Mapping[CheckMethod, str] = MappingProxyType({"mod97": "[0-9]{2}", "mod11": "[0-9X]", "mod10": "[0-9]"})
"""What check digits look like."""


def holds(method: CheckMethod, digits: str, check: str) -> bool:
    """Whether check digits belong to some digits; the check has its method's form."""
    return _HOLD[method]((digits or "0") + check)


def iban_of(country: str, bban: str) -> str:
    """Return the IBAN of a number without country and check digits (ISO 13616, ISO 7064 MOD 97-10)."""
    digits = "".join(str(int(sign, 36)) for sign in f"{bban}{country}00")
    return f"{country}{98 - int(digits) % 97:02d}{bban}"
