"""The creditor's own reference, by which a machine knows what a payment is for: of ISO 11649, or a national one."""

import re
from dataclasses import dataclass
from typing import Final

_ISO_11649: Final = re.compile(r"RF[0-9]{2}[A-Za-z0-9]{1,21}")
_MODULUS: Final = 97


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditorReference:
    """Remittance information that a machine reads: the creditor's own reference (RF of ISO 11649, or a national one).

    `issuer` names who defined a national reference ("BBA"); for one of ISO 11649 it is None.
    """

    reference: str
    issuer: str | None = None


def is_iso_reference(text: str) -> bool:
    """Whether a text is a creditor reference of ISO 11649: RF, two check digits, ISO 7064 MOD 97-10 over the whole."""
    if _ISO_11649.fullmatch(text) is None:
        return False
    digits = "".join(str(int(sign, 36)) for sign in (text[4:] + text[:4]))
    return int(digits) % _MODULUS == 1
