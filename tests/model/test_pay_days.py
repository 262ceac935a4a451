"""Random pay days against the real gateway: the promises of the design after every step, every cent at the end."""

import asyncio
import os

from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.database import Server
from tests.model.machine import PayDays

EXAMPLES = int(os.environ.get("GATEWAY_MODEL_EXAMPLES", "0"))
"""Set for a long run: other days each time. Otherwise the same few, so that a failure is always the same one."""
SHORT = settings(max_examples=8, stateful_step_count=25, derandomize=True, database=None)
LONG = settings(max_examples=EXAMPLES or 1, stateful_step_count=60, print_blob=True)


def test_every_promise_holds_on_random_pay_days(postgres: Server) -> None:
    chosen = settings(
        LONG if EXAMPLES else SHORT,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    )
    with asyncio.Runner() as runner:
        PayDays.server, PayDays.runner = postgres, runner
        run_state_machine_as_test(PayDays, settings=chosen)
