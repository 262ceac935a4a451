"""The message families alone, each measurement in a fresh process: speed, and how much memory it took.

Run as `python -m gateway.bench.formats <name> <count>`; it says one JSON object.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.profile import Profile
from bank_adapters.registry import load_profile
from bank_adapters.spi import Debtor, Payment, SubmissionContent
from gateway.bench import entries, flat, rejects, writing
from gateway.bench.children import say
from gateway.bench.orders import BANK_CODES, SOURCE, german_iban, order_lines
from gateway.bench.usage import forget_peak, peak_mib
from gateway.domain.benefits import catalogue_from
from gateway.domain.digest import canonical, parse_object
from gateway.domain.identity import end_to_end_id, uetr
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount, Identification, Party
from gateway.domain.validation import IntakeTerms, order_violations
from gateway.service.lines import read_lines

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
    """Write one file, check it against its schema, re-read the four digests."""
    content, bank = writing.large(submission(min(count, FILE)), profile(), count)
    yield 0
    yield from writing.written(content, bank)


def payments_alone(count: int) -> Iterable[int]:
    """Make the payments of that file as often as writing asks for them."""
    content, _ = writing.large(submission(min(count, FILE)), profile(), count)
    yield 0
    yield from writing.gone_through(content)


def sepaxml_export(count: int) -> Iterable[int]:
    """Export one file with sepaxml and its own validation, as its manual does; it does not re-read."""
    from sepaxml import SepaTransfer  # the writer's own memory is measured without the library

    content = submission(count)
    yield 0
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
    adapter, bank = Iso20022Adapter(), profile()
    yield 0
    yield sum(1 for _ in adapter.read(entries.pieces(count), bank))


def lxml_tree(count: int) -> Iterable[int]:
    """Read the same bytes into one lxml tree and take the same fields out of it."""
    message = b"".join(entries.pieces(count))
    yield 0
    yield entries.read_as_tree(message)


def pyiso20022(count: int) -> Iterable[int]:
    """Read the same bytes with pyiso20022."""
    message = b"".join(entries.pieces(count))
    entries.read_by_peer(b"".join(entries.pieces(1)))
    yield 0
    yield entries.read_by_peer(message)


def pain002(count: int) -> Iterable[int]:
    """Read a pain.002 that rejects so many payments."""
    adapter, bank = Iso20022Adapter(), profile()
    yield 0
    yield sum(1 for _ in adapter.read(rejects.pieces(count), bank))


def pain002_tree(count: int) -> Iterable[int]:
    """Read the same bytes into one lxml tree."""
    message = b"".join(rejects.pieces(count))
    yield 0
    yield rejects.read_as_tree(message)


def fixed_write(count: int) -> Iterable[int]:
    """Write fixed-width files."""
    content, bank, files = _fixed(count)
    yield 0
    yield from flat.written(content, bank, files)


def fixed_reread(count: int) -> Iterable[int]:
    """Read fixed-width files back, as before a seal."""
    yield from flat.read_back(*_fixed(count))


def fixed_answers(count: int) -> Iterable[int]:
    """Read fixed-width replies."""
    yield from flat.answered(*_fixed(count))


def plain_write(count: int) -> Iterable[int]:
    """Write the same columns with str.format."""
    content, _, files = _fixed(count)
    yield 0
    yield from flat.plainly_written(content, files)


def plain_slices(count: int) -> Iterable[int]:
    """Read the same columns with slices."""
    content, _, files = _fixed(count)
    yield from flat.plainly_read(content, files)


def _fixed(count: int) -> tuple[SubmissionContent, Profile, int]:
    text = (CONFIG / "banks" / f"{BANK}.yaml").read_text(encoding="utf-8")
    return submission(min(count, FILE)), flat.fixed_width(text, BANK), max(1, count // FILE)


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
    work.__name__: work
    for work in (
        pain001,
        payments_alone,
        sepaxml_export,
        camt054,
        lxml_tree,
        pyiso20022,
        pain002,
        pain002_tree,
        fixed_write,
        fixed_reread,
        fixed_answers,
        plain_write,
        plain_slices,
        lines,
        parsing,
        canonicals,
        rules,
    )
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
