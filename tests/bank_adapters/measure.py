"""How fast the ISO 20022 adapter is on this machine: `python -m tests.bank_adapters.measure` (best of three, one core).

Nothing is asserted: a wall clock belongs in no test.
"""

import sys
from collections.abc import Callable
from resource import RUSAGE_SELF, getrusage
from time import perf_counter

from bank_adapters.iso20022.adapter import Iso20022Adapter
from gateway.domain.money import Money, format_minor
from tests.bank_adapters.material import entry, file_bank, notification, payment, submission

PAYMENTS, ENTRIES = 5_000, 20_000


def best(work: Callable[[], object]) -> float:
    def once() -> float:
        start = perf_counter()
        work()
        return perf_counter() - start

    return min(once() for _ in range(3))


def tell(what: str, count: int, seconds: float) -> None:
    sys.stdout.write(f"{what:<28} {count:>6} in {seconds:6.3f} s  {count / seconds:>9,.0f}/s\n")


def main() -> None:
    adapter, bank = Iso20022Adapter(), file_bank()
    content = submission(*(payment(n, amount=Money(n + 1, "EUR")) for n in range(PAYMENTS)))
    pieces = list(adapter.render(content, bank))
    tell("pain.001 refusals", PAYMENTS, best(lambda: adapter.refusals(content, bank)))
    tell("pain.001 render", PAYMENTS, best(lambda: list(adapter.render(content, bank))))
    tell("pain.001 reread", PAYMENTS, best(lambda: adapter.reread(pieces, bank)))
    refs = (
        "<Refs><MsgId>M1</MsgId><AcctSvcrRef>A{0}</AcctSvcrRef><PmtInfId>M1P1</PmtInfId><EndToEndId>E{0}</EndToEndId>"
    )
    details = (
        f'<NtryDtls><TxDtls>{refs}</Refs><Amt Ccy="EUR">12.30</Amt><CdtDbtInd>DBIT</CdtDbtInd></TxDtls></NtryDtls>'
    )
    message = notification("".join(entry(details.format(n)) for n in range(ENTRIES)))
    before = getrusage(RUSAGE_SELF).ru_maxrss
    tell("camt.054 read", ENTRIES, best(lambda: sum(1 for _ in adapter.read([message], bank))))
    listed = "".join(details.format(n)[10:-11] for n in range(ENTRIES))
    one = entry(f"<NtryDtls>{listed}</NtryDtls>", amount=format_minor(1_230 * ENTRIES, "EUR"))
    tell("camt.054 read, one entry", ENTRIES, best(lambda: sum(1 for _ in adapter.read([notification(one)], bank))))
    sys.stdout.write(f"memory grown while reading: {(getrusage(RUSAGE_SELF).ru_maxrss - before) // 1024} MiB\n")


if __name__ == "__main__":
    main()
