"""The suite's own reading of an MT101 file, from SWIFT's message definition and without the adapter's reader.

It cuts the whole text by expressions (the adapter's reader walks line by line), and works out MsgIds from references of
sixteen letters by its own arithmetic.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from bank_adapters.contract.seen import Seen, WitnessError, Written, minor
from bank_adapters.profile import Profile

_ENVELOPED = re.compile(r"\{1:F01[A-Z0-9]{22}\}\{2:I101[A-Z0-9]{12}N\}\{4:\r\n(.*?\r\n)-\}\r\n", re.DOTALL)
_BARE = re.compile(r"(:20:.*?\r\n)-\r\n", re.DOTALL)
_ORDER = ("20", "21R", "28D", "50H", "52A", "30"), ("21", "23E", "32B", "57A", "57C", "59", "70", "71A")
_FULL = 35


def mt101(document: bytes, profile: Profile) -> Written:
    """Read a file of messages. Raises WitnessError where it is not what SWIFT's definition says."""
    try:
        text = document.decode("ascii")
    except UnicodeDecodeError:
        raise WitnessError("a letter outside SWIFT's character set x") from None
    around = _ENVELOPED if text.startswith("{") else _BARE
    messages = around.findall(text)
    if not messages or around.sub("", text):
        raise WitnessError("the bytes are not a row of whole messages")
    heads, payments, texts = [], [], []
    for place, message in enumerate(messages, start=1):
        head, rest = _sequences(message)
        if head["28D"] != [f"{place}/{len(messages)}"]:
            raise WitnessError("field 28D does not tell the place in the chain of messages")
        heads.append(head)
        payments += rest
        texts += [one for fields in (head, *rest) for lines in fields.values() for one in _values(lines)]
    return Written(
        payments=tuple(_payment(one, profile) for one in payments),
        ids=(_msg_id(heads[0]["20"][0], profile.slug),),
        texts=tuple(texts),
    )


def _sequences(message: str) -> tuple[dict[str, list[str]], list[dict[str, list[str]]]]:
    """Cut a message into sequence A and its payments, each a mapping of fields to their lines."""
    first, *others = re.split(r"(?=^:21:)", message, flags=re.MULTILINE)
    return _fields(first, _ORDER[0]), [_fields(one, _ORDER[1]) for one in others]


def _fields(text: str, order: Sequence[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for part in re.split(r"(?=^:[0-9]{2}[A-Z]?:)", text, flags=re.MULTILINE)[1:]:
        tag, value = part[1:].split(":", 1)
        if tag in found:
            raise WitnessError(f"field {tag} stands twice")
        found[tag] = value.removesuffix("\r\n").split("\r\n")
        if any(not 1 <= len(line) <= _FULL or line[0] in ":-" for line in found[tag][1:]):
            raise WitnessError(f"field {tag} has a line that no field may have")
    if list(found) != [tag for tag in order if tag in found]:
        raise WitnessError("fields are out of order or not of this sequence")
    return found


def _values(lines: Sequence[str]) -> Iterator[str]:
    """Yield every value of a field: its lines as they are, accounts without their slash, and texts put together."""
    yield from (line.removeprefix("/") for line in lines)
    whole = _joined(lines)
    yield whole
    yield from (part.partition("/")[2].strip() for part in whole.split("///"))


def _joined(lines: Sequence[str]) -> str:
    """Put a text together again: a full line goes on at once, any other one ended at a blank."""
    return "".join(f"{line}{'' if len(line) == _FULL else ' '}" for line in lines[:-1]) + lines[-1]


def _payment(fields: dict[str, list[str]], profile: Profile) -> Seen:
    account, *name = fields["59"]
    amount = re.fullmatch(r"([A-Z]{3})([0-9]+),([0-9]*)", fields["32B"][0])
    mine = re.fullmatch(r"/ROC/([A-Za-z0-9]{1,30})", fields["70"][0])
    if amount is None or mine is None or not name or not account.startswith("/"):
        raise WitnessError("a payment without amount, account, name or our own reference")
    key = account[1:]
    if "57C" in fields:
        key = f"{profile.country}/{fields['57C'][0][4:]}/{key}"
    return Seen(
        end_to_end_id=mine[1],
        account=key,
        amount_minor=minor(f"{amount[2]}.{amount[3] or '0'}", amount[1]),
        currency=amount[1],
        name=_joined(name),
    )


def _msg_id(reference: str, slug: str) -> str:
    """Work out which MsgId a reference stands for."""
    if re.fullmatch(r"R[0-9A-Z]{15}", reference) is None:
        raise WitnessError("field 20 is no reference of ours")
    epoch, days, number = (int(reference[start:end], 36) for start, end in ((1, 3), (3, 6), (6, 12)))
    day = date(2000, 1, 1) + timedelta(days=days)
    bank = "".join(sign for sign in slug.upper() if sign.isalnum())[:8]
    return f"G{epoch}{bank}{day:%y%m%d}S{number:05d}"
