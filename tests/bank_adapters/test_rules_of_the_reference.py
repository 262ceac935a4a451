"""Which test fails when a rule of the reference is broken: each rule by its place there, with its test.

The rows and bullets are read from the reference (iso20022-and-banks 1.2, 2.1, 3.1 to 3.3, 4.4): a rule that is added
there and has no test here fails, and so does a test that is renamed or taken away.
"""

import re
from itertools import chain
from pathlib import Path

import pytest

from tests.shared import shared_dir

ROOT = Path(__file__).resolve().parents[2]
HERE, HEARING, DOMAIN, SENDING = (f"tests/{name}" for name in ("bank_adapters", "hearing", "domain", "sending"))
RULES = f"{HERE}/test_sepa_rules.py::test_a_broken_rule_is_named_with_its_place"
FIELD = f"{HERE}/test_fixed_width.py::test_a_field_is_written_as_the_layout_says"
AMOUNT = f"{HERE}/test_fixed_width.py::test_an_amount_is_written_as_the_layout_says"

BEFORE_WRITING = {
    "amount": RULES,
    "charset": RULES,
    "references/ids (MsgId, PmtInfId, InstrId, EndToEndId, OrgId)": (
        f"{HERE}/test_pain001.py::test_references_keep_to_sepas_rules"
    ),
    "names": RULES,
    "IBAN": f"{DOMAIN}/test_iban.py::test_each_broken_rule_is_named",
    "BIC": f"{HERE}/test_sepa_rules.py::test_a_bank_outside_the_eea_is_found_by_its_bic",
    "creditor address": RULES,
    "NbOfTxs/CtrlSum": f"{HERE}/test_reread.py::test_a_file_that_contradicts_itself_or_its_schema_is_refused",
    "MsgId": f"{DOMAIN}/test_identity.py::test_a_bank_never_sees_a_msg_id_twice",
    "EndToEndId": f"{HERE}/test_pain001.py::test_an_end_to_end_id_stands_once",
    "PmtInf split": f"{SENDING}/test_instruments.py::test_what_is_paid_at_two_speeds_never_shares_a_submission",
    "ReqdExctnDt": f"{SENDING}/test_windows.py::test_the_date_to_ask_for_is_the_first_that_the_bank_can_meet",
    "cut-off": (
        f"{SENDING}/test_windows.py::test_what_is_sealed_but_not_sent_by_the_cut_off_is_void_and_cut_for_the_next_day"
    ),
    "ChrgBr": f"{HERE}/test_pain001_fields.py::test_habits_that_contradict_the_scheme_are_refused",
    "PmtTpInf": f"{HERE}/test_pain001_fields.py::test_instruments_stand_on_the_block",
}
STATUSES = {
    "a": f"{HEARING}/test_apply.py::test_the_lowest_level_wins",
    "b": f"{DOMAIN}/test_facts.py::test_a_group_status_speaks_until_something_names_the_payment",
    "c": f"{HEARING}/test_apply.py::test_a_rejected_file_rejects_every_payment_and_tells_the_reason",
    "d": f"{HEARING}/test_apply.py::test_a_partly_accepted_file_says_nothing_of_payments_it_does_not_name",
    "e": f"{HERE}/test_pain002.py::test_what_is_not_final_is_overruled_by_nothing",
    "f": f"{DOMAIN}/test_facts.py::test_facts_only_grow",
    "g": f"{HEARING}/test_any_order.py::test_any_order_repetition_and_channel_ends_the_same",
    "h": f"{HERE}/test_pain002.py::test_a_file_that_the_bank_could_not_parse_is_named_by_its_file_name",
    "i": f"{HERE}/test_pain002.py::test_a_report_that_lists_other_payments_than_it_counts_is_refused",
    "j": f"{HERE}/test_pain002.py::test_what_a_bank_changed_is_kept",
}
BOOKINGS = {
    "Booked only when `Ntry/Sts`": f"{HERE}/test_camt054.py::test_only_book_is_booked",
    "Outgoing SCT: `PMNT-ICDT-ESCT` (others": f"{HERE}/test_returns.py::test_a_return_in_every_shape",
    "Reason: `TxDtls/RtrInf/Rsn/Cd|Prtry` (+AddtlInf). .02": (
        f"{HERE}/test_camt054.py::test_early_and_proprietary_reasons"
    ),
    "References on returns: GLS": (
        f"{HEARING}/test_ladder.py::test_a_return_finds_its_payment_by_whatever_the_bank_kept"
    ),
    "After return, payee's name": f"{HERE}/test_returns.py::test_a_return_without_references_says_what_it_can",
    "Charges: returned amount may": (
        f"{HEARING}/test_ladder.py::test_charges_explain_only_downwards_and_within_the_tolerance"
    ),
    "`Btch` holds PmtInfId (ING,": f"{HEARING}/test_ladder.py::test_the_bank_s_own_reference_of_a_sum_is_learnt",
    "Postbank (e-mail quoted in": f"{HEARING}/test_apply.py::test_a_booked_sum_of_everything_pays_everything",
    "Partial batches: bank books": (
        f"{HEARING}/test_apply.py::test_a_booked_sum_fits_all_minus_the_rejected_whatever_comes_first"
    ),
    "`NbOfTxs` may differ from": f"{HERE}/test_camt054.py::test_one_transaction_with_the_sum_of_many_is_their_batch",
    "TxDtls/Amt may be missing": f"{HERE}/test_camt054.py::test_version_02_keeps_the_amount_in_its_details",
    "The same booking comes": (
        f"{HEARING}/test_bookings.py::test_a_booking_told_by_report_notification_and_statement_is_one"
    ),
    "Never hash (date, amount,": f"{HEARING}/test_bookings.py::test_identical_twins_in_one_report_are_two_bookings",
    "A statement may hold": f"{HEARING}/test_prove.py::test_two_accounts_of_one_file_have_chains_of_their_own",
    "Only .053 is accounting": (
        f"{HEARING}/test_bookings.py::test_what_a_message_says_is_never_a_booking_in_a_proved_statement"
    ),
}
FLAT = {
    "record types": f"{HERE}/test_fixed_width.py::test_the_file_that_was_typed_by_hand",
    "fixed-width or delimited": f"{HERE}/test_delimited.py::test_the_file_that_was_typed_by_hand",
    "per-field": FIELD,
    "width": FIELD,
    "align": FIELD,
    "pad char": FIELD,
    "truncation policy": f"{HERE}/test_delimited.py::test_what_is_longer_is_cut_only_where_the_layout_says_so",
    "upper-casing locale": f"{HERE}/test_alphabet_languages.py::test_turkish_capitals_are_turkish",
    "charset + unmappable policy": (
        f"{HERE}/test_fixed_width.py::test_a_cyrillic_page_refuses_what_it_lacks_by_its_letter"
    ),
    "line ending": f"{HERE}/test_fixed_width.py::test_lines_end_as_the_layout_says",
    "final newline": f"{HERE}/test_fixed_width.py::test_lines_end_as_the_layout_says",
    "numbers": AMOUNT,
    "implied decimals": AMOUNT,
    "comma/dot": AMOUNT,
    "thousands none": AMOUNT,
    "zero pad": AMOUNT,
    "sign position": AMOUNT,
    "dates incl": FIELD,
    "yymmdd/ddmmyy/julian": FIELD,
    "constants": FIELD,
    "counters": FIELD,
    "running totals": f"{HERE}/test_fixed_width_records.py::test_a_hash_total_may_be_a_remainder",
    "conditional records": (
        f"{HERE}/test_fixed_width_records.py::test_conditional_records_stand_only_where_there_is_something_to_say"
    ),
    "continuation lines": f"{HERE}/test_fixed_width_records.py::test_a_text_goes_on_as_long_as_its_records_hold_it",
    "multi-encoding": f"{HERE}/test_fixed_width.py::test_a_code_page_is_written_and_read_back",
    "max lines/bytes -> split": f"{HERE}/test_fixed_width.py::test_a_file_of_too_many_lines_is_cut_smaller",
    "file-name template with sequence": (
        f"{HERE}/test_file_names.py::test_a_name_is_made_of_date_restores_and_sequence"
    ),
    "companion control file": f"{SENDING}/test_control_files.py::test_the_control_file_follows_its_file",
    "PGP/CMS signing": "tests/transport/test_envelopes.py::test_what_we_wrap_the_bank_opens",
    "Inbound": f"{HERE}/test_replies.py::test_every_line_says_what_became_of_a_payment",
    "response layouts with vendor code map": (
        f"{HERE}/test_replies.py::test_every_listed_code_means_what_the_profile_says_and_no_other_means_anything"
    ),
    "line-number echo matching": f"{HERE}/test_replies.py::test_every_line_says_what_became_of_a_payment",
    "header totals check": f"{HERE}/test_replies.py::test_totals_may_stand_in_the_header_and_are_checked_there",
    "*absence of response*": (
        "tests/closing/test_silence.py::test_a_bank_that_stays_silent_is_an_exception_until_it_speaks"
    ),
    "partial responses": f"{HERE}/test_replies.py::test_a_partial_reply_says_nothing_of_the_lines_that_it_leaves_out",
    "several responses per file": (
        f"{HERE}/test_fixed_replies.py::test_several_answers_in_one_file_are_each_about_their_own"
    ),
    "Payee id types": f"{HERE}/test_fixed_width_records.py::test_a_payee_over_the_counter_is_told_by_id_and_window",
    "IBAN": f"{HERE}/test_delimited.py::test_any_payments_survive",
    "BBAN": f"{HERE}/test_fixed_width_records.py::test_an_account_without_country_and_check_digits_comes_back_whole",
    "TCKN/IIN": f"{HERE}/test_fixed_width_records.py::test_a_payee_over_the_counter_is_told_by_id_and_window",
    "Golden-file tests per layout": f"{HERE}/test_fixed_width.py::test_the_file_that_was_typed_by_hand",
}
NOT_DONE = {
    "compression": "what leaves is compressed by no envelope; what comes in may be a zip or a gzip",
    "card": "an order is paid to an IBAN, a domestic account or an id number",
    "mobile alias": "the same",
}


def section(name: str) -> str:
    text = (shared_dir() / "reference" / "iso20022-and-banks.md").read_text("utf-8")
    return re.split(r"\n###? |\n---", text.split(f"\n### {name} ")[1])[0]


def test_every_field_rule_has_its_test() -> None:
    rows = [line.split("|")[1].strip() for line in section("1.2").splitlines() if line.startswith("| ")]
    assert rows == ["item", *BEFORE_WRITING]


def test_every_rule_of_statuses_has_its_test() -> None:
    assert list(STATUSES) == re.findall(r"\(([a-z])\)", section("2.1").split("Rules to implement")[1])


def test_every_rule_of_bookings_has_its_test() -> None:
    bullets = chain.from_iterable(re.split(r"\n- ", f"\n{section(name)}")[1:] for name in ("3.1", "3.2", "3.3"))
    assert [" ".join(one.split()[:4]) for one in bullets] == list(BOOKINGS)


def test_all_that_a_flat_layout_must_express_has_its_test() -> None:
    told = re.sub(r"\([^)]*\)", "", section("4.4").split("\n", 1)[1])
    words = [" ".join(one.split()) for one in re.split(r"[,:;.]", told) if one.strip()]
    assert set(words) == FLAT.keys() | NOT_DONE.keys()


@pytest.mark.parametrize(
    "name", sorted({*BEFORE_WRITING.values(), *STATUSES.values(), *BOOKINGS.values(), *FLAT.values()})
)
def test_the_test_is_there(name: str) -> None:
    file, _, function = name.partition("::")
    assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")
