"""What the status messages share: reasons, counts by status, changed data, and what a report is about.

Reference: iso20022-and-banks 2.1 (g) to (j).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from bank_adapters.iso20022.status import StatusTable
from bank_adapters.iso20022.xml import (
    LOCAL,
    TEXT_MAX,
    Element,
    calendar_date,
    child,
    children,
    day_in,
    descend,
    money,
    reference,
    text,
    values,
)
from gateway.domain.errors import Unreadable
from gateway.domain.facts import Fact
from gateway.domain.identity import is_cancellation_id
from gateway.domain.observation import Observation, ObservationKind

_REASONS = frozenset({"Rsn", "StsRsn"})
_TEXTS = frozenset({"AddtlInf", "AddtlStsRsnInf"})
_CODES = frozenset({"Cd", "Prtry"})
_ABOUT: Mapping[str, ObservationKind] = {
    "camt.": ObservationKind.RECALL_ANSWER,
    "pacs.028": ObservationKind.RECALL_ANSWER,
    "pain.007": ObservationKind.RECALL_ANSWER,
    "pacs.007": ObservationKind.RECALL_ANSWER,
    "pacs.004": ObservationKind.RETURN_ADVICE,
}
"""What a status report can be about beside payments: requests to cancel, change, find or reverse some, and a return."""
_NUMBER_MAX = 15
_CHANGED = "ACWC"
_IN_REFERENCE = frozenset({"Amt", "IntrBkSttlmAmt", "ReqdExctnDt", "IntrBkSttlmDt", "RmtInf"})


def about(message_name: str | None, message_id: str | None) -> ObservationKind | None:
    """Say what a status is of where it is not of payments: of a recall, or of a return. By OrgnlMsgNmId or OrgnlMsgId.

    The payments that such a message named are named by its report too; its refusal is none of theirs. Banks leave
    OrgnlMsgNmId out, or write another: the id of a request of ours to cancel payments shows by its form what it is.
    """
    if is_cancellation_id(message_id):
        return ObservationKind.RECALL_ANSWER
    name = (message_name or "").lower()
    return next((kind for part, kind in _ABOUT.items() if part in name), None)


def below_duplicate(said: Observation, above: Observation | None, table: StatusTable) -> Observation:
    """Give what is refused the duplicate reason of the level that holds it, if that has one.

    A bank that refuses a second copy of a file may say so of the file and write a bare RJCT, or a reason of its own, of
    every block and payment below: the first copy is live, so none of them is rejected. Below what is not refused as a
    whole only a bare RJCT has the reason from there.
    """
    if above is None or not _refused(said, table) or table.says_duplicate(said.reason, said.reason_text):
        return said
    if above.status is not None and not _refused(above, table) and said.reason is not None:
        return said
    return replace(said, reason=above.reason, reason_text=joined(above.reason_text, said.reason, said.reason_text))


def _refused(said: Observation, table: StatusTable) -> bool:
    return bool(table.facts.get(said.status or "", Fact.NONE) & (Fact.REJECTED | Fact.CANCELLED))


def duplicate_of(said: Observation, table: StatusTable) -> Observation | None:
    """Return it if its reason is that the bank already has what it is about."""
    return said if table.says_duplicate(said.reason, said.reason_text) else None


def whole(
    above: Observation,
    duplicate: Observation | None,
    listed: Mapping[str | None, int],
    table: StatusTable,
    blocks: Iterable[str | None] = (),
) -> Observation:
    """Finish what is said of a file or block by what was told below it: payments by status, and blocks.

    Banks that refuse a second copy say so of the payments and write a bare RJCT, or a reason of their own, above. Lent
    to payments, that RJCT would reject the live first copy; with the duplicate's reason it never does.
    """
    if above.kind is not ObservationKind.SUBMISSION_STATUS:
        return above
    if duplicate is not None:
        words = joined(duplicate.reason_text, above.reason, above.reason_text)
        return replace(above, reason=duplicate.reason, reason_text=words)
    if table.contradicted(above.status, listed, blocks):
        return replace(above, kind=ObservationKind.OVERRULED_STATUS)
    return above


def told(found: Mapping[str, Element], name: str, path: str) -> str | None:
    """Return the text of one of the found elements; see `bank_adapters.iso20022.xml.text`."""
    element = found.get(name)
    if element is None:
        return None
    value = element.text
    if value is None or len(element) or len(value) > TEXT_MAX:
        return text(element, f"{path}/{name}")
    return value.strip() or None


def named(found: Mapping[str, Element], name: str, path: str) -> str | None:
    """Return an identifier among the found elements, or None for a placeholder."""
    element = found.get(name)
    return None if element is None else reference(element, f"{path}/{name}")


def reason_of(element: Iterable[Element], name: str, path: str, table: StatusTable) -> tuple[str | None, str | None]:
    """Return one code and all texts of StsRsnInf, CxlStsRsnInf or RtrRsnInf, however often it stands.

    Of several codes a duplicate one counts, for it says that nothing was refused; the others are kept as text.
    """
    codes, texts = reasons_of(element, name, path)
    if not codes:
        return None, "; ".join(texts) or None
    chosen = codes[0]
    if len(codes) > 1:
        said = "; ".join(texts)
        chosen = next((code for code in codes if table.says_duplicate(code, said)), chosen)
        texts += [code for code in codes if code != chosen]
    return chosen, "; ".join(texts) or None


def reasons_of(element: Iterable[Element], name: str, path: str) -> tuple[list[str], list[str]]:
    """Return all codes and all texts of all reasons, in document order."""
    codes: list[str] = []
    texts: list[str] = []
    for info in element:
        if LOCAL[info.tag] != name:
            continue
        where = f"{path}/{name}"
        reason: Element | None = None
        for part in info:
            tag = LOCAL[part.tag]
            if tag in _TEXTS:
                if line := text(part, f"{where}/AddtlInf"):
                    texts.append(line)
            elif tag in _REASONS:
                if reason is not None:
                    raise Unreadable("element.repeated", f"{where}/Rsn", "an element that may stand once stands twice")
                reason = part
        if reason is not None:
            codes += _codes(reason, f"{where}/Rsn")
    return codes, texts


def _codes(reason: Element, path: str) -> list[str]:
    """Return the code of a reason, or both where a bank writes a standard and an own one, the standard one first."""
    if len(reason) == 1 and LOCAL[reason[0].tag] in _CODES:
        code = text(reason[0], path)
        return [] if code is None else [code]
    said = values(reason, _CODES, path)
    return [code for name in ("Cd", "Prtry") if (code := told(said, name, path))]


def counts_of(element: Element, name: str, path: str) -> dict[str, int]:
    """Read NbOfTxsPerSts or NbOfTxsPerCxlSts: status -> how many transactions have it. Zero rows are kept."""
    counts: dict[str, int] = {}
    where = f"{path}/{name}"
    for row in children(element, name):
        status = text(child(row, "DtldSts", where), f"{where}/DtldSts")
        number = text(child(row, "DtldNbOfTxs", where), f"{where}/DtldNbOfTxs") or ""
        if not (number.isascii() and number.isdigit() and len(number) <= _NUMBER_MAX):
            raise Unreadable("number.format", f"{where}/DtldNbOfTxs", "not a count")
        if status is None or status in counts:
            raise Unreadable("element.repeated", f"{where}/DtldSts", "each status is counted once")
        counts[status] = int(number)
    return counts


def reconcile(
    counts: Mapping[str, int],
    listed: Mapping[str | None, int],
    whole: str | None,
    path: str,
    table: StatusTable,
) -> None:
    """Demand that a status that is counted and listed is listed as often as it is counted.

    Banks are silent about what they accepted, so that a counted status need not be listed; rejections must be, unless
    the `whole` has that status. Raises Unreadable: what the report fails to list nobody would ever hear of.
    """
    for status, count in counts.items():
        found = listed.get(status, 0)
        lost = table.facts.get(status, Fact.NONE) & (Fact.REJECTED | Fact.CANCELLED) and status != whole
        if found != count and (found or lost):
            raise Unreadable("report.count", f"{path}/NbOfTxsPerSts", "it lists other payments than it counts")


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What a status says of the payment beside its ids; `remittance` and `day` only where the bank changed them."""

    amount_minor: int | None = None
    currency: str | None = None
    day: date | None = None
    remittance: str | None = None


NOTHING = Original()


def original_of(element: Element | None, status: str | None, path: str) -> Original:
    """Read OrgnlTxRef: the amount, and of an ACWC what it may have changed, the day and the remittance information."""
    if element is None:
        return NOTHING
    found = values(element, _IN_REFERENCE, path)
    minor, currency = _amount(found, path) or (None, None)
    if status != _CHANGED:
        return Original(amount_minor=minor, currency=currency)
    name = "ReqdExctnDt" if "ReqdExctnDt" in found else "IntrBkSttlmDt"
    lines = children(found["RmtInf"], "Ustrd") if "RmtInf" in found else ()
    remittance = [line for one in lines if (line := text(one, f"{path}/RmtInf/Ustrd"))]
    return Original(
        amount_minor=minor,
        currency=currency,
        day=day_of(found.get(name), f"{path}/{name}"),
        remittance="; ".join(remittance) or None,
    )


def _amount(found: Mapping[str, Element], path: str) -> tuple[int, str] | None:
    chosen, where = found.get("Amt"), f"{path}/Amt"
    instructed = money(child(chosen, "InstdAmt", where), f"{where}/InstdAmt")
    equivalent = money(descend(chosen, "EqvtAmt/Amt", where), f"{where}/EqvtAmt/Amt")
    return instructed or equivalent or money(found.get("IntrBkSttlmAmt"), f"{path}/IntrBkSttlmAmt")


def day_of(element: Element | None, path: str) -> date | None:
    """Read a day, written plainly (.03) or as a choice of Dt and DtTm."""
    if element is None:
        return None
    if any(LOCAL[one.tag] in {"Dt", "DtTm"} for one in element):
        return calendar_date(element, path)
    value = text(element, path)
    try:
        return None if value is None else day_in(value)
    except ValueError:
        raise Unreadable("date.format", path, "not a calendar date") from None


def joined(*texts: str | None) -> str | None:
    """Join what there is of texts."""
    return "; ".join(filter(None, texts)) or None


def only_one(counted: int, message: str) -> None:
    """Demand that a message stands once. Raises Unreadable."""
    if counted != 1:
        raise Unreadable("message.count", "/", f"exactly one {message} is expected")


def stands_in(element: Element, parents: Iterable[str], path: str) -> Element:
    """Return the element around one that was pulled; it must be one of these, not an envelope or a copy within."""
    parent = element.getparent()
    if parent is None or LOCAL[parent.tag] not in parents:
        raise Unreadable("element.place", path, "it stands where the message has no such element")
    return parent
