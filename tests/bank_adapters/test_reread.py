"""What is read back from rendered bytes equals what was signed, and no change of a byte goes unseen."""

import re
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.spi import Payment, Reread
from gateway.domain.errors import SealMismatch
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount
from tests.bank_adapters.material import bytes_in_pieces, file_bank, payment, submission

ADAPTER = Iso20022Adapter()
BANK = file_bank()

IBANS = ("DE02120300000000202051", "FR1420041010050500013M02606", "MT84MALT011000012345MTLCAST001S", "NO9386011117947")
payments = st.lists(
    st.builds(
        lambda number, minor, iban: payment(
            number, amount=Money(minor, "EUR"), creditor_account=IbanAccount(iban=iban)
        ),
        st.integers(0, 10**12 - 1),
        st.integers(1, 99_999_999_999),
        st.sampled_from(IBANS),
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: one.end_to_end_id,
)


def rendered(*members: Payment) -> bytes:
    return b"".join(ADAPTER.render(submission(*members), BANK))


def signed(members: list[Payment], document: bytes) -> Reread:
    """What the digests must be, computed from the agreed text of a payment, line by line."""
    lines = "".join(
        f"{p.end_to_end_id}|{p.creditor_account.key}|{p.amount.minor}|{p.amount.currency}\n" for p in members
    )
    return Reread(
        count=len(members),
        sum_minor=sum(p.amount.minor for p in members),
        currency="EUR",
        payments_digest=sha256(lines.encode()).hexdigest(),
        sha256=sha256(document).hexdigest(),
        size=len(document),
    )


@settings(max_examples=60, deadline=None)
@given(payments, st.integers(1, 5000))
def test_what_is_written_is_what_is_read(members: list[Payment], size: int) -> None:
    document = rendered(*members)
    assert ADAPTER.reread(bytes_in_pieces(document, size), BANK) == signed(members, document)


DOCUMENT = rendered(payment(1), payment(2, amount=Money(1, "EUR")))
MONEY_FIELDS = re.compile(
    rb"(?<=>)[^<>]+(?=</(?:EndToEndId|InstdAmt|NbOfTxs|CtrlSum)>)|(?<=<CdtrAcct><Id><IBAN>)[^<]+|(?<=Ccy=\")[A-Z]+"
)
SPANS = [match.span() for match in MONEY_FIELDS.finditer(DOCUMENT)]


def said(document: bytes) -> tuple[int, int, str, str] | None:
    """What a file says of its payments, or None when it is refused. The digest of the bytes is left out on purpose."""
    try:
        found = ADAPTER.reread([document], BANK)
    except SealMismatch:
        return None
    return found.count, found.sum_minor, found.currency, found.payments_digest


def test_the_fields_to_mutate_are_found() -> None:
    assert len(SPANS) == 12, "two payments with four fields each, counts and sums at two levels"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_no_change_of_a_field_that_moves_money_goes_unseen(data: st.DataObject) -> None:
    start, end = data.draw(st.sampled_from(SPANS))
    old = DOCUMENT[start:end]
    at = data.draw(st.integers(0, len(old) - 1))
    new = data.draw(st.sampled_from(b"0123456789ABZabz.-+ /"))
    field = old[:at] + bytes([new]) + old[at + 1 :]
    changed = DOCUMENT[:start] + field + DOCUMENT[end:]
    if not _same_value(field, old):
        assert said(changed) != said(DOCUMENT)


def _same_value(field: bytes, old: bytes) -> bool:
    """Whether two texts are one value: white space around it and zeros at the ends of a number say nothing."""
    try:
        return Decimal(field.decode()) == Decimal(old.decode())
    except InvalidOperation:
        return field.strip() == old


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(DOCUMENT) - 1), st.integers(0, 255))
def test_no_change_of_any_byte_goes_unseen(at: int, byte: int) -> None:
    changed = DOCUMENT[:at] + bytes([byte]) + DOCUMENT[at + 1 :]
    original = ADAPTER.reread([DOCUMENT], BANK)
    try:
        found = ADAPTER.reread([changed], BANK)
    except SealMismatch:
        return
    assert (found == original) == (changed == DOCUMENT)


def block_of(document: bytes) -> bytes:
    found = re.search(rb"<CdtTrfTxInf>.*?</CdtTrfTxInf>", document)
    assert found
    return found[0]


ONE = rendered(payment(1))
CHANGES = [
    (lambda d: d.replace(block_of(d), block_of(d) * 2), "stands twice"),
    (lambda d: d.replace(b"<NbOfTxs>1</NbOfTxs>", b"<NbOfTxs>2</NbOfTxs>", 1), "GrpHdr: NbOfTxs"),
    (lambda d: d.replace(b"<CtrlSum>512.40", b"<CtrlSum>512.41", 1), "GrpHdr: NbOfTxs or CtrlSum"),
    (lambda d: b"512.41".join(d.rsplit(b"512.40", 2)[:2]) + b"512.40" + d.rsplit(b"512.40", 2)[2], "PmtInf: NbOfTxs"),
    (lambda d: d.replace(b"<CtrlSum>512.40</CtrlSum>", b"", 1), "CtrlSum is missing"),
    (lambda d: d.replace(block_of(d), b""), r"xml\.schema|disagrees"),
    (lambda d: d.replace(b"<?xml", b"\n<?xml"), r"xml\.declaration"),
    (lambda d: d.replace(b"<Document", b'<!DOCTYPE d [<!ENTITY e "x">]><Document'), r"xml\.markup"),
    (lambda d: d.replace(b"DE0212", b"DE02<!-- -->12"), r"xml\.markup"),
    (lambda d: d.replace(b"DE0212", b"DE02<![CDATA[12]]>"), r"xml\.markup"),
    (lambda d: d.replace(b"UTF-8", b"UTF-16"), r"xml\.declaration"),
    (lambda d: d.decode().encode("utf-16"), r"xml\.declaration"),
    (lambda d: d.replace(b"DE0212", b"DE02<?x y?>12"), r"xml\.markup"),
    (lambda d: re.sub(rb"(<CdtrAcct><Id>)<IBAN>(.*?)</IBAN>", rb"\1<Othr><Id>\2</Id></Othr>", d), "IBAN is missing"),
    (lambda d: d.replace(b"pain.001.001.09", b"pain.001.001.03"), r"xml\.schema"),
    (lambda d: d.replace(b"<InstdAmt", b"<Unknown/><InstdAmt"), r"xml\.schema"),
    (lambda d: d.replace(b"512.40<", b"512.4001<"), r"money\.decimals|xml\.schema"),
    (lambda d: d.replace(b"512.40</InstdAmt", b"500.00 12.40</InstdAmt"), r"money\.format|xml\.schema"),
    (lambda d: d[:-20], r"xml\.malformed"),
    (lambda d: d[:0], r"xml\.(malformed|declaration)"),
]


@pytest.mark.parametrize(("change", "told"), CHANGES)
def test_a_file_that_contradicts_itself_or_its_schema_is_refused(change: object, told: str) -> None:
    assert callable(change)
    changed = change(ONE)
    assert changed != ONE
    with pytest.raises(SealMismatch, match=told):
        ADAPTER.reread([changed], BANK)


def test_markup_is_seen_across_pieces() -> None:
    changed = ONE.replace(b"DE0212", b"DE02<!-- -->12")
    for size in (1, 7, 64):
        with pytest.raises(SealMismatch, match=r"xml\.markup"):
            ADAPTER.reread(bytes_in_pieces(changed, size), BANK)


def test_a_second_currency_is_refused() -> None:
    document = DOCUMENT.replace(b'Ccy="EUR"', b'Ccy="USD"', 1)
    with pytest.raises(SealMismatch, match="second currency"):
        ADAPTER.reread([document], BANK)


def test_errors_repeat_nothing_of_the_file() -> None:
    long_name = ONE.replace(b"Maria Muster", b"Maria Muster" * 20)
    with pytest.raises(SealMismatch) as caught:
        ADAPTER.reread([long_name], BANK)
    assert "Maria" not in f"{caught.value}{caught.value.__cause__}"


def test_names_are_not_part_of_the_payments_digest_but_of_the_bytes() -> None:
    other = rendered(replace(payment(1), creditor=replace(payment(1).creditor, name="Somebody Else")))
    assert said(other) == said(ONE)
    assert ADAPTER.reread([other], BANK).sha256 != ADAPTER.reread([ONE], BANK).sha256
