"""A bank that takes MT101 and tells bookings in MT940: its references of sixteen letters find the payments again."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from schwifty import IBAN

from gateway.domain.facts import Position
from gateway.service.balances import Balances
from tests.hearing.ear import Ear, listening
from tests.orders import PAY_DATE, order
from tests.scenario import configuration, opened

PROFILE = Path(__file__).parent / "config" / "banks" / "danube.yaml"
DEBTOR = "DE89370400440532013000"
MINOR = (1_234_50, 512_40, 5)
PAID, RETURNED, FLIGHT = Position.PAID, Position.RETURNED, Position.IN_FLIGHT


@pytest.fixture
async def ear(database_url: str, tmp_path: Path) -> AsyncIterator[Ear]:
    """The bank beside a shipped one, with an account of its own that pays."""
    config = configuration(tmp_path / "config", ("alfa",))
    (config / "banks" / "danube.yaml").write_text(PROFILE.read_text(encoding="utf-8"), encoding="utf-8")
    account = f'  - {{source: SSI, programme: "*", currency: EUR, name: Institution, accounts: {{danube: {DEBTOR}}}}}\n'
    with (config / "gateway.yaml").open("a", encoding="utf-8") as settings:
        settings.write(account)  # debtor_accounts is the last key there
    async with opened(database_url, tmp_path, banks=("alfa", "danube")) as scene, listening(scene) as heard:
        yield heard


def orders() -> list[dict[str, object]]:
    return [
        order(
            number,
            amount=f"{minor // 100}.{minor % 100:02d}",
            creditorAccount={
                "type": "IBAN",
                "iban": str(IBAN.generate("DE", bank_code="10010077", account_code=str(number))),
            },
        )
        for number, minor in enumerate(MINOR, start=1)
    ]


def statement(opening: int, *lines: str, closing: int, number: int = 1) -> bytes:
    text = [
        ":20:X",
        f":25:{DEBTOR}",
        f":28C:{number}/1",
        f":60F:{balance(opening)}",
        *lines,
        f":62F:{balance(closing)}",
    ]
    return "".join(f"{line}\r\n" for line in [*text, "-"]).encode()


def balance(minor: int) -> str:
    return f"C260921EUR{minor // 100},{minor % 100:02d}"


def sent_references(folder: Path) -> list[str]:
    """The references of the payments in the file that the bank was sent."""
    (file,) = [path for path in folder.rglob("*.mt101.txt") if path.is_file()]
    return re.findall(r"^:21:(\w{16})\r$", file.read_bytes().decode("ascii"), re.MULTILINE)


async def test_it_pays_and_reconciles_by_references_of_sixteen_letters(ear: Ear, tmp_path: Path) -> None:
    await ear.send(orders())
    references = sent_references(tmp_path)
    assert len(references) == 3
    assert await ear.positions() == [FLIGHT] * 3
    booked = [
        f":61:2609210921DR{minor // 100},{minor % 100:02d}NTRF{ref}//B{n}"
        for n, (minor, ref) in enumerate(zip(MINOR, references, strict=True))
    ]
    # 10,000.00 - 1,234.50 - 512.40 - 0.05 = 8,253.05
    await ear.hear(statement(1_000_000, *booked, closing=825_305), bank="danube")
    await ear.until_idle("prove")
    await ear.until_idle("settle")
    rules = await ear.scene.rows("SELECT verdict, rule FROM observation ORDER BY ordinal")
    assert rules == [("matched", "position")] * 3
    assert await ear.positions() == [PAID] * 3
    [agreed] = await Balances(store=ear.scene.gateway.store).agreements(PAY_DATE, PAY_DATE)
    assert (agreed.settled, agreed.difference_minor, agreed.paid_minor) == (True, 0, sum(MINOR))
    # The second comes back the next day under the reference it was sent with: 8,253.05 + 512.40 = 8,765.45
    back = f":61:2609210921CR512,40NRTI{references[1]}//B9"
    await ear.hear(statement(825_305, back, closing=876_545, number=2), bank="danube")
    await ear.until_idle("prove")
    assert await ear.positions() == [PAID, RETURNED, PAID]
    assert await ear.scene.exceptions() == []


async def test_an_entry_of_another_amount_is_not_taken_for_the_payment_that_it_names(ear: Ear, tmp_path: Path) -> None:
    await ear.send(orders())
    reference, *_ = sent_references(tmp_path)
    await ear.hear(statement(1_000_000, f":61:260921D1,NTRF{reference}", closing=999_900), bank="danube")
    assert (await ear.verdicts())[0] == "amount differs"
    assert await ear.positions() == [FLIGHT] * 3
