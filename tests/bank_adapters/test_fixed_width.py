"""Writing fixed-width files and reading them back: a file made by hand, every rule of a layout, every lie found."""

# ruff: noqa: RUF001 - Turkish has a letter that looks like another

from hashlib import sha256
from typing import Any

import pytest

from bank_adapters.contract.witness import witness
from bank_adapters.registry import adapter_for
from bank_adapters.spi import CreditorReference
from gateway.domain.errors import CannotRender, Oversized, SealMismatch
from gateway.domain.money import Money
from gateway.domain.order import Party
from tests.bank_adapters.delimited import rendered, reread
from tests.bank_adapters.fixed_width import (
    BASE,
    GOLDEN,
    LONG,
    START,
    bank,
    golden,
    lira,
    of,
    plain_bank,
    record,
)
from tests.bank_adapters.test_delimited import digest


def test_the_file_that_was_typed_by_hand() -> None:
    document, profile = GOLDEN.read_bytes(), plain_bank()
    assert rendered(golden(), profile) == document
    read = reread(document, profile)
    assert (read.count, read.sum_minor, read.currency, read.size) == (3, 7_723_449, "TRY", len(document))
    assert (read.sha256, read.payments_digest) == (sha256(document).hexdigest(), digest(golden().payments))
    assert LONG.replace("i", "İ").replace("ı", "I").upper()[40:] in witness(profile, document).texts


# One rule of a field a row -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ({"value": "constant", "text": "AB", "width": 4}, "AB  "),
        ({"value": "constant", "text": "AB", "width": 4, "align": "right"}, "  AB"),
        ({"value": "constant", "text": "", "width": 3, "pad": "*"}, "***"),
        ({"value": "constant", "text": "5%s", "width": 3}, "5%s"),
        ({"value": "line_number", "width": 5}, "00001"),
        ({"value": "line_number", "width": 5, "pad": " "}, "    1"),
        ({"value": "line_number", "width": 5, "pad": " ", "align": "left"}, "1    "),
        ({"value": "line_number", "width": 6, "digits": 4, "pad": " "}, "  0001"),
        ({"value": "record_number", "width": 4}, "0001"),
        ({"value": "file_sequence", "width": 3}, "001"),
        ({"value": "file_sequence", "width": 9, "digits": 2, "pad": " "}, "       01"),
        ({"value": "creditor_name", "width": 14}, "Maria Muster  "),
        ({"value": "creditor_name", "width": 14, "align": "right"}, "  Maria Muster"),
        ({"value": "ultimate_creditor_name", "width": 3, "required": False}, "   "),
        ({"value": "remittance", "width": 8, "cut": True}, "Sick pay"),
        ({"value": "remittance", "width": 9, "cut": True}, "Sick pay "),
        ({"value": "remittance", "width": 20, "max_length": 4, "cut": True}, "Sick" + 16 * " "),
        ({"value": "execution_date", "format": "%y%m%d", "width": 6}, "260921"),
        ({"value": "execution_date", "format": "%d%m%y", "width": 8}, "210926  "),
        ({"value": "execution_date", "format": "%y%j", "width": 5}, "26264"),
        ({"value": "created_at", "format": "%H%M", "zone": "Europe/Istanbul", "width": 4}, "1230"),
        ({"value": "creditor_bank_code", "width": 8, "align": "right", "pad": "-"}, "---00997"),
        ({"value": "creditor_bban", "width": 22}, "0099700000000000000001"),
        ({"value": "debtor_bban", "width": 22}, "0099700000000020260001"),
        ({"value": "purpose", "width": 4, "required": False}, "    "),
        ({"value": "instrument", "codes": {"normal": "EFT"}, "width": 4}, "EFT "),
        ({"value": "check", "of": "amount", "method": "mod97", "width": 2}, "94"),  # 98 - 12345000 mod 97
        ({"value": "check", "of": "creditor account", "method": "mod10", "width": 1}, "7"),
        ({"value": "check", "of": "amount", "method": "mod11", "width": 1}, "4"),  # python-stdnum's MOD 11-2 of 123450
    ],
)
def test_a_field_is_written_as_the_layout_says(field: dict[str, Any], written: str) -> None:
    profile = record(field)
    document = rendered(of(), profile)
    assert document.decode("cp1254") == f"{START}{written}\r\n"
    assert reread(document, profile).payments_digest == digest(of().payments)
    assert witness(profile, document).payments[0].amount_minor == 123_450


@pytest.mark.parametrize(
    ("field", "written"),
    [
        ({"decimal_sign": ",", "width": 10}, "0001234,50"),
        ({"decimal_sign": ".", "width": 10, "pad": " "}, "   1234.50"),
        ({"decimal_sign": ".", "width": 10, "pad": " ", "align": "left"}, "1234.50   "),
        ({"decimal_sign": "none", "width": 10, "decimals": 4}, "0012345000"),
        ({"decimal_sign": "none", "width": 10, "pad": "*"}, "****123450"),
        ({"decimal_sign": "none", "width": 10, "plus": "leading"}, "+000123450"),
        ({"decimal_sign": "none", "width": 10, "plus": "trailing"}, "000123450+"),
        ({"decimal_sign": ",", "width": 10, "plus": "leading", "pad": " "}, "  +1234,50"),
        ({"decimal_sign": "none", "width": 12, "digits": 8, "pad": " "}, "    00123450"),
    ],
)
def test_an_amount_is_written_as_the_layout_says(field: dict[str, Any], written: str) -> None:
    profile = record(payment=[*BASE[:2], {"value": "amount", **field}])
    document = rendered(of(), profile)
    assert document.decode("cp1254") == f"{START[:56]}{written}\r\n"
    assert reread(document, profile).sum_minor == 123_450
    assert witness(profile, document).payments[0].amount_minor == 123_450
    for changed in (written.replace("1234", "1235"), written.replace("1234", "12 4"), written.replace("123", "1,3")):
        lie = document.replace(written.encode(), changed.encode())
        try:
            assert reread(lie, profile).sum_minor == 123_550
        except SealMismatch as error:
            assert "line 1, field 3 (amount)" in str(error)  # noqa: PT017 - either is right


@pytest.mark.parametrize(
    ("line_end", "ended", "document"),
    [
        ("CRLF", True, f"{START}\r\n{START}\r\n"),
        ("CRLF", False, f"{START}\r\n{START}"),
        ("LF", True, f"{START}\n{START}\n"),
        ("LF", False, f"{START}\n{START}"),
        ("none", True, f"{START}{START}"),
    ],
)
def test_lines_end_as_the_layout_says(line_end: str, ended: bool, document: str) -> None:  # noqa: FBT001
    profile = record(line_end=line_end, last_line_ended=ended)
    content = of(lira(1), lira(4))
    text = document[: len(START)] + document[len(START) :].replace("001G1", "004G1")
    assert rendered(content, profile).decode() == text
    assert reread(text.encode(), profile).count == 2
    for wrong in (f"{text}\n", f"{text}\r\n", text[:-1], f"{text} ", text.replace("\r\n", "\n", 1) + "\r"):
        with pytest.raises(SealMismatch):
            reread(wrong.encode(), profile)


@pytest.mark.parametrize("encoding", ["cp1254", "cp857", "iso8859-9", "cp1026"])
def test_a_code_page_is_written_and_read_back(encoding: str) -> None:
    profile = record({"value": "creditor_name", "width": 12}, encoding=encoding)
    content = of(lira(1, creditor=Party(name="Şükrü Iğdır")))
    document = rendered(content, profile)
    assert document == f"{START}Şükrü Iğdır \r\n".encode(encoding)
    assert reread(document, profile).payments_digest == digest(content.payments)


@pytest.mark.parametrize("encoding", ["cp866", "cp1251", "iso8859-5"])
def test_a_cyrillic_page_refuses_what_it_lacks_by_its_letter(encoding: str) -> None:
    profile = record({"value": "creditor_name", "width": 20}, encoding=encoding)
    assert "Иван Петров".encode(encoding) in rendered(of(lira(1, creditor=Party(name="Иван Петров"))), profile)
    ((_, why),) = adapter_for(profile).refusals(of(lira(1, creditor=Party(name="陈"))), profile).items()
    assert "creditor_name" in why
    assert "U+9648" in why


# What may not be written -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "changes", "why"),
    [
        ([{"value": "creditor_name", "width": 11}], {}, "creditor_name has more than 11 letters"),
        ([{"value": "remittance", "width": 11}], {}, "remittance has more than 11 letters"),
        ([], {"amount": Money(10**10, "TRY")}, "amount has more than 10 digits"),
        ([{"value": "purpose", "width": 3}], {"purpose": "SSBE"}, "purpose has more than 3 letters"),
        ([{"value": "purpose", "width": 6}], {"purpose": "SB "}, "purpose ends with the letter that fills"),
        ([{"value": "purpose", "width": 6, "align": "right", "pad": "0"}], {"purpose": "01"}, "begins with the letter"),
        ([{"value": "purpose", "width": 4}], {}, "purpose is missing"),
        ([], {"creditor_reference": CreditorReference(reference="RF18X")}, "creditor reference"),
        ([], {"end_to_end_id": "E 1 "}, "end_to_end_id ends with the letter"),
    ],
)
def test_what_does_not_fit_is_refused_never_cut(
    fields: list[dict[str, Any]], changes: dict[str, Any], why: str
) -> None:
    profile, one = record(*fields), lira(2, **changes)
    found = adapter_for(profile).refusals(of(one), profile)
    assert why in found[one.end_to_end_id]
    with pytest.raises(CannotRender):
        rendered(of(one), profile)


def test_the_payment_among_many_that_cannot_be_written_is_named() -> None:
    profile = plain_bank()
    payments = [lira(number) for number in range(1, 700)]
    payments[600] = lira(601, creditor=Party(name="x" * 41))
    assert list(adapter_for(profile).refusals(of(*payments), profile)) == [payments[600].end_to_end_id]
    with pytest.raises(CannotRender, match=payments[600].end_to_end_id):
        rendered(of(*payments), profile)


def test_a_file_of_too_many_lines_is_cut_smaller() -> None:
    profile = bank(lines_max=8)
    assert len(rendered(golden(), profile).splitlines()) == 8
    with pytest.raises(Oversized, match="lines are over"):
        rendered(golden(), bank(lines_max=7))


# Lies --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("000000000123450E", "000000000123451E"),  # an amount, so the sums
        ("000000000123450E", "00000000012345 E"),
        ("TR600099700000000000000001", "TR330099700000000000000002"),  # an account, so its check digit
        ("0000000000000017A", "0000000000000018A"),  # the check digit behind it
        ("D000002", "D000003"),
        ("A000002", "A000001"),
        ("L000003", "L000002"),
        ("D000002", "X000002"),
        ("002G1", "001G1"),
        ("TRY21092026", "TRY31092026"),
        ("TRY21092026", "EUR21092026"),
        ("000003000000007723449", "000002000000007723449"),
        ("T0000008", "T0000009"),
        ("T0000008000003", "T0000008000004"),
        ("00000000001650", "00000000001750"),  # the hash total
        ("00000000001650", "00000000001651"),  # its check digits
        ("AYŞE YILMAZ ", "AyŞE YILMAZ "),
        ("AYŞE YILMAZ ", "            "),
        ("AYŞE YILMAZ ", "AYŞE YILMAZ"),
        ("AYŞE YILMAZ ", "AYŞE YILMAZ  "),
        ("AYŞE YILMAZ ", "AYŞE\x07YILMAZ "),
        ("  \r\n", "  \n"),
        ("TOPLUODEME  ", "TOPLUODEME X"),
        ("260918123005", "260918123065"),
        ("S00001        0001", "S00001        000 "),
        ("S00001        0001", "S00002        0001"),
    ],
)
def test_bytes_that_contradict_themselves_or_the_layout_are_never_sent(old: str, new: str) -> None:
    text = GOLDEN.read_bytes().decode("cp1254")
    assert old in text
    with pytest.raises(SealMismatch) as caught:
        reread(text.replace(old, new, 1).encode("cp1254"), plain_bank())
    assert not any(word in str(caught.value) for word in ("YILMAZ", "TR60", "TR33"))


@pytest.mark.parametrize("lines", [[0], [7], [0, 7], [0, 1, 7], [1, 2, 7], [0, 2, 7], [0, 1, 2], [2], [0, 1, 3, 7]])
def test_half_a_file_is_never_sent(lines: list[int]) -> None:
    found = GOLDEN.read_bytes().splitlines(keepends=True)
    with pytest.raises(SealMismatch):
        reread(b"".join(found[line] for line in lines), plain_bank())
