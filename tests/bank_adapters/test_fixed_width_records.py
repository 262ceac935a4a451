"""Records of fixed-width files beside the payments' own, totals, and payees without an IBAN."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bank_adapters.capabilities import Instrument
from bank_adapters.contract.witness import witness
from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for
from bank_adapters.spi import Block, Debtor
from gateway.domain.collection import Window
from gateway.domain.errors import CannotRender, SealMismatch
from gateway.domain.money import Money
from gateway.domain.order import CounterAccount, DomesticAccount, Identification
from tests.bank_adapters.delimited import profile_of, rendered, reread
from tests.bank_adapters.fixed_width import BARE, BASE, DEBTOR, bank, golden, lira, of, parts, plain_bank, record
from tests.bank_adapters.test_delimited import digest

EUR_ACCOUNT = Debtor(name="Kurum", iban="TR800099700000000000000042", bic=None)


# Records around the payments ---------------------------------------------------------------------------------------


def test_a_text_goes_on_as_long_as_its_records_hold_it() -> None:
    profile = plain_bank()
    fits, longer = "x" * 180, "x" * 181
    lines = rendered(of(lira(1, remittance_information=fits)), profile).decode("cp1254").splitlines()
    assert [line[0] for line in lines] == ["H", "B", "D", "A", "A", "T"]
    assert [line[7:77] for line in lines if line[0] == "A"] == ["X" * 70, "X" * 70]
    ((_, why),) = adapter_for(profile).refusals(of(lira(1, remittance_information=longer)), profile).items()
    assert "remittance has more letters than its field and 2 records of 70 can hold" in why


def test_a_text_too_long_for_its_records_is_cut_only_where_the_layout_says_so() -> None:
    following = parts()["layout"]["following"]
    following[0]["fields"][2]["cut"] = True
    profile = bank(following=following)
    document = rendered(of(lira(1, remittance_information="x" * 181)), profile)
    assert document.count(b"X") == 180
    assert reread(document, profile).count == 1


def test_conditional_records_stand_only_where_there_is_something_to_say() -> None:
    mark, name = {"value": "constant", "text": "P", "width": 1}, {"value": "purpose", "width": 4}
    always = {"when": "always", "fields": [{**mark, "text": "Z"}, {"value": "record_number", "width": 4}]}
    purpose = {"when": "purpose", "fields": [mark, name, {"value": "end_to_end_id", "width": 30}]}
    profile = record(payment=[{**mark, "text": "D"}, *BASE], following=[purpose, always])
    content = of(lira(1), lira(2, purpose="SSBE"), lira(3))
    lines = rendered(content, profile).decode().splitlines()
    assert [line[:5] for line in lines] == ["DE000", "Z0002", "DE000", "PSSBE", "Z0005", "DE000", "Z0007"]
    assert reread(rendered(content, profile), profile).payments_digest == digest(content.payments)
    for changed in (
        [*lines[:1], *lines[2:]],
        [*lines[:3], lines[4], lines[3], *lines[5:]],
        [lines[1], lines[0], *lines[2:]],
        [*lines[:4], lines[3], *lines[4:]],
        [*lines[:3], lines[3].replace("002G1", "001G1"), *lines[4:]],
        lines[:-1],
    ):
        with pytest.raises(SealMismatch):
            reread("".join(f"{line}\r\n" for line in changed).encode(), profile)


def several() -> Any:
    """Two paying accounts, on two days."""
    first = Block(
        payment_information_id="P1",
        requested_execution_date=date(2026, 9, 21),
        debtor=DEBTOR,
        payments=[lira(1), lira(2)],
    )
    second = replace(
        first,
        payment_information_id="P2",
        requested_execution_date=date(2026, 9, 22),
        debtor=EUR_ACCOUNT,
        payments=[lira(3, amount=Money(5, "TRY"))],
        instrument=Instrument.INSTANT,
    )
    return replace(of(), payments=(), blocks=(first, second))


def test_every_paying_account_has_a_record_before_its_payments_and_one_behind_them() -> None:
    end = [
        {"value": "constant", "text": "E", "width": 1},
        {"value": "records", "width": 4},
        {"value": "count", "width": 4},
    ]
    trailer = [*parts()["layout"]["trailer"], {"value": "record_number", "width": 4}]
    profile = bank(debtor_trailer=end, trailer=trailer)
    document = rendered(several(), profile)
    lines = document.decode("cp1254").splitlines()
    assert [line[0] for line in lines] == ["H", "B", "D", "D", "E", "B", "D", "E", "T"]
    assert lines[1][1:59] == "TR170099700000000020260001TRY21092026000002000000000246900"
    assert lines[5][1:59] == "TR800099700000000000000042TRY22092026000001000000000000005"
    assert (lines[3][119], lines[6][119], lines[4], lines[7]) == ("E", "F", "E00020002", "E00010001")
    assert (lines[8][1:14], lines[8][-4:]) == ("0000009000003", "0009")
    read = reread(document, profile)
    assert (read.count, read.sum_minor) == (3, 246_905)
    assert read.payments_digest == digest([lira(1), lira(2), lira(3, amount=Money(5, "TRY"))])
    assert [one.amount_minor for one in witness(profile, document).payments] == [123_450, 123_450, 5]


@pytest.mark.parametrize("gone", [1, 2, 4, 5, 6, 7])
def test_no_record_of_several_accounts_may_be_missing_or_stand_elsewhere(gone: int) -> None:
    end = [{"value": "constant", "text": "E", "width": 1}, {"value": "count", "width": 4}]
    profile = bank(debtor_trailer=end)
    lines = rendered(several(), profile).splitlines(keepends=True)
    for changed in ([*lines[:gone], *lines[gone + 1 :]], [*lines[: gone + 1], *lines[gone:]]):
        with pytest.raises(SealMismatch):
            reread(b"".join(changed), profile)


def test_several_accounts_need_a_record_that_tells_them_apart() -> None:
    with pytest.raises(CannotRender, match="the layout has no record debtor"):
        rendered(several(), bank(debtor=[]))


def test_an_instrument_that_the_bank_has_no_code_for_is_refused() -> None:
    with pytest.raises(CannotRender, match="instrument is one that the bank has no code for"):
        rendered(of(instrument=Instrument.URGENT), plain_bank())
    with pytest.raises(CannotRender, match="no field for the instrument"):
        rendered(of(instrument=Instrument.INSTANT), record())


@pytest.mark.parametrize(("modulo", "total"), [(97, "80"), (11, "05"), (10, "06"), (None, "16")])
def test_a_hash_total_may_be_a_remainder(modulo: int | None, total: str) -> None:
    # 1200299100000000000000016 modulo 97, 11 and 10, and its last two digits
    rule = {"of": "creditor account", "digits": 2} | ({"modulo": modulo} if modulo else {})
    assert int(total) == 1_200_299_100_000_000_000_000_016 % (modulo or 100)
    profile = record(hash_total=rule, trailer=[{"value": "hash_total", "width": 2}])
    payments = [replace(one, ultimate_creditor=None) for one in golden().payments]  # for whom there is no field here
    document = rendered(of(*payments), profile)
    assert document.splitlines()[-1] == total.encode()
    assert reread(document, profile).count == 3
    with pytest.raises(SealMismatch, match="hash_total"):
        reread(document[:-4] + b"77\r\n", profile)


# Other payees ------------------------------------------------------------------------------------------------------


def counter_bank(*more: dict[str, Any], **layout: Any) -> Profile:
    changed = parts() | {"account_types": ["COUNTER"], "counter": {}, "status_overrides": {}, "reason_overrides": {}}
    days = [{"value": f"collection_{one}", "format": "%d%m%Y", "width": 8} for one in ("first", "last")]
    fields = [BASE[0], {"value": "creditor_id", "scheme": "TCKN", "width": 11}, BASE[2], *days, *more]
    changed["layout"] |= {**BARE, "payment": fields, **layout}
    return profile_of(changed)


def test_a_payee_over_the_counter_is_told_by_id_and_window() -> None:
    profile = counter_bank()
    account = CounterAccount(identification=Identification(scheme="TCKN", id="10000000146"))
    window = Window(first=date(2026, 9, 25), last=date(2026, 10, 1))
    content = of(lira(1, creditor_account=account, collection=window))
    document = rendered(content, profile)
    assert document.decode() == "E00000000000000000000000001G1 1000000014600001234502509202601102026\r\n"
    assert reread(document, profile).payments_digest == digest(content.payments)
    assert witness(profile, document).payments[0].account == "TCKN:10000000146"
    other = replace(account, identification=Identification(scheme="YKN", id="99000000146"))
    ((_, why),) = adapter_for(profile).refusals(of(lira(1, creditor_account=other, collection=window)), profile).items()
    assert "id number of another scheme" in why
    with pytest.raises(SealMismatch):
        reread(document.replace(b"25092026", b"31092026"), profile)
    ((_, why),) = adapter_for(profile).refusals(of(lira(1, creditor_account=account)), profile).items()
    assert "collection_first is missing" in why


HASHED = {"hash_total": {"of": "creditor account", "digits": 9}, "trailer": [{"value": "hash_total", "width": 9}]}
CHECKED = {"value": "check", "method": "mod97", "of": "creditor account", "width": 2}


@pytest.mark.parametrize("profile", [counter_bank(), counter_bank(**HASHED), counter_bank(CHECKED)])
@pytest.mark.parametrize("number", ["1234567890é", "1234567890²", "\u0661\u0662"])
def test_an_id_number_in_another_script_holds_its_own_payment_only(profile: Profile, number: str) -> None:
    window = Window(first=date(2026, 9, 25), last=date(2026, 10, 1))
    accounts = [CounterAccount(identification=Identification(scheme="TCKN", id=one)) for one in ("10000000146", number)]
    payments = [lira(n, creditor_account=one, collection=window) for n, one in enumerate(accounts)]
    ((name, why),) = adapter_for(profile).refusals(of(*payments), profile).items()
    assert name == payments[1].end_to_end_id
    assert "outside ASCII" in why
    assert number not in why


def test_an_account_without_country_and_check_digits_comes_back_whole() -> None:
    profile = record(payment=[BASE[0], {"value": "creditor_bban", "width": 22}, BASE[2]])
    document = rendered(of(), profile)
    assert b"TR60" not in document
    assert reread(document, profile).payments_digest == digest(of().payments)


def test_an_account_number_is_filled_up_only_where_it_can_be_told_from_the_filling() -> None:
    number = {"value": "creditor_number", "width": 10, "align": "right", "pad": "0"}
    changed = parts() | {"account_types": ["DOMESTIC"], "status_overrides": {}, "reason_overrides": {}}
    fields = [BASE[0], {"value": "creditor_bank_code", "width": 5}, number, BASE[2]]
    changed["layout"] |= {**BARE, "payment": fields}
    profile = profile_of(changed)
    account = DomesticAccount(country="TR", bank_code="00997", number="4711")
    content = of(lira(1, creditor_account=account))
    document = rendered(content, profile)
    assert b"009970000004711" in document
    assert reread(document, profile).payments_digest == digest(content.payments)
    zero = of(lira(1, creditor_account=replace(account, number="04711")))
    ((_, why),) = adapter_for(profile).refusals(zero, profile).items()
    assert "creditor_number begins with the letter that fills the field up" in why
