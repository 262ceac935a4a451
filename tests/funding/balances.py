"""Proved balances, as proving leaves them."""

from datetime import UTC, datetime

from tests.scenario import Scene


async def proved(scene: Scene, closing_minor: int, *, state: str = "proved", link: int = 1) -> None:
    """A statement of bank alfa's account, as proving leaves it."""
    account = await scene.value("SELECT debtor_account FROM submission WHERE bank = 'alfa'")
    await scene.tamper(
        """
        WITH message AS (
            INSERT INTO bank_message (bank, digest, size, channel, origin, received_at, state)
            VALUES ('alfa', decode(repeat(lpad($5::int::text, 2, '0'), 32), 'hex'), 1, 'test', '{}', $4, 'applied')
            RETURNING message_no
        ), chain AS (
            INSERT INTO statement_chain (bank, account, currency, judge) VALUES ('alfa', $1, 'EUR', false)
            ON CONFLICT DO NOTHING
        )
        INSERT INTO statement (bank, message_no, place, account, currency, page, last_page, opening_minor,
            closing_minor, closing_on, entries_minor, entry_count, digest, state, link, proved_at)
        SELECT 'alfa', message_no, 1, $1, 'EUR', 1, true, 0, $2, '2026-09-18', 0, 0,
            decode(repeat(lpad($5::int::text, 2, '0'), 32), 'hex'), $3,
            CASE WHEN $3 = 'proved' THEN $5 END, CASE WHEN $3 = 'proved' THEN $4::timestamptz END
        FROM message""",
        *(account, closing_minor, state, datetime(2026, 9, 18, 20, tzinfo=UTC), link),
    )
