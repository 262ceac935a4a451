"""The catalogue of benefits: what may be paid, up to which amount, and under which ISO 20022 purpose."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

from gateway.domain.collection import Unclaimed, UnclaimedRule
from gateway.domain.errors import ConfigError
from gateway.domain.external_codes import PURPOSES
from gateway.domain.instrument import Instrument
from gateway.domain.money import AmountError, parse_minor

CATEGORY_PURPOSES: Final = frozenset({"SSBE", "GOVT"})
"""Category purposes a social benefit may carry (reference iso20022-and-banks 1.3); PENS is a pension's."""

_CODE: Final = re.compile(r"[A-Z][A-Z0-9_]{0,34}")
_PENSION_KEYS: Final = frozenset({"name", "pension"})
_BENEFIT_KEYS: Final = _PENSION_KEYS | {
    *("because_of_death", "category_purpose", "purpose", "limits"),
    *("unclaimed", "unclaimed_reissues", "instrument", "otherwise_normal"),
}
_REISSUES_MOST: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """One benefit. A pension is listed only to be refused by name: it has no limits and no purpose.

    `limits` maps each currency the benefit is paid in to the highest amount of one order, in minor units.
    `because_of_death` says that an order must name the deceased. `purpose` reaches the payee (Purp), `category_purpose`
    acts on the banks (CtgyPurp). `unclaimed` says what becomes of money that nobody collected at the counter.
    `instrument` says how fast it is paid; where a bank cannot pay so, it is held, or paid at normal speed if
    `otherwise_normal`. A bank's profile may say another purpose, category purpose and instrument.
    """

    code: str
    name: str
    pension: bool = False
    because_of_death: bool = False
    category_purpose: str = ""
    purpose: str = ""
    limits: Mapping[str, int] = field(default_factory=dict)
    unclaimed: UnclaimedRule = field(default_factory=UnclaimedRule)
    instrument: Instrument = Instrument.NORMAL
    otherwise_normal: bool = False

    @property
    def currencies(self) -> frozenset[str]:
        """The currencies in which the benefit is paid."""
        return frozenset(self.limits)


Catalogue = Mapping[str, Benefit]
"""Benefits by their code."""


def catalogue_from(document: object) -> Catalogue:
    """Build the catalogue from the mapping that config/benefits.yaml holds: {"benefits": {code: entry}}.

    Raises ConfigError that names the entry and key for unknown keys, wrong types, unknown currencies and limits that
    are not decimal text.
    """
    top = _mapping(document, "benefits catalogue", frozenset({"benefits"}))
    entries = _mapping(top.get("benefits"), "benefits catalogue: benefits")
    if not entries:
        raise ConfigError("benefits catalogue: list at least one benefit under benefits:")
    return MappingProxyType({code: _benefit(code, entry) for code, entry in entries.items()})


def _benefit(code: str, entry: object) -> Benefit:
    where = f"benefit {code}"
    if _CODE.fullmatch(code) is None:
        raise ConfigError(f"{where}: a code is 1 to 35 capital letters, digits and underscores, a letter first")
    values = _mapping(entry, where, _BENEFIT_KEYS)
    if _flag(values, "pension", where):
        _mapping(entry, f"{where} (a pension)", _PENSION_KEYS)
        return Benefit(code=code, name=_text(values, "name", where), pension=True)
    return Benefit(
        code=code,
        name=_text(values, "name", where),
        because_of_death=_flag(values, "because_of_death", where),
        category_purpose=_category_purpose(values, where),
        purpose=_purpose(values, where),
        limits=_limits(values.get("limits"), f"{where}: limits"),
        unclaimed=_unclaimed(values, where),
        instrument=_instrument(values, where),
        otherwise_normal=_flag(values, "otherwise_normal", where),
    )


def _mapping(value: object, where: str, known: frozenset[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise ConfigError(f"{where}: write a mapping of keys to values")
    odd = sorted(str(key) for key in value if not isinstance(key, str) or (known is not None and key not in known))
    if odd:
        expected = f"; known are {', '.join(sorted(known))}" if known is not None else "; quote it to make it text"
        raise ConfigError(f"{where}: unknown key {', '.join(odd)}{expected}")
    return value


def _text(values: Mapping[str, Any], key: str, where: str) -> str:
    value = values.get(key)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{where}: {key} must be text")
    return value


def _flag(values: Mapping[str, Any], key: str, where: str) -> bool:
    value = values.get(key, False)
    if not isinstance(value, bool):
        raise ConfigError(f"{where}: {key} must be true or false")
    return value


def _category_purpose(values: Mapping[str, Any], where: str) -> str:
    code = _text(values, "category_purpose", where)
    if code not in CATEGORY_PURPOSES:
        raise ConfigError(f"{where}: category_purpose must be one of {', '.join(sorted(CATEGORY_PURPOSES))}")
    return code


def _purpose(values: Mapping[str, Any], where: str) -> str:
    code = _text(values, "purpose", where)
    if code not in PURPOSES:
        published = "of ISO 20022's ExternalPurpose1Code"
        raise ConfigError(f"{where}: purpose must be a code of four capital letters {published}, such as SSBE")
    return code


def _instrument(values: Mapping[str, Any], where: str) -> Instrument:
    """Read `instrument` (normal, the default, instant or urgent)."""
    word = values.get("instrument", Instrument.NORMAL)
    if not isinstance(word, str) or word not in set(Instrument):
        raise ConfigError(f"{where}: instrument must be one of {', '.join(Instrument)}")
    return Instrument(word)


def _unclaimed(values: Mapping[str, Any], where: str) -> UnclaimedRule:
    """Read `unclaimed` (give back, the default, or reissue) and `unclaimed_reissues`, how often (once by default)."""
    word, times = values.get("unclaimed", Unclaimed.GIVE_BACK), values.get("unclaimed_reissues", 1)
    if not isinstance(word, str) or word not in set(Unclaimed):
        raise ConfigError(f"{where}: unclaimed must be one of {', '.join(Unclaimed)}")
    if word == Unclaimed.GIVE_BACK:
        if "unclaimed_reissues" in values:
            raise ConfigError(f"{where}: unclaimed_reissues goes with unclaimed: reissue only")
        return UnclaimedRule()
    if type(times) is not int or not 1 <= times <= _REISSUES_MOST:
        raise ConfigError(f"{where}: unclaimed_reissues must be a whole number from 1 to {_REISSUES_MOST}")
    return UnclaimedRule(reissues=times)


def _limits(value: object, where: str) -> Mapping[str, int]:
    amounts = _mapping(value, where)
    if not amounts:
        raise ConfigError(f"{where}: name at least one currency")
    return MappingProxyType({currency: _limit(amount, currency, where) for currency, amount in amounts.items()})


def _limit(amount: object, currency: str, where: str) -> int:
    try:
        return parse_minor(amount, currency)
    except AmountError as error:
        raise ConfigError(f'{where}: {currency}: {error}; write it quoted, such as EUR: "500.00"') from error
