"""Keys of both sides of an envelope, and the programs of strangers that know the same standards."""

import os
import shutil
import subprocess
from datetime import UTC, datetime
from functools import cache

import pysequoia
import pytest

from gateway.runtime.material_envelope import rsa_pair
from gateway.transport.envelope_cms import CmsWrapping
from gateway.transport.envelope_pgp import PgpWrapping

NOW = datetime(2026, 9, 21, 8, tzinfo=UTC)


def program(name: str) -> str:
    """Return where a program is; without it skip loudly, or fail where CI promises it."""
    found = shutil.which(name)
    if found is not None:
        return found
    reason = f"no {name} on this machine: envelopes are not checked against another implementation"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(*command: str, content: bytes = b"", home: str = "/nonexistent") -> bytes:
    """Run a program of a stranger; return what it writes."""
    environment = {"PATH": os.environ["PATH"], "GNUPGHOME": home, "LC_ALL": "C"}
    done = subprocess.run(command, input=content, capture_output=True, check=False, timeout=60, env=environment)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


@cache
def pgp_key(name: str) -> pysequoia.Tsk:
    return pysequoia.Tsk.generate(name)


def certificate(name: str) -> pysequoia.Cert:
    return pgp_key(name).extract_certificate()


def pgp(own: str, other: str) -> PgpWrapping:
    """The envelope as `own` sees it."""
    return PgpWrapping.of(bank_key=bytes(certificate(other)), own_key=str(pgp_key(own)).encode())


@cache
def rsa(name: str) -> tuple[bytes, bytes]:
    """A private key and its certificate, PEM."""
    return rsa_pair(name)


def cms(own: str, other: str) -> CmsWrapping:
    """The envelope as `own` sees it."""
    key, ours = rsa(own)
    return CmsWrapping.of(bank_certificate=rsa(other)[1], own_certificate=ours, own_key=key)
