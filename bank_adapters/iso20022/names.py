"""Bounds the names of a document's elements and attributes, and its namespaces.

libxml2 keeps every name that it meets in a dictionary of the thread, for as long as the thread lives; of a message full
of different names it would keep them all, however little of the message is kept. The largest message that is read has
fewer than four hundred. They are looked for in the text, so that they are counted before libxml2 has seen them; and so
that a comment or value without end is refused, of which libxml2 would keep all that comes.
"""

import re

from bank_adapters.iso20022.markup import TOKEN_MAX, settled
from gateway.domain.errors import Unreadable

NAMES_MAX = 2_000
"""Most names and namespaces of a document, the prefixes among them."""
NAME_MAX = 256
"""Letters of the longest one; the longest name in those messages has 23."""

_BEGINS = r"<([^\s<>/!?\"'][^<>\"']*+"
_TAG = re.compile(rf"""{_BEGINS}(?:"[^"<]*+"[^<>"']*+|'[^'<]*+'[^<>"']*+)*+)""")
"""An opening tag without its brackets; in quotes ">" may stand."""
_ATTRIBUTE = re.compile(r"""(?:^|\s)([^\s=]++)\s*+=\s*+("[^"]*+"|'[^']*+')""")
_SHORT = 256
_TAGS_MAX = 10_000


class Names:
    """The names of one document that streams by."""

    def __init__(self) -> None:
        self._tags: set[str] = set()
        self._names: set[str] = set()
        self._waiting = ""

    def take(self, part: str) -> set[str]:
        """Look at what follows; return the local names of the elements whose tags are new. Raises Unreadable."""
        text, self._waiting = settled(self._waiting + part)
        if len(self._waiting) > TOKEN_MAX:
            raise Unreadable("xml.token", "/", f"a tag, comment or value of more than {TOKEN_MAX:,} letters")
        new = set(_TAG.findall(text)) - self._tags
        return {self._element(tag) for tag in new} if new else new

    def _element(self, tag: str) -> str:
        if len(tag) <= _SHORT:
            if len(self._tags) >= _TAGS_MAX:
                self._tags.clear()
            self._tags.add(tag)
        name, *_ = tag.removesuffix("/").split(None, 1)
        self._meet(name)
        for attribute, value in _ATTRIBUTE.findall(tag) if "=" in tag else ():
            self._meet(attribute)
            if attribute.startswith("xmlns"):
                self._meet(value)
        return name.rpartition(":")[2]

    def _meet(self, name: str) -> None:
        if len(name) > NAME_MAX:
            raise Unreadable("xml.names", "/", f"a name of more than {NAME_MAX} letters")
        self._names.add(name)
        if len(self._names) > NAMES_MAX:
            raise Unreadable("xml.names", "/", f"more than {NAMES_MAX:,} different names of elements and attributes")
