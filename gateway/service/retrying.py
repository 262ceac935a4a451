"""Running a transaction again as a whole when it lost a race; never for anything that touches the outside world."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

from gateway.domain.errors import StoreBusy

T = TypeVar("T")

TRIES = 5


async def whole(work: Callable[[], Awaitable[T]]) -> T:
    """Return what `work` returns; on StoreBusy run it again, a few times, a little later each time.

    `work` opens its own transaction, so a run that failed has stored nothing. Whatever else it raises is raised here,
    and so is the last StoreBusy.
    """
    tries = AsyncRetrying(
        retry=retry_if_exception_type(StoreBusy),
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential(multiplier=0.01, max=0.2),
        reraise=True,
    )
    async for attempt in tries:
        with attempt:
            return await work()
    raise AssertionError("tenacity re-raises the last failure")
