"""TLS towards a bank: whoever cannot prove to be it gets no byte; what it refuses of ours is told as it is."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.domain.errors import ConfigError
from gateway.ports.transport import Answer, Arrival, Sent
from gateway.runtime.material_tls import Named, certificate, pem_pair
from gateway.sandbox.access import server_tls
from gateway.transport.http_tls import client_context
from tests.transport.test_http import BODY, LATER, RECEIPT, WIRE, opened

LONG_AGO: dict[str, Any] = {"first": datetime(2020, 1, 1, tzinfo=UTC), "last": datetime(2021, 1, 1, tzinfo=UTC)}
CA, OTHER_CA = certificate("bank CA", None), certificate("bank CA", None)
US = certificate("us", CA)
HERE = ("127.0.0.1",)


def authority(named: Named = CA) -> bytes:
    return pem_pair(named)[0]


def client(**changes: Any) -> ssl.SSLContext:
    chain, key = pem_pair(changes.pop("us", US))
    return client_context("alfa", **({"ca": authority(), "certificate": chain, "private_key": key} | changes))


@asynccontextmanager
async def bank(
    folder: Path, server: Named, *, clients: bool = True, change: Callable[[ssl.SSLContext], None] | None = None
) -> AsyncIterator[tuple[str, list[bytes]]]:
    """Serve TLS as `server`; whatever comes through it is noted and answered 201."""
    came: list[bytes] = []
    for name, content in zip(("chain", "key", "ca"), (*pem_pair(server), authority()), strict=True):
        (folder / name).write_bytes(content)
    context = server_tls(folder / "chain", folder / "key", folder / "ca" if clients else None)
    if change is not None:
        change(context)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            came.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 201 Created\r\nContent-Length: 39\r\nConnection: close\r\n\r\n" + RECEIPT)
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    try:
        yield f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}", came
    finally:
        listening.close()


async def sent(url: str, tls: ssl.SSLContext) -> Answer:
    async with opened(url, tls=tls) as transport:
        return await transport.send(WIRE, [BODY], LATER)


async def test_both_sides_show_a_certificate_of_the_banks_ca(tmp_path: Path) -> None:
    async with bank(tmp_path, certificate("bank", CA, hosts=HERE)) as (url, came):
        assert (await sent(url, client())).sent is Sent.SENT
        assert len(came) == 1


@pytest.mark.parametrize(
    "server",
    [
        certificate("bank", OTHER_CA, hosts=HERE),
        certificate("bank", CA, hosts=HERE, **LONG_AGO),
        certificate("bank", CA, hosts=("elsewhere.example",)),
        certificate("bank", CA),
        CA,
    ],
    ids=["of another CA", "expired", "of another host", "of a client", "the CA itself"],
)
async def test_a_bank_that_cannot_prove_itself_gets_no_byte(tmp_path: Path, server: Named) -> None:
    async with bank(tmp_path, server, clients=False) as (url, came):
        answer = await sent(url, client())
        assert (answer.sent, answer.unreachable, came) == (Sent.NOT_SENT, True, [])
        async with opened(url, tls=client()) as transport:
            assert (await transport.inquire(WIRE, [1])).arrival is Arrival.CANNOT_TELL


async def test_the_systems_authorities_do_not_stand_in_for_the_banks_own(tmp_path: Path) -> None:
    async with bank(tmp_path, certificate("bank", CA, hosts=HERE), clients=False) as (url, came):
        assert (await sent(url, client(ca=None))).sent is Sent.NOT_SENT
        assert came == []
    assert client().cert_store_stats()["x509_ca"] == 1


async def test_tls_older_than_1_2_is_not_spoken(tmp_path: Path) -> None:
    def old(context: ssl.SSLContext) -> None:
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.minimum_version = ssl.TLSVersion.TLSv1
        with pytest.warns(DeprecationWarning, match="TLSv1_1"):
            context.maximum_version = ssl.TLSVersion.TLSv1_1

    async with bank(tmp_path, certificate("bank", CA, hosts=HERE), clients=False, change=old) as (url, came):
        assert (await sent(url, client())).sent is Sent.NOT_SENT
        assert came == []


def tls_1_2(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2


OF_NOBODY = client_context("alfa", ca=authority())
EXPIRED = client(us=certificate("us", CA, **LONG_AGO))
FOREIGN = client(us=certificate("us", OTHER_CA))


@pytest.mark.parametrize("tls", [OF_NOBODY, EXPIRED, FOREIGN], ids=["none", "expired", "of another CA"])
@pytest.mark.parametrize(("change", "known"), [(tls_1_2, Sent.NOT_SENT), (None, Sent.UNKNOWN)], ids=["1.2", "1.3"])
async def test_a_certificate_of_ours_that_the_bank_refuses(
    tmp_path: Path, tls: ssl.SSLContext, change: Callable[[ssl.SSLContext], None] | None, known: Sent
) -> None:
    """In TLS 1.3 the bank looks at it when our first byte may have left already: then nobody can say for certain."""
    async with bank(tmp_path, certificate("bank", CA, hosts=HERE), change=change) as (url, came):
        answer = await sent(url, tls)
        assert (answer.sent, answer.unreachable, came) == (known, True, [])


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"ca": b"no PEM"}, "ca_secret"),
        ({"ca": "ä".encode()}, "ca_secret"),
        ({"ca": pem_pair(certificate("bank", CA, hosts=HERE))[0]}, "ca_secret"),
        ({"certificate": b"no PEM"}, "mutual_tls"),
        ({"private_key": pem_pair(certificate("us", CA))[1]}, "mutual_tls"),
    ],
    ids=["no PEM", "no ASCII", "a server's own", "no certificate", "another's key"],
)
def test_secrets_that_do_not_fit_are_named_and_not_quoted(changes: dict[str, bytes], part: str) -> None:
    with pytest.raises(ConfigError, match=rf"^bank alfa: transport\.{part}") as raised:
        client(**changes)
    assert "BEGIN" not in str(raised.value)
