"""Punctuation and its look-alikes, after EPC217-08 where it names a sign; signs with no likeness stand here not."""

# ruff: noqa: RUF001 - look-alike signs are what this table is about

from collections.abc import Sequence

SPACES = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Blanks of other widths: each is a blank. Those without any width are refused."""
LIKE: Sequence[tuple[str, Sequence[str]]] = (
    ("’‘‛‚ʼʻʽʹ′`´‹›", ("'",)),
    ("“”„‟«»″ʺ", ('"', "'")),
    ('"', ("'",)),
    ("‐‑‒–—―−", ("-",)),
    ("_~", ("-",)),
    ("⁄∕|\\", ("/",)),
    ("[{", ("(",)),
    ("]}", (")",)),
    (";", (",",)),
    ("·", (".",)),
    ("…", (".",)),
    ("¿", ("?",)),
    ("&", ("+",)),
    ("№", ("No",)),
    ("º", ("o",)),
    ("ª", ("a",)),
    (SPACES, (" ",)),
)
"""Signs, and what stands for each: the first that the alphabet holds. A letter stands only for an ordinal or number."""
