"""All acts that change more than the exception, by name."""

from collections.abc import Mapping
from types import MappingProxyType

from gateway.domain.exceptions import Act
from gateway.domain.reasons import Reasons
from gateway.service.cases import Deed
from gateway.service.close_attempt import CloseAttempt
from gateway.service.close_case import CloseCase
from gateway.service.declare import Declare
from gateway.service.give_back import GiveBack
from gateway.service.match_by_hand import MatchByHand
from gateway.service.release import Release
from gateway.service.write_off import WriteOff


def all_deeds(reasons: Reasons) -> Mapping[Act, Deed]:
    """Make them; `reasons` is the reason table in force."""
    match = MatchByHand(reasons=reasons)
    made: tuple[Deed, ...] = (match, Declare(), Release(), GiveBack(), WriteOff(), CloseAttempt(), CloseCase())
    return MappingProxyType({deed.act: deed for deed in made})
