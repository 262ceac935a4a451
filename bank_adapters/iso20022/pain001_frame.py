"""What stands around the payments of a pain.001: the group header and the head of each block."""

from collections.abc import Iterator
from datetime import UTC

from bank_adapters.iso20022.pain001_parties import (
    account,
    agent,
    code_of,
    element,
    identification,
    party,
)
from bank_adapters.iso20022.pain001_tally import Total
from bank_adapters.iso20022.pain001_terms import Terms
from bank_adapters.profile.pain001 import PaymentType
from bank_adapters.sepa.rules import address_parts, bic_violations, put_name
from bank_adapters.spi import Block, Debtor, PartyKind, SubmissionContent
from gateway.domain.errors import Violation
from gateway.domain.iban import iban_violations
from gateway.domain.identity import reference_violations
from gateway.domain.money import format_minor
from gateway.domain.order import Identification, Party

_AS_SEPAXML = ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
"""Used by nothing in the file; sepaxml has it, and what a bank is sent stays byte for byte what it was."""
END = "</CstmrCdtTrfInitn></Document>"
END_OF_BLOCK = "</PmtInf>"


def opening(submission: SubmissionContent, terms: Terms, total: Total, currency: str) -> str:
    """Write everything up to the first block."""
    debtor = submission.every_block[0].debtor
    created = submission.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    ours = terms.habits.initiating_party
    number = (
        ""
        if ours is None
        else identification(PartyKind.ORGANISATION, ours.id, ours.scheme, coded=True, issuer=ours.issuer)
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><Document xmlns="{terms.namespace}"'
        f"{_AS_SEPAXML}><CstmrCdtTrfInitn><GrpHdr>"
        f"{element('MsgId', submission.msg_id)}<CreDtTm>{created}</CreDtTm>{_totals(total, currency)}"
        f"{party('InitgPty', terms.letters(debtor.name), (), number)}</GrpHdr>"
    )


def _totals(total: Total, currency: str) -> str:
    return f"<NbOfTxs>{total.count}</NbOfTxs><CtrlSum>{format_minor(total.minor, currency)}</CtrlSum>"


def head(block: Block, terms: Terms, total: Total, currency: str) -> str:
    """Write a block up to its first payment."""
    named, debtor = terms.types.get(block.instrument, PaymentType()), block.debtor
    booking = terms.batch if block.batch_booking is None else block.batch_booking
    day = block.requested_execution_date.isoformat()
    return "".join(
        (
            f"<PmtInf>{element('PmtInfId', block.payment_information_id)}<PmtMtd>TRF</PmtMtd>",
            f"<BtchBookg>{'true' if booking else 'false'}</BtchBookg>" if terms.habits.batch_booking else "",
            _totals(total, currency),
            _payment_type(named, category_purpose(block, terms)),
            f"<ReqdExctnDt>{day if terms.old else f'<Dt>{day}</Dt>'}</ReqdExctnDt>",
            _debtor(debtor, terms),
            account("DbtrAcct", debtor.iban, currency if terms.habits.debtor_account_currency else None),
            _debtor_agent(debtor, terms),
            _ultimate_debtor(block.ultimate_debtor, terms),
            element("ChrgBr", named.charge_bearer),
        )
    )


def category_purpose(block: Block, terms: Terms) -> str | None:
    """Return the category purpose as this bank has it."""
    if block.category_purpose is None or terms.habits.category_purpose == "none":
        return None
    return terms.habits.category_purposes.get(block.category_purpose, block.category_purpose)


def _payment_type(named: PaymentType, category: str | None) -> str:
    def choice(name: str, code: str | None, own: str | None) -> str:
        inside = element("Cd", code) or element("Prtry", own)
        return f"<{name}>{inside}</{name}>" if inside else ""

    inside = (
        element("InstrPrty", named.priority)
        + choice("SvcLvl", named.service_level, named.own_service_level)
        + choice("LclInstrm", named.local_instrument, named.own_local_instrument)
        + choice("CtgyPurp", category, None)
    )
    return f"<PmtTpInf>{inside}</PmtTpInf>" if inside else ""


def _debtor(debtor: Debtor, terms: Terms) -> str:
    parts = [] if debtor.address is None else address_parts(debtor.address, terms.letters, "Dbtr/PstlAdr")[0]
    return party("Dbtr", terms.letters(debtor.name), parts, _organisation(debtor.identification, terms))


def _debtor_agent(debtor: Debtor, terms: Terms) -> str:
    wish = terms.habits.debtor_agent
    bic = None if wish == "none" else debtor.bic
    return agent("DbtrAgt", terms.bic, bic, not_provided=wish == "BIC or NOTPROVIDED")


def _ultimate_debtor(who: Party | None, terms: Terms) -> str:
    if who is None:
        return ""
    number = _organisation(who.identifications[0] if who.identifications else None, terms)
    return party("UltmtDbtr", terms.letters(who.name), (), number)


def _organisation(one: Identification | None, terms: Terms) -> str:
    if one is None:
        return ""
    scheme, coded = code_of(PartyKind.ORGANISATION, one, terms.habits.id_schemes)
    return identification(PartyKind.ORGANISATION, one.id, scheme, coded=coded)


def frame_violations(submission: SubmissionContent, terms: Terms) -> Iterator[Violation]:
    """Check what stands around the payments: it comes from configuration, so a mistake in it stops the whole file."""
    yield from _references("GrpHdr/MsgId", submission.msg_id)
    for place, block in enumerate(submission.every_block, start=1):
        path = f"PmtInf[{place}]"
        yield from _references(f"{path}/PmtInfId", block.payment_information_id)
        yield from _debtor_violations(block.debtor, terms, path)
        if block.ultimate_debtor is not None:
            yield from _named(block.ultimate_debtor.name, "ultimate debtor name", f"{path}/UltmtDbtr/Nm", terms)
            for one in block.ultimate_debtor.identifications[:1]:
                yield from _references(f"{path}/UltmtDbtr/Id", one.id)


def _debtor_violations(debtor: Debtor, terms: Terms, path: str) -> Iterator[Violation]:
    yield from _named(debtor.name, "debtor name", f"{path}/Dbtr/Nm", terms)
    yield from iban_violations(debtor.iban, f"{path}/DbtrAcct/Id/IBAN")
    yield from bic_violations(debtor.bic, f"{path}/DbtrAgt/FinInstnId")
    if debtor.bic is None and terms.habits.debtor_agent == "BIC":
        yield Violation(f"{path}/DbtrAgt", "bank.debtor-agent", "the bank refuses a debtor agent without a BIC")
    if debtor.address is not None:
        yield from address_parts(debtor.address, terms.letters, f"{path}/Dbtr/PstlAdr")[1]
    if debtor.identification is not None:
        yield from _references(f"{path}/Dbtr/Id", debtor.identification.id)


def _named(name: str, what: str, path: str, terms: Terms) -> Iterator[Violation]:
    _, broken = put_name(name, what, path, terms.name_max, terms.letters)
    if broken is not None:
        yield broken


def _references(path: str, value: str) -> Iterator[Violation]:
    name = path.rpartition("/")[2]
    for one in reference_violations(value, path):
        yield Violation(path, one.rule, f"{name}: {one.text}")
