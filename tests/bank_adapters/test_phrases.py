"""Reasons told in words alone mean what the bank's profile says of its phrases; the sample is PostFinance's."""

import pytest

from bank_adapters.iso20022.phrases import UNSPECIFIC
from bank_adapters.iso20022.status import status_table
from bank_adapters.profile import Profile
from gateway.domain.closing import AT_ONCE
from gateway.domain.errors import ConfigError
from tests.bank_adapters.material import GROUP, entry, file_bank, notification, observations, report
from tests.bank_adapters.test_bank_samples import sample

TEXTS = {"1297193;": "AM12", "Konto ungültig": "AC01", "verstorben": "MD07"}


def bank(**answers: object) -> Profile:
    return file_bank(**{"reason_texts": TEXTS} | answers)


def refused(reason: str | None, *texts: str, by: Profile | None = None) -> tuple[str | None, str | None]:
    code = f"<Rsn><Cd>{reason}</Cd></Rsn>" if reason else ""
    told = "".join(f"<AddtlInf>{text}</AddtlInf>" for text in texts)
    (one,) = observations(
        report(GROUP.format(f"<GrpSts>RJCT</GrpSts><StsRsnInf>{code}{told}</StsRsnInf>")), bank=by or bank()
    )
    return one.reason, one.reason_text


def test_a_block_that_postfinance_refuses_in_words() -> None:
    """Its payment has AC01 beside the same kind of text: a code that says something stays."""
    name = "postfinance/pain002-epo_p_ch2909000000250094239_1109800799_0_2018032612092784.xml"
    assert [(one.reason, one.reason_text) for one in observations(sample(name), bank=bank())] == [
        ("AC01", "1301813;Konto ungültig"),
        ("AM12", "NARR; 1297193;Sammelauftrag ohne ausführbaren Einzelauftrag"),
    ]


@pytest.mark.parametrize("reason", sorted(UNSPECIFIC, key=str))
def test_a_phrase_counts_beside_a_code_that_says_nothing(reason: str | None) -> None:
    assert refused(reason, "KONTO UNGÜLTIG")[0] == "AC01"


@pytest.mark.parametrize(
    ("reason", "texts"),
    [
        ("AC06", ["Konto ungültig"]),  # the code says why
        ("NARR", ["Konto unbekannt"]),  # no phrase of the profile's
        ("NARR", ["Konto ungültig", "Inhaber verstorben"]),  # two reasons: a person decides
        ("NARR", []),
    ],
)
def test_whatever_else_is_told_stays_as_it_is(reason: str, texts: list[str]) -> None:
    assert refused(reason, *texts) == (reason, "; ".join(texts) or None)


def test_a_duplicate_told_in_words_stays_one() -> None:
    """It wins over any other phrase beside it: a copy that was refused rejects nothing."""
    by = bank(duplicate_texts=["already exist"])
    told = refused("NARR", "already exist; Konto ungültig", by=by)
    assert told == ("NARR", "already exist; Konto ungültig")
    assert status_table(by).meaning("RJCT", *told).duplicate


def test_a_phrase_for_a_code_that_configuration_calls_a_duplicate_is_a_phrase_for_one() -> None:
    by = bank(reason_texts={"Betrag falsch": "AM09"}).knowing({"AM09"})
    told = refused("NARR", "Betrag falsch", by=by)
    assert told == ("NARR", "Betrag falsch")
    assert status_table(by).meaning("RJCT", *told).duplicate


@pytest.mark.parametrize("code", sorted(AT_ONCE))
def test_words_alone_never_say_that_nothing_of_a_file_can_move(code: str) -> None:
    """By such a code a whole file is closed, and cut again, without waiting for a statement."""
    assert refused("NARR", "Datei falsch", by=bank(reason_texts={"Datei falsch": code})) == ("NARR", "Datei falsch")


def test_a_return_is_understood_too() -> None:
    details = (
        '<NtryDtls><TxDtls><Amt Ccy="EUR">12.30</Amt><CdtDbtInd>CRDT</CdtDbtInd><RtrInf><Rsn><Cd>MS03</Cd></Rsn>'
        "<AddtlInf>Empfänger verstorben</AddtlInf></RtrInf></TxDtls></NtryDtls>"
    )
    (one,) = observations(notification(entry(details, sign="CRDT")), bank=bank())
    assert (one.reason, one.reason_text) == ("MD07", "MS03; Empfänger verstorben")


@pytest.mark.parametrize(
    ("code", "complaint"),
    [("DU01", "write it under answers.duplicate_texts"), ("X1", "write an ISO 20022 reason code")],
)
def test_a_phrase_means_a_code_of_iso_and_never_a_duplicate(code: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=f"answers.reason_texts.Konto: {complaint}"):
        status_table(bank(reason_texts={"Konto": code}))


def test_a_phrase_never_means_a_code_of_the_banks_own_that_is_a_duplicate() -> None:
    by = bank(reason_texts={"Konto": "B017"}).model_copy(update={"reason_overrides": {"B017": "AM05"}})
    with pytest.raises(ConfigError, match=r"write it under answers\.duplicate_texts"):
        status_table(by)
