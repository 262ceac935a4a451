"""The message families alone, each measurement in a fresh process: speed, and how much memory it took.

Run as `python -m gateway.bench.formats <name> <count>`; it says one JSON object.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from lxml import etree
from sepaxml import SepaTransfer

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.profile import Profile
from bank_adapters.registry import load_profile
from bank_adapters.spi import Debtor, Payment, SubmissionContent
from gateway.bench.children import say
from gateway.bench.minimal_bank import notices
from gateway.bench.orders import BANK_CODES, SOURCE, german_iban, order_lines
from gateway.bench.usage import forget_peak, peak_mib
from gateway.domain.benefits import catalogue_from
from gateway.domain.digest import canonical, parse_object
from gateway.domain.identity import end_to_end_id, uetr
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount, Identification, Party
from gateway.domain.validation import IntakeTerms, order_violations
from gateway.service.lines import read_lines
from gateway.service.press import PIECE

BANK = "bravo"
CONFIG = Path("config")
AT = datetime(2026, 9, 21, 8, 0, tzinfo=UTC)
FILE = 5_000
"""Payments a file; a measurement of more writes several."""


def profile() -> Profile:
    """The profile of a file bank as it is shipped."""
    return load_profile(BANK, (CONFIG / "banks" / f"{BANK}.yaml").read_text(encoding="utf-8"))


def submission(count: int) -> SubmissionContent:
    """Make a submission of `count` different payments."""
    return SubmissionContent(
        msg_id="G1BRAVO260921S00001",
        payment_information_id="G1BRAVO260921S00001P1",
        file_name="G1BRAVO260921S00001.pain001.xml",
        created_at=AT,
        requested_execution_date=date(2026, 9, 21),
        debtor=Debtor(name="Social Security Institution", iban=german_iban(BANK_CODES[BANK], 20260001), bic=None),
        category_purpose="SSBE",
        payments=[_payment(n) for n in range(count)],
    )


def _payment(number: int) -> Payment:
    end_to_end = end_to_end_id(SOURCE, f"B-{number}", 1)
    return Payment(
        end_to_end_id=end_to_end,
        uetr=uetr(end_to_end),
        amount=Money(10_000 + number, "EUR"),
        creditor=Party(name="Erika Mustermann", identifications=(Identification(scheme="NIDN", id=str(number)),)),
        creditor_account=IbanAccount(iban=german_iban(BANK_CODES[BANK], number)),
        ultimate_creditor=None,
        remittance_information="Sick pay 2026-09",
        purpose="SSBE",
    )


def pain001(count: int) -> Iterable[int]:
    """Write, check against the schema, re-read the four digests."""
    adapter, bank, content = Iso20022Adapter(), profile(), submission(min(count, FILE))
    yield 0
    for _ in range(max(1, count // FILE)):
        pieces = list(adapter.render(content, bank))
        yield adapter.reread(pieces, bank).count


def sepaxml_export(count: int) -> Iterable[int]:
    """Export with sepaxml and its own validation, as its manual does; it does not re-read."""
    content = submission(min(count, FILE))
    yield 0
    for _ in range(max(1, count // FILE)):
        debtor = {"name": "Institution", "IBAN": content.debtor.iban, "BIC": "BRAVDE2HXXX", "batch": True}
        document = SepaTransfer({**debtor, "currency": "EUR"}, schema="pain.001.001.09", clean=False)
        for one in content.payments:
            document.add_payment(_for_sepaxml(one))
        document.export(validate=True)
        yield len(content.payments)


def _for_sepaxml(payment: Payment) -> dict[str, object]:
    return {
        "name": payment.creditor.name,
        "IBAN": payment.creditor_account.key,
        "amount": payment.amount.minor,
        "execution_date": AT.date(),
        "description": payment.remittance_information,
        "endtoend_id": payment.end_to_end_id,
    }


def camt054(count: int) -> Iterable[int]:
    """Read a camt.054 entry by entry."""
    adapter, bank, message = Iso20022Adapter(), profile(), _Camt054()
    yield 0
    yield sum(1 for _ in adapter.read(message.pieces(count), bank))


def lxml_tree(count: int) -> Iterable[int]:
    """Read the same bytes into one lxml tree and take the same fields out of it."""
    message = b"".join(_Camt054().pieces(count))
    yield 0
    entries = etree.fromstring(message).iterfind(".//{*}Ntry")
    yield sum(1 for entry in entries if [entry.findtext(path) for path in _FIELDS])


_IN_REFERENCES = ("MsgId", "PmtInfId", "EndToEndId", "UETR")
_OF_ENTRY = ("Amt", "CdtDbtInd", "Sts/{*}Cd", "BookgDt/{*}Dt", "AcctSvcrRef")
_FIELDS = [f"{{*}}NtryDtls/{{*}}TxDtls/{{*}}Refs/{{*}}{name}" for name in _IN_REFERENCES] + [
    f"{{*}}{name}" for name in _OF_ENTRY
]


class _Camt054:
    """A notification of any length, made of one file's entries again and again, so that it needs no memory."""

    def __init__(self) -> None:
        file = b"".join(Iso20022Adapter().render(submission(FILE), profile()))
        head, first, rest = next(notices(file, FILE)).partition(b"<Ntry>")
        entries, last, self._end = (first + rest).rpartition(b"</Ntry>")
        self._head, self._entries = head, entries + last

    def pieces(self, count: int) -> Iterator[bytes]:
        """Yield the message in pieces as they are stored; `count` is rounded to whole files."""
        yield self._head
        for _ in range(max(1, count // FILE)):
            for at in range(0, len(self._entries), PIECE):
                yield self._entries[at : at + PIECE]
        yield self._end


def lines(count: int) -> Iterable[int]:
    """Read, check and digest order lines as the door does, without the database."""
    pushed, terms = [line.strip() for line in order_lines("B", count, ("alfa",), AT)], _terms()
    yield 0
    yield len(read_lines(pushed, 1, terms))


def parsing(count: int) -> Iterable[int]:
    """Parse order lines strictly."""
    pushed = [line.strip() for line in order_lines("B", count, ("alfa",), AT)]
    yield 0
    yield sum(1 for line in pushed if parse_object(line))


def canonicals(count: int) -> Iterable[int]:
    """Write parsed orders as RFC 8785 canonical JSON."""
    documents = [parse_object(line.strip()) for line in order_lines("B", count, ("alfa",), AT)]
    yield 0
    yield sum(1 for document in documents if canonical(document))


def rules(count: int) -> Iterable[int]:
    """Check parsed orders against every rule."""
    documents = [parse_object(line.strip()) for line in order_lines("B", count, ("alfa",), AT)]
    terms = _terms()
    yield 0
    yield sum(1 for document in documents if not order_violations(document, terms))


def _terms() -> IntakeTerms:
    import yaml

    catalogue = catalogue_from(yaml.safe_load((CONFIG / "benefits.yaml").read_text(encoding="utf-8")))
    return IntakeTerms(source=SOURCE, pay_date=AT.date(), now=AT, today=AT.date(), catalogue=catalogue)


MEASUREMENTS: Mapping[str, Callable[[int], Iterable[int]]] = {
    work.__name__: work for work in (pain001, sepaxml_export, camt054, lxml_tree, lines, parsing, canonicals, rules)
}


def measure(name: str, count: int) -> dict[str, float]:
    """Do one measurement: what comes before the first yield prepares and is not timed."""
    work = iter(MEASUREMENTS[name](count))
    list(islice(work, 1))
    forget_peak()
    start = time.process_time()
    done = sum(work)
    return {"done": done, "seconds": time.process_time() - start, "peak_mib": peak_mib(os.getpid())}


def main(arguments: Sequence[str]) -> None:
    """Measure what the arguments name."""
    say(**measure(arguments[0], int(arguments[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
