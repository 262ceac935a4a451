"""The suite's own reading of rendered bytes, so that a writer and a reader broken alike are caught.

It shares no code with the adapters: another parser (expat, where they use libxml2), another arithmetic (Decimal).
"""

import json
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any
from xml.etree import ElementTree as ET

from bank_adapters.contract.flat_witness import flat
from bank_adapters.contract.mt_witness import mt101
from bank_adapters.contract.seen import Seen, WitnessError, Written, minor
from bank_adapters.profile import Profile
from bank_adapters.profile.pain001 import VERSIONS as PAIN001

# pain.001 --------------------------------------------------------------------------------------------------------


def _local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def _find(element: ET.Element, path: str) -> ET.Element:
    """Follow local names, each of which stands exactly once."""
    for name in path.split("/"):
        found = [one for one in element if _local(one) == name]
        if len(found) != 1:
            raise WitnessError(f"{len(found)} elements {name} where exactly one is expected")
        element = found[0]
    return element


def _text(element: ET.Element, path: str) -> str:
    return (_find(element, path).text or "").strip()


def _pain001(document: bytes, profile: Profile) -> Written:
    try:
        root = ET.fromstring(document)  # noqa: S314 - our own bytes, and expat refuses what entities could do
    except (ET.ParseError, ValueError, LookupError) as error:
        raise WitnessError("not well-formed XML in its declared encoding") from error
    message = _find(root, "CstmrCdtTrfInitn")
    blocks = [one for one in message if _local(one) == "PmtInf"]
    currency = next((_currency(one) for one in message.iter() if _local(one) == "InstdAmt"), profile.currencies[0])
    claims = [("GrpHdr", *_claim(_find(message, "GrpHdr"), currency))]
    payments: list[Seen] = []
    for place, block in enumerate(blocks, start=1):
        own = [_payment(one) for one in block if _local(one) == "CdtTrfTxInf"]
        count, total = _claim(block, currency)
        if (count, total) != (len(own), sum(one.amount_minor for one in own)):
            raise WitnessError(f"PmtInf[{place}]: NbOfTxs or CtrlSum is not that of its payments")
        payments += own
    return Written(
        payments=tuple(payments),
        claims=tuple(claims),
        ids=(_text(message, "GrpHdr/MsgId"), *(_text(one, "PmtInfId") for one in blocks)),
        texts=tuple(value for one in root.iter() if (value := one.text)),
    )


def _currency(amount: ET.Element) -> str:
    return amount.get("Ccy", "")


def _claim(element: ET.Element, currency: str) -> tuple[int | None, int | None]:
    count = _text(element, "NbOfTxs")
    if not count.isdecimal():
        raise WitnessError("NbOfTxs is not a count")
    return int(count), minor(_text(element, "CtrlSum"), currency)


def _payment(element: ET.Element) -> Seen:
    amount = _find(element, "Amt/InstdAmt")
    currency = _currency(amount)
    return Seen(
        end_to_end_id=_text(element, "PmtId/EndToEndId"),
        account=_text(element, "CdtrAcct/Id/IBAN"),
        amount_minor=minor((amount.text or "").strip(), currency),
        currency=currency,
        name=_text(element, "Cdtr/Nm"),
    )


# JSON ------------------------------------------------------------------------------------------------------------


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise WitnessError("an object holds a key twice")
    return dict(pairs)


def _json(document: bytes, profile: Profile) -> Written:
    del profile  # the body names its currency itself
    try:
        body = json.loads(document.decode("utf-8"), object_pairs_hook=_once)
        creditor = body["creditor"]
        who = creditor.get("identification")
        account = creditor["iban"] if who is None else f"{who['scheme']}:{who['id']}"
        seen = Seen(
            end_to_end_id=body["endToEndId"],
            account=account,
            amount_minor=minor(body["amount"], body["currency"]),
            currency=body["currency"],
            name=creditor["name"],
        )
    except (UnicodeDecodeError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WitnessError("not a payment as a JSON object in UTF-8") from error
    return Written(payments=(seen,), ids=(body.get("uetr", ""),), texts=tuple(_values(body)))


def _values(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for one in value.values():
            yield from _values(one)
    elif isinstance(value, str):
        yield value


Witness = Callable[[bytes, Profile], Written]
WITNESSES: Mapping[str, Witness] = MappingProxyType(
    {**dict.fromkeys(PAIN001, _pain001), "json-payments-v1": _json, "delimited": flat, "fixed-width": flat}
    | {"MT101": mt101}
)
"""What payments are written in -> the suite's own reader of it."""


def witness(profile: Profile, document: bytes) -> Written:
    """Read rendered bytes. Raises WitnessError where they are not what they should be."""
    return WITNESSES[profile.messages.initiation](document, profile)
