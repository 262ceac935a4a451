"""The check of ISO 13616 account numbers, written apart from the gateway's so that the two can disagree."""

import re

_SHAPE = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


def is_iban(text: str) -> bool:
    """Say whether `text` has the shape of an IBAN and remainder 1 modulo 97 (ISO 7064, MOD 97-10)."""
    if _SHAPE.fullmatch(text) is None:
        return False
    return int("".join(str(int(sign, 36)) for sign in text[4:] + text[:4])) % 97 == 1
