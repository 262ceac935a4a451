"""How the sandbox's file banks pass files to and fro, each as its profile says; the material must have been made."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from bank_adapters.profile import Pgp, Profile
from gateway.runtime.material_envelope import CERTIFICATE, KEY, PEER
from gateway.runtime.material_tls import bank_side
from gateway.sandbox import CmsPouch, Mailbox, PgpPouch, Pouch


def sandbox_pouches(profiles: Iterable[Profile], folder: Path) -> dict[str, Pouch]:
    """Return the bank's side of each envelope, by slug."""
    return {p.slug: _pouch(p, bank_side(folder, p.slug)) for p in profiles if p.envelope is not None}


def _pouch(profile: Profile, side: Path) -> Pouch:
    key, peer = (side / KEY).read_bytes(), (side / PEER).read_bytes()
    if isinstance(profile.envelope, Pgp):
        return PgpPouch(key=key, peer=peer)
    return CmsPouch(key=key, certificate=(side / CERTIFICATE).read_bytes(), peer=peer)


def sandbox_mailboxes(profiles: Iterable[Profile], root: Path, pouches: Mapping[str, Pouch]) -> dict[str, Mailbox]:
    """Return where each bank that leaves files leaves them, by slug; `root` is the sandbox's."""
    leaving = (profile.slug for profile in profiles if profile.pick_up is not None)
    return {slug: Mailbox(root / slug / "out", pouches.get(slug)) for slug in leaving}
