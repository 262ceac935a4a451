"""From a profile to a bank that takes files over SFTP."""

import asyncio
from urllib.parse import urlsplit

from bank_adapters.profile import Profile
from bank_adapters.profile import SftpTransport as SftpAccess
from bank_adapters.registry import adapter_for
from gateway.domain.errors import ConfigError
from gateway.ports.boundary import Boundary
from gateway.ports.clock import Clock
from gateway.runtime.envelopes import wrapping_of
from gateway.runtime.keys import Secrets
from gateway.runtime.settings import Settings
from gateway.service.banks import Bank
from gateway.transport.sftp import SftpTransport


def connect_sftp(
    profile: Profile, access: SftpAccess, settings: Settings, secrets: Secrets, clock: Clock, boundary: Boundary
) -> Bank:
    """Make a bank of its profile, not connected yet. Raises ConfigError without its keys."""
    transport = SftpTransport(
        profile.slug,
        access,
        clock,
        secret=secrets.read,
        sleep=asyncio.sleep,
        boundary=boundary,
        remove_picked_up=profile.pick_up is not None and profile.pick_up.afterwards == "remove",
        settled_seconds=settings.settled_seconds,
        address=_address(profile.slug, settings),
    )
    transport.check()
    return Bank(
        profile=profile, adapter=adapter_for(profile), transport=transport, wrapping=wrapping_of(profile, secrets)
    )


def _address(slug: str, settings: Settings) -> tuple[str, int] | None:
    """Return host and port that stand in for the profile's. Raises ConfigError for what is no address."""
    url = settings.bank_urls.get(slug)
    if url is None:
        return None
    parts = urlsplit(url)
    if parts.scheme != "sftp" or not parts.hostname or not parts.port:
        raise ConfigError(f"bank_urls.{slug}: sftp://host:port is expected")
    return parts.hostname, parts.port
