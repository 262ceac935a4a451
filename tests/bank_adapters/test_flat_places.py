"""Parts of a payment that a flat file's layout has no field for: the order is held, nothing is left behind."""

from dataclasses import replace
from typing import Any

import pytest

from bank_adapters.registry import adapter_for
from bank_adapters.spi import CreditorReference, PostalAddress
from gateway.domain.errors import CannotRender, ConfigError
from gateway.domain.order import IbanAccount, Party
from tests.bank_adapters.delimited import rendered, reread
from tests.bank_adapters.fixed_width import BASE, lira, of, plain_bank, record
from tests.bank_adapters.test_delimited import digest


def test_an_account_abroad_is_refused_where_its_country_is_not_written() -> None:
    foreign = lira(2, creditor_account=IbanAccount(iban="DE02120300000000202051"))
    home = record(payment=[BASE[0], {"value": "creditor_bban", "width": 22}, BASE[2]])
    ((name, why),) = adapter_for(home).refusals(of(lira(1), foreign), home).items()
    assert (name, "in another country, which the layout has no field for" in why) == (foreign.end_to_end_id, True)
    country = {"value": "creditor_country", "width": 2}
    told = record(payment=[BASE[0], country, {"value": "creditor_bban", "width": 22}, BASE[2]])
    document = rendered(of(lira(1), foreign), told)
    assert reread(document, told).payments_digest == digest(of(lira(1), foreign).payments)


def test_columns_are_of_one_byte_a_letter() -> None:
    name = {"value": "creditor_name", "width": 12}
    with pytest.raises(ConfigError, match="in utf-8 a column is a letter to one bank and a byte to another"):
        record(name, encoding="utf-8")
    plain = record(name, encoding="utf-8", alphabet="SEPA-tr")
    assert rendered(of(lira(1, creditor=Party(name="Şükrü Iğdir"))), plain).endswith(b"Sukru Igdir \r\n")


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({"creditor_reference": CreditorReference(reference="RF18539007547034")}, "a creditor reference"),
        ({"creditor_agent": "TGBATRISXXX"}, "the BIC of the creditor's bank"),
        ({"ultimate_debtor": Party(name="Fon")}, "an ultimate debtor"),
        ({"creditor_address": PostalAddress(town_name="Ankara", country="TR")}, "an address"),
    ],
)
def test_a_part_that_the_layout_has_no_field_for_holds_the_order(part: dict[str, Any], told: str) -> None:
    one = lira(1, **part)
    ((_, why),) = adapter_for(plain_bank()).refusals(of(one), plain_bank()).items()
    assert f"it has {told}, which the layout has no field for" in why


def test_nothing_of_a_submission_is_left_behind() -> None:
    block = replace(of().every_block[0], ultimate_debtor=Party(name="Fon"))
    with pytest.raises(CannotRender, match="no field for the ultimate debtor"):
        rendered(replace(of(), payments=(), blocks=(block,)), plain_bank())
    with pytest.raises(CannotRender, match="payments beside its blocks"):
        rendered(replace(of(lira(1)), blocks=of(lira(2)).every_block), plain_bank())
