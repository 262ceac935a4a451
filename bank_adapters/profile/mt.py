"""A bank's habits in MT101 (family mt). What a bank leaves open is left at its default."""

from collections.abc import Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.profile.base import Strict

Terminal = Annotated[str, Field(pattern=r"^[A-Z]{6}[A-Z0-9]{6}$", examples=["SSIXDEFFAXXX"])]
"""A logical terminal: the BIC's first eight letters, the terminal, and three of the branch."""


class MtTerms(Strict):
    """How the bank takes its MT101s."""

    envelope: Literal["none", "swift"] = Field(
        default="none",
        description='What stands around the text of a message: none, and a line "-" ends it; or the SWIFT blocks'
        " {1:}{2:}{4: ... -}.",
    )
    sender: Terminal | None = Field(default=None, description="Our logical terminal, for the envelope.")
    receiver: Terminal | None = Field(default=None, description="The bank's logical terminal, for the envelope.")
    payments_per_message: int | None = Field(
        default=None,
        ge=1,
        le=20_000,
        description="Most payments of one MT101; a file of more holds a chain of them (:28D:). null: one message.",
    )
    charges: Literal["SHA", "OUR", "BEN"] = Field(default="SHA", description="Who bears charges (:71A:).")
    urgent: bool = Field(default=False, description="Whether the bank takes urgent payments (:23E:URGP).")
    remittance_cut: bool = Field(
        default=False,
        description="Whether remittance information that is longer than the room beside our reference in :70: (three"
        " lines, and less for each further part) is cut; false: it is refused.",
    )
    ultimate_parties: Literal["refuse", "remittance"] = Field(
        default="refuse",
        description="On whose behalf we pay, or the payee is paid, has no field of its own: such a payment is refused,"
        " or the name stands in :70: behind /ULTD/ or /ULTB/ (remittance).",
    )
    clearing: Annotated[str, Field(pattern=r"^[A-Z]{2}$", examples=["BL"])] | None = Field(
        default=None,
        description="The code of the national clearing system that stands before the bank code of a domestic account"
        " (:57C://BL10010010): exactly where account_types lists DOMESTIC.",
    )

    @model_validator(mode="after")
    def _envelope_has_its_ends(self) -> Self:
        ends = (self.sender is not None, self.receiver is not None)
        if ends != ((True, True) if self.envelope == "swift" else (False, False)):
            raise ValueError("sender and receiver are there exactly for envelope swift")
        return self


PLAIN = MtTerms()
"""The habits of a bank that names none."""


def contradictions(terms: MtTerms, accounts: frozenset[str], alphabet: str) -> Iterator[str]:
    """List in what the terms of family mt disagree with the rest of the profile, and what to write."""
    if (terms.clearing is not None) != ("DOMESTIC" in accounts):
        yield "mt.clearing is there exactly where account_types lists DOMESTIC"
    if "COUNTER" in accounts:
        yield "account_types COUNTER: an MT101 has no place for an id and a window"
    if alphabet.removesuffix("-upper").partition("-")[0] not in {"SEPA", "SWIFT"}:
        yield "alphabet: write SEPA or SWIFT-X: an MT101 is written in SWIFT's x character set"
