"""Banks in plain Python: what each was asked for, what it did with it and what it says of it. They trust nobody."""

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lxml import etree

from tests.hearing.messages import Status, pain002
from tests.statements import Booking, Detail, Stmt, camt053, camt054

OPENING = 50_000_00
RETURNED = (
    "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>RCDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>"  # ISO's own code
)
ACCOUNTS = {"alfa": "DE66100100010020260001", "charlie": "DE39100100030020260001", "kilo": "NL19KILO0020260001"}
"""The accounts that pay, as `config/gateway.yaml` gives them to each bank."""


@dataclass(slots=True, kw_only=True)
class Asked:
    """One payment a bank was asked for, and what became of it there."""

    end_to_end_id: str
    minor: int
    currency: str
    account: str
    debtor: str
    file: str
    told: set[str] = field(default_factory=set)
    rejected: bool = False
    ended: bool = False
    """People asked by telephone, and the bank promised that it never moves."""
    booked: int = 0
    returned: int = 0
    faulty: bool = False
    """The bank did something with it that banks must not do."""

    @property
    def out(self) -> bool:
        """Whether its money left and did not come back."""
        return bool(self.booked) and self.returned < self.minor

    @property
    def open(self) -> bool:
        """Whether its money may still move for the first time."""
        return not (self.booked or self.rejected or self.ended)

    @property
    def alive(self) -> bool:
        return self.open or self.out


@dataclass(slots=True, kw_only=True)
class Entry:
    """One movement on the account: signed minor units, the payments it is of, and how it is written."""

    ref: str
    minor: int
    of: tuple[Asked, ...]
    booking: Booking
    kind: str
    on: date
    code: str = ""
    notified: bool = False
    statement: int = 0


@dataclass(slots=True, kw_only=True)
class Statement:
    """A statement as it was sent: its place in the chain and the balance it closes with."""

    number: int
    day: date
    closing: int
    content: bytes


@dataclass(slots=True, kw_only=True)
class Bank:
    """One bank: its books, and messages that it has written and not yet sent."""

    slug: str
    begins: date
    files: Counter[str] = field(default_factory=Counter)
    bytes_of: dict[str, bytes] = field(default_factory=dict)
    asked_again: set[str] = field(default_factory=set)
    """Keys of requests that came once more: harmless here, yet a blind repetition that nobody may rely on."""
    asked: list[Asked] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    statements: list[Statement] = field(default_factory=list)
    outbox: list[bytes] = field(default_factory=list)
    said: list[bytes] = field(default_factory=list)
    messages: int = 0
    answers: str = "sent"
    """Of an API: "sent", "lost" (taken, the answer is lost), "down" (nothing is taken)."""

    @property
    def account(self) -> str:
        return ACCOUNTS[self.slug]

    @property
    def balance(self) -> int:
        return OPENING + sum(entry.minor for entry in self.entries)

    def of(self, end_to_end_id: str) -> list[Asked]:
        return [one for one in self.asked if one.end_to_end_id == end_to_end_id]

    def by_ref(self, ref: str | None) -> Entry | None:
        return next((entry for entry in self.entries if entry.ref == ref), None)

    # What it is asked ---------------------------------------------------------------------------------------------

    def take_file(self, name: str, content: bytes) -> None:
        """Take a file whatever it is; who sends one twice is asking twice."""
        self.files[name] += 1
        self.bytes_of[name] = content
        self.asked += payments_of(name, content)

    def take_request(self, key: str, body: bytes) -> None:
        """Take a request; the key of one that is known brings nothing new."""
        known = self.bytes_of.get(key)
        if known is None:
            self.take_file(key, body)
        else:
            self.asked_again.add(key)

    # What it does -------------------------------------------------------------------------------------------------

    def accept(self, file: str) -> None:
        if self.slug == "kilo":
            for one in self._of_file(file):
                self._status(one, "ACCP", None)
        else:
            self.say(pain002(_msg_id(file), group="ACCP", number=self._number()))

    def reject(self, some: Sequence[Asked], code: str) -> None:
        """Refuse payments of one file, by name."""
        for one in some:
            one.rejected = True
            one.told.add("rejected")
        if self.slug == "kilo":
            for one in some:
                self._status(one, "RJCT", code)
            return
        about = [Status(end_to_end_id=one.end_to_end_id, status="RJCT", reason=code) for one in some]
        self.say(pain002(_msg_id(some[0].file), group="PART", about=about, number=self._number()))

    def reject_file(self, file: str, code: str) -> None:
        """Refuse a whole file."""
        for one in self._of_file(file):
            one.rejected = True
            one.told.add("rejected")
        self.say(pain002(_msg_id(file), group="RJCT", reason=code, number=self._number()))

    def book(self, some: Sequence[Asked], on: date) -> Entry:
        """Book payments of one file: one alone names it, several are one sum without details."""
        minor = -sum(one.minor for one in some)
        ref = self._ref()
        for one in some:
            one.booked += 1
            one.told.add("booked")
        if self.slug == "charlie":
            file = _msg_id(some[0].file)
            batch = f"<NtryDtls><Btch><PmtInfId>{file}P1</PmtInfId><NbOfTxs>{len(some)}</NbOfTxs></Btch></NtryDtls>"
            booking = Booking(minor=minor, ref=ref, more=batch)
        else:
            booking = Booking(minor=minor, ref=ref, details=[Detail(minor=minor, end_to_end_id=some[0].end_to_end_id)])
        return self._enter(ref, minor, some, booking, "booked", on)

    def credit(self) -> None:
        """Tell of money over the counter that it was collected."""
        for one in self.asked:
            if self.slug == "kilo" and one.out and "credited" not in one.told:
                one.told.add("credited")
                self._status(one, "ACCC", None)

    def give_back(self, one: Asked, shape: str, code: str, on: date) -> Entry:
        """Let money come back: by name, with a charge kept, named in text only, or named by nothing."""
        kept = 100 if shape == "charged" else 0
        minor, ref = one.minor - kept, self._ref()
        one.returned = one.minor
        one.told.add("returned")
        reason = f"<RtrInf><Rsn><Cd>{code}</Cd></Rsn></RtrInf>"
        if kept:
            reason += f'<Chrgs><Rcrd><Amt Ccy="{one.currency}">1.00</Amt><CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>'
        name = one.end_to_end_id if shape in {"named", "charged"} else "NOTPROVIDED"
        text = f"<AddtlNtryInf>RETURN OF {one.end_to_end_id}</AddtlNtryInf>" if shape == "text" else ""
        details = [Detail(minor=minor, end_to_end_id=name, more=reason)]
        booking = Booking(minor=minor, ref=ref, code=RETURNED, details=details, more=text)
        entry = self._enter(ref, minor, [one], booking, "returned", on)
        entry.code = code
        return entry

    def lump(self, some: Sequence[Asked], on: date) -> Entry:
        """Let several come back in one credit that names none."""
        minor, ref = sum(one.minor for one in some), self._ref()
        for one in some:
            one.returned = one.minor
            one.faulty = True  # nobody can know whose it was: what is said of them is a person's word
        return self._enter(ref, minor, some, Booking(minor=minor, ref=ref, code=RETURNED), "lump", on)

    def stray(self, minor: int, on: date) -> Entry:
        """Book something that is no payment of ours: money that comes in, or an entry that nobody can explain."""
        ref = self._ref()
        return self._enter(ref, minor, (), Booking(minor=minor, ref=ref), "stray", on)

    # What it says -------------------------------------------------------------------------------------------------

    def notify(self) -> None:
        """Tell early what was booked."""
        fresh = [entry for entry in self.entries if not entry.notified]
        for entry in fresh:
            entry.notified = True
            if self.slug == "kilo":
                self._booking(entry)
        if fresh and self.slug != "kilo":
            number = self._number()
            page = Stmt(
                account=self.account, name=f"N{number}", bookings=[e.booking for e in fresh], closing_on=fresh[-1].on
            )
            self.say(camt054(page, message_id=f"N{number}"))

    def close_day(self, day: date) -> None:
        """Write the statement of a day: everything that was entered since the last one."""
        fresh = [entry for entry in self.entries if not entry.statement]
        number = len(self.statements) + 1
        for entry in fresh:
            entry.statement = number
        opening = self.statements[-1].closing if self.statements else OPENING
        closing = opening + sum(entry.minor for entry in fresh)
        before = self.statements[-1].day if self.statements else self.begins
        page = Stmt(
            account=self.account,
            name=f"{self.slug}{number}",
            number=number,
            opening=opening,
            closing=closing,
            opening_on=before,
            closing_on=day,
            bookings=[entry.booking for entry in fresh],
        )
        content = camt053(page, message_id=f"{self.slug}S{number}")
        self.statements.append(Statement(number=number, day=day, closing=closing, content=content))
        self.say(content)

    def say(self, content: bytes) -> None:
        self.outbox.append(content)

    # Small parts --------------------------------------------------------------------------------------------------

    def _of_file(self, file: str) -> list[Asked]:
        return [one for one in self.asked if one.file == file]

    def _number(self) -> int:
        self.messages += 1
        return self.messages

    def _ref(self) -> str:
        return f"{self.slug.upper()}{len(self.entries) + 1:05d}"

    def _enter(self, ref: str, minor: int, some: Iterable[Asked], booking: Booking, kind: str, on: date) -> Entry:
        entry = Entry(ref=ref, minor=minor, of=tuple(some), booking=booking, kind=kind, on=on)
        self.entries.append(entry)
        return entry

    def _status(self, one: Asked, status: str, code: str | None) -> None:
        told = {"endToEndId": one.end_to_end_id, "status": status, "reason": code, "at": "2026-09-21T09:00:00Z"}
        self._json("payment-status", told)

    def _booking(self, entry: Entry) -> None:
        told: dict[str, Any] = {
            "endToEndId": entry.of[0].end_to_end_id if entry.of else "NOTPROVIDED",
            "account": self.account,
            "amount": f"{abs(entry.minor) // 100}.{abs(entry.minor) % 100:02d}",
            "currency": "EUR",
            "creditDebit": "CRDT" if entry.minor > 0 else "DBIT",
            "entryRef": entry.ref,
            "bookingDate": entry.on.isoformat(),
            "status": "BOOK",
        }
        back = entry.kind in {"returned", "lump"}
        self._json("return" if back else "booking", told | ({"reason": entry.code or "NARR"} if back else {}))

    def _json(self, kind: str, told: dict[str, Any]) -> None:
        self.say(json.dumps({"messageId": f"K{self._number()}", "type": kind, **told}).encode())


def payments_of(name: str, content: bytes) -> list[Asked]:
    """Read what a file or request asks for."""
    return _request(name, content) if content.startswith(b"{") else list(_file(name, content))


def _request(name: str, content: bytes) -> list[Asked]:
    body = json.loads(content)
    creditor = body["creditor"]
    by_id = creditor.get("identification")
    account = creditor["iban"] if by_id is None else f"{by_id['scheme']}:{by_id['id']}"
    return [_asked(name, body["endToEndId"], body["amount"], body["currency"], account, body["debtorIban"])]


def _file(name: str, content: bytes) -> Iterable[Asked]:
    ns = {"p": "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"}
    for block in etree.fromstring(content).iterfind(".//p:PmtInf", ns):
        debtor = block.findtext("p:DbtrAcct/p:Id/p:IBAN", "", ns)
        for one in block.iterfind("p:CdtTrfTxInf", ns):
            amount = one.find("p:Amt/p:InstdAmt", ns)
            assert amount is not None
            of = (str(amount.text), amount.get("Ccy", ""), one.findtext("p:CdtrAcct/p:Id/p:IBAN", "", ns), debtor)
            yield _asked(name, one.findtext("p:PmtId/p:EndToEndId", "", ns), *of)


def _asked(name: str, e2e: str, amount: str, currency: str, account: str, debtor: str) -> Asked:
    whole, _, cents = amount.partition(".")
    minor = int(whole) * 100 + int(cents.ljust(2, "0"))
    return Asked(end_to_end_id=e2e, minor=minor, currency=currency, account=account, debtor=debtor, file=name)


def _msg_id(file: str) -> str:
    return file.split(".", maxsplit=1)[0]
