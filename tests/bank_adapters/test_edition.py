"""A bank's own edition of a version differs by its namespace alone, and is read back as strictly as ISO's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.spi import SubmissionContent
from gateway.domain.errors import ConfigError, SealMismatch
from tests.bank_adapters.material import submission
from tests.bank_adapters.pain001_orders import bank, generous, submissions
from tests.bank_adapters.test_pain001_schemas import signed, valid

ADAPTER = Iso20022Adapter()
OWN = "urn:iso:std:iso:20022:tech:xsd:pain.001.003.03"
"""The German banks' edition; its schema, as sepaxml once shipped it, holds the types of pain.001.001.03."""
SIX = "http://www.six-interbank-clearing.com/de/pain.001.001.03.ch.02.xsd"


@pytest.mark.parametrize("namespace", [OWN, SIX])
@settings(max_examples=8, deadline=None)
@given(submissions(), st.integers(1, 700))
def test_only_the_namespace_differs(namespace: str, content: SubmissionContent, size: int) -> None:
    version = "pain.001.001.03"
    own, plain = generous(version, namespace=namespace), generous(version)
    document, usual = (b"".join(ADAPTER.render(content, profile)) for profile in (own, plain))
    iso = f"urn:iso:std:iso:20022:tech:xsd:{version}".encode()
    assert (usual.count(iso), document.replace(namespace.encode(), iso)) == (1, usual)
    valid(usual, version)
    pieces = [document[at : at + size] for at in range(0, len(document), size)]
    assert ADAPTER.reread(pieces, own) == signed(content, document)


def test_a_file_of_another_edition_is_never_sealed() -> None:
    own, plain = bank("pain.001.001.03", namespace=OWN), bank("pain.001.001.03")
    documents = [b"".join(ADAPTER.render(submission(), profile)) for profile in (own, plain)]
    for document, profile in zip(documents, (plain, own), strict=True):
        with pytest.raises(SealMismatch):
            ADAPTER.reread([document], profile)
    twice = documents[0].replace(b"><Cstmr", f' xmlns="{OWN}"><Cstmr'.encode())
    for document in (twice, b"", documents[0][:90]):
        with pytest.raises(SealMismatch):
            ADAPTER.reread([document], own)


@pytest.mark.parametrize("namespace", ['urn:x:"', "urn:x:&", "urn:x:<", "pain.001.003.03", "urn:", ""])
def test_a_namespace_is_one(namespace: str) -> None:
    with pytest.raises(ConfigError, match=r"pain001\.namespace"):
        bank(namespace=namespace)
