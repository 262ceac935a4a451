"""A control file: a second, small file that tells the bank that the first is there and whole (`.ok`, `.ctl`)."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from bank_adapters.profile.base import Strict
from bank_adapters.profile.fields import Cell, Constant, FileAmount, Numeral


class ControlText(Cell):
    """Something that names or proves the file, as it is."""

    value: Literal["file_name", "msg_id", "currency", "sha256"] = Field(
        description="The first file's name, its message id, its currency, or the SHA-256 of its bytes in hex."
    )


class ControlNumber(Numeral):
    """A number that the bank compares."""

    value: Literal["count", "bytes"] = Field(description="How many payments, or bytes, the first file has.")


ControlField = Annotated[Constant | ControlText | ControlNumber | FileAmount, Field(discriminator="value")]


class ControlFile(Strict):
    """The second file; what it says of the first was read back from the first one's bytes."""

    name: Annotated[str, Field(pattern=r"^\{(file_name|stem)\}[A-Za-z0-9._-]{1,20}$", examples=["{file_name}.ok"])] = (
        Field(description="Its name, of {file_name} or {stem} (the name without what follows its last point).")
    )
    delimiter: Annotated[str, Field(pattern=r"^[ -~\t]?$")] = Field(
        default="", description="Between the fields of a line; empty: nothing."
    )
    lines: tuple[tuple[ControlField, ...], ...] = Field(
        default=(),
        examples=[[[{"value": "sha256"}]]],
        description="Its lines, which end as those of the first file; empty: it is there and holds nothing.",
    )

    @model_validator(mode="after")
    def _is_another_file(self) -> Self:
        if any(not line for line in self.lines):
            raise ValueError("lines: one of them has no field; leave it out")
        return self

    @property
    def ending(self) -> str:
        """What stands behind the file's name, or its stem."""
        return self.name.partition("}")[2]

    def called(self, file_name: str) -> str:
        """Return the name of the control file beside a file of this name."""
        of_file = file_name if self.name.startswith("{file_name}") else file_name.rpartition(".")[0] or file_name
        return f"{of_file}{self.ending}"
