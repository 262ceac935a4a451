"""The database as the services see it: transactions and named queries.

Each use case keeps its SQL in `gateway/store/sql/<use case>.sql`, one `-- name:` a query; a service calls it as
"<use case>.<name>". Rows become the frozen shape that the caller names; column names are its field names.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Session(Protocol):
    """One open transaction. Leaving the context commits; an exception rolls everything back."""

    async def all(self, shape: type[T], query: str, *args: Any) -> list[T]:
        """Return every row as `shape(**row)`."""
        ...

    async def one(self, shape: type[T], query: str, *args: Any) -> T | None:
        """Return the first row as `shape(**row)`, or None."""
        ...

    async def column(self, query: str, *args: Any) -> list[Any]:
        """Return the first column of every row."""
        ...

    async def value(self, query: str, *args: Any) -> Any:
        """Return the first column of the first row, or None."""
        ...

    async def execute(self, query: str, *args: Any) -> int:
        """Run a statement; return how many rows it touched."""
        ...

    async def many(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a statement once a row."""
        ...

    async def copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """COPY rows into a table (or a temporary one made in this transaction).

        Raises Unstorable when a value does not fit its column: values of strangers must be able to be refused.
        """
        ...


class Store(Protocol):
    """PostgreSQL, the only judge of what was dispatched."""

    def transaction(self) -> AbstractAsyncContextManager[Session]:
        """Open a READ COMMITTED transaction. The caller has seen COMMIT succeed when the context is left normally.

        A serialization failure or deadlock raises a retryable error and nothing was stored. A connection lost while
        committing raises: the outcome is then unknown and the caller must look it up by its business key.
        """
        ...
