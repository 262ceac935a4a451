"""How a bank words what it says, beside the versions of its messages: encoding, envelope, flat columns, MT dialect.

All of it changes form alone: what is said is the same in every wording.
"""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import ConfigDict, Field


@dataclass(frozen=True, slots=True, kw_only=True)
class DressParameters:
    """How XML is dressed. `name` is the bank's, written into every message where the message has room for it.

    `encoding`: with or without a byte order mark. `prefix`: of the namespace, on every tag. `wrapper`: nothing; SWIFT's
    application header (head.001) beside the document, both in an envelope; or an envelope that holds the document as
    text (CDATA).
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    encoding: Literal["UTF-8", "UTF-8 with mark", "ISO-8859-1", "UTF-16"] = "UTF-8"
    prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9]{0,9}$")] | None = None
    wrapper: Literal["none", "application header", "text"] = "none"
    name: Annotated[str, Field(min_length=1, max_length=70)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FlatParameters:
    """The reply files of a bank that takes flat files: header, a line a payment, trailer with their number.

    `columns`: between semicolons, or fixed widths. `names`: a payment is named by the number of its line in the file
    that was taken, from 1, or by its EndToEndId. Results are 00 accepted, 01 in part, 10 rejected; reasons are the
    bank's own numbers (`gateway.sandbox.flat_replies`).
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    columns: Literal["delimited", "fixed"] = "delimited"
    names: Literal["line", "reference"] = "line"


@dataclass(frozen=True, slots=True, kw_only=True)
class MtParameters:
    """The dialect of MT940 and MT942. `text` of field 86: SWIFT's code words, or the subfields of German banks.

    `terminal` is the bank's logical terminal, where its messages stand in SWIFT's blocks; else a line "-" ends each.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    text: Literal["code words", "subfields"] = "code words"
    terminal: Annotated[str, Field(pattern=r"^[A-Z]{6}[A-Z0-9]{6}$")] | None = None
