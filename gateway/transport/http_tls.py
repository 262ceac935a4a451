"""TLS towards a bank: at least 1.2, its certificate checked against its name, by its own CA where it has one."""

import ssl
import tempfile
from pathlib import Path

from gateway.domain.errors import ConfigError


def client_context(
    bank: str, *, ca: bytes | None = None, certificate: bytes | None = None, private_key: bytes | None = None
) -> ssl.SSLContext:
    """Make the context for one bank (all PEM). With `ca` nobody else's word is taken, without it the system's CAs'.

    `certificate` (our chain) and `private_key` go together: what we show where the bank asks for it. Raises
    ConfigError that names the bank and the part, never the content.
    """
    context = _trusting(bank, ca)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if certificate is not None and private_key is not None:
        _show(context, bank, certificate, private_key)
    return context


def _trusting(bank: str, ca: bytes | None) -> ssl.SSLContext:
    try:
        # The default context demands a certificate and checks the host name; with `cadata` it trusts nothing else.
        context = ssl.create_default_context(cadata=None if ca is None else ca.decode("ascii"))
    except (ssl.SSLError, UnicodeDecodeError) as error:
        raise ConfigError(f"bank {bank}: transport.ca_secret is no CA certificate (PEM)") from error
    if ca is not None and not context.get_ca_certs():
        raise ConfigError(f"bank {bank}: transport.ca_secret holds no CA certificate; a server's own is none")
    return context


def _show(context: ssl.SSLContext, bank: str, certificate: bytes, private_key: bytes) -> None:
    # OpenSSL reads them from files only: these are ours alone, and gone at once.
    with tempfile.TemporaryDirectory(prefix="gateway-tls-") as folder:
        chain, key = Path(folder) / "chain.pem", Path(folder) / "key.pem"
        for path, content in ((chain, certificate), (key, private_key)):
            path.touch(mode=0o600)
            path.write_bytes(content)
        try:
            context.load_cert_chain(chain, key, password=_no_password)
        except (ssl.SSLError, ValueError) as error:
            what = "certificate_secret and private_key_secret are no pair (PEM, the key not encrypted)"
            raise ConfigError(f"bank {bank}: transport.mutual_tls: {what}") from error


def _no_password() -> str:
    """Give none: without this OpenSSL would ask at the terminal."""
    return ""
