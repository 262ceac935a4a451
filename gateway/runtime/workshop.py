"""Where CPU work is done."""

import asyncio
import multiprocessing
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any


class PoolWorkshop:
    """Runs work on an executor: `processes` of them, or one thread when there are none."""

    def __init__(self, processes: int) -> None:
        self._executor: Executor = (
            ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn"))
            if processes
            else ThreadPoolExecutor(1, thread_name_prefix="workshop")
        )

    async def run(self, work: Any, /, *args: Any) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work, *args)

    def close(self) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)
