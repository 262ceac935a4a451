"""The settings of a process: `config/gateway.yaml`, overridden by environment variables. Unknown keys are refused."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, YamlConfigSettingsSource

from bank_adapters.profile.access import with_a_port
from gateway.domain.errors import ConfigError
from gateway.transport.settling import SETTLED_SECONDS


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Database(_Part):
    """Where PostgreSQL is."""

    url: str | None = Field(default=None, description="postgresql://... ; null: embedded (sandbox only)")
    owner_url: str | None = Field(
        default=None, description="Login that owns the schema, for migrations only; null: that of url (docs/ledger.md)"
    )
    connections: int = Field(default=24, ge=2, le=500, description="Most connections of this process")


class Kafka(_Part):
    """Where Kafka is."""

    bootstrap: str | None = Field(default=None, description="host:port,host:port ; null: embedded (sandbox only)")
    incarnation: str = Field(default="", description="Name of an embedded broker that runs in another process")


class Listen(_Part):
    """Where to listen."""

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535, description="0: any free port")


class Key(_Part):
    """A public key that is trusted within its time."""

    kid: str
    algorithm: Literal["ES256", "Ed25519"]
    jwk: dict[str, str]
    not_before: datetime
    not_after: datetime


class TokenIssuer(_Part):
    """Who issues access tokens for this gateway."""

    name: str
    audience: str
    keys: list[Key]


class DebtorAccountsOf(_Part):
    """The paying accounts of a source's programme in a currency, by bank."""

    source: str
    programme: str = "*"
    currency: str
    name: str = Field(description="Debtor name as banks and payees see it")
    accounts: dict[str, str] = Field(description="Bank -> IBAN")


class DayLimit(_Part):
    """The most that may leave in a calendar day: of a source or of all together ("*"), to a bank or to all ("*")."""

    source: str = Field(default="*", description='A source, or "*": all together')
    bank: str = Field(default="*", description='A bank, or "*": all together')
    currency: str
    per_day: str = Field(description='Decimal text in the currency ("5000000.00")')


class Settings(BaseSettings):
    """Everything a process must know before it starts."""

    model_config = SettingsConfigDict(env_prefix="GATEWAY_", env_nested_delimiter="__", extra="forbid", frozen=True)

    mode: Literal["sandbox", "production"] = "sandbox"
    data_dir: Path = Path("var")
    database: Database = Database()
    kafka: Kafka = Kafka()
    api: Listen = Listen()
    metrics: Listen = Listen()
    banks_root: Path = Path("banks")
    secrets_dir: Path = Path("secrets")
    bank_urls: dict[str, Annotated[str, AfterValidator(with_a_port)]] = Field(
        default_factory=dict, description="Bank -> API root, instead of its profile's"
    )
    issuers: list[TokenIssuer] = Field(default_factory=list)
    sources: dict[str, list[Key]] = Field(default_factory=dict, description="Source -> keys of its manifests")
    tell_presumed: list[str] = Field(
        default_factory=list, description="Sources that are told 'presumed' when a bank's silence is taken for a yes"
    )
    source_secrets: dict[str, str] = Field(
        default_factory=dict,
        description="Source -> secret that signs its records on Kafka; without one it has no Kafka door. Sandbox: made",
    )
    debtor_accounts: list[DebtorAccountsOf] = Field(default_factory=list)
    demanded_tier: Literal["draft", "sandbox", "certified"] = Field(
        default="certified",
        description="How far a bank must be proved to be paid through in production (docs/contract.md)",
    )
    limits: list[DayLimit] = Field(
        default_factory=list, description="Brakes against a wrong batch: each is counted by itself, all must hold"
    )
    lease_seconds: int = Field(
        default=30, ge=2, le=3_600, description="After this a silent worker's partitions and lanes go to others"
    )
    processes: int = Field(default=0, ge=0, le=64, description="Processes for rendering; 0: threads of this one")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - secrets lie in files of their own, not in .env
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let arguments win over the environment, and the environment over the file."""
        yaml_source = YamlConfigSettingsSource(settings_cls, yaml_file=settings_cls.model_config.get("yaml_file"))
        return init_settings, env_settings, yaml_source

    def model_post_init(self, _context: Any) -> None:
        """Refuse what must not run in production."""
        if self.mode == "production":
            missing = [
                name
                for name, given in (
                    ("database.url", self.database.url),
                    ("kafka.bootstrap", self.kafka.bootstrap),
                    ("issuers", self.issuers),
                    ("keys of every source", self.sources and all(self.sources.values())),
                )
                if not given
            ]
            if missing:
                raise ValueError(f"mode production needs {', '.join(missing)}")

    @property
    def banks_folder(self) -> Path:
        return self.data_dir / self.banks_root

    @property
    def secrets_folder(self) -> Path:
        return self.data_dir / self.secrets_dir

    @property
    def settled_seconds(self) -> float:
        """How long a file must stand still until it is picked up; sandbox banks rename whole files."""
        return 0.0 if self.mode == "sandbox" else SETTLED_SECONDS


def load_settings(config: Path, **overrides: Any) -> Settings:
    """Load `config`/gateway.yaml with the environment over it and `overrides` over both.

    Raises ConfigError with the path of every wrong key.
    """
    file = config / "gateway.yaml"
    if not file.is_file():
        raise ConfigError(f"no settings at {file}; name their folder with --config")

    class FromFile(Settings):
        model_config = SettingsConfigDict(yaml_file=file)

    try:
        return FromFile(**overrides)
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, e['loc'])) or '(settings)'}: {e['msg']}" for e in error.errors()]
        raise ConfigError(f"{file}: {'; '.join(wrong)}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{file}: {error}") from error
