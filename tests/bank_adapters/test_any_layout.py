"""Any layout, any payments: what is written is what the reader before a seal, and a reader of its own, find again.

Layouts are drawn as a bank might write them; a fixed-width and a delimited file are drawn from the same fields.
"""

import json
from dataclasses import dataclass
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from bank_adapters.contract.seen import digest as digest_of
from bank_adapters.contract.seen import small
from bank_adapters.contract.witness import witness
from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for
from bank_adapters.spi import Payment
from gateway.domain.errors import SealMismatch
from gateway.domain.money import Money
from gateway.domain.order import IbanAccount, Party
from tests.bank_adapters.delimited import rendered
from tests.bank_adapters.fixed_width import IBANS, lira, of, parts
from tests.bank_adapters.material import bytes_in_pieces
from tests.bank_adapters.test_delimited import digest

ENDS = st.sampled_from(["left", "right"])
PADS = st.sampled_from([" ", "*", "-"])
Fields = list[dict[str, Any]]


def text(value: str, width: int) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({"value": st.just(value), "width": st.integers(width, width + 9), "align": ENDS})


def code(value: str, width: int) -> st.SearchStrategy[dict[str, Any]]:
    shape = {"value": st.just(value), "width": st.integers(width, width + 5), "align": ENDS, "pad": PADS}
    return st.fixed_dictionaries(shape)


def number(value: str, width: int, **more: Any) -> st.SearchStrategy[dict[str, Any]]:
    zeros = st.fixed_dictionaries({"value": st.just(value), "width": st.integers(width, width + 5), **more})
    blanks = st.fixed_dictionaries(
        {"value": st.just(value), "width": st.integers(width, width + 5), "align": ENDS, "pad": st.just(" "), **more}
    )
    return zeros | blanks


MONEY = {
    "decimal_sign": st.sampled_from([".", ",", "none"]),
    "decimals": st.sampled_from([None, 2, 4]),
    "plus": st.sampled_from(["none", "leading", "trailing"]),
}
OPTIONAL = st.fixed_dictionaries({"value": st.just("purpose"), "width": st.integers(4, 6), "required": st.just(False)})
FILLER = st.fixed_dictionaries(
    {"value": st.just("constant"), "text": st.sampled_from(["", "X", "%s"]), "width": st.integers(2, 6), "pad": PADS}
)
CHECK = st.sampled_from([("mod97", 2), ("mod11", 1), ("mod10", 1)]).flatmap(
    lambda kind: st.fixed_dictionaries(
        {
            "value": st.just("check"),
            "method": st.just(kind[0]),
            "of": st.sampled_from(["amount", "creditor account"]),
            "width": st.just(kind[1]),
        }
    )
)


@st.composite
def payment_fields(draw: st.DrawFn) -> Fields:
    needed = [
        draw(code("end_to_end_id", 30)),
        draw(st.one_of(code("creditor_iban", 26), code("creditor_bban", 22))),
        draw(text("creditor_name", 12)),
        draw(number("amount", 18, **MONEY)),
        draw(text("remittance", 20)) | {"align": "left", "required": False},
    ]
    pool = st.one_of(number("line_number", 6), number("record_number", 6), OPTIONAL, CHECK, FILLER, code("currency", 3))
    more = draw(st.lists(pool, max_size=4, unique_by=lambda one: one["value"]))
    fields = draw(st.permutations([*needed, *more]))
    return [{"value": "constant", "text": "D", "width": 1}, *fields]


@dataclass(frozen=True)
class Drawn:
    fixed: Profile
    delimited: Profile
    carries: int


@st.composite
def layouts(draw: st.DrawFn) -> Drawn:
    payment = draw(payment_fields())
    rest = {"value": "remittance_rest", "width": 30, "align": "left"}
    fields = [{"value": "constant", "text": "A", "width": 1}, rest, {"value": "line_number", "width": 6}]
    following = draw(st.sampled_from([[], [{"when": "remittance_rest", "at_most": 2, "fields": fields}]]))
    tail = draw(st.lists(st.sampled_from(["count", "sum", "records", "hash"]), unique=True))
    total = {
        "count": {"value": "count", "width": 6},
        "sum": {"value": "sum", "decimal_sign": "none", "width": 20},
        "records": {"value": "records", "width": 6, "pad": " "},
        "hash": {"value": "hash_total", "width": 12},
    }
    ends: Fields = [{"value": "constant", "text": "T", "width": 1}, *(total[one] for one in tail)] if tail else []
    rule = (
        {"of": "creditor account", "digits": 10, "last": draw(st.sampled_from([None, 7]))} if "hash" in tail else None
    )
    at_the_head = draw(st.booleans())
    layout = {
        "encoding": "cp1254",
        "line_end": draw(st.sampled_from(["CRLF", "LF"])),
        "last_line_ended": draw(st.booleans()),
        "payment": payment,
        "following": following,
        "hash_total": rule,
        "header" if at_the_head else "trailer": ends,
    }
    width = next(one for one in payment if one["value"] == "remittance")["width"]
    return Drawn(
        fixed=with_layout(layout, "fixed-width"),
        delimited=with_layout(layout | {"delimiter": "|", "quoting": "always"}, "delimited"),
        carries=width + (60 if following else 0),
    )


def with_layout(layout: dict[str, Any], family: str) -> Profile:
    changed = parts() | {"alphabet": "cp1254", "family": family, "messages": {"initiation": family}, "layout": layout}
    changed |= {"status_overrides": {}, "reason_overrides": {}}
    changed["limits"]["sum_per_submission"] = None
    return Profile.model_validate_json(json.dumps(changed))


LETTERS = st.text(st.characters(codec="cp1254", categories=["Lu", "Ll", "Nd"]), min_size=1, max_size=12)
TEXTS = st.text('aZ \u015f"|1', max_size=80)
ROWS = st.lists(st.tuples(st.integers(1, 10**9), LETTERS, st.sampled_from(IBANS), TEXTS), min_size=1, max_size=5)


def paying(place: int, row: tuple[int, str, str, str], carries: int) -> Payment:
    minor, name, iban, told = row
    return lira(
        place,
        amount=Money(minor, "TRY"),
        creditor=Party(name=name),
        creditor_account=IbanAccount(iban=iban),
        remittance_information=told[:carries],
    )


@settings(max_examples=25)
@given(layouts(), ROWS, st.integers(1, 300))
def test_what_is_written_is_found_again(drawn: Drawn, rows: list[Any], size: int) -> None:
    payments = [paying(place, row, drawn.carries) for place, row in enumerate(rows, start=1)]
    content = of(*payments, requested_execution_date=date(2026, 9, 21))
    for profile in (drawn.fixed, drawn.delimited):
        adapter = adapter_for(profile)
        assert not adapter.refusals(content, profile)
        document = rendered(content, profile)
        assert rendered(content, profile) == document
        read = adapter.reread(bytes_in_pieces(document, size), profile)
        assert (read.count, read.sum_minor, read.payments_digest) == (
            len(rows),
            sum(row[0] for row in rows),
            digest(payments),
        )
        seen = witness(profile, document)
        assert [(one.end_to_end_id, one.account, one.amount_minor) for one in seen.payments] == [
            (one.end_to_end_id, one.creditor_account.key, one.amount.minor) for one in payments
        ]
        assert [small(one.name, profile) for one in seen.payments] == [
            small(one.creditor.name.strip(), profile) for one in payments
        ]
    told = [one.remittance_information.strip() for one in payments]
    assert remittances(rendered(content, drawn.fixed), drawn.fixed) == told


def remittances(document: bytes, profile: Profile) -> list[str]:
    """Put what stands in the columns of remittance information together again, blanks between its parts included."""
    assert profile.layout is not None
    start = 0
    for field in profile.layout.payment:
        if field.value == "remittance":
            break
        start += field.width or 0
    found: list[str] = []
    for line in document.decode("cp1254").splitlines():
        if line[0] == "D":
            found.append(line[start : start + (field.width or 0)])
        elif line[0] == "A":
            found[-1] += line[1:31]
    return [one.rstrip() for one in found]


@settings(max_examples=25)
@given(layouts(), ROWS, st.data())
def test_no_change_of_a_byte_passes_for_another_file(drawn: Drawn, rows: list[Any], data: st.DataObject) -> None:
    """A changed file is refused, or its figures are those that another reader finds in it."""
    payments = [paying(place, row, drawn.carries) for place, row in enumerate(rows, start=1)]
    profile = drawn.fixed
    document = bytearray(rendered(of(*payments), profile))
    place = data.draw(st.integers(0, len(document) - 1))
    document[place] = data.draw(st.sampled_from(b"0159 AZ*-\n\r\x00\xff|"))
    try:
        read = adapter_for(profile).reread([bytes(document)], profile)
    except SealMismatch:
        return
    seen = witness(profile, bytes(document))
    assert (read.count, read.sum_minor) == (len(seen.payments), sum(one.amount_minor for one in seen.payments))
    assert read.payments_digest == digest_of(seen.payments)
