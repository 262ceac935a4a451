"""What must hold whatever bytes a bank sends: read exactly, or refused with a rule; the same in any pieces.

What was read is compared with what lxml finds at the same place, by code that shares nothing with the readers.
"""

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from time import process_time

from lxml import etree

from bank_adapters.iso20022 import archive, detect
from bank_adapters.iso20022.camt import ACCOUNTS
from bank_adapters.iso20022.encoding import decoded
from bank_adapters.iso20022.messages import MESSAGES
from bank_adapters.profile import Profile
from gateway.domain.errors import Unreadable
from gateway.domain.money import EXPONENT
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

SECONDS_MAX = 10
"""CPU time after which a message of a few hundred kilobytes takes too long."""


class Find(AssertionError):
    """A message that breaks a rule of the readers."""


Outcome = list[Observation | Statement] | Unreadable


def judge(content: bytes, size: int, bank: Profile) -> Outcome:
    """Read a message whole and in pieces of `size`; return what came of it. Raises Find."""
    began = process_time()
    whole = _read([content], bank)
    if process_time() - began > SECONDS_MAX:
        raise Find("it takes too long")
    pieces = _read((content[at : at + size] for at in range(0, len(content), size)), bank)
    if isinstance(whole, Unreadable) or isinstance(pieces, Unreadable):
        if not (isinstance(whole, Unreadable) and isinstance(pieces, Unreadable)):
            raise Find("it can be read in one piece, or in many, but not in both")
        _speaks_of_places_only(whole)
        return whole
    if whole != pieces:
        raise Find("its pieces change what it says")
    if not archive.begins_like_archive(content):
        _compare(whole, "".join(decoded([content])))
    return whole


def _read(pieces: Iterator[bytes] | list[bytes], bank: Profile) -> Outcome:
    try:
        return list(detect.read(pieces, bank))
    except Unreadable as error:
        return error
    except Exception as error:
        raise Find(f"the reader fails: {type(error).__name__}") from error


def _speaks_of_places_only(error: Unreadable) -> None:
    if not error.rule or not error.path:
        raise Find("a refusal without rule or path")


def _compare(told: Outcome, text: str) -> None:
    """Hold what was told against lxml's tree of the same text."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    try:
        root = etree.fromstring(text.encode(), parser)
    except etree.XMLSyntaxError:
        if {one.domain_name for one in parser.error_log} - {"NAMESPACE"}:
            raise Find("lxml calls it malformed") from None
        return  # a namespace that is not declared does not matter
    if root.getroottree().docinfo.internalDTD is not None:
        raise Find("a document type definition was read")
    if sum(_name(one) in MESSAGES for one in root.iter()) > 1:
        raise Find("one of two messages was read")
    accounts = [one for above in root.iter() for one in above if _name(one) == ACCOUNTS.get(_name(above), "-")]
    if isinstance(told, list) and accounts:
        for one in told:
            if isinstance(one, Statement):
                _statement(one, accounts[one.place - 1])
            elif one.statement is not None and one.entry is not None:
                entries = [e for e in accounts[one.statement - 1] if _name(e) == "Ntry"]
                _entry(one, entries[one.entry - 1])


def _entry(one: Observation, entry: etree._Element) -> None:
    """Amount, sign and names of what was told stand in the entry that it names."""
    texts: dict[str, set[str]] = {}
    for part in entry.iter():
        if _name(part):
            texts.setdefault(_name(part), set()).add((part.text or "").strip())
    for name, value in (("EndToEndId", one.end_to_end_id), ("InstrId", one.instr_id), ("TxId", one.tx_id)):
        if value is not None and value not in texts.get(name, ()):
            raise Find(f"{name} does not stand in its entry")
    if one.amount_minor is None or one.path.endswith("/Chrgs"):
        return
    amounts = {_amount(text) for name in ("Amt", "TtlAmt", "TtlChrgsAndTaxAmt") for text in texts.get(name, ())}
    if Decimal(one.amount_minor).scaleb(-EXPONENT[one.currency or ""]) not in amounts:
        raise Find("an amount does not stand in its entry")
    if ("CRDT" if one.credit else "DBIT") not in texts.get("CdtDbtInd", ()):
        raise Find("a sign does not stand in its entry")


def _statement(one: Statement, account: etree._Element) -> None:
    """The sum of the booked entries is that of their amounts."""
    total = Decimal(0)
    for entry in account:
        parts = {_name(part): part for part in entry}
        status = _status(parts["Sts"]) if "Sts" in parts else "BOOK"
        if _name(entry) == "Ntry" and status in {"BOOK", ""}:
            amount = _amount((parts["Amt"].text or "").strip()) or Decimal(0)
            total += amount if (parts["CdtDbtInd"].text or "").strip() == "CRDT" else -amount
    if total != Decimal(one.entries_minor).scaleb(-EXPONENT[one.currency]):
        raise Find("the sum of a statement's entries is not theirs")


def _status(status: etree._Element) -> str:
    """A status stands in itself, or in its Cd or Prtry, whatever else stands beside that."""
    choices = {_name(one): one for one in status}
    return "".join(map(str, choices.get("Cd", choices.get("Prtry", status)).itertext())).strip()


def _amount(text: str) -> Decimal | None:
    try:
        return Decimal(text)
    except InvalidOperation:
        return None


def _name(element: etree._Element) -> str:
    tag: object = element.tag  # a function, for comments and instructions
    return etree.QName(element).localname if isinstance(tag, str) else ""
