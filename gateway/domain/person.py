"""The canonical form of identifiers: what stops, links and claims of persons are compared by.

People and systems write the same identifier in several ways: with or without separators, in capitals or not. The
document of an order keeps what was pushed; keys are compared in this form. The database has the same rule
(`person_key`, `account_key` in migration 0007).
"""

from typing import Final

SEPARATORS: Final = " ./_-"
_AWAY: Final = str.maketrans("", "", SEPARATORS)
OWN_NUMBERS: Final = frozenset({"CUST", "EMPL"})
"""Schemes (ISO 20022 ExternalPersonIdentification1Code) whose numbers an institution makes up: "1-23" and "12-3" may be
two of its customers or employees. What authorities issue is printed with and without separators."""


def bare(identifier: str) -> str:
    """Return an identifier without separators, in capitals: "800101/1234" and "8001011234" are the same."""
    return _capitals(identifier.translate(_AWAY))


def person_key(scheme: str, identifier: str) -> str:
    """Return "SCHEME:IDENTIFIER" as stops and links compare it."""
    of = scheme.upper()
    return f"{of}:{_capitals(identifier.replace(' ', '')) if of in OWN_NUMBERS else bare(identifier)}"


def account_key(account: str) -> str:
    """Return an account key as stops compare it: IBAN, "country/bank/number" or "SCHEME:identifier"."""
    scheme, colon, identifier = account.partition(":")
    if colon:
        return person_key(scheme, identifier)
    if "/" not in account:
        return bare(account)
    country, bank, number = (*account.split("/", 2), "")[:3]
    return f"{country.upper()}/{bank.upper()}/{bare(number)}"


def masked(key: str) -> str:
    """Return a key for eyes that need not see it: its scheme or country stays, and its last two characters."""
    head, mark, tail = key.partition(":") if ":" in key else ("", "", key)
    return f"{head}{mark}{'*' * max(len(tail) - 2, 1)}{tail[-2:] if len(tail) > 4 else ''}"  # noqa: PLR2004 - of four characters two would be half


def _capitals(text: str) -> str:
    return text.upper() if text.isascii() else "".join(map(_capital, text))


def _capital(letter: str) -> str:
    """Return the capital of one letter, as one letter: the database knows no longer ones."""
    capital = letter.upper()
    return capital if len(capital) == 1 else letter
