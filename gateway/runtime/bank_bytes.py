"""What would be sent for given orders: cut, rendered, read back and digested, with no database and no secret."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from bank_adapters.capabilities import SIZES, Booking
from bank_adapters.profile import Profile
from bank_adapters.registry import adapter_for
from bank_adapters.spi import Debtor, Reread, SubmissionContent
from gateway.domain.benefits import Catalogue
from gateway.domain.calendar import Calendar
from gateway.domain.cutting import CutLimits, cut
from gateway.domain.digest import canonical, parse_object
from gateway.domain.errors import ConfigError, Refused, Violation
from gateway.domain.identity import end_to_end_id, msg_id, payment_information_id, uetr
from gateway.domain.instrument import Instrument
from gateway.domain.order import Order
from gateway.domain.validation import IntakeTerms, read_order
from gateway.service.banks import timetable_of
from gateway.service.cut import wire_name
from gateway.service.offers import NOT_TAKEN, offer_of, purposes_of
from gateway.service.press import Signed, press
from gateway.service.sizes import UNLIMITED

FIRST = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """An order line that may be paid, by its number in the file."""

    number: int
    order: Order
    document: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One submission: its name, bytes and the digests that were read back from them."""

    name: str
    msg_id: str
    content: bytes
    reread: Reread


def read_orders(lines: Iterable[bytes], terms: IntakeTerms, profile: Profile) -> list[Line]:
    """Read order lines as intake and routing do. Raises Refused with every line that could not be paid this way."""
    read: dict[str, Line] = {}
    wrong: list[Violation] = []
    for number, line in enumerate(lines, start=1):
        try:
            document = parse_object(line)
            content = canonical(document)
            order = read_order(document, content, terms)
        except Refused as refused:
            wrong += _of_line(number, refused.violations)
            continue
        if not isinstance(order, Order):
            wrong += _of_line(number, order)
        elif broken := list(_not_for(order, profile, twice=order.order_id in read)):
            wrong += _of_line(number, broken)
        else:
            read[order.order_id] = Line(number=number, order=order, document=content)
    if wrong:
        raise Refused(wrong, title="orders that cannot be paid")
    return list(read.values())


def _not_for(order: Order, profile: Profile, *, twice: bool) -> Iterator[Violation]:
    """Say why a bank is not the one for an order that is sound by itself."""
    if twice:
        yield Violation("/orderId", "order.twice", "the same order stands in an earlier line")
    if order.amount.currency not in profile.currencies:
        yield Violation("/currency", "route.currency", f"{profile.slug} does not pay in it")
    if order.creditor_account.type not in profile.account_types:
        yield Violation("/creditorAccount", "route.account-type", f"{profile.slug} does not pay to such accounts")


def _of_line(number: int, violations: Iterable[Violation]) -> Iterator[Violation]:
    return (Violation(f"line {number}{one.path}", one.rule, one.text) for one in violations)


class _Group(NamedTuple):
    """What the lines of one submission share."""

    currency: str
    product: str
    instrument: Instrument


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer:
    """Renders for one bank as sealing does; `at` stands in the bytes as the moment of their making."""

    profile: Profile
    debtor: Debtor
    catalogue: Catalogue
    calendar: Calendar
    source: str
    pay_date: date
    at: datetime
    sequence: int = 1

    def submissions(self, lines: Sequence[Line]) -> Iterator[Outcome]:
        """Render everything. Raises Refused, by line, for what this bank's language cannot express."""
        sequence = self.sequence
        groups: defaultdict[_Group, list[Line]] = defaultdict(list)
        for line in lines:
            groups[self._group(line)].append(line)
        for group, members in sorted(groups.items()):
            day = self._day(group.product)
            for piece in self._pieces(members, self._limits(group.currency)):
                yield self._press(piece, group, day, sequence)
                sequence += 1

    def _group(self, line: Line) -> _Group:
        """Say with which others a line may go. Raises Refused where the bank cannot pay it so fast."""
        order = line.order
        offer = offer_of(self.catalogue[order.benefit], self.profile, order.amount.currency)
        instrument = offer.by(order.amount.minor)
        if instrument is None:
            wrong = Violation(f"line {line.number}", NOT_TAKEN, "the bank does not pay it as fast as its benefit asks")
            raise Refused([wrong], title="orders that this bank cannot pay")
        return _Group(order.amount.currency, offer.category_purpose, instrument)

    def _day(self, product: str) -> date:
        """Return the day that the bank would be asked for. Raises ConfigError where it can meet none."""
        table = timetable_of(self.profile, self.calendar)
        day = table.execution_date(product, self.pay_date, self.at, self.at.date())
        if day is None:
            raise ConfigError(f"hours: {self.profile.slug} does not take {product}; write its hours, or those of *")
        return day

    def _pieces(self, lines: Sequence[Line], limits: CutLimits) -> Iterator[Sequence[Line]]:
        """Cut as the gateway does; what would wait until an earlier submission is booked comes behind the others."""
        rest = list(lines)
        while rest:
            pieces = cut([one.order.amount.minor for one in rest], limits)
            if pieces.too_large:
                told = ("amount.over-bank-limit", "more than the bank takes in one submission")
                wrong = [Violation(f"line {rest[i].number}", *told) for i in pieces.too_large]
                raise Refused(wrong, title="orders that this bank cannot pay")
            yield from ([rest[i] for i in piece] for piece in pieces.pieces)
            rest = [rest[i] for i in pieces.waiting]

    def _limits(self, currency: str) -> CutLimits:
        limits = self.profile.limits
        most = min(limits.payments_per_submission, limits.payments_per_block or limits.payments_per_submission)
        if limits.bytes_per_submission is not None:
            most = min(most, SIZES[self.profile.family].payments_in(limits.bytes_per_submission))
        return CutLimits(
            max_count=max(most, limits.min_payments_per_submission),
            max_sum=self.profile.sum_limit(currency) or UNLIMITED,
            min_count=limits.min_payments_per_submission,
            distinguish=self.profile.booking is Booking.BATCH,
        )

    def _press(self, lines: Sequence[Line], group: _Group, day: date, sequence: int) -> Outcome:
        message = msg_id(self.profile.slug, day, sequence, epoch=1)
        name = wire_name(self.profile, message, day)
        header = SubmissionContent(
            msg_id=message,
            payment_information_id=payment_information_id(message),
            file_name=name,
            created_at=self.at,
            requested_execution_date=day,
            debtor=self.debtor,
            category_purpose=group.product or None,
            payments=(),
            instrument=group.instrument,
        )
        signed = {one.end_to_end_id: (line, one) for line in lines for one in [self._signed(line)]}
        members, purposes = [one for _, one in signed.values()], purposes_of(self.catalogue, self.profile)
        pressed = press(adapter_for(self.profile), self.profile, header, members, purposes)
        if pressed.refusals or pressed.reread is None:
            wrong = [
                Violation(f"line {signed[e2e][0].number}", "render.refused", why)
                for e2e, why in pressed.refusals.items()
            ]
            raise Refused(sorted(wrong), title="orders that this bank's language cannot express")
        return Outcome(name=name, msg_id=message, content=b"".join(pressed.pieces), reread=pressed.reread)

    def _signed(self, line: Line) -> Signed:
        e2e = end_to_end_id(self.source, line.order.order_id, FIRST)
        return Signed(
            end_to_end_id=e2e,
            generation=FIRST,
            uetr=uetr(e2e),
            source=self.source,
            document=line.document,
            collection=line.order.collection,
        )
