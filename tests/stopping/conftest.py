from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.scenario import Scene, opened
from tests.stopping.post import Post, posting


@pytest.fixture
async def scene(database_url: str, tmp_path: Path) -> AsyncIterator[Scene]:
    async with opened(database_url, tmp_path, banks=["alfa"]) as scene:
        yield scene


@pytest.fixture
async def post(scene: Scene) -> AsyncIterator[Post]:
    async with posting(scene) as post:
        yield post
