"""A message that stands as text inside another document: in a CDATA section, or with its brackets escaped.

Envelopes of middleware do so, and the wrappers of some bank gateways. The text of one element is the message; more than
one such element, anything but white space beside it, and what splits it are refused. Reference: iso20022-and-banks 6
(prowide).
"""

from collections.abc import Iterable, Iterator

from bank_adapters.iso20022.encoding import undeclared
from bank_adapters.iso20022.markup import DEPTH_MAX, TOKEN_MAX, checking, feed
from gateway.domain.errors import Unreadable


def inside(parts: Iterable[str]) -> Iterator[str]:
    """Yield the text of the one element whose text begins with "<", without its declaration. Raises Unreadable."""
    parser, wrapping = checking(), _Wrapping()
    parser.StartElementHandler = wrapping.begin
    parser.EndElementHandler = wrapping.end
    parser.CharacterDataHandler = wrapping.text
    parser.CommentHandler = parser.ProcessingInstructionHandler = wrapping.aside
    head = ""
    begun = False
    for part in parts:
        wrapping.silent += len(part)
        feed(parser, part)
        if wrapping.silent > TOKEN_MAX:  # expat keeps what has not ended, and looks at all of it again and again
            raise Unreadable("xml.token", "/", f"longer than {TOKEN_MAX:,} letters")
        text = wrapping.taken()
        if begun:
            yield text
        elif len(head := head + text) > _HEAD:
            begun = True
            yield undeclared(head)
    feed(parser, "", last=True)
    yield wrapping.taken() if begun else undeclared(head + wrapping.taken())


_HEAD = 1_024
"""Letters in which the declaration of the message inside stands."""


class _Wrapping:
    """Passes on the text of the element that wraps."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._depth = self._wraps_at = 0
        self._done = False
        self._spoke = [False]
        self.silent = 0
        """Letters since anything was heard of the parser."""

    def begin(self, *_: object) -> None:
        self.silent = 0
        self._spoke.append(False)
        if self._wraps_at:
            raise Unreadable("message.wrapped", "/", "an element stands inside a message that is wrapped as text")
        self._depth += 1
        if self._depth > DEPTH_MAX:
            raise Unreadable("xml.depth", "/", f"elements are nested deeper than {DEPTH_MAX}")

    def aside(self, *_: object) -> None:
        """Take a comment or an instruction."""
        self.silent = 0
        if self._wraps_at:
            raise Unreadable("value.split", "/", "a comment or instruction stands inside a message wrapped as text")

    def end(self, _: str) -> None:
        self.silent = 0
        self._spoke.pop()
        if self._wraps_at == self._depth:
            self._wraps_at, self._done = 0, True
        self._depth -= 1

    def text(self, text: str) -> None:
        self.silent = 0
        if not self._wraps_at and text.lstrip().startswith("<"):
            if self._done:
                raise Unreadable("message.count", "/", "two messages are wrapped in one document")
            if self._spoke[-1]:
                raise Unreadable("message.wrapped", "/", "something stands before a message that is wrapped as text")
            self._wraps_at = self._depth
        if self._wraps_at:
            self._pieces.append(text)
        elif text.strip():
            self._spoke[-1] = True

    def taken(self) -> str:
        """Return the text since the last call."""
        text, self._pieces = "".join(self._pieces), []
        return text
