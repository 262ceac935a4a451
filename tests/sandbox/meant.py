"""What a bank should read in a file that its adapter wrote: the submission in the bank's words, format by format."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time
from decimal import Decimal

from bank_adapters.alphabet import alphabet
from bank_adapters.capabilities import Booking, Family
from bank_adapters.profile import Profile
from bank_adapters.spi import Block as Asked
from bank_adapters.spi import Payment as Wanted
from bank_adapters.spi import PostalAddress, SubmissionContent
from gateway.domain.money import EXPONENT
from gateway.domain.order import Identification
from gateway.domain.order import Party as Who
from gateway.sandbox.payment_file import Block, Party, Payment, PaymentFile
from tests.sandbox.formats import reference

ADDRESS = {
    "street_name": "StrtNm",
    "building_number": "BldgNb",
    "post_code": "PstCd",
    "town_name": "TwnNm",
    "country_sub_division": "CtrySubDvsn",
    "country": "Ctry",
}
"""The parts of an address in the order of ISO's schema."""
INSTRUMENTS = {
    "SEPA": {"normal": "SEPA", "instant": "SEPA INST", "urgent": "URGP"},
    "domestic": {"normal": "", "instant": "INST", "urgent": "URGP"},
    "fixed-width": {"normal": "T", "instant": "I", "urgent": "U"},
}


def meant(content: SubmissionContent, profile: Profile) -> PaymentFile:
    """Say what the bank of a profile should read."""
    words = {Family.ISO20022: _Pain001, Family.MT: _Mt101}.get(profile.family, _Flat)
    return words(content, profile).file()


class _Words:
    """What every format says."""

    def __init__(self, content: SubmissionContent, profile: Profile) -> None:
        self.content, self.profile = content, profile
        self.letters: Callable[[str], str] = alphabet(profile.alphabet).write
        self.habits = profile.pain001

    def file(self) -> PaymentFile:
        blocks = tuple(self.block(one, place) for place, one in enumerate(self.content.every_block, start=1))
        whole = [payment for block in self.content.every_block for payment in block.payments]
        return PaymentFile(
            msg_id=self.content.msg_id,
            created=self.content.created_at,
            count=len(whole),
            control_sum=_sum(whole),
            blocks=blocks,
        )

    def block(self, asked: Asked, place: int) -> Block:
        return Block(
            pmt_inf_id=self.content.msg_id if place == 1 else f"{self.content.msg_id}-{place}",
            count=len(asked.payments),
            control_sum=_sum(asked.payments),
            debtor_account=asked.debtor.iban,
            execution_date=asked.requested_execution_date,
            payments=tuple(self.payment(one, asked) for one in asked.payments),
            debtor=Party(name=self.letters(self.content.every_block[0].debtor.name)),
            category_purpose=asked.category_purpose,
        )

    def payment(self, one: Wanted, asked: Asked) -> Payment:
        wanted = one.creditor_reference
        return Payment(
            instr_id=None,
            end_to_end_id=one.end_to_end_id,
            uetr=None,
            amount_minor=one.amount.minor,
            currency=one.amount.currency,
            account=one.creditor_account.key,
            creditor=Party(name=self.letters(one.creditor.name)),
            agent=one.creditor_agent,
            ultimate_creditor=self.named(one.ultimate_creditor),
            ultimate_debtor=self.named(one.ultimate_debtor or asked.ultimate_debtor),
            purpose=one.purpose,
            remittance=self.letters(one.remittance_information),
            reference=None if wanted is None else (wanted.reference, ""),
        )

    def named(self, who: Who | None) -> Party | None:
        return None if who is None else Party(name=self.letters(who.name))


class _Flat(_Words):
    def block(self, asked: Asked, place: int) -> Block:
        plain = super().block(asked, place)
        codes = INSTRUMENTS.get(self.profile.messages.initiation, {})
        return replace(plain, instrument=codes.get(asked.instrument, ""))


class _Mt101(_Words):
    """It is named by references, dated by its day, and has no place for purposes; blanks are breaks of lines."""

    def __init__(self, content: SubmissionContent, profile: Profile) -> None:
        super().__init__(content, profile)
        write = self.letters
        self.letters = lambda text: " ".join(write(text).split())

    def file(self) -> PaymentFile:
        day = datetime.combine(self.content.requested_execution_date, time(6, tzinfo=UTC))
        return replace(super().file(), msg_id=reference(self.content.msg_id, 0), created=day)

    def block(self, asked: Asked, place: int) -> Block:
        bic = asked.debtor.bic
        return replace(
            super().block(asked, place),
            pmt_inf_id=reference(self.content.msg_id, 0),
            debtor_agent=bic if bic is not None and bic[:8] != self.profile.bic[:8] else None,
            category_purpose=None,
            instrument="URGP" if asked.instrument == "urgent" else "",
            batch_booking=self.profile.booking is Booking.BATCH,
        )

    def payment(self, one: Wanted, asked: Asked) -> Payment:
        place = [each.end_to_end_id for each in asked.payments].index(one.end_to_end_id) + 1
        return replace(super().payment(one, asked), instr_id=reference(self.content.msg_id, place), purpose=None)


class _Pain001(_Words):
    """Everything that the version and the bank's habits leave."""

    def block(self, asked: Asked, place: int) -> Block:
        wish, debtor = self.habits.debtor_agent, asked.debtor
        category = None if self.habits.category_purpose == "none" else asked.category_purpose
        booking = self.profile.booking is Booking.BATCH if asked.batch_booking is None else asked.batch_booking
        return replace(
            super().block(asked, place),
            pmt_inf_id=asked.payment_information_id,
            debtor=self.party(debtor.name, debtor.identification, debtor.address),
            debtor_agent=None if wish == "none" else debtor.bic or "NOTPROVIDED",
            ultimate_debtor=self.institution(asked.ultimate_debtor),
            category_purpose=self.habits.category_purposes.get(category, category) if category else None,
            instrument=INSTRUMENTS[self.profile.scheme][asked.instrument],
            batch_booking=booking if self.habits.batch_booking else None,
        )

    def payment(self, one: Wanted, asked: Asked) -> Payment:
        habits, old = self.habits, self.profile.messages.initiation.endswith(".03")
        shown = habits.creditor_id != "none"
        wanted = one.creditor_reference
        agent = None if habits.creditor_agent == "none" else one.creditor_agent
        unnamed = "NOTPROVIDED" if habits.creditor_agent == "BIC or NOTPROVIDED" else None
        return replace(
            super().payment(one, asked),
            instr_id=(one.instruction_id or one.end_to_end_id) if habits.instruction_id else None,
            uetr=None if old or not habits.uetr else one.uetr,
            creditor=self.party(
                one.creditor.name,
                _first(one.creditor) if shown else None,
                None if self.profile.address == "none" else one.creditor_address,
            ),
            agent=agent or unnamed,
            ultimate_creditor=self.person(one.ultimate_creditor, shown=shown),
            ultimate_debtor=self.institution(one.ultimate_debtor),
            purpose=None if habits.purpose == "none" else one.purpose,
            reference=None if wanted is None else (wanted.reference, wanted.issuer or "ISO"),
        )

    def party(self, name: str, one: Identification | None, address: PostalAddress | None) -> Party:
        return Party(
            name=self.letters(name),
            id=None if one is None else one.id,
            scheme="" if one is None else one.scheme,
            address=() if address is None else self.address(address),
        )

    def person(self, who: Who | None, *, shown: bool) -> Party | None:
        return None if who is None else self.party(who.name, _first(who) if shown else None, None)

    def institution(self, who: Who | None) -> Party | None:
        return None if who is None else self.party(who.name, _first(who), None)

    def address(self, address: PostalAddress) -> tuple[tuple[str, str], ...]:
        parts = [(element, self.letters(getattr(address, name))) for name, element in ADDRESS.items()]
        lines = [("AdrLine", self.letters(line)) for line in address.address_lines]
        return tuple(part for part in (*parts, *lines) if part[1])


def _first(who: Who) -> Identification | None:
    return who.identifications[0] if who.identifications else None


def _sum(payments: Sequence[Wanted]) -> Decimal:
    return sum((Decimal(one.amount.minor).scaleb(-EXPONENT[one.amount.currency]) for one in payments), Decimal(0))
