from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenario import Scene, opened


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    """A gateway with one bank that takes files and one that pays over the counter."""
    async with opened(database_url, tmp_path, banks=("alfa", "kilo")) as scene:
        yield scene
