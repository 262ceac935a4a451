"""How bytes reach a bank and come back: one model a kind of transport. Secrets are named here, never written."""

from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from bank_adapters.profile.base import RelativeFolder, Seconds, SecretReference, Strict


def with_a_port(url: str) -> str:
    """Return the URL. Raises ValueError where it names no host, or a port that is none: nothing could be sent there."""
    parts = urlsplit(
        url
    )  # raises ValueError itself for brackets that are no address, and so does its port beyond 65535
    if not parts.hostname or parts.port == 0:
        raise ValueError("a host, and a port from 1 to 65535, are expected")
    return url


class DirectoryTransport(Strict):
    """A folder the bank collects from; files appear by rename."""

    kind: Literal["directory"] = Field(description="A folder that a file gateway of the bank collects files from.")
    folder: RelativeFolder = Field(description="The bank's folder, relative to the root that the settings name.")

    @property
    def place(self) -> str:
        """Where files go."""
        return self.folder


class SftpTransport(Strict):
    """A bank's SSH server; files appear by a plain rename, which refuses to overwrite (SSH_FXP_RENAME of version 3)."""

    kind: Literal["sftp"] = Field(description="Files by SFTP.")
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$", examples=["sftp.bank.example"])] = Field(
        description="Host name or address."
    )
    port: int = Field(default=22, ge=1, le=65_535, description="Port of the SSH server.")
    username: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$", examples=["institution"])] = Field(
        description="Our user at the bank."
    )
    private_key_secret: SecretReference = Field(description="Name of the secret that holds our private key (OpenSSH).")
    host_keys_secret: SecretReference = Field(
        description="Name of the secret that pins the bank's public host keys, one a line; any other server is refused."
    )
    folder_in: RelativeFolder = Field(default="in", description="Where we put files for the bank.")
    folder_out: RelativeFolder = Field(default="out", description="Where the bank leaves files for us.")
    rename_is_atomic: bool = Field(
        default=False,
        description="The server renames in one step. OpenSSH does not (it links the new name, then removes the old"
        " one): leave it false there, and a file whose rename was not answered waits for a person instead of being sent"
        " again.",
    )
    connect_seconds: Seconds = Field(default=10, description="Limit for connecting and authenticating, tries and all.")
    idle_seconds: Seconds = Field(default=30, description="A server that is silent this long is given up.")

    @property
    def place(self) -> str:
        """Where files go."""
        return f"{self.username}@{self.host}:{self.port}/{self.folder_in}"


class BearerToken(Strict):
    """A token that does not change by itself."""

    kind: Literal["bearer"] = Field(description="A fixed bearer token.")
    token_secret: SecretReference = Field(description="Name of the secret that holds the token.")


class OAuth2(Strict):
    """OAuth 2.0 client credentials (RFC 6749, section 4.4)."""

    kind: Literal["oauth2"] = Field(description="A token of the bank's token endpoint, renewed before it expires.")
    token_path: Annotated[str, Field(pattern=r"^/[^\s?#]*$")] = Field(
        default="/oauth2/token", description="The token endpoint, under base_url."
    )
    client_id: Annotated[str, Field(min_length=1, max_length=200, examples=["institution"])] = Field(
        description="Our name at the bank."
    )
    client_secret: SecretReference = Field(description="Name of the secret that holds our client secret.")
    scope: str | None = Field(default=None, examples=["payments"], description="Scope to ask for; null: none.")
    renew_before_seconds: int = Field(default=30, ge=0, le=3600, description="Renew this long before expiry.")


class MutualTls(Strict):
    """TLS in which both sides show a certificate."""

    certificate_secret: SecretReference = Field(description="Name of the secret with our certificate chain (PEM).")
    private_key_secret: SecretReference = Field(description="Name of the secret with its private key (PEM).")


class RequestSigning(Strict):
    """A detached JWS (RFC 7515, appendix F) over each submission's body."""

    private_key_secret: SecretReference = Field(description="Name of the secret with the signing key (PEM).")
    key_id: Annotated[str, Field(min_length=1, max_length=200, examples=["key-1"])] = Field(
        description="`kid` by which the bank knows it."
    )
    algorithm: Literal["ES256", "PS256", "Ed25519"] = Field(
        default="ES256", description="JWS algorithm (RFC 7518; RFC 9864 for Ed25519)."
    )
    header: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]{1,60}$")] = Field(
        default="x-jws-signature", description="HTTP header that carries the signature."
    )


class Webhook(Strict):
    """How the bank signs what it calls us with: HMAC-SHA256 over `<timestamp>.<body>`, in hex."""

    secret: SecretReference = Field(description="Name of the secret shared with the bank.")
    tolerance_seconds: Seconds = Field(default=300, description="A call is refused when its timestamp is off by more.")


class HttpsTransport(Strict):
    """An API."""

    kind: Literal["https"] = Field(description="An HTTP API with an idempotency key.")
    base_url: Annotated[
        str,
        Field(pattern=r"^https?://[^\s?#@]+[^\s?#@/]$", examples=["https://api.bank.example/payments"]),
        AfterValidator(with_a_port),
    ] = Field(description="Root of the API without a closing slash; the settings decide whether plain http may run.")
    auth: BearerToken | OAuth2 = Field(discriminator="kind", description="How requests are authorised.")
    timeout_seconds: Seconds = Field(description="Limit for one request as a whole.")
    busy_means_not_sent: bool = Field(
        default=False, description="The bank guarantees that 429 or 503 with Retry-After has taken nothing in."
    )
    mutual_tls: MutualTls | None = Field(default=None, description="Our own certificate; null: the bank asks for none.")
    ca_secret: SecretReference | None = Field(
        default=None, description="Name of the secret with the bank's own CA certificates (PEM); null: the system's."
    )
    signing: RequestSigning | None = Field(default=None, description="Signature over submissions; null: none.")
    webhook: Webhook | None = Field(default=None, description="How the bank calls us; null: it does not.")

    @property
    def place(self) -> str:
        """Where requests go."""
        return self.base_url

    @property
    def client(self) -> str:
        """Who we are there, where the profile says: another client is told that nobody knows a payment of ours."""
        return self.auth.client_id if isinstance(self.auth, OAuth2) else ""


class PickUp(Strict):
    """Files that the bank leaves for us where our own files go (transports directory and sftp)."""

    seconds: Seconds = Field(default=30, description="How often to look.")
    afterwards: Literal["archive", "remove"] = Field(
        default="archive", description="What becomes of a file once its bytes are committed with us."
    )


class Pgp(Strict):
    """OpenPGP (RFC 9580): signed with our key, then encrypted to the bank's."""

    kind: Literal["pgp"] = Field(description="OpenPGP.")
    bank_key_secret: SecretReference = Field(description="Name of the secret with the bank's public key (armored).")
    own_key_secret: SecretReference = Field(description="Name of the secret with our private key (armored).")


class Cms(Strict):
    """CMS (RFC 5652): SignedData within EnvelopedData, DER."""

    kind: Literal["cms"] = Field(description="CMS, as S/MIME uses it.")
    bank_certificate_secret: SecretReference = Field(
        description="Name of the secret with the bank's certificate (PEM)."
    )
    own_certificate_secret: SecretReference = Field(description="Name of the secret with our certificate (PEM).")
    own_key_secret: SecretReference = Field(description="Name of the secret with our private key (PEM).")
