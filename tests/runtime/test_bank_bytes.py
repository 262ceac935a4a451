"""What `gateway bank render` shows is what the gateway seals, byte for byte."""

from pathlib import Path

import pytest

from gateway.domain.validation import IntakeTerms
from gateway.runtime.bank_bytes import Printer, read_orders
from tests.orders import PAY_DATE, line
from tests.scenario import SOURCE, opened, payments


@pytest.mark.parametrize("bank", ["alfa", "kilo"])
async def test_the_bytes_shown_are_the_bytes_sealed(database_url: str, tmp_path: Path, bank: str) -> None:
    orders = payments([1, 2], bank)
    async with opened(database_url, tmp_path, banks=[bank]) as scene:
        await scene.sealed(orders)
        rows = await scene.rows("""
            SELECT s.name, s.msg_id, s.sealed_at, s.payments_digest, string_agg(b.piece, '' ORDER BY b.piece_no)
            FROM submission s JOIN submission_bytes b USING (submission_no)
            GROUP BY s.submission_no ORDER BY s.submission_no""")
        gateway = scene.gateway
        parts, catalogue = gateway.configuration, gateway.configuration.catalogue
        debtor = parts.accounts.find(source=SOURCE, programme="STA", currency="EUR", bank=bank)
        assert debtor is not None
        at, profile = rows[0][2], gateway.banks[bank].profile
        calendar = gateway.banks[bank].calendar
    terms = IntakeTerms(source=SOURCE, pay_date=PAY_DATE, now=at, today=at.date(), catalogue=catalogue)
    printer = Printer(
        profile=profile,
        debtor=debtor,
        catalogue=catalogue,
        calendar=calendar,
        source=SOURCE,
        pay_date=PAY_DATE,
        at=at,
    )
    shown = list(printer.submissions(read_orders([line(order) for order in orders], terms, profile)))
    assert [(one.name, one.msg_id, one.content) for one in shown] == [(name, msg, b) for name, msg, _, _, b in rows]
    assert [one.reread.payments_digest for one in shown] == [digest.hex() for _, _, _, digest, _ in rows]
    assert len(shown) == (1 if bank == "alfa" else 2)
