from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.casework.desk import Desk
from tests.hearing.ear import Ear, listening
from tests.scenario import opened, payments


@pytest.fixture
async def ear(database_url: str, tmp_path: Path) -> AsyncIterator[Ear]:
    """A gateway that has not sent anything yet."""
    async with opened(database_url, tmp_path) as scene, listening(scene) as ear:
        yield ear


@pytest.fixture
async def sent(ear: Ear) -> Ear:
    """Three payments of 512.40 delivered to bank alfa in one file."""
    await ear.send(payments([1, 2, 3]))
    return ear


@pytest.fixture
def desk(ear: Ear) -> Desk:
    """Desks of the people who work that gateway's exceptions."""
    return Desk(scene=ear.scene)
