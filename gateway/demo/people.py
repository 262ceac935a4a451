"""Invented people with names as they are written, and accounts that pass every check a bank makes by form."""

# ruff: noqa: RUF001 - letters that look alike are what these names are for

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any

from gateway.domain.iban_registry import FORMATS
from gateway.sandbox import BankParameters

SCHEME = "NIDN"
"""ISO 20022 ExternalPersonIdentification: national identity number."""
_PART = re.compile(r"([0-9]+)([nac])")
_FILLING = {"n": "0123456789", "a": "ABCDEFGHJKLMNPRSTUVWXYZ", "c": "0123456789"}

_NAMES: Mapping[str, tuple[Sequence[str], Sequence[str]]] = MappingProxyType(
    {
        "tr": (
            ("Ayşe", "Çağla", "Gülşen", "İbrahim", "Oğuzhan", "Özgür", "Şükrü", "Yiğit"),
            ("Akdoğan", "Büyükçelik", "Gündoğdu", "Karaağaç", "Özkılıç", "Şahinbaş", "Yıldırım", "Uğurlu"),
        ),
        "de": (
            ("Anneliese", "Björn", "Gerhard", "Jürgen", "Käthe", "Sönke", "Ursula", "Wolfgang"),
            ("Grünewald", "Hölzl", "Kühnemann", "Münchmeyer", "Schäuffelein", "Strauß", "Weißhaupt", "Zöllner"),
        ),
        "fr": (
            ("Aurélie", "Benoît", "Cécile", "Françoise", "Gaëlle", "Hélène", "Jérôme", "Noël"),
            ("Beaupré", "Châtelain", "D'Amboise", "Desprès", "Garçon", "L'Évêque", "Lefèvre", "Mœurs"),
        ),
        "es": (
            ("Begoña", "Íñigo", "Jesús", "María José", "Martín", "Sofía"),
            ("Alcántara Ibáñez", "Cañizares", "Muñoz Peña", "Núñez", "Saldaña", "Zúñiga"),
        ),
        "it": (
            ("Agnese", "Niccolò", "Giosuè", "Ludovica", "Nicolò", "Zoë"),
            ("Dell'Orto", "Forlì", "Frà Giovanni", "Mancuso", "Quattrocchi", "Santarèm"),
        ),
        "nl": (("Daniëlle", "Geertruida", "Joost", "Zoë"), ("van der Linden", "Oude Nijhuis", "de Vriès", "'t Hooft")),
        "fi": (("Åke", "Jyrki", "Päivi", "Väinö"), ("Hämäläinen", "Mäkelä", "Sjöström", "Yläjoki")),
        "sk": (
            ("Božena", "Ľubomír", "Miloš", "Terézia", "Žofia", "Štefan"),
            ("Čižmár", "Ďurčanský", "Hruškovič", "Kňažko", "Šťastný", "Ťažký"),
        ),
        "lt": (("Aušra", "Džiugas", "Jūratė", "Žydrūnas"), ("Šimkūnas", "Čiurlionytė", "Vėžys", "Žukauskienė")),
        "ee": (("Jüri", "Õnne", "Tõnu", "Ülle"), ("Jõgeva", "Kõiv", "Pärnamägi", "Väljataga")),
    }
)
_LANGUAGES = MappingProxyType(
    {"DE": "de", "AT": "de", "FR": "fr", "LU": "fr", "BE": "nl", "NL": "nl", "ES": "es", "IT": "it"}
    | {"FI": "fi", "SK": "sk", "LT": "lt", "EE": "ee"}
)
_FROM_ELSEWHERE = 4
"""One person in so many has a name of another language than the bank's country."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with one identity number."""

    name: str
    identity: str

    @property
    def key(self) -> str:
        """The identifier as a stop names it."""
        return f"{SCHEME}:{self.identity}"

    def document(self) -> dict[str, Any]:
        """Return the party as an order holds it."""
        return {"name": self.name, "identifications": [{"scheme": SCHEME, "id": self.identity}]}


def person(chance: Random, country: str) -> Person:
    """Invent somebody who banks in `country`."""
    language = _LANGUAGES.get(country, "tr")
    if not chance.randrange(_FROM_ELSEWHERE):
        language = chance.choice(("tr", *_NAMES))
    given, family = _NAMES[language]
    return Person(
        name=f"{chance.choice(given)} {chance.choice(family)}", identity=f"{chance.randrange(10**10, 10**11)}"
    )


def iban(chance: Random, bank: BankParameters) -> str:
    """Make a valid IBAN of a bank: the registry's structure, its bank code, and check digits by ISO 7064 MOD 97-10."""
    form = FORMATS[bank.country]
    signs = [sign for count, kind in _PART.findall(form.structure) for sign in _fill(chance, int(count), kind)]
    start = form.bank.start - 4  # the structure begins after country and check digits
    signs[start : start + len(bank.bank_code)] = bank.bank_code
    return with_check_digits(bank.country, "".join(signs))


def with_check_digits(country: str, account: str) -> str:
    """Put country and check digits before the national part of an account."""
    number = int("".join(str(int(sign, 36)) for sign in f"{account}{country}00"))
    return f"{country}{98 - number % 97:02d}{account}"


def broken_iban(valid: str) -> str:
    """Make check digits wrong, as somebody who swaps or mistypes them would."""
    return f"{valid[:2]}{(int(valid[2:4]) + 1 - 2) % 97 + 2:02d}{valid[4:]}"


def _fill(chance: Random, count: int, kind: str) -> Sequence[str]:
    return [chance.choice(_FILLING[kind]) for _ in range(count)]
