"""A sandbox's SSH keys: for each bank with an SSH server its host key and the key with which we come in.

Ours are the secrets that the profile names; the bank's half lies beside them, as `material_tls` has it.
"""

from collections.abc import Iterable
from pathlib import Path

import asyncssh

from bank_adapters.profile import Profile, SftpTransport
from gateway.runtime.material_tls import alone, bank_side, store
from gateway.sandbox import SshAccess

HOST_KEY, AUTHORIZED = "ssh-host-key", "ssh-authorized-keys"
"""Names in the bank's half."""


def make_ssh(profile: Profile, folder: Path) -> None:
    """Make the keys that a profile of kind sftp names, unless both halves are there."""
    access, side = profile.transport, bank_side(folder, profile.slug)
    if not isinstance(access, SftpTransport):
        return
    ours = [folder / access.host_keys_secret, folder / access.private_key_secret]
    paths = [side / HOST_KEY, side / AUTHORIZED, *ours]
    with alone(folder):
        if not all(path.is_file() for path in paths):
            store(zip(paths, _pairs(profile.slug), strict=True))


def _pairs(slug: str) -> list[bytes]:
    """Make the bank's host key, our public key, its public host key, our private key."""
    host, own = (asyncssh.generate_private_key("ssh-ed25519", comment=f"{slug} {side}") for side in ("host", "gateway"))
    return [
        host.export_private_key(),
        own.export_public_key(),
        host.export_public_key(),
        own.export_private_key(),
    ]


def sandbox_ssh(profiles: Iterable[Profile], folder: Path) -> dict[str, SshAccess]:
    """Say by slug whom the sandbox's SSH banks let in, each as its profile says; the material must have been made."""
    servers = {p.slug: p.transport for p in profiles if isinstance(p.transport, SftpTransport)}
    return {slug: _access(access, bank_side(folder, slug)) for slug, access in servers.items()}


def _access(access: SftpTransport, side: Path) -> SshAccess:
    return SshAccess(
        username=access.username,
        host_key=(side / HOST_KEY).read_bytes(),
        authorized_keys=(side / AUTHORIZED).read_bytes(),
    )
