"""What goes wrong next: armed in the test's thread, taken in the bank's."""

import threading
import time

from tests.transport.behaviour.harness import Fault


class Plan:
    """At most one fault a stage, each taken once. `healed` is set while nothing is held back."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: dict[str, Fault] = {}
        self.passed: list[str] = []
        """The stages that were come to, whether anything was armed there or not."""
        self.healed = threading.Event()
        self.healed.set()

    def arm(self, stage: str, fault: Fault) -> None:
        """Let `stage` go wrong the next time."""
        with self._lock:
            self._armed[stage] = fault
            if fault is Fault.STALLED:
                self.healed.clear()

    def take(self, stage: str) -> Fault | None:
        """Return what goes wrong at this stage now."""
        with self._lock:
            return self._armed.pop(stage, None)

    def struck(self) -> None:
        """Wait until nothing is armed any more."""
        for _ in range(1000):
            with self._lock:
                if not self._armed:
                    return
            time.sleep(0.01)
        raise TimeoutError

    def heal(self) -> None:
        """Forget what has not happened, and let go of what is held back."""
        with self._lock:
            self._armed.clear()
        self.healed.set()
