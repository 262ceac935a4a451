"""Fixtures of other folders that a reviewer's tests stand on."""

from tests.api.conftest import api as api
from tests.hearing.conftest import ear as ear
from tests.hearing.conftest import sent as sent
from tests.hearing.conftest import sums as sums
from tests.intake.conftest import door as door
from tests.sending.conftest import scene as scene
