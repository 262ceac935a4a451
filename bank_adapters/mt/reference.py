"""References of sixteen letters, for banks whose messages have no room for ours: reversible, so nothing need be stored.

Fields 20 and 21 of an MT101, and subfield 7 of field 61 in which a bank returns them, hold 16 letters; a MsgId of ours
has up to 27, an EndToEndId up to 30. What we write there is no digest but the MsgId in a shorter notation, with the
place of the payment in it: two payments never get the same reference, and what a bank returns names MsgId and place
again, by which rung `position` of the ladder finds the payment (see `gateway.domain.matching`).

    R  EE  DDD  SSSSSS  PPP  C      all in base 36, zeros in front
       |   |    |       |    check character, ISO 7064 MOD 37,36, over the fifteen before it
       |   |    |       place in the submission from 1; 0: the submission itself; from 20,001: a further message of it
       |   |    number in the bank's lane
       |   pay date, in days since 2000-01-01
       restore epoch

The bank's own part of the MsgId is left out: a reference is only ever read in a message of that bank.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.domain.errors import CannotRender, ConfigError
from gateway.domain.identity import msg_id

PLACES_MAX: Final = 20_000
"""Most payments of one submission (limits.payments_per_submission)."""
LENGTH: Final = 16

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_BASE: Final = len(_DIGITS)
_FIRST_DAY: Final = date(2000, 1, 1)
_DAYS: Final = 36_525
"""Days of the hundred years that the two digits of a MsgId's year can mean."""
_FORM: Final = re.compile(r"R([0-9A-Z]{2})([0-9A-Z]{3})([0-9A-Z]{6})([0-9A-Z]{3})[0-9A-Z]")
_IN_TEXT: Final = re.compile(r"(?<![A-Z0-9])R[0-9A-Z]{15}(?![A-Z0-9])")
_OURS: Final = re.compile(r"G([1-9][0-9]?)[A-Z][A-Z0-9]{0,7}([0-9]{2})([0-9]{2})([0-9]{2})S([0-9]{5,9})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a reference of ours names: a submission, and the place of one of its payments from 1, or None."""

    msg_id: str
    position: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Stem:
    """A MsgId, ready to have references made of it: all of them but place and check character."""

    text: str

    def of_payment(self, place: int) -> str:
        """Return the reference of the payment at a place, from 1."""
        return self._with(place)

    def of_message(self, number: int) -> str:
        """Return the reference of one message of the submission, from 1; the first is that of the submission."""
        return self._with(0 if number == 1 else PLACES_MAX + number)

    def _with(self, place: int) -> str:
        text = self.text + _written(place, 3)
        return text + _check_character(text)


def stem(name: str, slug: str) -> Stem:
    """Return what the references of a submission begin with.

    Raises CannotRender unless `name` is a MsgId of ours for the bank `slug`: else it could not be read back.
    """
    found = _OURS.fullmatch(name)
    try:
        if found is not None:
            epoch, year, month, day, sequence = map(int, found.groups())
            on = date(2000 + year, month, day)
            if msg_id(slug, on, sequence, epoch=epoch) == name:
                days = _written((on - _FIRST_DAY).days, 3)
                return Stem(text=f"R{_written(epoch, 2)}{days}{_written(sequence, 6)}")
    except ValueError:  # a date that no calendar has
        pass
    raise CannotRender(f"submission {name}: the MsgId is not of the form that a reference of 16 letters can stand for")


def named(text: str | None, slug: str) -> Named | None:
    """Return what a reference names, or None where it is not one of ours for this bank."""
    found = _FORM.fullmatch(text or "")
    if found is None or text is None or _check_character(text[:-1]) != text[-1]:
        return None
    epoch, days, sequence, place = map(_read, found.groups())
    if days >= _DAYS:
        return None
    try:
        name = msg_id(slug, _FIRST_DAY + timedelta(days=days), sequence, epoch=epoch)
    except (CannotRender, ConfigError):
        return None
    return Named(msg_id=name, position=place if 1 <= place <= PLACES_MAX else None)


def named_in(texts: Iterable[str], slug: str) -> Named | None:
    """Return what the one reference of ours in free texts names, in letters of any case; None for several."""
    found = {one for text in texts for word in _IN_TEXT.findall(text.upper()) if (one := named(word, slug))}
    return found.pop() if len(found) == 1 else None


def _written(value: int, length: int) -> str:
    """Write a number in base 36; those that are written fit by what `identity` allows."""
    text = ""
    for _ in range(length):
        value, digit = divmod(value, _BASE)
        text = _DIGITS[digit] + text
    return text


def _read(text: str) -> int:
    return int(text, _BASE)


def _check_character(text: str) -> str:
    """Compute the check character of ISO 7064, MOD 37,36: it shows every wrong letter."""
    rest = _BASE
    for letter in text:
        rest = ((rest + _VALUE[letter]) % _BASE or _BASE) * 2 % (_BASE + 1)
    return _DIGITS[(_BASE + 1 - rest) % _BASE]
