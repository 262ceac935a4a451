"""Effect boundaries: the moments at which the outside world, or the database, changes for good.

Every implementation calls `boundary(name)` directly before and after such an effect ("commit", "wire", "rename",
"publish"). In production it does nothing; the crash tests kill or freeze the process there.
"""

from collections.abc import Callable

Boundary = Callable[[str], None]


def unbounded(_name: str, /) -> None:
    """Do nothing: the boundary of production."""
