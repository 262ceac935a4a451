"""MT940 and MT942: every oddity of banks' files by a small one of its own, with what it says worked out by hand."""

from collections.abc import Callable
from datetime import date

import pytest

from gateway.domain.errors import Unreadable
from gateway.domain.observation import ObservationKind, ToldBy
from gateway.domain.statement import BALANCE_MISSING, SUM_DIFFERS, broken_alone, broken_rule
from tests.bank_adapters.material import file_bank_parts, profile_of, report
from tests.bank_adapters.mt_bank import (
    ACCOUNT,
    EVIDENCE,
    ID,
    MSG_ID,
    changed,
    entries,
    heads,
    in_envelope,
    mt940,
    plain,
    read,
)

FIRST = "R017J4000001001C"
SECOND = "R017J4000001002A"
SUM = "R017J4000001000E"

ENTRY = ObservationKind.ENTRY


# Signs and balances ----------------------------------------------------------------------------------------------


def test_a_reversal_moves_the_other_way_than_what_it_reverses() -> None:
    # 1,000.00 - 10.00 (D) + 20.00 (C) + 3.00 (RD: a debit taken back) - 4.00 (RC: a credit taken back) = 1,009.00
    lines = (":61:260921D10,NTRFA", ":61:260921C20,NTRFB", ":61:260921RD3,NTRFC", ":61:260921RC4,NTRFD")
    document = mt940(*lines, closing="C260921EUR1009,")
    assert [(one.credit, one.entry_minor) for one in entries(document)] == [
        (False, -1000),
        (True, 2000),
        (True, 300),
        (False, -400),
    ]
    (head,) = heads(document)
    assert (head.opening_minor, head.entries_minor, head.closing_minor) == (100_000, 900, 100_900)
    assert broken_alone(head) is None


def test_a_reversed_credit_balances_in_a_bank_s_own_test_statement() -> None:
    """Figures of a German bank's published test statement (cooperative bank, 4 September 2007; names left out).

    -2,368,827.87 + 204.88 - 204.88 (RC) - 50,990.05 - 175,454.22 - 500,250.00 = -3,095,522.14: only with RC a debit.
    """
    lines = (
        ":61:0709040904CR204,88NMSCNONREF",
        ":61:0709040904RCR204,88NRTIMSGIDCTSc03MintT//R724710290656678",
        ":61:0709040904DR50990,05NTRFKREF+//0724710352954937",
        ":61:0709040904DR175454,22NTRFKREF+//8AE3169901918BD3",
        ":61:0709040904DR500250,NTRFTFNr 01006 PayId//E87048E11B394C1E",
    )
    document = mt940(*lines, opening="D070903EUR2368827,87", closing="D070904EUR3095522,14")
    (head,) = heads(document)
    assert broken_alone(head) is None
    assert [one.entry_ref for one in entries(document)][2:] == [
        "0724710352954937",
        "8AE3169901918BD3",
        "E87048E11B394C1E",
    ]


def test_the_letter_behind_the_sign_is_the_currency_s_third() -> None:
    document = mt940(":61:2609210921RCR1,NTRFX", ":61:2609210921CN2,NTRFX", closing="C260921EUR1001,")
    assert [one.entry_minor for one in entries(document)] == [-100, 200]


def test_a_statement_without_its_closing_balance_is_read_and_not_proved() -> None:
    (head,) = heads(mt940(":61:260921D10,NTRFA"))
    assert head.closing_minor is None
    assert broken_alone(head) == BALANCE_MISSING


def test_a_sum_that_differs_is_read_as_it_stands() -> None:
    (head,) = heads(mt940(":61:260921D10,NTRFA", closing="C260921EUR991,"))
    assert broken_alone(head) == SUM_DIFFERS


def test_the_statement_is_what_its_fields_say() -> None:
    (head,) = heads(plain(":86:words"))
    assert (head.account, head.currency, head.sequence, head.page, head.last_page) == (ACCOUNT, "EUR", 7, 1, True)
    assert (head.opening_on, head.closing_on, head.entry_count) == (date(2026, 9, 21), date(2026, 9, 21), 1)
    assert head.statement_id == "7/2026-09-21"


def test_pages_are_one_statement() -> None:
    """Two pages of statement 9: 100.00 - 10.00 = 90.00, 90.00 - 20.00 = 70.00."""
    pages = (
        f":20:A\r\n:25:{ACCOUNT}\r\n:28C:9/1\r\n:60F:C260921EUR100,\r\n:61:260921D10,NTRFA\r\n:62M:C260921EUR90,\r\n-\r\n"
        f":20:B\r\n:25:{ACCOUNT}\r\n:28C:9/2\r\n:60M:C260921EUR90,\r\n:61:260921D20,NTRFB\r\n:62F:C260921EUR70,\r\n-\r\n"
    )
    first, second = heads(pages)
    assert [(one.sequence, one.page, one.last_page, one.place) for one in (first, second)] == [
        (9, 1, False, 1),
        (9, 2, True, 2),
    ]
    assert first.statement_id == second.statement_id
    assert broken_rule([first, second]) is None
    assert [(one.statement, one.entry) for one in entries(pages)] == [(1, 1), (2, 1)]


def test_a_further_page_without_a_number_is_refused() -> None:
    document = mt940(closing="C260921EUR1000,").replace(":60F:", ":60M:").replace(":28C:00007/00001", ":28C:00007")
    with pytest.raises(Unreadable, match="without its number"):
        read(document)


def test_statements_that_are_not_numbered_keep_apart_by_their_day() -> None:
    document = mt940(closing="C260921EUR1000,").replace("00007/00001", "0")
    assert (heads(document)[0].sequence, heads(document)[0].statement_id) == (None, None)
    named = document.replace("STARTUMSE", "940S260921")
    assert heads(named)[0].statement_id == "940S260921/2026-09-21"


# Days ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("days", "booked"),
    [
        ("2602300301", date(2026, 3, 1)),  # a value date that no calendar has beside a right entry date
        ("260230", date(2026, 2, 28)),  # months of thirty days: February's last
        ("240230", date(2024, 2, 29)),
        ("2609210922", date(2026, 9, 22)),
        ("260921    ", date(2026, 9, 21)),  # blanks instead of an entry date
        ("2612310102", date(2027, 1, 2)),  # the entry date is of the next year
        ("2701021231", date(2026, 12, 31)),
    ],
)
def test_the_day_of_booking(days: str, booked: date) -> None:
    (one,) = entries(mt940(f":61:{days}D12,30NTRFNONREF", closing="C260930EUR987,70"))
    assert one.booking_date == booked


# References ------------------------------------------------------------------------------------------------------


def test_a_reference_of_ours_names_submission_and_place() -> None:
    (one,) = entries(mt940(f":61:260921D12,30NTRF{SECOND}//B1", closing="C260921EUR987,70"))
    assert (one.kind, one.msg_id, one.position, one.end_to_end_id, one.entry_ref) == (ENTRY, MSG_ID, 2, None, "B1")


def test_a_reference_of_the_submission_names_its_sum() -> None:
    (one,) = entries(mt940(f":61:260921D12,30NTRF{SUM}", closing="C260921EUR987,70"))
    assert (one.kind, one.msg_id, one.position) == (ObservationKind.BATCH_ENTRY, MSG_ID, None)


def test_what_names_two_things_names_nothing() -> None:
    (one,) = entries(mt940(f":61:260921D12,30NTRF{FIRST}", f":86:/EREF/{SECOND}/", closing="C260921EUR987,70"))
    assert (one.msg_id, one.position, one.end_to_end_id) == (None, None, None)


@pytest.mark.parametrize(
    "text",
    [
        (f":86:116?00SEPA-UEBERW?100399?20EREF+{ID[:22]}?21{ID[22:]}?22SVWZ+Sick pay?32Somebody",),
        (f":86:116?00SEPA-UEBERW?100399?20EREF+{ID[:22]}", f"?21{ID[22:]}?22MTLG:Reference told"),
        (f":86:116<00SEPA<20KREF+X<21EREF+{ID[:22]}<22{ID[22:]}<60more",),
        (f":86:/EREF/{ID}/BENM//NAME/SOMEBODY/REMI/Sick pay/ISDT/2026-09-21",),
        (f":86:/TRTP/SEPA OVERBOEKING/IBAN/{ACCOUNT}/BIC/X/NAME/S/EREF/{ID[:9]}", f"{ID[9:]}//REMI/x"),
        (f":86:/ROC/{ID}///URI/Sick pay",),
    ],
)
def test_the_end_to_end_id_stands_in_field_86_where_field_61_has_no_room(text: tuple[str, ...]) -> None:
    cut = f":61:2609210921DR12,30NTRF{ID[:16]}//B1"
    (one,) = entries(mt940(cut, *text, closing="C260921EUR987,70"))
    assert (one.end_to_end_id, one.text_id, one.position) == (ID, None, None)


@pytest.mark.parametrize(
    "text",
    [
        (f":86:GIDEN EFT SORGU NO:0012345 REF:{ID} ACIKLAMA:ODENEK",),  # words with colons, as Turkish banks write
        (":86:GIDEN EFT", f":{ID}: SORGU NO 12:30"),  # a line that begins with a colon is no field
        (":86:GIDEN EFT", f":99:{ID}"),  # nor one that looks like a field that there is not
        (f":86:EFT {ID[:20]}", f"{ID[20:]} ODENEK"),  # cut by the end of a line
        (f":86:020?00UEBERWEISUNG?20END-TO-END-REF.:?21{ID}?22Sick pay",),
        (f":86:{ID.lower()}",),
    ],
)
def test_in_free_words_only_an_id_of_our_form_is_believed(text: tuple[str, ...]) -> None:
    (one,) = entries(plain(*text))
    assert (one.end_to_end_id, one.text_id) == (None, ID)


def test_a_reference_of_sixteen_letters_in_free_words_is_believed() -> None:
    (one,) = entries(plain(f":86:HAVALE {FIRST} ODENEK"))
    assert (one.msg_id, one.position) == (MSG_ID, 1)


def test_the_file_of_a_bank_that_takes_xml_is_named_by_its_own_id() -> None:
    (one,) = entries(plain(f":86:191?00SAMMLER?20KREF+{MSG_ID}P1?21MTLG:5 Zahlungen"))
    assert (one.kind, one.msg_id) == (ObservationKind.BATCH_ENTRY, MSG_ID)
    (one,) = entries(plain(f":86:/PREF/{MSG_ID}//REMI/TOTAL"))
    assert (one.kind, one.msg_id) == (ObservationKind.BATCH_ENTRY, MSG_ID)


@pytest.mark.parametrize("word", ["NONREF", "EREF", "KREF+", "0000000000000000", "NOTPROVIDED", ""])
def test_a_placeholder_names_nothing(word: str) -> None:
    (one,) = entries(mt940(f":61:260921D12,30NTRF{word}//{word}", ":86:/EREF/NOTPROVIDED/", closing="C260921EUR987,70"))
    assert (one.end_to_end_id, one.entry_ref, one.msg_id, one.pmt_inf_id) == (None, None, None, None)


def test_a_code_word_told_twice_differently_names_nothing() -> None:
    (one,) = entries(plain(f":86:/EREF/INVOICE-7/REMI/x/EREF/{ID}/"))
    assert one.end_to_end_id is None


def test_a_return_is_told_by_type_code_or_reason() -> None:
    lines = (
        ":61:260921C12,30NRTINONREF",
        ":61:260921C1,NTRFX",
        ":86:159?00RETOURE?20EREF+TFNR 40005 00005?21MTLG:Konto gesperrt?34903",
        ":61:260921C2,NTRFX",
        f":86:/EREF/{ID}/RTRN/AC04/REMI/x",
        ":61:260921C3,NTRFX",
        ":86:166?00GUTSCHRIFT?20SVWZ+x?34000",
        ":61:260921D4,NRTIX",
        ":61:260921C5,N954X",
    )
    told = entries(mt940(*lines, closing="C260921EUR1019,30"), changed(statement={"return_codes": ["954"]}))
    back, booked = ObservationKind.RETURN_ENTRY, ENTRY
    assert [(one.kind, one.reason) for one in told] == [
        (back, None),
        (back, "903"),
        (back, "AC04"),
        (booked, None),
        (booked, None),
        (back, None),
    ]


def test_charges() -> None:
    lines = (
        ":61:260921D12,30NTRFX//B1",
        "/OCMT/EUR11,00//CHGS/EUR1,30/",
        ":61:260921D5,NCHGX",
        ":61:260921D6,NTRFX",
        ":86:/CHGS/USD1,00/REMI/x",
    )
    told = entries(mt940(*lines, closing="C260921EUR976,70"))
    assert [(one.charged, one.charges_minor, one.entry_ref) for one in told] == [
        (True, 130, "B1"),
        (True, 500, None),
        (True, None, None),
    ]


def test_nothing_of_names_and_words_is_kept() -> None:
    text = ":86:166?00GUTSCHRIFT?20SVWZ+Sick pay of Quixworth?30DRESDEFF?31DE1234?32Zephyrine Quixworth"
    assert "Quix" not in repr(read(plain(text)))


# Accounts --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        ACCOUNT,
        f"{ACCOUNT}EUR",
        f"/{ACCOUNT}",
        "DE89 3704 0044 0532 0130 00",
        "37040044/532013000",
        "37040044/0532013000EUR",
        f"DANUDEFFXXX/{ACCOUNT}",
    ],
)
def test_an_account_is_known_however_it_is_written(text: str) -> None:
    assert heads(plain().replace(f":25:{ACCOUNT}", f":25:{text}"))[0].account == ACCOUNT
    assert heads(plain().replace(f":25:{ACCOUNT}", f":25P:{text}\r\nDANUDEFFXXX"))[0].account == ACCOUNT


def test_what_is_no_iban_is_translated_by_the_profile_or_left_as_it_stands() -> None:
    document = plain().replace(ACCOUNT, "0001 234567")
    assert heads(document)[0].account == "0001234567"
    assert heads(document, changed(statement={"accounts": {"0001234567": ACCOUNT}}))[0].account == ACCOUNT


# Form ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "form",
    [
        in_envelope,
        lambda text: f"\ufeff{text}",
        lambda text: f"\r\n\r\n{text}\x1a",
        lambda text: text.replace("\r\n", "\n"),
        lambda text: text.replace(":60F", "\r\n:60F"),
        lambda text: text.removesuffix("-\r\n"),
        lambda text: text.removesuffix("\r\n-\r\n"),
        lambda text: text.replace("-\r\n", "-XXX\r\n"),
        lambda text: f":940:\r\n{text}",
        lambda text: f"ABNANL2A\r\n940\r\nABNANL2A\r\n{text}",
        lambda text: f"0000 01INGBNL2AXXXX00001\r\n940 00\r\n{text}",
        lambda text: f"\x01{in_envelope(text)[:-2]}\x03{' ' * 200}",
        lambda text: text.replace("-\r\n", ":86:about the whole statement: 1 entry\r\n:NS:more\r\n-\r\n"),
        lambda text: text.replace("-\r\n", ":64:C260921EUR987,70\r\n:65:C260922EUR1,\r\n:65:C260923EUR1,\r\n-\r\n"),
        lambda text: text.replace("NTRF", "NOV "),
        lambda text: text.replace(":28C:", ":28:"),
    ],
)
def test_form_does_not_matter(form: Callable[[str], str]) -> None:
    said = [
        (one.entry_minor, one.end_to_end_id, one.booked, one.told_by)
        for one in entries(form(plain(f":86:/EREF/{ID}/")))
    ]
    assert said == [(-1230, ID, True, ToldBy.STATEMENT)]
    assert broken_alone(heads(form(plain()))[0]) is None


@pytest.mark.parametrize("encoding", ["latin-1", "cp1254", "utf-8", "cp852"])
def test_the_code_page_of_words_does_not_matter(encoding: str) -> None:
    words = {"latin-1": "Müller", "cp1254": "Şükrü Öğe", "utf-8": "Ələkbər", "cp852": "Gyűrű"}[encoding]
    document = plain(f":86:{words} {ID}").encode(encoding)
    assert [one.text_id for one in entries(document)] == [ID]


def test_several_statements_stand_in_one_file() -> None:
    other = plain().replace("00007/00001", "00008/00001").replace(ACCOUNT, "DE91100100770007000001")
    told = heads(plain() + other + in_envelope(plain().replace("00007", "00009")))
    assert [(one.place, one.sequence, one.account[-4:]) for one in told] == [
        (1, 7, "3000"),
        (2, 8, "0001"),
        (3, 9, "3000"),
    ]


def test_no_entries_are_a_statement_too() -> None:
    (head,) = heads(mt940(":86:no movements", closing="C260921EUR1000,00"))
    assert (head.entry_count, head.entries_minor, broken_alone(head)) == (0, 0, None)


@pytest.mark.parametrize("size", [1, 7, 64])
def test_pieces_do_not_matter(size: int) -> None:
    document = (EVIDENCE / "inbound" / "statement.txt").read_bytes()
    assert read(document, size=size) == read(document)


# MT942 -----------------------------------------------------------------------------------------------------------


def mt942(*lines: str) -> str:
    text = [":20:STARTDISPE", f":25:{ACCOUNT}", ":28C:1/1", ":34F:EURD0,", ":34F:EURC0,", ":13D:2609211200+0200"]
    return "".join(f"{line}\r\n" for line in [*text, *lines, ":90D:1EUR1,", ":90C:0EUR0,", "-"])


def test_an_interim_report_is_early_news_and_no_statement() -> None:
    document = mt942(f":61:2609210921DR12,30NTRF{FIRST}", ":61:2609210921ED5,NTRFX")
    told = read(document)
    assert [(one.told_by, one.booked, one.entry_minor) for one in entries(document)] == [
        (ToldBy.REPORT, False, None)
    ] * 2
    assert len(told) == 2
    booked = entries(document, changed(statement={"interim_is_booked": True}))
    assert [one.booked for one in booked] == [True, False], "what is only expected is booked nowhere"


# Answers in XML --------------------------------------------------------------------------------------------------


def test_a_status_report_in_xml_is_understood_by_references_of_sixteen_letters() -> None:
    group = f"<OrgnlGrpInfAndSts><OrgnlMsgId>{SUM}</OrgnlMsgId><OrgnlMsgNmId>MT101</OrgnlMsgNmId></OrgnlGrpInfAndSts>"
    one = f"<TxInfAndSts><OrgnlEndToEndId>{SECOND}</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>"
    told = entries(report(f"{group}<OrgnlPmtInfAndSts>{one}</OrgnlPmtInfAndSts>"))
    rejected = [one for one in told if one.kind is ObservationKind.PAYMENT_STATUS]
    assert [(one.msg_id, one.position, one.end_to_end_id, one.status) for one in rejected] == [
        (MSG_ID, 2, None, "RJCT")
    ]


def test_a_status_report_whose_references_contradict_each_other_is_unreadable() -> None:
    group = "<OrgnlGrpInfAndSts><OrgnlMsgId>G1DANUBE260921S00002</OrgnlMsgId></OrgnlGrpInfAndSts>"
    one = f"<TxInfAndSts><OrgnlEndToEndId>{SECOND}</OrgnlEndToEndId><TxSts>RJCT</TxSts></TxInfAndSts>"
    with pytest.raises(Unreadable, match="different things"):
        read(report(f"{group}<OrgnlPmtInfAndSts>{one}</OrgnlPmtInfAndSts>"))


def test_a_bank_of_another_family_may_write_mt940() -> None:
    document = plain(f":86:/EREF/{ID}/")
    parts = file_bank_parts()
    with pytest.raises(Unreadable):
        read(document, profile_of(parts))
    parts["messages"]["statements"] = "MT"
    assert [one.end_to_end_id for one in entries(document, profile_of(parts))] == [ID]
    with pytest.raises(Unreadable, match="no MT messages"):
        read(document, changed(messages={"statements": "camt"}))
