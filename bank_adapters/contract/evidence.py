"""What was gathered of a bank, and the tier that follows from it.

A folder a bank (`config/evidence/<slug>`): `SOURCE.md` says who gave it, when, and what was removed; `inbound/` holds
messages the bank wrote, each beside what a person, or the bank's own books, say that it means
(`x.xml` + `x.expected.yaml`); `roundtrip/` holds a submission of ours, the bank's answers and what became of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bank_adapters.capabilities import Service
from bank_adapters.profile.reading import load_yaml
from gateway.domain.errors import ConfigError
from gateway.domain.money import AmountError, parse_minor
from gateway.domain.observation import Observation, ObservationKind
from gateway.domain.statement import Statement

_Model = TypeVar("_Model", bound=BaseModel)
EXPECTED = ".expected.yaml"
INBOUND_MESSAGES = (Service.POSITIVE_STATUS, Service.PAYMENT_STATUS, Service.NOTIFICATION, Service.STATEMENT)
"""The services of a bank that are messages; whoever promises one must show one."""


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ExpectedObservation(_Strict):
    """One fact that a message states; what is left out is not compared."""

    kind: ObservationKind
    msg_id: str | None = None
    pmt_inf_id: str | None = None
    instr_id: str | None = None
    end_to_end_id: str | None = None
    uetr: str | None = None
    text_id: str | None = None
    position: int | None = Field(default=None, description="Line of our submission, where the bank answers by it")
    status: str | None = None
    reason: str | None = None
    account: str | None = None
    amount: str | None = Field(default=None, description='Decimal text ("12.30"), with its currency')
    currency: str | None = None
    credit: bool | None = None
    booked: bool | None = None
    batch_count: int | None = None
    entry_ref: str | None = None
    booking_date: date | None = None

    def fields(self) -> dict[str, Any]:
        """Return what must be so, under the names of an Observation."""
        told = self.model_dump(exclude_unset=True)
        if "amount" in told:
            told["amount_minor"] = parse_minor(told.pop("amount"), self.currency or "")
        return told


class ExpectedStatement(_Strict):
    """The head of a statement (or of one page of it)."""

    account: str
    currency: str
    entries: int
    opening: str | None = Field(default=None, description='Signed decimal text ("-12.30")')
    closing: str | None = None

    def fields(self) -> dict[str, Any]:
        """Return what must be so, under the names of a Statement."""
        return {
            "account": self.account,
            "currency": self.currency,
            "entry_count": self.entries,
            "opening_minor": _signed(self.opening, self.currency),
            "closing_minor": _signed(self.closing, self.currency),
        }


def _signed(text: str | None, currency: str) -> int | None:
    if text is None:
        return None
    digits = text.removeprefix("-")
    minor = 0 if not digits.strip("0.") else parse_minor(digits, currency)
    return -minor if text.startswith("-") else minor


class ExpectedReading(_Strict):
    """Everything that a message says: all of it and nothing else."""

    shows: tuple[Service, ...] = Field(description="Which promised messages this is a sample of")
    observations: tuple[ExpectedObservation, ...] = ()
    statements: tuple[ExpectedStatement, ...] = ()


class RoundTripRecord(_Strict):
    """What became of a submission that the bank's own sandbox took (`roundtrip/outcome.yaml`)."""

    recorded: date
    by: str = Field(min_length=2, description="Who recorded it")
    profile: str = Field(pattern=r"^[0-9a-f]{64}$", description="Digest of what of the profile is written and read")
    submitted: str = Field(description="File of our bytes")
    answers: tuple[str, ...] = Field(min_length=1, description="Files of the bank's answers, in their order")
    payments: dict[str, Literal["paid", "rejected", "returned"]] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One message of the bank. `expected` is None where nobody wrote down what it says, `fault` why it is unusable."""

    name: str
    content: bytes
    expected: ExpectedReading | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """A recorded round trip: our bytes, the bank's answers, the outcome."""

    record: RoundTripRecord
    submitted: bytes
    answers: tuple[tuple[str, bytes], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a bank's folder holds. `faults` are what is wrong with the folder itself."""

    folder: str = ""
    source: str | None = None
    samples: tuple[Sample, ...] = ()
    round_trip: RoundTrip | None = None
    faults: tuple[str, ...] = ()

    def missing(self, absent: Mapping[Service, str]) -> list[Service]:
        """Return the promised messages of which there is no sample."""
        shown = {service for sample in self.samples if sample.expected for service in sample.expected.shows}
        return [one for one in INBOUND_MESSAGES if one not in absent and one not in shown]


NO_EVIDENCE = Evidence()


def read_evidence(folder: Path) -> Evidence:
    """Read a bank's folder of evidence; none at all is no fault, as long as the profile claims nothing."""
    if not folder.is_dir():
        return Evidence(folder=str(folder))
    source = folder / "SOURCE.md"
    faults: list[str] = []
    trip = _round_trip(folder / "roundtrip", faults)
    return Evidence(
        folder=str(folder),
        source=source.read_text(encoding="utf-8") if source.is_file() else None,
        samples=tuple(_samples(folder / "inbound", faults)),
        round_trip=trip,
        faults=tuple(faults),
    )


def _samples(folder: Path, faults: list[str]) -> Sequence[Sample]:
    files = sorted(path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else []
    stems = {path.stem for path in files if not path.name.endswith(EXPECTED)}
    faults += [
        f"inbound/{path.name}: the message that it explains is missing; put it beside"
        for path in files
        if path.name.endswith(EXPECTED) and path.name.removesuffix(EXPECTED) not in stems
    ]
    return [_sample(path) for path in files if not path.name.endswith(EXPECTED)]


def _sample(path: Path) -> Sample:
    beside = path.with_name(path.stem + EXPECTED)
    content = path.read_bytes()
    if not beside.is_file():
        fault = f"write inbound/{beside.name}: what the message says, read off it by a person or from the bank's books"
        return Sample(name=path.name, content=content, fault=fault)
    found, wrong = _load(ExpectedReading, beside)
    return Sample(name=path.name, content=content, expected=found, fault=wrong)


def _round_trip(folder: Path, faults: list[str]) -> RoundTrip | None:
    if not folder.is_dir():
        return None
    outcome = folder / "outcome.yaml"
    if not outcome.is_file():
        faults.append("roundtrip/outcome.yaml is missing: record what became of every payment")
        return None
    record, fault = _load(RoundTripRecord, outcome)
    if record is None:
        faults.append(fault or "roundtrip/outcome.yaml cannot be read")
        return None
    absent = [name for name in (record.submitted, *record.answers) if not (folder / Path(name).name).is_file()]
    if absent:
        faults.append(f"roundtrip: {', '.join(absent)} named in outcome.yaml is not there")
        return None
    return RoundTrip(
        record=record,
        submitted=(folder / Path(record.submitted).name).read_bytes(),
        answers=tuple((name, (folder / Path(name).name).read_bytes()) for name in record.answers),
    )


def _load(model: type[_Model], path: Path) -> tuple[_Model | None, str | None]:
    """Read a file of the evidence; a fault names file and key, never a value."""
    try:
        return model.model_validate(load_yaml(path.read_text(encoding="utf-8"))), None
    except ValidationError as error:
        found = "; ".join(
            f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors(include_input=False)
        )
        return None, f"{path.name}: {found}"
    except ConfigError as error:
        return None, f"{path.name}: {error}"
    except (UnicodeDecodeError, OSError) as error:
        return None, f"{path.name}: cannot be read ({type(error).__name__})"


def differences(expected: ExpectedReading, told: Sequence[Observation | Statement]) -> list[str]:
    """Say in what a reading differs from what was expected: all of it and nothing else, in any order."""
    try:
        wanted = [(one.kind.value, one.fields()) for one in expected.observations]
        heads = [("statement", one.fields()) for one in expected.statements]
    except AmountError as error:
        return [f"an expected amount: {error}"]
    found: list[str] = []
    rest = [one for one in told if isinstance(one, Observation)]
    found += _unmatched(wanted, rest)
    found += _unmatched(heads, [one for one in told if isinstance(one, Statement)])
    return found


def _unmatched(wanted: Sequence[tuple[str, Mapping[str, Any]]], told: Sequence[Observation | Statement]) -> list[str]:
    """Pair each expectation with one thing told. The most precise expectations choose first."""
    left, found = list(told), []
    for name, fields in sorted(wanted, key=lambda one: -len(one[1])):
        match = next((one for one in left if all(getattr(one, k, None) == v for k, v in fields.items())), None)
        if match is None:
            found.append(f"nothing was read that is a {name} with the expected {', '.join(sorted(fields))}")
        else:
            left.remove(match)
    found += [f"a {getattr(one, 'kind', 'statement')} was read that is not expected" for one in left]
    return found
