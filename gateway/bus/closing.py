"""Ending a client of aiokafka, which may hang, fail, or end whoever waits for it."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiokafka.errors import KafkaError


async def ended(closing: Coroutine[Any, Any, None], seconds: float) -> bool:
    """Close within about `seconds`; return whether that came to its end.

    In a task of its own: aiokafka cancels tasks of its own and awaits them, so that their CancelledError would be taken
    for ours and end a loop that nobody told to; it also swallows such errors, and ours with them.
    """
    task = asyncio.ensure_future(closing)
    try:
        done, _ = await asyncio.wait({task}, timeout=seconds)
        if not done:
            task.cancel()
            await asyncio.wait({task}, timeout=seconds)
    finally:
        task.cancel()
    if not task.done() or task.cancelled():
        return False
    error = task.exception()
    if error is not None and not isinstance(error, (KafkaError, OSError, TimeoutError)):
        raise error
    return error is None
