"""Writing delimited files and reading them back: a file made by hand, any payments there and back, every lie found."""

# ruff: noqa: RUF001 - Turkish has a letter that looks like another

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from hashlib import sha256
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for
from bank_adapters.spi import Payment
from gateway.domain.digest import PaymentsDigest
from gateway.domain.errors import CannotRender, Oversized, SealMismatch
from gateway.domain.money import Money
from gateway.domain.order import CounterAccount, DomesticAccount, IbanAccount, Identification, Party
from tests.bank_adapters.delimited import GOLDEN, IBANS, bank, golden, lira, of, parts, profile_of, rendered, reread
from tests.bank_adapters.material import bytes_in_pieces

NAME = "Ayşe Yılmaz"


def test_the_file_that_was_typed_by_hand() -> None:
    document = GOLDEN.read_bytes()
    assert rendered(golden()) == document
    read = reread(document)
    assert (read.count, read.sum_minor, read.currency, read.size) == (3, 7_723_449, "TRY", len(document))
    assert (read.sha256, read.payments_digest) == (sha256(document).hexdigest(), digest(golden().payments))


def digest(payments: Sequence[Payment]) -> str:
    of_all = PaymentsDigest()
    for one in payments:
        of_all.add(one.end_to_end_id, one.creditor_account.key, one.amount.minor, one.amount.currency)
    return of_all.hexdigest()


# Other layouts ---------------------------------------------------------------------------------------------------


def plain(**layout: Any) -> Profile:
    """The same bank without header, trailer and hash total, and with some keys changed."""
    return bank(**({"hash_total": None, "header": [], "trailer": []} | layout))


ID, ACCOUNT = {"value": "end_to_end_id"}, {"value": "creditor_iban"}
AMOUNT = {"value": "amount", "decimal_sign": "."}


def domestic() -> Profile:
    """A bank that pays to accounts without an IBAN, too."""
    changed = parts()
    optional = {"required": False}
    fields = ("creditor_iban", "creditor_country", "creditor_bank_code", "creditor_number")
    account = [{"value": name, **optional} for name in fields]
    changed["account_types"] = ["IBAN", "DOMESTIC"]
    changed["layout"] |= {"payment": [ID, *account, AMOUNT], "hash_total": {"of": "creditor bank code", "digits": 3}}
    return profile_of(changed)


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ([ID, ACCOUNT, {"value": "amount", "decimal_sign": ".", "decimals": 4}], b"1234.5000"),
        ([ID, ACCOUNT, {"value": "amount", "decimal_sign": "none"}], b"123450"),
        ([ID, ACCOUNT, {"value": "amount", "decimal_sign": "none", "digits": 12}], b"000000123450"),
        ([ID, ACCOUNT, AMOUNT, {"value": "execution_date", "format": "%y%j"}], b"1234.50|26264"),
        ([ID, ACCOUNT, AMOUNT, {"value": "line_number"}], b"1234.50|1"),
        ([ID, ACCOUNT, AMOUNT, {"value": "purpose", "required": False}], b"1234.50|"),
        ([ID, ACCOUNT, AMOUNT, {"value": "creditor_bank_code"}], b"1234.50|00999"),
        ([ID, ACCOUNT, AMOUNT, {"value": "ultimate_creditor_name", "max_length": 20, "required": False}], b"1234.50|"),
    ],
)
def test_a_field_is_written_as_the_layout_says(fields: list[dict[str, Any]], line: bytes) -> None:
    profile = plain(payment=fields)
    document = rendered(of(), profile)
    assert document == b"E00000000000000000000000001G1|TR700099900000700000000001|" + line + b"\r\n"
    assert reread(document, profile).sum_minor == 123_450


def test_totals_may_stand_in_the_header_and_lines_be_counted_with_it() -> None:
    header = [{"value": "count"}, {"value": "sum", "decimal_sign": "none"}, {"value": "hash_total"}]
    rule = {"of": "creditor account", "last": 2, "plus_amount": True, "digits": 8}
    profile = bank(header=header, trailer=[], hash_total=rule, first_line_number=2)
    document = rendered(golden(), profile)
    # 01 + 02 + 13 of the accounts, 123450 + 99999 + 7500000 of the amounts
    assert document.splitlines()[0] == b"3|7723449|07723465"
    assert document.splitlines()[1].startswith(b"D|000002|")
    assert reread(document, profile).count == 3


def test_an_account_without_an_iban_comes_back_exactly() -> None:
    profile = domestic()
    account = DomesticAccount(country="KZ", bank_code="KZKO", number="12/34 5")
    content = of(lira(1), lira(2, creditor_account=account))
    document = rendered(content, profile)
    assert b"|TR700099900000700000000001|TR|00999||" in document
    assert b"||KZ|KZKO|12/34 5|" in document
    assert reread(document, profile).payments_digest == digest(content.payments)


@pytest.mark.parametrize(
    ("quoting", "written"),
    [("needed", b'"Ay|se ""Y"" \\K"'), ("always", b'"Ay|se ""Y"" \\K"'), ("backslash", b'Ay\\|se "Y" \\\\K')],
)
def test_a_delimiter_in_a_name_is_quoted_or_escaped(quoting: str, written: bytes) -> None:
    profile = bank(quoting=quoting)
    document = rendered(of(lira(creditor=Party(name='Ay|se "Y" \\K'))), profile)
    assert written in document
    assert reread(document, profile).count == 1


# Refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"creditor": Party(name="Ayşe|Yılmaz")}, "creditor_name holds the delimiter"),
        ({"creditor": Party(name="陈小明")}, "creditor_name the letter U+9648 has no place in the cp1254 alphabet"),
        ({"creditor": Party(name="Ay\u200dşe")}, "creditor_name the letter U+200D"),
        ({"creditor": Party(name="x" * 61)}, "creditor_name has more than 60 letters"),
        ({"creditor": Party(name="   ")}, "creditor_name is empty"),
        ({"amount": Money(51_240, "EUR")}, "the bank does not pay in its currency"),
        ({"amount": Money(0, "TRY")}, "not greater than zero"),
        ({"amount": Money(10**15, "TRY")}, "amount has more than 15 digits"),
        ({"creditor_account": IbanAccount(iban="TR7000999|")}, "the creditor's account is not an IBAN"),
        ({"creditor_account": DomesticAccount(country="TR", bank_code="1", number="1")}, "does not pay to"),
        ({"creditor_account": CounterAccount(identification=Identification(scheme="X", id="1"))}, "does not pay to"),
        ({"end_to_end_id": "Eñ"}, "end_to_end_id holds a letter outside ASCII"),
        ({"end_to_end_id": "E" * 31}, "end_to_end_id has more than 30 letters"),
    ],
)
def test_a_payment_that_cannot_be_written_is_refused_by_name_of_the_rule(changes: dict[str, Any], why: str) -> None:
    profile, one = bank(), lira(2, **changes)
    found = adapter_for(profile).refusals(of(lira(1), one), profile)
    assert list(found) == [one.end_to_end_id]
    assert why in found[one.end_to_end_id]
    assert "Yılmaz" not in found[one.end_to_end_id]
    with pytest.raises(CannotRender):
        rendered(of(lira(1), one))


def test_what_is_longer_is_cut_only_where_the_layout_says_so() -> None:
    assert b"|" + b"y" * 80 + b"\r\n" in rendered(of(lira(remittance_information="y" * 81)))


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda c: replace(c, payments=()), "0 payments, not 1 to 5000"),
        (lambda c: replace(c, payments=(*c.payments, c.payments[0])), "stands more than once"),
        (lambda c: replace(c, msg_id="/x"), "MsgId"),
        (lambda c: replace(c, created_at=datetime(2026, 9, 18, 9)), "the seal time has no zone"),  # noqa: DTZ001
        (lambda c: replace(c, debtor=replace(c.debtor, name="陈")), "debtor_name"),
        (lambda c: replace(c, payments=(lira(1, amount=Money(5_000_000_001, "TRY")),)), "the sum is over"),
    ],
)
def test_a_submission_that_is_wrong_as_a_whole_is_refused(change: Callable[[Any], Any], why: str) -> None:
    with pytest.raises(CannotRender, match=why):
        rendered(change(golden()))


def test_a_file_larger_than_the_bank_takes_is_refused() -> None:
    changed = parts()
    changed["limits"]["bytes_per_submission"] = 4096
    with pytest.raises(Oversized, match="over the bank's limit"):
        rendered(of(*(lira(n) for n in range(1, 50))), profile_of(changed))


# There and back --------------------------------------------------------------------------------------------------

LETTERS = st.text(st.characters(codec="cp1254", exclude_categories=["C", "Z"]), min_size=1, max_size=60)
TEXTS = st.text("aŞğ |\"\\,;'", max_size=80)
PAYMENTS = st.lists(
    st.tuples(st.integers(1, 10**9), LETTERS, st.sampled_from(IBANS), TEXTS),
    min_size=1,
    max_size=6,
)
WRITTEN = {
    (quoting, delimiter, encoding): bank(quoting=quoting, delimiter=delimiter, encoding=encoding, line_end=end)
    for quoting, delimiter in product(("needed", "always", "backslash"), "|;,\t")
    for encoding, end in (("cp1254", "CRLF"), ("utf-8", "LF"))
}
Row = tuple[int, str, str, str]


def paying(number: int, row: Row) -> Payment:
    minor, name, iban, text = row
    return lira(
        number,
        amount=Money(minor, "TRY"),
        creditor=Party(name=name),
        creditor_account=IbanAccount(iban=iban),
        remittance_information=text,
    )


@given(PAYMENTS, st.sampled_from(sorted(WRITTEN)), st.integers(1, 200))
def test_any_payments_survive(rows: list[Row], how: tuple[str, str, str], size: int) -> None:
    profile, payments = WRITTEN[how], [paying(number, row) for number, row in enumerate(rows, start=1)]
    adapter, content = adapter_for(profile), of(*payments)
    assert not adapter.refusals(content, profile)
    document = rendered(content, profile)
    read = adapter.reread(bytes_in_pieces(document, size), profile)
    assert (read.count, read.sum_minor) == (len(rows), sum(row[0] for row in rows))
    assert (read.payments_digest, read.sha256) == (digest(payments), sha256(document).hexdigest())
    assert rendered(content, profile) == document


# Lies ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0000000001234,50", "0000000001234,51"),  # an amount, so the sum
        ("0000000001234,50", "0000000001234.50"),
        ("0000000001234,50", "1234,50"),
        ("TR700099900000700000000001", "TR700099900000700000000002"),  # an account, so the hash total
        ("TR700099900000700000000001", "XX700099900000700000000001"),
        ("TR700099900000700000000001", "TR70"),
        ("|000002|", "|000003|"),  # line numbers
        ("|000002|", "|2|"),
        ("E00000000000000000000000002G1", "E00000000000000000000000001G1"),
        ("E00000000000000000000000002G1", ""),
        ("S|000003", "S|000004"),
        ("0000000077234,49", "0000000077234,48"),
        ("300000000016", "300000000017"),
        ("|TRY", "|EUR"),
        ("B|", "X|"),
        ("D|000003", "E|000003"),
        ("21.09.2026", "31.09.2026"),
        ("21.09.2026", "21.9.2026"),
        ("20260918123005", "2026091812300"),
        ("Ayşe Yılmaz", ""),
        ("Ayşe Yılmaz", "x" * 61),
        ("Doğum yardımı\r\n", "Doğum yardımı\n"),
        ("Doğum yardımı", "Doğum yardımı|"),
        ("Doğum yardımı", "Doğum\x07yardımı"),
        ("016\r\n", "016"),
        ("S|000003|0000000077234,49|300000000016\r\n", ""),
    ],
)
def test_bytes_that_contradict_themselves_or_the_layout_are_never_sent(old: str, new: str) -> None:
    text = GOLDEN.read_bytes().decode("cp1254")
    assert old in text
    with pytest.raises(SealMismatch) as caught:
        reread(text.replace(old, new, 1).encode("cp1254"))
    assert not any(word in str(caught.value) for word in (NAME, "TR70", "TR81"))


@pytest.mark.parametrize("document", [b"", b"\r\n", b"B|x\r\n", GOLDEN.read_bytes()[:200], b"\x81" * 40, b"|" * 40_000])
def test_no_file_of_ours(document: bytes) -> None:
    with pytest.raises(SealMismatch):
        reread(document)


def test_bytes_of_another_code_page_are_refused() -> None:
    with pytest.raises(SealMismatch, match=r"line 1, rule text\.encoding"):
        reread(GOLDEN.read_bytes(), bank(encoding="utf-8"))


CHANGES = st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=4)), min_size=1, max_size=4)


def spoilt(document: bytes, changes: list[tuple[int, bytes]]) -> bytes:
    """Write over a document at some places."""
    for place, new in changes:
        document = document[:place] + new + document[place + len(new) :]
    return document


@given(CHANGES)
def test_spoilt_bytes_are_refused_or_hold_other_payments_that_add_up(changes: list[tuple[int, bytes]]) -> None:
    document = spoilt(GOLDEN.read_bytes(), changes)
    try:
        read = reread(document)
    except SealMismatch:
        return
    assert (read.count, read.sum_minor, read.sha256) == (3, 7_723_449, sha256(document).hexdigest())


@given(st.binary(max_size=200), st.sampled_from(sorted(WRITTEN)))
def test_anything_at_all_is_refused(document: bytes, how: tuple[str, str, str]) -> None:
    with pytest.raises(SealMismatch):
        reread(document, WRITTEN[how])


def test_numbers_without_end_are_refused() -> None:
    fields = [ID, {"value": "creditor_number"}, {"value": "creditor_bank_code"}, AMOUNT]
    changed = parts() | {"account_types": ["DOMESTIC"]}
    rule = {"of": "creditor account", "digits": 3}
    changed["layout"] |= {"payment": fields, "header": [], "trailer": [{"value": "hash_total"}], "hash_total": rule}
    for line in (f"E1|{'9' * 9000}|1|1.00", f"E1|1|1|{'9' * 9000}.00"):
        with pytest.raises(SealMismatch, match="line 1"):
            reread(f"{line}\r\n999\r\n".encode(), profile_of(changed))
