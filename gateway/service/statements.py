"""What reading and proving share: the exception about a statement that does not add up."""

from dataclasses import dataclass

from gateway.service.exceptions import Trouble

UNBALANCED = "unbalanced statement"
GAP = "statement gap"
DUPLICATE = "suspected duplicate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unbalanced:
    """A statement (its last page) that breaks a rule of arithmetic."""

    statement_no: int
    bank: str
    message_no: int
    place: int
    failure: str


def trouble_with(statement: Unbalanced) -> Trouble:
    """Describe it to a person: one exception a statement."""
    return Trouble(
        kind=UNBALANCED,
        key=str(statement.statement_no),
        bank=statement.bank,
        message_no=statement.message_no,
        detail={"rule": statement.failure, "path": f"/Stmt[{statement.place}]"},
    )
