"""What makes one sandbox bank differ from another: its parameters, checked when they are loaded."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from gateway.sandbox.behaviours import (
    AccountParameters,
    CounterParameters,
    PerTenThousand,
    ReturnParameters,
    Seconds,
    Shape,
    StatementParameters,
    VerdictParameters,
)
from gateway.sandbox.chance import TEN_THOUSAND
from gateway.sandbox.iban import is_iban
from gateway.sandbox.readers import Initiation
from gateway.sandbox.wording import DressParameters, FlatParameters, MtParameters

Milliseconds = Annotated[int, Field(ge=0, le=600_000)]


API_SHAPES = frozenset({Shape.NAMED, Shape.UETR, Shape.NOTHING})


class Kind(StrEnum):
    """The five ways in which the sandbox banks behave."""

    FILE = "file"
    """Takes files, confirms them, itemises its bookings."""
    QUIET = "quiet"
    """Takes files and says nothing about what it accepts; rejects and bookings are reported."""
    BATCH = "batch"
    """Takes files and books the accepted payments of a block as one sum without details."""
    API = "api"
    """Takes one payment a request over HTTP; its messages are JSON."""
    FLAKY = "flaky"
    """Takes files; its messages come late, repeated and out of order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParameters:
    """How the HTTP door of an API bank behaves; shares are per ten thousand idempotency keys.

    `timeout`: books, then holds its answer for `hold_milliseconds`. `server_error`: books, then answers 500. `slow`:
    books and answers after `slow_milliseconds`. `too_early`: the first `too_early_reads` read-backs say 404 although
    it booked. While the bank is down it refuses connections (`refuse`) or answers 503 and books nothing.
    `port` 0 takes any free port.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    port: Annotated[int, Field(ge=0, le=65_535)] = 0
    timeout_per_10000: PerTenThousand = 0
    server_error_per_10000: PerTenThousand = 0
    slow_per_10000: PerTenThousand = 0
    too_early_per_10000: PerTenThousand = 0
    too_early_reads: Annotated[int, Field(ge=0, le=100)] = 1
    hold_milliseconds: Milliseconds = 30_000
    slow_milliseconds: Milliseconds = 500
    when_down: Literal["refuse", "503"] = "503"


@dataclass(frozen=True, slots=True, kw_only=True)
class SshParameters:
    """A file bank's SSH server, beside its folder. `port` 0 takes any free port."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    port: Annotated[int, Field(ge=0, le=65_535)] = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class BankParameters:
    """One bank. Delays are seconds of the bank's clock after it took a file or request.

    `initiation` is the format of the files that it takes; an API bank takes JSON alone. With a `control_suffix` (".ok")
    a file waits until one of its name and that suffix lies beside it. `accept_status` is the status of what is
    accepted; `status_detail` says whether a positive status lists every payment; `status_version` is that of
    pain.002.001, or pacs.002 (.10); a bank with the section `flat` answers in flat files instead. `camt_version` is the
    version of camt.054.001, or MT942; `return_family` the family of the bank transaction code of a return. `dress`,
    `flat` and `mt` are explained in `gateway.sandbox.wording`. `debit_notice` none means that the bank never reports
    its debits (returns it always does). `jitter_seconds` is the most by which a message is late; a message that is late
    by more than the gap to the next arrives after it. `answer_size` is the most payments a message lists. `account`,
    `statement` (none unless given), `returns`, `verdicts` and `counter` are explained in `gateway.sandbox.behaviours`.

    Raises ValueError when a parameter does not go with the kind or an account is not an account of this bank.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    slug: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
    kind: Kind
    seed: int
    country: Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
    bank_code: Annotated[str, Field(pattern=r"^[A-Z0-9]{2,10}$")]
    debtor_accounts: Annotated[tuple[str, ...], Field(min_length=1)]
    initiation: Initiation = "pain.001.001.09"
    control_suffix: Annotated[str, Field(pattern=r"^(\.[a-z]{1,8})?$")] = ""
    accept_status: Literal["ACTC", "ACCP", "ACSP", "ACCC"] = "ACCP"
    status_detail: Literal["group", "itemised"] = "group"
    status_version: Literal["03", "10", "12", "pacs.002"] = "10"
    camt_version: Literal["02", "04", "08", "10", "MT942"] = "08"
    return_family: Literal["ICDT", "RCDT"] = "ICDT"
    debit_notice: Literal["reported", "none"] = "reported"
    rejected_per_10000: PerTenThousand = 0
    returned_per_10000: PerTenThousand = 0
    repeated_per_10000: PerTenThousand = 0
    status_delay_seconds: Seconds = 5
    booking_delay_seconds: Seconds = 30
    return_delay_seconds: Seconds = 120
    repeat_delay_seconds: Seconds = 60
    jitter_seconds: Seconds = 0
    answer_size: Annotated[int, Field(ge=1, le=50_000)] = 500
    account: AccountParameters = field(default_factory=AccountParameters)
    statement: StatementParameters | None = None
    returns: ReturnParameters = field(default_factory=ReturnParameters)
    verdicts: VerdictParameters = field(default_factory=VerdictParameters)
    api: ApiParameters | None = None
    counter: CounterParameters | None = None
    ssh: SshParameters | None = None
    dress: DressParameters = field(default_factory=DressParameters)
    flat: FlatParameters | None = None
    mt: MtParameters = field(default_factory=MtParameters)

    def __post_init__(self) -> None:
        if (self.kind is Kind.API) != (self.api is not None):
            raise ValueError("a bank has the section `api` exactly when its kind is api")
        if self.kind is Kind.API and self.ssh is not None:
            raise ValueError("an API bank takes no files over SSH")
        if self.kind is Kind.FLAKY and not (self.jitter_seconds and self.repeated_per_10000):
            raise ValueError("a flaky bank needs jitter_seconds and repeated_per_10000 above zero")
        if self.rejected_per_10000 + self.returned_per_10000 > TEN_THOUSAND:
            raise ValueError("rejected and returned payments are more than all payments")
        if self.counter is not None and self.kind is not Kind.API:
            raise ValueError("only an API bank pays over the counter")
        if self.status_version == "03" and self.accept_status == "ACCC":
            raise ValueError("pain.002.001.03 knows no status ACCC")
        if self.kind is Kind.API and not API_SHAPES.issuperset(self.returns.shapes):
            raise ValueError("an API bank describes its returns as named, uetr or nothing")
        for account in self.debtor_accounts:
            self._check_account(account)

    @property
    def tells_tx_id(self) -> bool:
        """Whether debits carry the clearing's reference: they must where a return may name nothing else."""
        return Shape.TX_ID in self.returns.shapes

    def _check_account(self, account: str) -> None:
        # The bank code follows the check digits, in Italy after one more check character.
        ours = account.startswith(self.country) and account.find(self.bank_code, 4) in {4, 5}
        if not (ours and is_iban(account)):
            raise ValueError(f"a debtor account is not a valid IBAN of bank code {self.bank_code}")


_ADAPTER = TypeAdapter(BankParameters)


def load_parameters(sections: Mapping[str, Mapping[str, object]], *, seed: int) -> tuple[BankParameters, ...]:
    """Make the parameters of all banks from their sections, keyed by slug, in that order.

    A section may name a seed of its own. Raises ValueError naming bank and key for an unknown key, a wrong type or
    parts that do not go together.
    """
    return tuple(_load(slug, {"seed": seed, **section, "slug": slug}) for slug, section in sections.items())


def _load(slug: str, section: Mapping[str, object]) -> BankParameters:
    try:
        # Through JSON, because strict checking takes a list for a tuple and a text for an enumeration only there.
        return _ADAPTER.validate_json(json.dumps(section), strict=True)
    except ValidationError as error:
        faults = [f"{'.'.join(map(str, fault['loc'])) or 'section'}: {fault['msg']}" for fault in error.errors()]
        raise ValueError(f"sandbox bank {slug}: {'; '.join(faults)}") from error


def read_parameters(path: Path, *, seed: int) -> tuple[BankParameters, ...]:
    """Read a YAML file with the one key `banks`: a section a slug. Raises ValueError."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or set(content) != {"banks"}:
        raise ValueError(f"{path.name}: expected exactly one key, `banks`")
    return load_parameters(content["banks"], seed=seed)
