"""The fastest bank there is: takes a file, answers with camt.054 that book every payment, keeps no books.

It stands in for a partner bank where only the gateway is to be measured; its own CPU time is reported apart. For each
batch of files it says how many payments it has answered.
"""

import asyncio
import hashlib
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from gateway.bench.children import say
from gateway.sandbox.books import Answer
from gateway.sandbox.edge import TOPIC, Edge, KafkaPublisher

_PAYMENT = re.compile(
    rb"<EndToEndId>([^<]+)</EndToEndId>(?:<UETR>([^<]+)</UETR>)?.*?<InstdAmt Ccy=\"EUR\">([^<]+)<", re.DOTALL
)
_DEBTOR = re.compile(rb"<DbtrAcct><Id><IBAN>([^<]+)<")
_MESSAGE = re.compile(rb"<MsgId>([^<]+)<")
_LOOK_SECONDS = 0.02


def notices(file: bytes, entries: int) -> Iterator[bytes]:
    """Yield camt.054.001.08 messages that book the payments of a pain.001, at most `entries` a message."""
    debtor, about = _DEBTOR.search(file), _MESSAGE.search(file)
    if debtor is None or about is None:
        raise ValueError("not a pain.001 of the gateway")
    account, msg_id = debtor[1].decode(), about[1].decode()
    booked = [_entry(msg_id, *(part.decode() for part in found)) for found in _PAYMENT.findall(file)]
    for number, at in enumerate(range(0, len(booked), entries)):
        yield _message(f"{msg_id}N{number}", account, booked[at : at + entries])


def _entry(msg_id: str, end_to_end_id: str, uetr: str, amount: str) -> str:
    day, reference = f"<Dt>{datetime.now(UTC).date()}</Dt>", f"<AcctSvcrRef>{end_to_end_id[:16]}</AcctSvcrRef>"
    money = f'<Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>DBIT</CdtDbtInd>'
    refs = (
        f"<MsgId>{msg_id}</MsgId>{reference}<PmtInfId>{msg_id}P1</PmtInfId>"
        f"<EndToEndId>{end_to_end_id}</EndToEndId><UETR>{uetr}</UETR>"
    )
    return (
        f"<Ntry>{money}<Sts><Cd>BOOK</Cd></Sts><BookgDt>{day}</BookgDt><ValDt>{day}</ValDt>{reference}"
        "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>ESCT</SubFmlyCd></Fmly></Domn></BkTxCd>"
        f"<NtryDtls><TxDtls><Refs>{refs}</Refs>{money}</TxDtls></NtryDtls></Ntry>"
    )


def _message(message_id: str, account: str, booked: Sequence[str]) -> bytes:
    head = f"<CreDtTm>{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}</CreDtTm>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?><Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08">'
        f"<BkToCstmrDbtCdtNtfctn><GrpHdr><MsgId>{message_id}</MsgId>{head}</GrpHdr><Ntfctn><Id>{message_id}</Id>{head}"
        f"<Acct><Id><IBAN>{account}</IBAN></Id></Acct>{''.join(booked)}</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>"
    ).encode()


def answer_of(content: bytes, number: int) -> Answer:
    """Make a message of ours one that the sandbox's bank edge can deliver."""
    digest = hashlib.sha256(content).hexdigest()
    now = datetime.now(UTC)
    return Answer(id=number, name=digest, suffix="xml", digest=digest, copy=1, content=content, due=now)


class MinimalBank:
    """Banks that share a process: each collects from `<root>/<slug>/in`."""

    def __init__(self, root: Path, slugs: Sequence[str], edge: Edge, publisher: KafkaPublisher, entries: int) -> None:
        self._folders = {slug: root / slug / "in" for slug in slugs}
        self._edge, self._publisher, self._entries = edge, publisher, entries

    async def run_once(self) -> tuple[int, int]:
        """Answer the files that are there; return how many payments and messages that were."""
        payments = messages = 0
        for slug, folder in self._folders.items():
            for file in sorted(folder.glob("[!.]*.xml")):
                content = file.read_bytes()
                answers = [answer_of(c, n) for n, c in enumerate(notices(content, self._entries))]
                await self._publisher.publish(TOPIC, [self._edge.envelope(slug, answer) for answer in answers])
                file.unlink()
                payments += content.count(b"</CdtTrfTxInf>")
                messages += len(answers)
        return payments, messages


async def main(root: Path, slugs: Sequence[str], bootstrap: str, key: bytes, entries: int) -> None:
    """Answer files until killed or our input closes."""
    publisher = KafkaPublisher(bootstrap)
    bank = MinimalBank(root, slugs, Edge(key=key, root=root, publisher=publisher), publisher, entries)
    closed = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    say(banks=list(slugs))
    while not closed.done():
        payments, messages = await bank.run_once()
        if messages:
            say(payments=payments, messages=messages)
        await asyncio.sleep(_LOOK_SECONDS)
    await publisher.close()


if __name__ == "__main__":
    asyncio.run(
        main(Path(sys.argv[1]), sys.argv[2].split(","), sys.argv[3], Path(sys.argv[4]).read_bytes(), int(sys.argv[5]))
    )
