"""Words about a second copy: at whatever level a bank says *already have it*, it rejects nothing of the first one.

A duplicate taken for a rejection is a payment that is made again beside its first copy.
"""

import pytest

from bank_adapters.iso20022.status import status_table
from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for, meanings_for
from bank_adapters.rest.json_api import JsonApiAdapter
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact
from gateway.domain.observation import Observation
from gateway.domain.reasons import Reasons, reasons_from
from gateway.ports.transport import Sent
from tests.bank_adapters import delimited
from tests.bank_adapters.material import file_bank, observations

PLAIN = Reasons(actions={})
ADDED = reasons_from({"AM09": "duplicate"})
BANK = file_bank()


def reason(code: str, text: str = "") -> str:
    told = f"<Rsn><Cd>{code}</Cd></Rsn>" if code else ""
    return f"<StsRsnInf>{told}{f'<AddtlInf>{text}</AddtlInf>' if text else ''}</StsRsnInf>"


def payment(number: int, status: str = "RJCT", why: str = "") -> str:
    return f"<TxInfAndSts><OrgnlEndToEndId>E{number}</OrgnlEndToEndId><TxSts>{status}</TxSts>{why}</TxInfAndSts>"


def block(inside: str, status: str = "RJCT", why: str = "") -> str:
    said = f"<PmtInfSts>{status}</PmtInfSts>" if status else ""
    return f"<OrgnlPmtInfAndSts><OrgnlPmtInfId>M1P1</OrgnlPmtInfId>{said}{why}{inside}</OrgnlPmtInfAndSts>"


def pain002(inside: str, status: str = "", why: str = "") -> bytes:
    said = f"<GrpSts>{status}</GrpSts>" if status else ""
    return (
        "<Document><CstmrPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId>"
        f"<OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>{said}{why}</OrgnlGrpInfAndSts>{inside}</CstmrPmtStsRpt></Document>"
    ).encode()


def pacs002(inside: str, status: str = "", why: str = "") -> bytes:
    said = f"<GrpSts>{status}</GrpSts>" if status else ""
    return (
        f"<Document><FIToFIPmtStsRpt><OrgnlGrpInfAndSts><OrgnlMsgId>M1</OrgnlMsgId>{said}{why}</OrgnlGrpInfAndSts>"
        f"{inside}</FIToFIPmtStsRpt></Document>"
    ).encode()


def facts(content: bytes, bank: Profile = BANK, reasons: Reasons = PLAIN) -> set[Fact]:
    """What the gateway takes from a message, with the reason table in force."""
    return facts_of(observations(content, bank=bank.knowing(reasons.duplicates)), bank, reasons)


def facts_of(rows: list[Observation], bank: Profile, reasons: Reasons = PLAIN) -> set[Fact]:
    table = meanings_for(bank, reasons)
    return {table.meaning(row.status, row.reason, row.reason_text).fact for row in rows}


@pytest.mark.parametrize("own", ["", reason("NARR", "refused"), reason("AC01")])
def test_a_copy_refused_as_a_file_rejects_no_payment_that_it_lists(own: str) -> None:
    """DU01 stands at the group; block and payments repeat RJCT, bare or with something of their own."""
    inside = block(payment(1, why=own), why=own)
    assert facts(pain002(inside, "RJCT", reason("DU01"))) == {Fact.NONE}
    assert facts(pain002(payment(1, why=own), "RJCT", reason("DU01"))) == {Fact.NONE}, "an early edition"
    assert facts(pacs002(payment(1, why=own), "RJCT", reason("DU01"))) == {Fact.NONE}


@pytest.mark.parametrize("status", ["RJCT", ""])
def test_a_copy_refused_as_a_block_rejects_no_payment_in_it(status: str) -> None:
    inside = block(payment(1) + payment(2, why=reason("AC01")), status, reason("DU02"))
    assert facts(pain002(inside)) == {Fact.NONE}


def test_copies_among_others_excuse_only_those_that_say_nothing_else() -> None:
    """PART with DU04: some are copies; one that is refused for its account is refused."""
    rows = observations(pain002(block(payment(1) + payment(2, why=reason("AC01")), "PART", reason("DU04"))), bank=BANK)
    assert [row.reason for row in rows[:2]] == ["DU04", "AC01"]
    assert facts_of(rows[1:2], BANK) == {Fact.REJECTED}


def test_what_is_accepted_below_a_refused_copy_stays_accepted() -> None:
    assert facts(pain002(block(payment(1, "ACSP"), ""), "RJCT", reason("DU01"))) == {Fact.ACCEPTED, Fact.NONE}


def test_a_block_that_says_it_is_a_copy_behind_its_payments_is_refused() -> None:
    """They were told as rejected by then."""
    with pytest.raises(Unreadable, match="after its transactions"):
        facts(pain002(block(payment(1) + reason("DU02"))))


@pytest.mark.parametrize("code", ["AM09", "am09"])
def test_a_code_that_configuration_adds_is_one_at_every_level(code: str) -> None:
    inside = block(payment(1, why=reason(code)))
    assert facts(pain002(inside, "RJCT"), reasons=ADDED) == {Fact.NONE}
    assert facts(pacs002(payment(1, why=reason(code)), "RJCT"), reasons=ADDED) == {Fact.NONE}
    assert facts(pain002(inside, "RJCT")) == {Fact.REJECTED}, "only by configuration"


def test_a_code_that_configuration_adds_wins_over_what_a_profile_makes_of_it() -> None:
    bank = file_bank().model_copy(update={"reason_overrides": {"AM09": "AC04"}})
    assert facts(pain002(block(payment(1, why=reason("AM09"))), "RJCT"), bank, ADDED) == {Fact.NONE}


def test_a_phrase_counts_without_a_code_and_beside_another_one() -> None:
    bank = file_bank(duplicate_texts=["already exist"])
    told = "Instruction ID 1 already exist"
    assert facts(pain002(block(payment(1, why=reason("", told)))), bank) == {Fact.NONE}
    assert facts(pain002(block(payment(1, why=reason("MS03") + reason("NARR", told)))), bank) == {Fact.NONE}
    assert facts(pain002(block(payment(1, why=reason("AC04", told)))), bank) == {Fact.REJECTED}


def replies(*lines: str) -> bytes:
    return "".join(f"{line}\r\n" for line in lines).encode("cp1254")


def flat_bank(*, trailer: bool = False) -> Profile:
    """A bank whose answers begin, or end, with result and reason of the file."""
    head = [{"value": "msg_id"}, {"value": "result"}, {"value": "reason"}]
    line = [{"value": "msg_id"}, {"value": "line_number"}, {"value": "result"}, {"value": "reason"}]
    parts = delimited.parts()
    parts["layout"]["replies"] = {
        "delimiter": "|",
        "encoding": "cp1254",
        "header": [] if trailer else head,
        "line": line,
        "trailer": head if trailer else [],
    }
    return delimited.profile_of(parts)


def flat_rows(bank: Profile, content: bytes, reasons: Reasons) -> list[Observation]:
    read = adapter_for(bank).read([content], bank.knowing(reasons.duplicates))
    return [one for one in read if isinstance(one, Observation)]


NAME = delimited.MSG_ID


def test_a_flat_copy_refused_by_its_header_rejects_no_line() -> None:
    bank = flat_bank()
    rows = flat_rows(bank, replies(f"{NAME}|10|DU01", f"{NAME}|1|10|", f"{NAME}|2|10|K01"), PLAIN)
    assert [row.reason for row in rows] == ["DU01"] * 3
    assert rows[1].reason_text == "K01"
    assert facts_of(rows, bank) == {Fact.NONE}


def test_a_flat_line_refused_for_itself_is_rejected() -> None:
    bank = flat_bank()
    rows = flat_rows(bank, replies(f"{NAME}|00|", f"{NAME}|1|10|K01"), PLAIN)
    assert Fact.REJECTED in facts_of(rows, bank)


def test_a_flat_copy_that_is_told_at_the_end_is_refused() -> None:
    content = replies(f"{NAME}|1|10|", f"{NAME}|10|DU01")
    with pytest.raises(Unreadable) as error:
        flat_rows(flat_bank(trailer=True), content, PLAIN)
    assert error.value.rule == "reply.duplicate"


@pytest.mark.parametrize(("reasons", "fact"), [(ADDED, Fact.NONE), (PLAIN, Fact.REJECTED)])
def test_a_configured_code_of_a_line_is_lent_to_its_flat_file(reasons: Reasons, fact: Fact) -> None:
    bank = delimited.bank()
    rows = flat_rows(bank, replies(f"C|{NAME}|10", "D|1|10|AM09|", "S|1"), reasons)
    assert facts_of(rows, bank, reasons) == {fact}


@pytest.mark.parametrize(("status", "sent"), [(409, Sent.UNKNOWN), (400, Sent.SENT), (422, Sent.SENT)])
def test_no_code_of_an_api_says_that_a_payment_was_not_sent(status: int, sent: Sent) -> None:
    """A conflict with a code that this adapter does not know is asked about; none is sent again unasked."""
    body = b'{"code":"AM09","idempotencyKey":"G1KILO260921S00001"}'
    answer = JsonApiAdapter().read_submit(status, body, "G1KILO260921S00001", busy_means_not_sent=True)
    assert answer.sent is sent


def test_what_a_reader_knows_is_the_gateway_s_own() -> None:
    """The profile itself stays as it was written: its certificate is of that."""
    before = BANK.model_dump()
    table = status_table(BANK.knowing({"ZZ99"}))
    assert "ZZ99" in table.duplicates
    assert BANK.model_dump() == before
