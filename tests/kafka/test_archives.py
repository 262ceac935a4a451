"""A zip of messages over Apache Kafka: a worker dies between its messages, another one stores all of them once."""

import io
import zipfile
from hashlib import sha256
from typing import Any

import pytest

from gateway.service.receive import Receive
from gateway.store.postgres import PostgresSession
from tests.kafka.conftest import Line, content

pytestmark = pytest.mark.kafka


async def test_the_messages_of_a_zip_are_stored_together_whoever_dies(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as packed:
        for number in (1, 2, 3):
            packed.writestr(f"{number}.xml", content(number))
    await line.publish([line.letter(written.getvalue()), line.letter(content(2))])
    first, second = line.receiver("w1", records_max=1), line.receiver("w2", records_max=1)
    copy, copied = PostgresSession.copy, 0

    async def dying(self: PostgresSession, *args: Any) -> None:
        nonlocal copied
        await copy(self, *args)
        copied += 1
        if copied == 3:
            raise ConnectionAbortedError

    with monkeypatch.context() as patch:
        patch.setattr(PostgresSession, "copy", dying)
        with pytest.raises(ConnectionAbortedError):
            await _for_ever(first)
    assert await line.stored() == []
    line.lease_ends()
    await line.receive(second, 2)
    whole = [written.getvalue(), content(1), content(2), content(3)]
    assert await line.stored() == [(0, sha256(one).digest()) for one in whole]
    assert await line.rows("SELECT origin ->> 'member' FROM bank_message ORDER BY message_no") == [
        (None,),
        ("1",),
        ("2",),
        ("3",),
    ]
    await first.release()
    await second.release()


async def _for_ever(step: Receive) -> None:
    while True:
        await step.run_once()
