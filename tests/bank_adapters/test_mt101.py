"""MT101: what is written, what is refused, what is read back, by our own reader and by the tests'."""

import re
from dataclasses import replace
from functools import cache
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_adapters.capabilities import SIZES, Family, Instrument
from bank_adapters.mt.words import Unfit, wrapped
from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for
from bank_adapters.spi import Block, CreditorReference, Debtor, Payment, PostalAddress
from gateway.domain.errors import CannotRender, ConfigError, Oversized, SealMismatch
from gateway.domain.money import Money
from gateway.domain.order import DomesticAccount, IbanAccount, Party
from tests.bank_adapters.mt_bank import (
    ACCOUNT,
    EVIDENCE,
    IBANS,
    MSG_ID,
    bank,
    changed,
    euro,
    golden,
    of,
    rendered,
    reread,
    taken_apart,
)

X = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/-?:().,'+ "
BARE = {"envelope": "none", "sender": None, "receiver": None}


def test_it_is_the_golden_file() -> None:
    assert rendered(golden()) == (EVIDENCE / "outbound" / "three.txt").read_bytes()


TEXTS = st.text(X, min_size=1, max_size=60).map(lambda text: " ".join(text.split()))
NAMES = TEXTS.filter(lambda text: text and text[0] not in ":-/")
REMITTANCES = TEXTS.filter(lambda text: "//" not in text)


@st.composite
def payments(draw: st.DrawFn) -> list[Payment]:
    size = draw(st.integers(1, 7))
    return [
        euro(
            number,
            amount=Money(draw(st.integers(1, 99_999_999_999 // size)), "EUR"),
            creditor=Party(name=draw(NAMES)),
            creditor_account=IbanAccount(iban=draw(st.sampled_from(IBANS))),
            remittance_information=draw(REMITTANCES),
            ultimate_creditor=draw(st.none() | st.builds(Party, name=st.just("Max Muster"))),
        )
        for number in range(1, size + 1)
    ]


@cache
def in_chains(size: int, *, batch: bool) -> Profile:
    limits = {"bytes_per_submission": None, "sum_per_submission": None}
    return changed(mt={"payments_per_message": size}, booking="batch" if batch else "single", limits=limits)


@settings(max_examples=60)
@given(payments(), st.integers(1, 4), st.booleans())
def test_what_is_written_is_read_back_the_same(made: list[Payment], size: int, batch: bool) -> None:  # noqa: FBT001
    profile = in_chains(size, batch=batch)
    content = of(*made)
    told = adapter_for(profile).refusals(content, profile)
    content = of(*[one for one in made if one.end_to_end_id not in told])
    if not content.payments:
        return
    document = rendered(content, profile)
    heads, seen = taken_apart(document)
    assert [one.fields["70"][0] for one in seen] == [f"/ROC/{one.end_to_end_id}" for one in content.payments]
    for one, payment in zip(seen, content.payments, strict=True):
        assert one.fields["32B"] == [f"EUR{payment.amount.minor // 100},{payment.amount.minor % 100:02d}"]
        assert one.fields["59"][0] == f"/{payment.creditor_account.key}"
        assert one.name() == payment.creditor.name
        assert one.parts().get("URI", "") == payment.remittance_information
        assert one.parts().get("ULTB") == (payment.ultimate_creditor.name if payment.ultimate_creditor else None)
    assert [one["28D"] for one in heads] == [[f"{n}/{len(heads)}"] for n in range(1, len(heads) + 1)]
    assert all(("21R" in one) == batch for one in heads)
    told_back = reread(document, profile, size=13)
    assert told_back == reread(document, profile)
    assert told_back.sum_minor == sum(one.amount.minor for one in content.payments)
    assert (told_back.count, told_back.size) == (len(content.payments), len(document))


@given(st.text(X, max_size=200), st.integers(1, 5))
def test_lines_give_the_text_back_and_begin_with_no_sign_of_a_field(text: str, most: int) -> None:
    try:
        lines = wrapped(text, most)
    except Unfit:
        return
    assert len(lines) <= most
    assert all(1 <= len(line) <= 35 and line[0] not in ":-/ " and line[-1] != " " for line in lines)
    joined = "".join(f"{line}{'' if len(line) == 35 else ' '}" for line in lines[:-1]) + (lines[-1] if lines else "")
    assert joined == " ".join(text.split())


def test_lines_are_crlf_in_x_and_of_legal_length() -> None:
    document = rendered(of(euro(1, creditor=Party(name="A" * 90), remittance_information="word " * 18)))
    assert document.count(b"\n") == document.count(b"\r\n")
    for line in document.decode("ascii").splitlines():
        if not line.startswith(("{", "-", ":")):
            assert len(line) <= 35
        assert re.fullmatch(rf"[{re.escape(X)}{{}}]+", line)


def test_amounts_have_their_currency_s_decimals() -> None:
    profile = changed(currencies=["ISK", "KWD"], scheme="domestic", limits={"sum_per_submission": None})
    for currency, minor, text in (
        ("ISK", 1, "1,"),
        ("ISK", 123_456, "123456,"),
        ("KWD", 1, "0,001"),
        ("KWD", 5_250, "5,250"),
    ):
        document = rendered(of(euro(amount=Money(minor, currency))), profile)
        assert f":32B:{currency}{text}\r\n".encode() in document
        assert reread(document, profile).sum_minor == minor


def test_a_domestic_account_stands_behind_its_bank() -> None:
    profile = changed(account_types=["IBAN", "DOMESTIC"], mt={"clearing": "BL"})
    account = DomesticAccount(country="DE", bank_code="10010077", number="12 34-5")
    document = rendered(of(euro(creditor_account=account)), profile)
    assert b":57C://BL10010077\r\n:59:/12 34-5\r\n" in document
    assert reread(document, profile).count == 1
    abroad = replace(account, country="AT")
    with pytest.raises(CannotRender, match="another country"):
        rendered(of(euro(creditor_account=abroad)), profile)


def test_what_else_a_payment_may_have() -> None:
    urgent = rendered(of(euro(creditor_agent="MARKDEFFXXX"), instrument=Instrument.URGENT))
    assert b":23E:URGP\r\n:32B:" in urgent
    assert b":57A:MARKDEFFXXX\r\n:59:" in urgent
    assert reread(urgent).count == 1
    reference = CreditorReference(reference="RF18539007547034")
    document = rendered(
        of(euro(creditor_reference=reference, remittance_information="", ultimate_debtor=Party(name="Fund")))
    )
    assert b"///ULTD/Fund\r\n///RFB/RF18539007547034\r\n" in document
    other = Debtor(name="Institution", iban=ACCOUNT, bic="MARKDEFFXXX")
    assert b":52A:MARKDEFFXXX\r\n:30:" in rendered(of(debtor=other))
    assert b":52A:" not in rendered(of())


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"creditor": Party(name="")}, "name is empty"),
        ({"creditor": Party(name="中")}, "U\\+4E2D"),
        ({"creditor": Party(name=":20:X")}, "begins with"),
        ({"creditor": Party(name="-")}, "begins with"),
        ({"creditor": Party(name="A" * 141)}, "more than 4 lines"),
        ({"creditor": Party(name="A" * 35 + "-B")}, "cannot be broken"),
        ({"remittance_information": "X " * 70}, "more than 3 lines"),
        ({"remittance_information": "see http://x"}, "holds //"),
        ({"creditor_account": IbanAccount(iban="DE91100100770007000002")}, "iban"),
        ({"creditor_account": DomesticAccount(country="DE", bank_code="1", number="2")}, "type"),
        ({"creditor_agent": "X"}, "BIC"),
        ({"creditor_address": PostalAddress(town_name="Bonn", country="DE")}, "address"),
        ({"creditor_reference": CreditorReference(reference="RF185390075470341")}, "1 to 16 letters"),
        ({"amount": Money(0, "EUR")}, "greater than zero"),
        ({"amount": Money(100_000_000_000, "EUR")}, "SEPA"),
        ({"amount": Money(1, "TRY")}, "currency"),
        ({"end_to_end_id": "E" * 31}, "no room for the EndToEndId"),
    ],
)
def test_a_payment_that_cannot_be_written_is_named_with_its_rule(change: dict[str, object], why: str) -> None:
    bad = euro(2, **change)
    told = adapter_for(bank()).refusals(of(euro(1), bad), bank())
    assert list(told) == [bad.end_to_end_id]
    assert re.search(why, told[bad.end_to_end_id])
    with pytest.raises(CannotRender):
        rendered(of(euro(1), bad))


def test_an_ultimate_party_is_refused_where_the_bank_has_no_place_for_it() -> None:
    profile = changed(mt={"ultimate_parties": "refuse"})
    with pytest.raises(CannotRender, match="no place for an ultimate party"):
        rendered(of(euro(ultimate_creditor=Party(name="Max Muster"))), profile)


def test_remittance_information_is_cut_only_where_the_profile_says_so() -> None:
    document = rendered(of(euro(remittance_information="word " * 28)), changed(mt={"remittance_cut": True}))
    told = taken_apart(document)[1][0]
    assert len(told.fields["70"]) == 4
    assert ("word " * 28).startswith(told.parts()["URI"])
    assert len(told.parts()["URI"]) > 85


def test_a_submission_that_is_wrong_as_a_whole_is_refused() -> None:
    instant = of(instrument=Instrument.INSTANT)
    assert "instant" in adapter_for(bank()).refusals(instant, bank())[instant.payments[0].end_to_end_id]
    block = Block(
        payment_information_id=f"{MSG_ID}P1",
        requested_execution_date=of().requested_execution_date,
        debtor=of().debtor,
        payments=[euro()],
    )
    wrong = {
        "one block": of(blocks=[block]),
        "0 payments": replace(of(), payments=()),
        "stands more than once": of(euro(1), euro(1)),
        "sum is over": of(euro(amount=Money(500_000_001, "EUR"))),
        "not of the form": of(msg_id="M1"),
        "the debtor": of(debtor=Debtor(name="X", iban="DE00", bic=None)),
        "debtor's name": of(debtor=Debtor(name="A" * 200, iban=ACCOUNT, bic=None)),
    }
    for why, content in wrong.items():
        with pytest.raises(CannotRender, match=why):
            rendered(content)
    size = len(rendered(of()))
    assert rendered(of(), changed(limits={"bytes_per_submission": max(4096, size)}))
    with pytest.raises(Oversized):
        rendered(of(*[euro(n) for n in range(1, 41)]), changed(limits={"bytes_per_submission": 4096}))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b":20:R017J4000001000E", b":20:R017J4000001001C"),
        (b":20:R017J4000001FFM4", b":20:R017J4000001000E"),
        (b":21:R017J4000001002A", b":21:R017J4000001001C"),
        (b":21:R017J4000001002A", b":21:INVOICE-2"),
        (b":28D:2/2", b":28D:3/3"),
        (b":28D:2/2", b":28D:2/3"),
        (b"EUR512,40", b"EUR512,4"),
        (b"EUR512,40", b"EUR0512,40"),
        (b"EUR512,40", b"EUR0,00"),
        (b"EUR512,40", b"TRY512,40"),
        (b"EUR512,40", b"EUR-12,40"),
        (b":59:/DE64", b":59:/DE65"),
        (b":59:/DE64", b":57C://BL10010077\r\n:59:/DE64"),
        (b"Maria Muster\r\n", b""),
        (b"Maria Muster", b"Maria \xc3\xbcster"),
        (b"Maria Muster", b"-Maria Muster"),
        (b"Maria Muster", b"M" * 36),
        (b":71A:SHA", b":71A:XXX"),
        (b":70:/ROC/E00000000000000000000000002G1", b":70:/ROC/E00000000000000000000000001G1"),
        (b":70:/ROC/E00000000000000000000000002G1\r\n", b""),
        (b":30:260921", b":30:260931"),
        (b":50H:/DE89", b":50H:/DE88"),
        (b"-}\r\n", b"-\r\n"),
        (b"{2:I101DANUDEFFAXXXN}", b"{2:I101ALFADEFFAXXXN}"),
        (b":32B:", b":99Z:"),
        (b"\r\n", b"\n"),
        (b":71A:SHA\r\n-}", b"-}"),
        (b"///URI", b":70:///URI"),
    ],
)
def test_bytes_that_say_something_else_are_never_sealed(old: bytes, new: bytes) -> None:
    document = rendered(golden())
    assert old in document
    with pytest.raises(SealMismatch):
        reread(document.replace(old, new))


def test_half_a_file_is_no_file() -> None:
    document = rendered(golden())
    ends = [len(document)]
    for cut in range(len(document)):
        if cut not in ends:
            with pytest.raises(SealMismatch):
                reread(document[:cut])


def test_a_second_account_or_day_in_a_later_message_is_noticed() -> None:
    first, second = rendered(golden()).split(b"-}\r\n", 1)
    for old, new in ((b":30:260921", b":30:260922"), (ACCOUNT.encode(), IBANS[0].encode())):
        with pytest.raises(SealMismatch, match="sequence A says something else"):
            reread(first + b"-}\r\n" + second.replace(old, new))


def test_a_file_without_an_envelope_is_read_back_too() -> None:
    profile = changed(mt=BARE)
    document = rendered(golden(), profile)
    assert document.startswith(b":20:")
    assert document.endswith(b"-\r\n")
    assert reread(document, profile).payments_digest == reread(rendered(golden())).payments_digest


@pytest.mark.parametrize(
    "keys",
    [
        {"mt": {"receiver": None}},
        {"mt": {"clearing": "BL"}},
        {"account_types": ["IBAN", "DOMESTIC"]},
        {"alphabet": "cp1254"},
        {"messages": {"initiation": "pain.001.001.09"}},
        {"mt": {"charges": "ALL"}},
    ],
)
def test_a_profile_that_contradicts_itself_is_refused(keys: dict[str, object]) -> None:
    with pytest.raises(ConfigError):
        changed(**keys)


def test_no_file_is_larger_than_is_reckoned_with() -> None:
    profile = changed(
        account_types=["DOMESTIC"],
        mt={"clearing": "BL", "payments_per_message": 1},
        booking="batch",
        limits={"bytes_per_submission": None, "sum_per_submission": None},
    )
    longest = [
        euro(
            number,
            end_to_end_id=f"E{number:029d}",
            amount=Money(99_999_999_999, "EUR"),
            creditor=Party(name="A" * 140),
            creditor_account=DomesticAccount(country="DE", bank_code="1" * 31, number="2" * 34),
            remittance_information="B" * 98,
        )
        for number in range(1, 4)
    ]
    debtor = Debtor(name="C" * 140, iban="MT84MALT011000012345MTLCAST001S", bic="MARKDEFFXXX")
    content = of(*longest, debtor=debtor, instrument=Instrument.URGENT)
    size = len(rendered(content, profile))
    assert 3 * 700 < size <= SIZES[Family.MT].frame + 3 * SIZES[Family.MT].payment


def test_references_count_the_payments() -> None:
    _, seen = taken_apart(rendered(of(*[euro(n) for n in range(1, 30)])))
    places = [int(one.fields["21"][0][12:15], 36) for one in seen]
    assert places[0] == 1
    assert all(after == before + 1 for before, after in pairwise(places))
