"""One payment of a pain.001: what is wrong with it, and its text. What cannot be written is named, never left out."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from bank_adapters.alphabet import LetterError
from bank_adapters.alphabet.sets import BASIC
from bank_adapters.iso20022.pain001_parties import (
    account,
    agent,
    code_of,
    element,
    escaped,
    identification,
    party,
)
from bank_adapters.iso20022.pain001_terms import Terms
from bank_adapters.sepa.rules import (
    account_violations,
    address_parts,
    amount_violations,
    bic_violations,
    code_violations,
    put,
    put_name,
    reference_of,
    uetr_violations,
)
from bank_adapters.spi import Block, CreditorReference, PartyKind, Payment, PostalAddress
from gateway.domain.errors import Violation
from gateway.domain.iban import iban_violations
from gateway.domain.identity import MAX_LENGTH, reference_violations, slash_violations
from gateway.domain.money import EXPONENT, Money, format_minor
from gateway.domain.order import IbanAccount, Party

ONE = "CdtTrfTxInf"
_LETTERS = f"[{re.escape(BASIC)}]"


@dataclass(slots=True)
class _Draft:
    """A payment on its way to its text: every rule adds what it finds broken."""

    broken: list[Violation] = field(default_factory=list)

    def keep(self, found: tuple[str, Violation | None]) -> str:
        """Keep what is wrong with a text, and return the text."""
        text, wrong = found
        if wrong is not None:
            self.broken.append(wrong)
        return text


class PaymentWriter:
    """Writes the payments of one block, all in one currency."""

    def __init__(self, block: Block, terms: Terms, currency: str) -> None:
        self._terms, self._habits, self._currency = terms, terms.habits, currency
        self._letters, self._name_max = terms.letters, terms.name_max
        self.most = terms.most(block.instrument, currency) if currency in EXPONENT else 0
        self._uetr = terms.habits.uetr and not terms.old
        self._block = block
        self._form, self._cents = format_of(currency), EXPONENT.get(currency) == _CENTS
        self.no_agent = (
            agent("CdtrAgt", terms.bic, None, not_provided=True)
            if terms.habits.creditor_agent == "BIC or NOTPROVIDED"
            else ""
        )
        self._purpose_element = "Cd" if terms.habits.purpose == "code" else "Prtry"
        self._fits = _fits(terms)
        self._of_block = tuple(_block_violations(block, terms))
        self.plain_bank = currency in terms.currencies and terms.habits.creditor_id == "none" and not self._of_block

    def broken(self, payment: Payment) -> list[Violation]:
        """Return every rule that a payment breaks."""
        told = None if self._plain(payment) else self.full(payment)
        return told if isinstance(told, list) else []

    def text(self, payment: Payment) -> str | list[Violation]:
        """Return the CdtTrfTxInf of a payment, or every rule that it breaks."""
        plain = self._plain(payment)
        if plain is None:
            return self.full(payment)
        iban, name, text = plain
        minor = payment.amount.minor
        amount = f"{minor // 100}.{minor % 100:02d}" if self._cents else self._form(minor)
        own = f"<InstrId>{payment.end_to_end_id}</InstrId>" if self._habits.instruction_id else ""
        uetr = f"<UETR>{payment.uetr}</UETR>" if self._uetr else ""
        return (
            f"<CdtTrfTxInf><PmtId>{own}<EndToEndId>{payment.end_to_end_id}</EndToEndId>{uetr}</PmtId><Amt><InstdAmt"
            f' Ccy="{self._currency}">{amount}</InstdAmt></Amt>{self.no_agent}<Cdtr><Nm>'
            f"{name}</Nm></Cdtr><CdtrAcct><Id><IBAN>{iban}</IBAN></Id></CdtrAcct>{self.purpose(payment.purpose)}"
            f"{f'<RmtInf><Ustrd>{text}</Ustrd></RmtInf>' if text else ''}</CdtTrfTxInf>"
        )

    def _plain(self, payment: Payment) -> tuple[str, str, str] | None:
        """Return account, name and text of a payment such as most are, checked by one expression; None of any other."""
        amount, to = payment.amount, payment.creditor_account
        if not (
            self.plain_bank
            and type(to) is IbanAccount
            and amount.currency == self._currency
            and 0 < amount.minor <= self.most
            and payment.ultimate_creditor is None
            and payment.ultimate_debtor is None
            and payment.creditor_address is None
            and payment.creditor_agent is None
            and payment.creditor_reference is None
            and payment.instruction_id is None
            and payment.purpose != ""
        ):
            return None
        iban, texts = to.iban, self._fitting(payment)
        if texts is None or iban_violations(iban) or iban[:2] in self._terms.bic_needed:
            return None
        return iban, *texts

    def _fitting(self, payment: Payment) -> tuple[str, str] | None:
        """Return name and text in the bank's letters, or None where they or an id break any rule."""
        ids = f"{payment.end_to_end_id}\n{payment.uetr}\n{payment.purpose or ''}"
        name, text = payment.creditor.name, payment.remittance_information
        if self._terms.plain and self._fits(f"{ids}\n{name}\n{text}"):
            return name, text
        try:
            name, text = self._letters(name), self._letters(text)
        except LetterError:
            return None
        return (name, text) if self._fits(f"{ids}\n{name}\n{text}") else None

    def full(self, payment: Payment) -> str | list[Violation]:
        """Write any payment, part by part."""
        draft = _Draft(broken=[*self._of_block, *self._plain_parts(payment)])
        creditor = self._party(draft, "Cdtr", payment.creditor, payment.creditor_kind, payment.creditor_address)
        parts = (
            self._payment_id(payment),
            f'<Amt><InstdAmt Ccy="{escaped(self._currency)}">{self._amount(payment.amount)}</InstdAmt></Amt>',
            self._ultimate(draft, "UltmtDbtr", payment.ultimate_debtor, PartyKind.ORGANISATION),
            self._agent(draft, payment),
            creditor,
            account("CdtrAcct", payment.creditor_account.key),
            self._ultimate(draft, "UltmtCdtr", payment.ultimate_creditor, PartyKind.PERSON),
            self.purpose(payment.purpose),
            self._remittance(draft, payment),
        )
        return draft.broken or f"<{ONE}>{''.join(parts)}</{ONE}>"

    def _plain_parts(self, payment: Payment) -> Iterator[Violation]:
        """Check what is written as it is given."""
        amount = payment.amount
        if amount.currency not in self._terms.currencies or amount.currency != self._currency:
            sepa = "SEPA pays in EUR only" if self._terms.sepa else "the bank does not pay in this currency"
            yield Violation("Amt/InstdAmt", "sepa.currency" if self._terms.sepa else "bank.currency", sepa)
        else:
            yield from amount_violations(amount, self.most)
        yield from account_violations(payment.creditor_account)
        for name, value in (("EndToEndId", payment.end_to_end_id), ("InstrId", payment.instruction_id)):
            for one in reference_violations(value, f"PmtId/{name}") if value is not None else ():
                yield Violation(one.path, one.rule, f"{name}: {one.text}")
        yield from uetr_violations(payment.uetr)
        yield from code_violations(payment.purpose, "purpose", "Purp/Cd")
        if payment.ultimate_debtor is not None and self._block.ultimate_debtor is not None:
            yield Violation("UltmtDbtr", "ultimate-debtor.once", "an ultimate debtor stands in the block already")

    def _payment_id(self, payment: Payment) -> str:
        name = payment.instruction_id or payment.end_to_end_id
        own = element("InstrId", name) if self._habits.instruction_id else ""
        uetr = element("UETR", payment.uetr) if self._uetr else ""
        return f"<PmtId>{own}{element('EndToEndId', payment.end_to_end_id)}{uetr}</PmtId>"

    def _amount(self, amount: Money) -> str:
        return self._form(amount.minor) if amount.currency == self._currency else ""

    def _agent(self, draft: _Draft, payment: Payment) -> str:
        bic = None if self._habits.creditor_agent == "none" else payment.creditor_agent
        draft.broken += bic_violations(payment.creditor_agent, "CdtrAgt/FinInstnId")
        if bic is None and payment.creditor_account.key[:2] in self._terms.bic_needed:
            text = "an account in this country needs the BIC of its bank beside it, and none is told"
            draft.broken.append(Violation("CdtrAgt/FinInstnId", "sepa.agent.needed", text))
        return agent("CdtrAgt", self._terms.bic, bic, not_provided=False) if bic else self.no_agent

    def _party(self, draft: _Draft, name: str, who: Party, kind: PartyKind, address: PostalAddress | None) -> str:
        text = draft.keep(put_name(who.name, "creditor name", f"{name}/Nm", self._name_max, self._letters))
        parts = [] if address is None else self._address(draft, address, f"{name}/PstlAdr")
        if self._habits.creditor_id == "required" and not who.identifications:
            text_ = "the bank wants an identification of the creditor"
            draft.broken.append(Violation(f"{name}/Id", "bank.creditor-id", text_))
        wanted = self._habits.creditor_id != "none"
        return party(name, text, parts, self._identification(draft, who, kind, f"{name}/Id") if wanted else "")

    def _ultimate(self, draft: _Draft, name: str, who: Party | None, kind: PartyKind) -> str:
        if who is None:
            return ""
        what = "ultimate creditor name" if name == "UltmtCdtr" else "ultimate debtor name"
        if self._habits.ultimate_parties == "refused":
            draft.broken.append(_dropped(name))
        text = draft.keep(put_name(who.name, what, f"{name}/Nm", self._name_max, self._letters))
        wanted = kind is PartyKind.ORGANISATION or self._habits.creditor_id != "none"
        return party(name, text, (), self._identification(draft, who, kind, f"{name}/Id") if wanted else "")

    def _identification(self, draft: _Draft, who: Party, kind: PartyKind, path: str) -> str:
        """Write a party's first identification."""
        if not who.identifications:
            return ""
        one = who.identifications[0]
        scheme, coded = code_of(kind, one, self._habits.id_schemes)
        number = draft.keep(put_name(one.id, "identification", f"{path}/Othr/Id", MAX_LENGTH, self._letters))
        draft.broken += slash_violations(number, f"{path}/Othr/Id")
        named = draft.keep(put(scheme, "identification scheme", f"{path}/Othr/SchmeNm", MAX_LENGTH, self._letters))
        return identification(kind, number, named, coded=coded)

    def _address(self, draft: _Draft, address: PostalAddress, path: str) -> list[tuple[str, str]]:
        """Write an address in a form that the bank takes; where the profile says none, none leaves the house."""
        if self._terms.address == "none":
            return []
        parts, broken = address_parts(address, self._letters, path)
        draft.broken += broken
        if self._terms.address is None:
            draft.broken.append(
                Violation(path, "bank.address", "the profile does not say how the bank takes addresses")
            )
        if self._terms.address == "structured" and address.address_lines:
            draft.broken.append(Violation(f"{path}/AdrLine", "bank.address.hybrid", "the bank takes no free lines"))
        return parts

    def purpose(self, purpose: str | None) -> str:
        """Write a purpose; nothing where there is none, or the bank has no place for it."""
        if purpose is None or self._habits.purpose == "none":
            return ""
        return f"<Purp><{self._purpose_element}>{purpose}</{self._purpose_element}></Purp>"

    def _remittance(self, draft: _Draft, payment: Payment) -> str:
        text, reference = payment.remittance_information, payment.creditor_reference
        free = draft.keep(
            put(text, "remittance information", "RmtInf/Ustrd", self._habits.remittance_max, self._letters)
        )
        if reference is not None:
            draft.broken += self._reference_violations(reference, free)
            return structured(reference)
        if not free and self._habits.remittance == "required":
            draft.broken.append(Violation("RmtInf", "bank.remittance", "the bank wants a text or a reference"))
        return f"<RmtInf>{element('Ustrd', free)}</RmtInf>" if free else ""

    def _reference_violations(self, reference: CreditorReference, free: str) -> Iterator[Violation]:
        yield from reference_of(reference)
        if free:
            yield Violation("RmtInf", "sepa.remittance.one", "there is a text or a reference, not both")
        if not self._habits.structured_remittance:
            yield Violation("RmtInf/Strd", "bank.remittance.structured", "the bank takes no structured remittance")


def structured(reference: CreditorReference) -> str:
    """Write a creditor reference: SCOR, issued by ISO where it is one of ISO 11649 (EPC, structured remittance)."""
    issuer = element("Issr", reference.issuer or "ISO")
    kind = f"<Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry>{issuer}</Tp>"
    return f"<RmtInf><Strd><CdtrRefInf>{kind}{element('Ref', reference.reference)}</CdtrRefInf></Strd></RmtInf>"


def format_of(currency: str) -> Callable[[int], str]:
    """Return what writes minor units of a currency as a decimal."""
    return lambda minor: format_minor(minor, currency) if currency in EXPONENT else ""


_CENTS = 2


def _block_violations(block: Block, terms: Terms) -> Iterator[Violation]:
    """Check what a block asks of each of its payments; a bank that cannot do it holds the orders, not the lane."""
    if block.instrument not in terms.types:
        yield Violation("PmtTpInf/LclInstrm", "bank.instrument", f"the bank takes no {block.instrument} payments")
    if terms.habits.category_purpose == "required" and block.category_purpose is None:
        yield Violation("PmtTpInf/CtgyPurp", "bank.category-purpose", "the bank wants a category purpose")
    if terms.habits.ultimate_parties == "refused" and block.ultimate_debtor is not None:
        yield _dropped("UltmtDbtr")


def _dropped(name: str) -> Violation:
    text = "the bank drops ultimate parties: it would not be known on whose behalf is paid"
    return Violation(name, "bank.ultimate-parties", text)


def _fits(terms: Terms) -> Callable[[str], re.Match[str] | None]:
    r"""Return what checks "EndToEndId\nUETR\npurpose\nname\ntext" against every rule about them at once."""
    return re.compile(r"\n".join(patterns(terms))).fullmatch


def patterns(terms: Terms) -> tuple[str, str, str, str, str]:
    """Return what EndToEndId, UETR, purpose ("" for none), name and text must look like by every rule about them.

    Where the bank's letters go beyond the SEPA alphabet or stop short of it, name and text must be in them already;
    here they may hold anything that XML takes as it is.
    """
    texts = _LETTERS if terms.plain else r"[^\n&<>]"
    least = 1 if terms.habits.remittance == "required" else 0
    return (
        rf"(?!/)(?![^\n]*//){_LETTERS}{{1,{MAX_LENGTH}}}(?<!/)",
        r"[a-f0-9]{8}-[a-f0-9]{4}-4[a-f0-9]{3}-[89ab][a-f0-9]{3}-[a-f0-9]{12}",
        r"[A-Z0-9]{0,4}",
        rf"(?! ){texts}{{1,{terms.name_max}}}(?<! )",
        rf"(?! ){texts}{{{least},{terms.habits.remittance_max}}}(?<! )",
    )
