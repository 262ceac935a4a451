"""Texts over several lines, as fields of 35 letters a line hold them, in a way that gives the same text back.

A line that is not full ends where a blank stood; a full line goes on at once. SWIFT's x character set is that of SEPA
(`bank_adapters.alphabet`); no line of a field begins with ":" or "-", which begin fields and end messages, and none of
a text of ours with "/", which begins account numbers and code words.
"""

WIDTH = 35
_NO_BEGINNING = ":-/"


class Unfit(ValueError):
    """A text that cannot be written; the reason repeats nothing of it."""


def wrapped(text: str, most: int, *, first: str = "") -> list[str]:
    """Write a text on at most `most` lines, the first of which begins with `first`. Raises Unfit."""
    rest = " ".join(text.split())
    if not first and rest[:1] in _NO_BEGINNING and rest:
        raise Unfit('begins with ":", "-" or "/", which no line of it may')
    lines: list[str] = []
    rest = first + rest
    while rest:
        line, rest = _cut(rest, len(first) if not lines else 0)
        lines.append(line)
    if len(lines) > most:
        raise Unfit(f"takes more than {most} lines of {WIDTH} letters")
    return lines


def _cut(text: str, fixed: int) -> tuple[str, str]:
    """Cut the first line off; nothing of its first `fixed` letters may become another line's."""
    if len(text) <= WIDTH:
        return text, ""
    for place in range(WIDTH - 1, fixed, -1):
        if text[place] == " " and text[place + 1] not in _NO_BEGINNING:
            return text[:place], text[place + 1 :]
    if text[WIDTH - 1] == " " or text[WIDTH] in f"{_NO_BEGINNING} ":
        raise Unfit("cannot be broken into lines")
    return text[:WIDTH], text[WIDTH:]


def as_much_as_fits(text: str, most: int, *, first: str = "") -> list[str]:
    """Write the longest beginning of a text that fits, in whole letters. Raises Unfit where not even one does."""
    text = " ".join(text.split())[: WIDTH * most]
    while text:
        try:
            return wrapped(text, most, first=first)
        except Unfit:
            text = text[:-1].rstrip()
    raise Unfit("has no beginning that fits")
