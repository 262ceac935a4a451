from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenario import Scene, opened


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A gateway with one bank that books payments one by one and one that books sums."""
    async with opened(database_url, tmp_path) as scene:
        yield scene
