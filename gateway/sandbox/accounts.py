"""The institution's accounts at one bank: balances, movements, and days that close one after the other."""

import sqlite3
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from functools import cache
from importlib.resources import files

from gateway.sandbox.behaviours import Shape
from gateway.sandbox.movements import Movement, Sort


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One closed day of one account. Balances are signed hundredths of euro; `sequence` counts from 1 without gaps.

    `told`: it is among the messages to send, in the ways that `habits` names.
    """

    id: int
    account: str
    sequence: int
    day: date
    opening_minor: int
    closing_minor: int
    told: bool
    habits: frozenset[str] = frozenset()


@cache
def sql() -> dict[str, str]:
    """Return the statements of `books.sql` by name."""
    text = (files("gateway.sandbox") / "books.sql").read_text(encoding="utf-8")
    parts = [part.split(":", 1) for part in text.split("-- ") if ":" in part]
    return {name.strip(): rest.split("\n", 1)[1] for name, rest in parts}


class Accounts:
    """The accounts in one bank's books. Writes belong into a transaction of the books."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Work on an open connection whose schema is there."""
        self._connection = connection

    def open(self, accounts: Iterable[str], opening_minor: int) -> None:
        """Open accounts with a balance; those that are open stay as they are."""
        self._connection.executemany(sql()["open_account"], [(account, opening_minor) for account in accounts])

    def balances(self) -> dict[str, int]:
        """Return what each account holds when everything booked so far, for whatever day, is counted."""
        return dict(self._connection.execute(sql()["balances"]).fetchall())

    def last_closed(self) -> date | None:
        """Return the last day that was closed."""
        (day,) = self._connection.execute(sql()["last_closed"]).fetchone()
        return date.fromisoformat(day) if day else None

    def last_booking(self) -> date | None:
        """Return the latest day on which anything is booked, or will be."""
        (day,) = self._connection.execute(sql()["last_booking"]).fetchone()
        return date.fromisoformat(day) if day else None

    def book(self, movements: Iterable[Movement], request: int | None) -> None:
        """Add movements; `request` is the row of the request they follow from."""
        rows = ({**asdict(one), "booked_on": one.booked_on.isoformat(), "request": request} for one in movements)
        self._connection.executemany(sql()["add_booking"], rows)

    def moves_payments(self, account: str, day: date) -> bool:
        """Say whether the day that ends holds anything about payments."""
        (number,) = self._connection.execute(sql()["open_bookings"], (account, day.isoformat())).fetchone()
        return bool(number)

    def close(self, account: str, day: date) -> None:
        """End a day: everything booked until then stands on its statement and on no other.

        Raises sqlite3.IntegrityError for a day that is closed already.
        """
        until = (account, day.isoformat())
        sequence, opening = self._connection.execute(sql()["last_statement"], (account,)).fetchone()
        (moved,) = self._connection.execute(sql()["open_sum"], until).fetchone()
        row = {
            "account": account,
            "sequence": sequence + 1,
            "day": day.isoformat(),
            "opening_minor": opening,
            "closing_minor": opening + moved,
        }
        number = self._connection.execute(sql()["add_statement"], row).lastrowid
        self._connection.execute(sql()["put_on_statement"], (number, *until))

    def statements(self) -> list[Statement]:
        """Return every statement by account and number."""
        rows = self._connection.execute(sql()["statements"])
        return [
            Statement(
                id=row[0],
                account=row[1],
                sequence=row[2],
                day=date.fromisoformat(row[3]),
                opening_minor=row[4],
                closing_minor=row[5],
                told=bool(row[6]),
                habits=frozenset(filter(None, row[7].split(","))),
            )
            for row in rows
        ]

    def mark_told(self, habits: Mapping[int, Collection[str]]) -> None:
        """Remember by id which statements were put among the messages to send, and in which ways."""
        rows = [(",".join(sorted(ways)), number) for number, ways in habits.items()]
        self._connection.executemany(sql()["mark_told"], rows)

    def named_by(self, reference: str) -> list[str]:
        """Return the EndToEndIds of the payments that an entry is about, as the bank says when somebody asks it."""
        rows = self._connection.execute(sql()["named_by"], {"reference": reference})
        return [end_to_end_id for (end_to_end_id,) in rows]

    def on_statement(self, statement: Statement) -> list[Movement]:
        """Return the movements of a statement in the order in which they were booked."""
        cursor = self._connection.execute(sql()["on_statement"], (statement.id,))
        names = [column[0] for column in cursor.description]
        return [_movement(dict(zip(names, row, strict=True))) for row in cursor]


def _movement(row: dict[str, object]) -> Movement:
    own = {
        "sort": Sort(str(row["sort"])),
        "shape": Shape(str(row["shape"])),
        "booked_on": date.fromisoformat(str(row["booked_on"])),
    }
    return Movement(**{**row, **own})  # type: ignore[arg-type]
