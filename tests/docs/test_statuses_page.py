"""The worked example of the page about statuses is what the reader makes of its bytes, and its lists are the code's."""

import re
from pathlib import Path

from bank_adapters.iso20022 import hac
from gateway.domain.answers import PAYEE_CHECKS
from gateway.domain.observation import Observation, ObservationKind
from gateway.service.judge import Verdict
from tests.bank_adapters.material import observations

PAGE = (Path(__file__).parents[2] / "gateway" / "docs" / "statuses.md").read_text(encoding="utf-8")
EXAMPLE = re.compile(r"<!-- example -->\n```xml\n(.*?)```\n(.*?)<!-- end of example -->", re.DOTALL)


def row(one: Observation) -> str:
    names = one.end_to_end_id or one.pmt_inf_id or one.msg_id
    cells = (one.kind.value, f"`{one.path}`", names, one.status, one.reason)
    return "".join(f"| {cell} " if cell else "| " for cell in cells) + "|"


def test_the_example_is_read_as_the_page_says() -> None:
    (found,) = EXAMPLE.finditer(PAGE)
    told = [line for line in found[2].splitlines() if line.startswith("|")][2:]
    assert told == [row(one) for one in observations(found[1].encode())]


def test_every_kind_that_a_status_message_can_say_is_on_the_page() -> None:
    bookings = {ObservationKind.ENTRY, ObservationKind.BATCH_ENTRY, ObservationKind.RETURN_ENTRY}
    assert [kind for kind in set(ObservationKind) - bookings if f"`{kind.value}`" not in PAGE] == []


def test_codes_and_exceptions_are_those_of_the_code() -> None:
    verdicts = (Verdict.PAYEE_DIFFERS, Verdict.TRANSPORT_REFUSED, Verdict.RECALL_ANSWERED, Verdict.OVERRULED)
    assert [code for code in (*PAYEE_CHECKS, *hac.DONE) if code not in PAGE] == []
    assert [verdict for verdict in verdicts if f"*{verdict.value}*" not in PAGE] == []
