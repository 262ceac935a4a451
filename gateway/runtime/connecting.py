"""From a profile to a bank that can be spoken to: its adapter and its transport, with the secrets they need."""

from typing import Any

from bank_adapters.profile import DirectoryTransport as DirectoryAccess
from bank_adapters.profile import Profile
from bank_adapters.profile import SftpTransport as SftpAccess
from bank_adapters.registry import adapter_for
from gateway.ports.boundary import Boundary
from gateway.ports.clock import Clock
from gateway.runtime.connecting_https import connect_api
from gateway.runtime.connecting_sftp import connect_sftp
from gateway.runtime.envelopes import wrapping_of
from gateway.runtime.keys import Secrets
from gateway.runtime.settings import Settings
from gateway.service.banks import Bank
from gateway.transport.directory import DirectoryTransport


def connect_bank(profile: Profile, settings: Settings, secrets: Secrets, clock: Clock, boundary: Boundary) -> Bank:
    """Make a bank of its profile: adapter and transport. Raises ConfigError for what must not run."""
    if isinstance(profile.transport, DirectoryAccess):
        folder = settings.banks_folder / profile.transport.folder
        for part in ("in", "out"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        remove = profile.pick_up is not None and profile.pick_up.afterwards == "remove"
        ways: dict[str, Any] = {"remove_picked_up": remove, "settled_seconds": settings.settled_seconds}
        transport = DirectoryTransport(profile.slug, folder, clock, boundary=boundary, **ways)
        wrapping = wrapping_of(profile, secrets)
        return Bank(profile=profile, adapter=adapter_for(profile), transport=transport, wrapping=wrapping)
    if isinstance(profile.transport, SftpAccess):
        return connect_sftp(profile, profile.transport, settings, secrets, clock, boundary)
    return connect_api(profile, profile.transport, settings, secrets, clock, boundary)
