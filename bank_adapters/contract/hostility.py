"""What no message may do: be half a message, another's, or an attack, and still say something.

Each document is either refused with a place and a rule, or says exactly what the sound one said.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType

from bank_adapters.contract.candidate import Candidate
from bank_adapters.contract.check import Check
from gateway.domain.errors import Unreadable
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

Told = list[Observation | Statement]
_CUTS = 24
"""Places at which every message is cut off."""

FOREIGN: Mapping[str, bytes] = MappingProxyType(
    {
        "an MT940 statement": b":20:STARTUMSE\r\n:25:10010001/20260001\r\n:60F:C191104EUR1000,00\r\n"
        b":61:1911041104DR12,30NTRFE1//X\r\n:62F:C191104EUR987,70\r\n-",
        "a web page": b"<!doctype html><html><head><title>503</title></head><body>Service Unavailable</body></html>",
        "a PDF": b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n%%EOF",
        "a ZIP archive": b"PK\x03\x04" + bytes(120),
        "a CSV of another bank": b"when;who;what;how much\r\n2019-11-04;Muster;Rent;12,30\r\n",
        "an unknown JSON": b'{"kind":"newsletter","text":"hello","amount":"12.30","currency":"EUR"}',
        "a JSON list": b'["ACCC","RJCT"]',
        "a payment initiation": b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"><CstmrCdtTrfInitn>'
        b"<GrpHdr><MsgId>X</MsgId></GrpHdr></CstmrCdtTrfInitn></Document>",
        "an interbank message": b'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pacs.008.001.08">'
        b"<FIToFICstmrCdtTrf><GrpHdr><MsgId>X</MsgId></GrpHdr></FIToFICstmrCdtTrf></Document>",
        "plain words": b"all fine, EUR 100 booked",
    }
)


def _refused(candidate: Candidate, name: str, document: bytes, sound: Told | None = None) -> Iterator[str]:
    """Ask that a document is refused, with a place and a rule, or says what the sound one said."""
    try:
        told = candidate.read(document)
    except Unreadable as error:
        if not error.rule:
            yield f"{name}: refused without a rule"
        return
    if sound is None or told != sound:
        yield f"{name}: read as {len(told)} statements of fact; raise Unreadable with the place and a rule"


def _truncated(candidate: Candidate) -> Iterator[str]:
    documents = dict([*candidate.documents(), *candidate.samples()])
    for name, document in documents.items():
        sound = candidate.read(document)
        size = len(document)
        cuts = {size * cut // _CUTS for cut in range(1, _CUTS)} | {size - 1, size - 2, size - 9}
        for cut in sorted(cuts):
            yield from _cut_off(candidate, f"{name}, cut off at byte {cut} of {size}", document[:cut], sound)


def _cut_off(candidate: Candidate, name: str, document: bytes, sound: Told) -> Iterator[str]:
    """Half a file must be noticed, unless the bank's own layout has neither trailer nor count to notice it by."""
    layout = candidate.profile.layout
    endless = layout is not None and layout.replies is not None and not layout.replies.trailer
    if endless and not _is_xml(document):
        told: Told = []
        try:
            told = candidate.read(document)
        except Unreadable:
            return
        sound = told if told and set(told) <= set(sound) else sound
    yield from _refused(candidate, name, document, sound)


def _empty(candidate: Candidate) -> Iterator[str]:
    for name, document in (("an empty message", b""), ("a blank message", b" \r\n\r\n"), ("zero bytes", bytes(9))):
        yield from _refused(candidate, name, document)


def _twice(candidate: Candidate) -> Iterator[str]:
    for name, document in candidate.documents():
        try:
            told = candidate.read(document + document)
        except Unreadable:
            continue
        if {_without_place(one) for one in told} != {_without_place(one) for one in candidate.read(document)}:
            yield f"{name}, twice in one message, says something else; raise Unreadable"


def _without_place(one: Observation | Statement) -> Observation | Statement:
    return replace(one, path="") if isinstance(one, Observation) else one


def _foreign(candidate: Candidate) -> Iterator[str]:
    for name, document in FOREIGN.items():
        if document.startswith(b":20:") and candidate.profile.messages.statements == "MT":
            continue  # this bank writes such statements itself
        yield from _refused(candidate, name, document)


def _is_xml(document: bytes) -> bool:
    return document.lstrip(b"\xef\xbb\xbf \r\n").startswith(b"<")


_VALUE = re.compile(rb">([^<>\s]{2,})<")


def _attacks_on_xml(document: bytes) -> Iterator[tuple[str, bytes]]:
    """Attack the message; each value in turn where that can make a difference."""
    start = document.index(b"<Document") if b"<Document" in document else 0
    head, body = document[:start], document[start:]
    yield "a DTD", head + b"<!DOCTYPE Document>" + body
    value = _VALUE.search(body)
    if value is None:
        return
    before, after = body[: value.start(1)], body[value.end(1) :]
    yield "an entity", head + b'<!DOCTYPE d [<!ENTITY e "X">]>' + before + b"&e;" + after
    yield "an external entity", head + b'<!DOCTYPE d [<!ENTITY e SYSTEM "/etc/passwd">]>' + before + b"&e;" + after
    yield "an undeclared entity", head + before + b"&e;" + after
    yield "deep nesting", head + before + b"<a>" * 5_000 + b"</a>" * 5_000 + after


def _splits(document: bytes) -> Iterator[tuple[str, bytes]]:
    for value in list(_VALUE.finditer(document))[:60]:
        middle = (value.start(1) + value.end(1)) // 2
        for what, between in (("a comment", b"<!-- x -->"), ("an instruction", b"<?x y?>")):
            yield f"{what} inside a value", document[:middle] + between + document[middle:]


def _hostile_xml(candidate: Candidate) -> Iterator[str]:
    for name, document in candidate.documents():
        if not _is_xml(document):
            continue
        for what, attack in _attacks_on_xml(document):
            yield from _refused(candidate, f"{name} with {what}", attack)


def _split_values(candidate: Candidate) -> Iterator[str]:
    for name, document in candidate.documents():
        if not _is_xml(document):
            continue
        sound = candidate.read(document)
        for what, attack in _splits(document):
            yield from _refused(candidate, f"{name} with {what}", attack, sound)


def _nul(candidate: Candidate) -> Iterator[str]:
    for name, document in candidate.documents():
        for place in (0, len(document) // 3, len(document) // 2, len(document) - 2):
            attack = document[:place] + b"\x00" + document[place:]
            yield from _refused(candidate, f"{name} with NUL at byte {place}", attack)


_NUMBERS = (b"9" * 400, b"NaN", b"1e9", b"-12.30", b"0x10", b"1,230.00", b"Infinity", "\u0661\u0662".encode())


def _numbers(candidate: Candidate) -> Iterator[str]:
    """Put impossible numbers where amounts stand."""
    for name, document in candidate.documents():
        sound = candidate.read(document)
        amounts = list(re.finditer(rb"(?<=[>\"|;,])[0-9]{1,15}\.[0-9]{2}(?=[<\"|;,])", document))
        for number in _NUMBERS if amounts else ():
            place = amounts[-1]
            attack = document[: place.start()] + number + document[place.end() :]
            yield from _refused(candidate, f"{name} with an impossible amount", attack, sound)


def _any_byte(candidate: Candidate) -> Iterator[str]:
    """Change bytes here and there: nothing but Unreadable may come of it. `run` tells any other error."""
    for _, document in candidate.documents():
        for place in range(0, len(document), max(1, len(document) // 24)):
            for byte in (b"", b"\xff", b"<", b'"', b"\n", b"{"):
                candidate.refuses(document[:place] + byte + document[place + 1 :])
    yield from ()


def _has_place(candidate: Candidate) -> Iterator[str]:
    """A refusal says where, so that a person finds it."""
    for name, document in candidate.documents():
        try:
            candidate.read(document[: len(document) // 2])
        except Unreadable as error:
            if not error.path or not error.rule:
                yield f"{name}, cut off: refused without place or rule"


CHECKS = (
    Check(name="hostility.truncated", asks="half a message is refused at every cut", ask=_truncated),
    Check(name="hostility.empty", asks="an empty message is refused", ask=_empty),
    Check(name="hostility.twice-in-one", asks="a message that holds itself twice is refused", ask=_twice),
    Check(name="hostility.foreign", asks="another bank's document is refused", ask=_foreign),
    Check(name="hostility.dtd-and-entities", asks="DTDs, entities and deep nesting are refused", ask=_hostile_xml),
    Check(name="hostility.split-values", asks="nothing may split a value", ask=_split_values),
    Check(name="hostility.nul", asks="NUL is refused", ask=_nul),
    Check(name="hostility.impossible-numbers", asks="impossible amounts are refused", ask=_numbers),
    Check(name="hostility.any-byte", asks="no change of a byte does more than Unreadable", ask=_any_byte),
    Check(name="hostility.says-where", asks="a refusal says where and by which rule", ask=_has_place),
)
