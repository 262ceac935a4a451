"""Fixtures of other folders that a reviewer's tests stand on."""

from tests.api.conftest import api
from tests.hearing.conftest import ear, sent, sums
from tests.intake.conftest import door
from tests.sending.conftest import scene

__all__ = ["api", "door", "ear", "scene", "sent", "sums"]
