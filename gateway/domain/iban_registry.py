"""The IBAN formats of every country in the ISO 13616 registry. Data only; `iban` holds the rules.

Source: the SWIFT IBAN registry as schwifty 2026.10.1 (MIT) carries it, without the countries that it marks aspirational
and without the territories whose IBANs begin with another country's code. To regenerate, run
`python -m tests.domain.iban_rows` and put its output between the braces; a test compares every row with schwifty and
python-stdnum.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple


class Format(NamedTuple):
    """How a country builds its IBANs."""

    length: int
    """Characters of the whole IBAN."""
    bank: slice
    """Where the bank's national code stands in the IBAN."""
    structure: str
    """The part after the check digits: lengths followed by n (digits), a (capital letters) or c (either)."""


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "AD": Format(24, slice(4, 8), "4n4n12c"),
        "AE": Format(23, slice(4, 7), "3n16n"),
        "AL": Format(28, slice(4, 7), "8n16c"),
        "AT": Format(20, slice(4, 9), "5n11n"),
        "AZ": Format(28, slice(4, 8), "4a20c"),
        "BA": Format(20, slice(4, 7), "3n3n8n2n"),
        "BE": Format(16, slice(4, 7), "3n7n2n"),
        "BG": Format(22, slice(4, 8), "4a4n2n8c"),
        "BH": Format(22, slice(4, 8), "4a14c"),
        "BI": Format(27, slice(4, 9), "5n5n11n2n"),
        "BR": Format(29, slice(4, 12), "8c5n10n1c1c"),
        "BY": Format(28, slice(4, 8), "4c4n16c"),
        "CH": Format(21, slice(4, 9), "5n12c"),
        "CR": Format(22, slice(4, 8), "4n14n"),
        "CY": Format(28, slice(4, 7), "3n5n16c"),
        "CZ": Format(24, slice(4, 8), "4n6n10n"),
        "DE": Format(22, slice(4, 12), "8n10n"),
        "DJ": Format(27, slice(4, 9), "23n"),
        "DK": Format(18, slice(4, 8), "4n9n1n"),
        "DO": Format(28, slice(4, 8), "4c20n"),
        "EE": Format(20, slice(4, 6), "2n2n11n1n"),
        "EG": Format(29, slice(4, 8), "4n4n17n"),
        "ES": Format(24, slice(4, 8), "4n4n1n1n10n"),
        "FI": Format(18, slice(4, 7), "3n11n"),
        "FK": Format(18, slice(4, 6), "2a12n"),
        "FO": Format(18, slice(4, 8), "4n9n1n"),
        "FR": Format(27, slice(4, 9), "5n5n11c2n"),
        "GB": Format(22, slice(4, 8), "4a6n8n"),
        "GE": Format(22, slice(4, 6), "2a16n"),
        "GI": Format(23, slice(4, 8), "4a15c"),
        "GL": Format(18, slice(4, 8), "4n9n1n"),
        "GR": Format(27, slice(4, 7), "3n4n16c"),
        "GT": Format(28, slice(4, 8), "4c20c"),
        "HN": Format(28, slice(4, 8), "4a20n"),
        "HR": Format(21, slice(4, 11), "7n10n"),
        "HU": Format(28, slice(4, 7), "3n4n1n15n1n"),
        "IE": Format(22, slice(4, 8), "4a6n8n"),
        "IL": Format(23, slice(4, 7), "3n3n13n"),
        "IQ": Format(23, slice(4, 8), "4a3n12n"),
        "IS": Format(26, slice(4, 6), "4n2n6n10n"),
        "IT": Format(27, slice(5, 10), "1a5n5n12c"),
        "JO": Format(30, slice(4, 8), "4a4n18c"),
        "KW": Format(30, slice(4, 8), "4a22c"),
        "KZ": Format(20, slice(4, 7), "3n13c"),
        "LB": Format(28, slice(4, 8), "4n20c"),
        "LC": Format(32, slice(4, 8), "4a24c"),
        "LI": Format(21, slice(4, 9), "5n12c"),
        "LT": Format(20, slice(4, 9), "5n11n"),
        "LU": Format(20, slice(4, 7), "3n13c"),
        "LV": Format(21, slice(4, 8), "4a13c"),
        "LY": Format(25, slice(4, 7), "3n3n15n"),
        "MC": Format(27, slice(4, 9), "5n5n11c2n"),
        "MD": Format(24, slice(4, 6), "2c18c"),
        "ME": Format(22, slice(4, 7), "3n13n2n"),
        "MK": Format(19, slice(4, 7), "3n10c2n"),
        "MN": Format(20, slice(4, 8), "4n12n"),
        "MR": Format(27, slice(4, 9), "5n5n11n2n"),
        "MT": Format(31, slice(4, 8), "4a5n18c"),
        "MU": Format(30, slice(4, 10), "4a2n2n12n3n3a"),
        "NI": Format(28, slice(4, 8), "4a20n"),
        "NL": Format(18, slice(4, 8), "4a10n"),
        "NO": Format(15, slice(4, 8), "4n6n1n"),
        "OM": Format(23, slice(4, 7), "3n16c"),
        "PK": Format(24, slice(4, 8), "4a16c"),
        "PL": Format(28, slice(4, 12), "8n16n"),
        "PS": Format(29, slice(4, 8), "4a21c"),
        "PT": Format(25, slice(4, 8), "4n4n11n2n"),
        "QA": Format(29, slice(4, 8), "4a21c"),
        "RO": Format(24, slice(4, 8), "4a16c"),
        "RS": Format(22, slice(4, 7), "3n13n2n"),
        "RU": Format(33, slice(4, 13), "9n5n15c"),
        "SA": Format(24, slice(4, 6), "2n18c"),
        "SC": Format(31, slice(4, 10), "4a2n2n16n3a"),
        "SD": Format(18, slice(4, 6), "2n12n"),
        "SE": Format(24, slice(4, 7), "3n16n1n"),
        "SI": Format(19, slice(4, 6), "5n8n2n"),
        "SK": Format(24, slice(4, 8), "4n6n10n"),
        "SM": Format(27, slice(5, 10), "1a5n5n12c"),
        "SO": Format(23, slice(4, 8), "4n3n12n"),
        "ST": Format(25, slice(4, 8), "4n4n11n2n"),
        "SV": Format(28, slice(4, 8), "4a20n"),
        "TL": Format(23, slice(4, 7), "3n14n2n"),
        "TN": Format(24, slice(4, 6), "2n3n13n2n"),
        "TR": Format(26, slice(4, 9), "5n1n16c"),
        "UA": Format(29, slice(4, 10), "6n19c"),
        "VA": Format(22, slice(4, 7), "3n15n"),
        "VG": Format(24, slice(4, 8), "4a16n"),
        "XK": Format(20, slice(4, 6), "4n10n2n"),
        "YE": Format(30, slice(4, 8), "4a4n18c"),
    }
)
