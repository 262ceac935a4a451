"""Every pain.001 that is written is valid against the schemas of ISO and of the sepaxml package, and reads back."""

from functools import cache
from hashlib import sha256
from importlib.resources import files

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.iso20022.pain001_payment import PaymentWriter
from bank_adapters.iso20022.pain001_terms import terms_of
from bank_adapters.profile import Profile
from bank_adapters.spi import Payment, Reread, SubmissionContent
from gateway.domain.errors import CannotRender
from gateway.domain.money import Money
from gateway.domain.order import DomesticAccount, IbanAccount, Party
from tests.bank_adapters.material import payment, submission
from tests.bank_adapters.pain001_orders import IBANS, VERSIONS, bank, generous, payments, submissions
from tests.shared import shared_dir

ADAPTER = Iso20022Adapter()


@cache
def schemas(version: str) -> tuple[etree.XMLSchema, etree.XMLSchema]:
    ours = files("sepaxml").joinpath("schemas", f"{version}.xsd").read_bytes()
    return etree.XMLSchema(etree.parse(shared_dir() / "xsd" / f"{version}.xsd")), etree.XMLSchema(
        etree.fromstring(ours)
    )


def valid(document: bytes, version: str) -> None:
    tree = etree.fromstring(document)
    for schema in schemas(version):
        schema.assertValid(tree)


def signed(content: SubmissionContent, document: bytes) -> Reread:
    """What the digests must be, line by line."""
    every = [one for block in content.blocks or (content,) for one in block.payments]
    lines = "".join(f"{p.end_to_end_id}|{p.creditor_account.key}|{p.amount.minor}|{p.amount.currency}\n" for p in every)
    return Reread(
        count=len(every),
        sum_minor=sum(p.amount.minor for p in every),
        currency=every[0].amount.currency,
        payments_digest=sha256(lines.encode()).hexdigest(),
        sha256=sha256(document).hexdigest(),
        size=len(document),
    )


def assert_comes_back(content: SubmissionContent, profile: Profile, version: str) -> None:
    document = b"".join(ADAPTER.render(content, profile))
    valid(document, version)
    assert ADAPTER.reread([document], profile) == signed(content, document)


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_what_a_generous_bank_is_sent_is_valid_and_reads_back(version: str, data: st.DataObject) -> None:
    content, profile = data.draw(submissions()), generous(version)
    assert ADAPTER.refusals(content, profile) == {}
    assert_comes_back(content, profile, version)


@pytest.mark.parametrize("currency", ["TRY", "KZT", "AZN", "JPY", "KWD"])
@settings(max_examples=5, deadline=None)
@given(st.sampled_from(VERSIONS), st.data())
def test_domestic_payments_of_every_exponent(currency: str, version: str, data: st.DataObject) -> None:
    profile = generous(version, scheme="domestic", currencies=[currency], alphabet="utf-8")
    content = data.draw(submissions(currency))
    assert_comes_back(content, profile, version)


WILLING = st.fixed_dictionaries(
    {},
    optional={
        "uetr": st.booleans(),
        "instruction_id": st.booleans(),
        "batch_booking": st.booleans(),
        "initiating_party": st.sampled_from([None, {"id": "4711"}, {"id": "4711", "scheme": "BANK", "issuer": "ALFA"}]),
        "debtor_agent": st.sampled_from(["BIC or NOTPROVIDED", "none"]),
        "creditor_agent": st.sampled_from(["as given", "BIC or NOTPROVIDED", "none"]),
        "category_purpose": st.sampled_from(["as given", "none"]),
        "category_purposes": st.just({"SSBE": "GOVT"}),
        "purpose": st.sampled_from(["code", "own code", "none"]),
        "creditor_id": st.sampled_from(["none", "as given"]),
        "id_schemes": st.just({"TCKN": "NIDN"}),
        "debtor_account_currency": st.booleans(),
    },
)
"""Habits with which a bank still takes everything."""


@pytest.mark.parametrize("currency", ["EUR", "TRY", "JPY", "KWD"])
@settings(max_examples=12, deadline=None)
@given(st.sampled_from(VERSIONS), WILLING, st.data())
def test_no_habit_makes_a_file_invalid(
    currency: str, version: str, habits: dict[str, object], data: st.DataObject
) -> None:
    """Several blocks, every instrument, addresses, ids, ultimate parties, references: under any habits at once."""
    named = {"service_level": "URGP", "own_local_instrument": "FAST", "priority": "HIGH", "charge_bearer": "DEBT"}
    abroad = {} if currency == "EUR" else {"scheme": "domestic", "currencies": [currency], "alphabet": "utf-8"}
    instruments = {"instruments": {"normal": None, "instant": None, "urgent": named}}
    profile, content = generous(version, **abroad, **instruments, **habits), data.draw(submissions(currency))
    assert ADAPTER.refusals(content, profile) == {}
    assert_comes_back(content, profile, version)


HABITS = st.fixed_dictionaries(
    {},
    optional={
        "uetr": st.booleans(),
        "instruction_id": st.booleans(),
        "batch_booking": st.booleans(),
        "initiating_party": st.sampled_from([{"id": "4711"}, {"id": "4711", "scheme": "BANK", "issuer": "ALFA"}]),
        "debtor_agent": st.sampled_from(["BIC or NOTPROVIDED", "BIC", "none"]),
        "creditor_agent": st.sampled_from(["as given", "BIC or NOTPROVIDED"]),
        "category_purpose": st.sampled_from(["as given", "required", "none"]),
        "purpose": st.sampled_from(["code", "own code", "none"]),
        "creditor_id": st.sampled_from(["none", "as given", "required"]),
        "id_schemes": st.just({"TCKN": "NIDN"}),
        "ultimate_parties": st.sampled_from(["written", "refused"]),
        "structured_remittance": st.booleans(),
        "remittance": st.sampled_from(["optional", "required"]),
        "name_max": st.sampled_from([None, 35]),
        "debtor_account_currency": st.booleans(),
    },
)
WILD = st.builds(
    payment,
    st.integers(0, 99),
    amount=st.builds(Money, st.integers(-5, 10**19), st.sampled_from(["EUR", "EUR", "TRY", "XYZ"])),
    creditor=st.builds(Party, name=st.text(max_size=150)),
    creditor_account=st.builds(IbanAccount, iban=st.sampled_from([*IBANS, "DE00", "X<", "GB82WEST12345698765432"]))
    | st.just(DomesticAccount(country="KZ", bank_code="1", number="2")),
    remittance_information=st.text(max_size=150),
    purpose=st.none() | st.text(max_size=5),
    uetr=st.just(payment(1).uetr) | st.text(max_size=36),
    end_to_end_id=st.from_regex(r"[A-Z/]{1,36}", fullmatch=True) | st.text(max_size=36),
    creditor_agent=st.none() | st.text(max_size=11) | st.just("ALFADEFF"),
)


@settings(max_examples=40, deadline=None)
@given(
    st.sampled_from(VERSIONS),
    HABITS,
    st.lists(WILD | payments(), min_size=1, max_size=3),
    st.sampled_from(["none", "structured"]),
)
def test_whatever_is_asked_is_refused_or_valid(
    version: str, habits: dict[str, object], members: list[Payment], address: str
) -> None:
    profile = bank(version, address=address, alphabet="utf-8", **habits)
    content = submission(*members)
    refused = ADAPTER.refusals(content, profile)
    assert set(refused) <= {one.end_to_end_id for one in members}
    try:
        document = b"".join(ADAPTER.render(content, profile))
    except CannotRender:
        assert refused
        return
    assert not refused
    valid(document, version)
    assert ADAPTER.reread([document], profile) == signed(content, document)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(["SEPA", "utf-8", "cp1254", "SEPA-upper"]), st.lists(WILD | payments(), min_size=1, max_size=3))
def test_the_quick_way_writes_what_the_long_one_writes(alphabet: str, members: list[Payment]) -> None:
    """Most payments are checked by one expression: what it lets through, rule by rule, comes out the same."""
    profile: Profile = bank(alphabet=alphabet, instruction_id=True, creditor_agent="BIC or NOTPROVIDED")
    (block,) = submission(*members).every_block
    writer = PaymentWriter(block, terms_of(profile), "EUR")
    for one in members:
        assert writer.text(one) == writer.full(one)
        assert writer.broken(one) == ([] if isinstance(writer.full(one), str) else writer.full(one))
