"""The only retries a transport makes by itself: of what cannot have been sent (connect, list, read)."""

from collections.abc import Awaitable, Callable

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_exponential

Sleep = Callable[[float], Awaitable[None]]

TRIES = 3


def retrying(sleep: Sleep, *errors: type[Exception]) -> AsyncRetrying:
    """Repeat a call while it raises one of `errors`, after 0.2 and 0.4 seconds; whatever is raised last is raised."""
    return AsyncRetrying(
        retry=retry_if_exception_type(errors),
        stop=stop_after_attempt(TRIES),
        wait=wait_exponential(multiplier=0.2),
        sleep=sleep,
        reraise=True,
    )
