"""From a profile's envelope to what wraps and opens files, with the keys that it names."""

from bank_adapters.profile import Pgp, Profile
from gateway.ports.wrapping import Wrapping
from gateway.runtime.keys import Secrets
from gateway.transport.envelope_cms import CmsWrapping
from gateway.transport.envelope_pgp import PgpWrapping


def wrapping_of(profile: Profile, secrets: Secrets) -> Wrapping | None:
    """Return a bank's envelope, None where its profile asks for none. Raises ConfigError for keys that do not do."""
    envelope = profile.envelope
    if envelope is None:
        return None
    own_key = secrets.read(envelope.own_key_secret)
    if isinstance(envelope, Pgp):
        return PgpWrapping.of(bank_key=secrets.read(envelope.bank_key_secret), own_key=own_key)
    return CmsWrapping.of(
        bank_certificate=secrets.read(envelope.bank_certificate_secret),
        own_certificate=secrets.read(envelope.own_certificate_secret),
        own_key=own_key,
    )
