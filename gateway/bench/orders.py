"""Orders to measure with: valid, all different, payable at the banks of a measurement."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

SOURCE, PROGRAMME = "SSI", "STA"
BANK_CODES = {"alfa": "10010001", "bravo": "10010002"}
"""Bank -> German bank code, as the profiles under config/banks claim them."""

_DE = 131400
"""Country DE and check digits 00 as ISO 7064 reads them: D is 13, E is 14."""


def german_iban(bank_code: str, account: int) -> str:
    """Make a valid IBAN (ISO 13616; check digits by ISO 7064 MOD 97-10)."""
    own = f"{bank_code}{account:010d}"
    return f"DE{98 - int(f'{own}{_DE}') % 97:02d}{own}"


def order_lines(batch: str, count: int, banks: Sequence[str], at: datetime) -> Iterator[bytes]:
    """Yield `count` order lines of a batch that is paid on the day of `at` (aware), banks in turn."""
    for n in range(count):
        yield order_line(batch, n, german_iban(BANK_CODES[banks[n % len(banks)]], n), at)


def order_line(batch: str, number: int, iban: str, at: datetime) -> bytes:
    """Write one order line of a batch that is paid on the day of `at` (aware)."""
    day = at.astimezone(UTC).date()
    line = {
        "orderId": f"{batch}-{number:07d}",
        "benefit": "SICK_PAY",
        "entitlement": {"id": f"E-{batch}-{number}", "period": f"{day:%Y-%m}", "sequence": 1},
        "amount": f"{100 + number % 400}.{number % 100:02d}",
        "currency": "EUR",
        "requestedExecutionDate": day.isoformat(),
        "validUntil": (day + timedelta(days=30)).isoformat(),
        "approvedAt": f"{at.astimezone(UTC) - timedelta(hours=1):%Y-%m-%dT%H:%M:%SZ}",
        "creditor": {"name": "Erika Mustermann", "identifications": [{"scheme": "NIDN", "id": f"{batch}{number:08d}"}]},
        "creditorAccount": {"type": "IBAN", "iban": iban},
        "remittanceInformation": f"Sick pay {day:%Y-%m}",
    }
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"
