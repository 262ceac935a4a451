"""Keys that sandbox banks and the gateway show each other, made at first use. Never in production."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from bank_adapters.profile import Profile
from gateway.runtime.material_envelope import make_envelope
from gateway.runtime.material_ssh import make_ssh
from gateway.runtime.material_tls import make_tls

Maker = Callable[[Profile, Path], None]
"""Makes what one profile's secrets name, under the folder of secrets, unless it is there."""

MAKERS: Final[tuple[Maker, ...]] = (make_tls, make_envelope, make_ssh)


def make_material(profiles: Iterable[Profile], folder: Path) -> None:
    """Make the key pairs and certificates of both sides, unless they are there; safe to call at once from processes."""
    for profile in profiles:
        for make in MAKERS:
            make(profile, folder)
