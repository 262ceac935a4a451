"""A gateway to which one YAML file alone has added a bank, and that bank's side: an SSH server and its folders."""

# ruff: noqa: RUF001 - Turkish has a letter that looks like another

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from schwifty import IBAN

from bank_adapters.registry import load_profile
from gateway.runtime.material_ssh import make_ssh, sandbox_ssh
from gateway.sandbox.ssh import SshDoor
from tests.hearing.ear import Ear, listening
from tests.orders import order
from tests.scenario import configuration, opened

PROFILE = Path(__file__).parent / "config" / "banks" / "anadolu.yaml"
DEBTOR = str(IBAN.generate("TR", bank_code="00999", account_code="0000000020260001"))
NAMES = ("Ayşe Yılmaz", "Əli İsmayılov", "Gülşen Öztürk")
MINOR = (1_234_50, 999_99, 75_000_00)


def payee(number: int) -> str:
    return str(IBAN.generate("TR", bank_code="00999", account_code=f"{number:016d}"))


def orders() -> list[dict[str, Any]]:
    """Three orders in Turkish lira."""
    return [
        order(
            number,
            amount=f"{minor // 100}.{minor % 100:02d}",
            currency="TRY",
            creditor={"name": name, "identifications": [{"scheme": "TCKN", "id": f"1000000014{number}"}]},
            creditorAccount={"type": "IBAN", "iban": payee(number)},
            remittanceInformation="Geçici iş göremezlik ödeneği",
        )
        for number, (name, minor) in enumerate(zip(NAMES, MINOR, strict=True), start=1)
    ]


@dataclass(slots=True, kw_only=True)
class Anadolu:
    """The bank's side: what lies in its folders."""

    ear: Ear
    folder: Path

    def files(self) -> dict[str, str]:
        found = (path for path in (self.folder / "in").iterdir() if not path.name.startswith("."))
        return {path.name: path.read_bytes().decode("cp1254") for path in found}

    async def reply(self, *lines: str) -> None:
        """Leave a reply for the gateway, which collects it over SFTP; it looks twice, for a file may still grow."""
        (self.folder / "out" / "reply.txt").write_bytes("".join(f"{line}\r\n" for line in lines).encode("cp1254"))
        transport = self.ear.scene.gateway.banks["anadolu"].transport
        for _ in range(5):
            async for delivery in transport.collect():
                await self.ear.hear(delivery.content, bank="anadolu")
                await transport.acknowledge(delivery.name)
                return
        raise AssertionError("the reply was never collected")


@pytest.fixture
async def anadolu(request: pytest.FixtureRequest, database_url: str, tmp_path: Path) -> AsyncIterator[Anadolu]:
    """The bank beside a shipped one, connected to its own SSH server; a parameter replaces a part of its YAML."""
    config = configuration(tmp_path / "config", ("alfa",))
    text = PROFILE.read_text(encoding="utf-8").replace(*getattr(request, "param", ("", "")))
    (config / "banks" / "anadolu.yaml").write_text(text, encoding="utf-8")
    account = f'  - {{source: SSI, programme: "*", currency: TRY, name: Kurum, accounts: {{anadolu: {DEBTOR}}}}}\n'
    with (config / "gateway.yaml").open("a", encoding="utf-8") as settings:
        settings.write(account)  # debtor_accounts is the last key there
    profile = load_profile("anadolu", text)
    make_ssh(profile, tmp_path / "secrets")
    door = SshDoor(tmp_path / "bank", sandbox_ssh([profile], tmp_path / "secrets")["anadolu"])
    await door.start()
    try:
        banks = ("alfa", "anadolu")
        async with (
            opened(database_url, tmp_path, banks=banks, bank_urls={"anadolu": door.url}) as scene,
            listening(scene) as ear,
        ):
            yield Anadolu(ear=ear, folder=tmp_path / "bank")
    finally:
        await door.close()
