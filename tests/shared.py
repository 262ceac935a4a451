"""Where the ISO schemas, code sets and real bank messages stand that tests read but the product never needs."""

import os
from pathlib import Path

import pytest


def shared_dir() -> Path:
    """Return the folder of shared test material; without it skip loudly, or fail where CI promises it."""
    path = Path(os.environ.get("GATEWAY_SHARED", Path(__file__).resolve().parents[2] / "shared"))
    if path.is_dir():
        return path
    reason = f"no shared test material at {path} (set GATEWAY_SHARED): real bank messages and ISO schemas not checked"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
