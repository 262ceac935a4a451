"""Status messages grown from ISO's schemas are read back to what was put in.

The oracle looks each value up in the whole tree by its path, element by element, as a person would; it shares no code
with the readers, which see the document piece by piece.
"""

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from gateway.domain.observation import Observation
from tests.bank_adapters.material import bytes_in_pieces, file_bank, observations
from tests.bank_adapters.schema_walk import Node, Shape, every, name, text, texts

BANK = file_bank()
Told = dict[str, Any]
STATUSES = ("RJCT", "ACSP", "ACWC", "PART", "PDNG", "ACSC", "RVNM", "ZZZ9")
VALUES = {
    "ExternalPaymentTransactionStatus1Code": STATUSES,
    "ExternalPaymentGroupStatus1Code": STATUSES,
    "ExternalStatusReason1Code": ("AC04", "NARR", "AC01"),
    "ExternalReturnReason1Code": ("AC04", "FOCR", "MD07"),
    "ExternalPaymentCancellationRejection1Code": ("CUST", "NOAS"),
    "ExternalInvestigationExecutionConfirmation1Code": ("CNCL", "RJCR", "PDCR", "PECR"),
}
COMMON = frozenset({"OrgnlInstrId", "OrgnlEndToEndId", "OrgnlUETR", "OrgnlTxRef", "AddtlInf", "Rsn", "Cd", "Prtry"})
STATUS = COMMON | {
    *("OrgnlPmtInfAndSts", "TxInfAndSts", "GrpSts", "PmtInfSts", "TxSts", "StsRsnInf", "AcctSvcrRef", "Amt"),
    *("InstdAmt", "ReqdExctnDt", "RmtInf", "Ustrd", "OrgnlGrpInfAndSts", "NbOfTxsPerSts", "IntrBkSttlmDt"),
}
RETURN = COMMON | {
    *("TxInf", "RtrId", "OrgnlGrpInf", "OrgnlTxId", "RtrRsnInf", "IntrBkSttlmDt", "TtlRtrdIntrBkSttlmAmt"),
}
ANSWER = COMMON | {
    *("Conf", "RslvdCase", "CxlDtls", "OrgnlGrpInfAndSts", "OrgnlPmtInfAndSts", "TxInfAndSts", "GrpCxlSts"),
    *("PmtInfCxlSts", "TxCxlSts", "CxlStsRsnInf", "UETR", "OrgnlTxId", "OrgnlGrpInf", "OrgnlInstdAmt"),
}
WANTED = {"pain": STATUS, "pacs.002": STATUS, "pacs.004": RETURN, "camt": ANSWER}


@cache
def shape_of(file: str) -> Shape:
    wanted = next(names for prefix, names in WANTED.items() if file.startswith(prefix))
    return Shape(f"{file}.xsd", wanted, VALUES)


MATERIAL = st.integers(0, 2**32 - 1).map(Random)
OFTEN = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def reason_of(node: Node, where: str) -> tuple[str | None, str | None]:
    """The first code, and all texts with the other codes behind them."""
    codes = [(text(one, "Cd") or text(one, "Prtry")) for one in every(node, f"{where}/Rsn")]
    known = [code for code in codes if code]
    chosen = known[0] if known else None
    said = texts(node, f"{where}/AddtlInf") + [code for code in known if code != chosen]
    return chosen, "; ".join(said) or None


def minor(node: Node, *paths: str) -> int | None:
    found = [one for path in paths for one in every(node, path)]
    return int(Decimal(found[0].text or "") * 100) if found else None


def told(rows: list[Observation], *fields: str) -> list[Told]:
    return [{field: getattr(row, field) for field in fields} for row in rows]


FIELDS = ("path", "msg_id", "instr_id", "end_to_end_id", "uetr", "status", "reason", "reason_text", "amount_minor")


def payment(node: Node, path: str, msg_id: str | None, pmt_inf_id: str | None) -> Told:
    """What one TxInfAndSts of a status report says."""
    status = text(node, "TxSts")
    code, said = reason_of(node, "StsRsnInf")
    changed = texts(node, "OrgnlTxRef/RmtInf/Ustrd") if status == "ACWC" else []
    return {
        "path": path,
        "msg_id": msg_id,
        "pmt_inf_id": pmt_inf_id,
        "instr_id": name(node, "OrgnlInstrId"),
        "end_to_end_id": name(node, "OrgnlEndToEndId"),
        "uetr": text(node, "OrgnlUETR"),
        "status": status,
        "reason": code,
        "reason_text": "; ".join([*([said] if said else []), *changed]) or None,
        "amount_minor": minor(
            node, "OrgnlTxRef/Amt/InstdAmt", "OrgnlTxRef/Amt/EqvtAmt/Amt", "OrgnlTxRef/IntrBkSttlmAmt"
        ),
    }


def count_truly(level: Node, listed: list[Node]) -> None:
    """Let the counts of a level say what it lists: of one status, or nothing."""
    for number, counts in enumerate(every(level, "NbOfTxsPerSts")):
        statuses = [status for one in listed if (status := text(one, "TxSts"))]
        if number or not statuses:
            level.remove(counts)
            continue
        every(counts, "DtldSts")[0].text = statuses[0]
        every(counts, "DtldNbOfTxs")[0].text = str(statuses.count(statuses[0]))


def read(root: Node, rng: Random, shape: Shape) -> list[Observation]:
    assert shape.schema.validate(root), shape.schema.error_log
    content = etree.tostring(root, encoding=rng.choice(["UTF-8", "UTF-16"]))
    assert isinstance(content, bytes)
    return observations(*bytes_in_pieces(content, rng.choice([97, 4096, 1 << 20])), bank=BANK)


@pytest.mark.parametrize("file", ["pain.002.001.03", "pain.002.001.10", "pain.002.001.12"])
@given(rng=MATERIAL)
@OFTEN
def test_pain002_is_read_back(file: str, rng: Random) -> None:
    root = shape_of(file).grow(rng)
    (report,) = every(root, "CstmrPmtStsRpt")
    (group,) = every(report, "OrgnlGrpInfAndSts")
    every(group, "OrgnlMsgNmId")[0].text = "pain.001.001.09"
    listed = every(report, "OrgnlPmtInfAndSts/TxInfAndSts")
    count_truly(group, listed)
    for block in every(report, "OrgnlPmtInfAndSts"):
        count_truly(block, every(block, "TxInfAndSts"))
    rows = read(root, rng, shape_of(file))

    assert told(rows, *FIELDS[:-4], "pmt_inf_id", *FIELDS[-4:]) == [
        {key: one[key] for key in (*FIELDS[:-4], "pmt_inf_id", *FIELDS[-4:])} for one in _of_report(report, group)
    ]


def _of_report(report: Node, group: Node) -> Iterator[Told]:
    msg_id = name(group, "OrgnlMsgId")
    for number, block in enumerate(every(report, "OrgnlPmtInfAndSts"), start=1):
        path, block_id = f"/CstmrPmtStsRpt/OrgnlPmtInfAndSts[{number}]", name(block, "OrgnlPmtInfId")
        for at, one in enumerate(every(block, "TxInfAndSts"), start=1):
            yield payment(one, f"{path}/TxInfAndSts[{at}]", msg_id, block_id)
        yield whole(block, path, msg_id, block_id, "PmtInfSts")
    if text(group, "GrpSts") is not None or not every(report, "OrgnlPmtInfAndSts"):
        yield whole(group, "/CstmrPmtStsRpt/OrgnlGrpInfAndSts", msg_id, None, "GrpSts")


def whole(node: Node, path: str, msg_id: str | None, block_id: str | None, status: str) -> Told:
    code, said = reason_of(node, "StsRsnInf")
    ids = {"msg_id": msg_id, "pmt_inf_id": block_id, "instr_id": None, "end_to_end_id": None, "uetr": None}
    return {
        "path": path,
        **ids,
        "status": text(node, status),
        "reason": code,
        "reason_text": said,
        "amount_minor": None,
    }


@given(rng=MATERIAL)
@OFTEN
def test_pacs002_is_read_back(rng: Random) -> None:
    shape = shape_of("pacs.002.001.10")
    root = shape.grow(rng)
    (report,) = every(root, "FIToFIPmtStsRpt")
    groups = every(report, "OrgnlGrpInfAndSts")
    for extra in groups[1:]:
        report.remove(extra)
    for named in (
        *every(report, "OrgnlGrpInfAndSts/OrgnlMsgNmId"),
        *every(report, "TxInfAndSts/OrgnlGrpInf/OrgnlMsgNmId"),
    ):
        named.text = "pacs.008.001.08"
    listed = every(report, "TxInfAndSts")
    group = groups[0] if groups else None
    msg_id = name(group, "OrgnlMsgId") if group is not None else None
    if group is not None:
        count_truly(group, [one for one in listed if _is_of(one, msg_id)])
    rows = read(root, rng, shape)

    payments = []
    for at, one in enumerate(listed, start=1):
        own = name(one, "OrgnlGrpInf/OrgnlMsgId") if every(one, "OrgnlGrpInf") else msg_id
        payments.append(payment(one, f"/FIToFIPmtStsRpt/TxInfAndSts[{at}]", own, None))
    assert told(rows[: len(listed)], *FIELDS) == [{key: one[key] for key in FIELDS} for one in payments]
    of_groups = rows[len(listed) :]
    assert all(row.path == "/FIToFIPmtStsRpt/OrgnlGrpInfAndSts[1]" for row in of_groups)
    status = None if group is None else text(group, "GrpSts")
    assert [row.status for row in of_groups if row.status] == ([status] if status else [])


def _is_of(one: Node, msg_id: str | None) -> bool:
    return not every(one, "OrgnlGrpInf") or (msg_id is not None and name(one, "OrgnlGrpInf/OrgnlMsgId") == msg_id)


@given(rng=MATERIAL)
@OFTEN
def test_pacs004_is_read_back(rng: Random) -> None:
    shape = shape_of("pacs.004.001.09")
    root = shape.grow(rng)
    (message,) = every(root, "PmtRtr")
    listed = every(message, "TxInf")
    if not listed:
        return
    every(message, "GrpHdr/NbOfTxs")[0].text = str(len(listed))
    total = sum(Decimal(one.text or "") for one in every(message, "TxInf/RtrdIntrBkSttlmAmt"))
    for one in every(message, "GrpHdr/TtlRtrdIntrBkSttlmAmt"):
        one.text = str(total)
    rows = read(root, rng, shape)
    day = text(message, "GrpHdr/IntrBkSttlmDt")
    expected = []
    for at, one in enumerate(listed, start=1):
        own = every(one, "RtrRsnInf")
        code, said = reason_of(one if own else message, "RtrRsnInf" if own else "OrgnlGrpInf/RtrRsnInf")
        inner = bool(every(one, "OrgnlGrpInf"))
        expected.append(
            {
                "path": f"/PmtRtr/TxInf[{at}]",
                "msg_id": name(one if inner else message, "OrgnlGrpInf/OrgnlMsgId"),
                "end_to_end_id": name(one, "OrgnlEndToEndId"),
                "uetr": text(one, "OrgnlUETR"),
                "reason": code,
                "reason_text": said,
                "amount_minor": minor(one, "RtrdIntrBkSttlmAmt"),
                "entry_ref": name(one, "RtrId"),
                "tx_id": name(one, "OrgnlTxId"),
                "booking_date": text(one, "IntrBkSttlmDt") or day,
            }
        )
    found = told(rows, *expected[0])
    for row in found:
        row["booking_date"] = row["booking_date"] and str(row["booking_date"])
    assert found == expected


@given(rng=MATERIAL)
@OFTEN
def test_camt029_is_read_back(rng: Random) -> None:
    shape = shape_of("camt.029.001.09")
    root = shape.grow(rng)
    (message,) = every(root, "RsltnOfInvstgtn")
    rows = read(root, rng, shape)
    payments = [row for row in rows if "/TxInfAndSts[" in row.path]
    expected = list(_answers(message))
    assert told(payments, *expected[0]) == expected if expected else payments == []
    for at, details in enumerate(every(message, "CxlDtls"), start=1):
        status = text(details, "OrgnlGrpInfAndSts/GrpCxlSts")
        path = f"/RsltnOfInvstgtn/CxlDtls[{at}]/OrgnlGrpInfAndSts"
        assert status is None or (path, status) in {(row.path, row.status) for row in rows}
    assert rows, "an answer is never silent"


def _answers(message: Node) -> Iterator[Told]:
    conf = text(message, "Sts/Conf") or next(
        (one for one in ("DplctOf", "RjctdMod", "AssgnmtCxlConf") if every(message, f"Sts/{one}")), None
    )
    case = name(message, "RslvdCase/Id")
    for at, details in enumerate(every(message, "CxlDtls"), start=1):
        here = f"/RsltnOfInvstgtn/CxlDtls[{at}]"
        groups = every(details, "OrgnlGrpInfAndSts")
        above = (*(text(one, "GrpCxlSts") for one in groups), conf)
        for number, block in enumerate(every(details, "OrgnlPmtInfAndSts"), start=1):
            levels = (text(block, "PmtInfCxlSts"), *above)
            for place, one in enumerate(every(block, "TxInfAndSts"), start=1):
                path = f"{here}/OrgnlPmtInfAndSts[{number}]/TxInfAndSts[{place}]"
                yield _answer(one, path, block, groups, levels, case)
        for place, one in enumerate(every(details, "TxInfAndSts"), start=1):
            yield _answer(one, f"{here}/TxInfAndSts[{place}]", None, groups, above, case)


def _answer(
    one: Node, path: str, block: Node | None, groups: list[Node], above: tuple[str | None, ...], case: str | None
) -> Told:
    own = text(one, "TxCxlSts")
    lent = [word for word in above if word not in {None, "PACR", "PECR"}]
    named = [
        *([name(one, "OrgnlGrpInf/OrgnlMsgId")] if every(one, "OrgnlGrpInf") else []),
        *([name(block, "OrgnlGrpInf/OrgnlMsgId")] if block is not None else []),
        *(name(group, "OrgnlMsgId") for group in groups),
    ]
    cases = [name(one, "RslvdCase/Id"), *([name(block, "RslvdCase/Id")] if block is not None else [])]
    cases += [name(group, "RslvdCase/Id") for group in groups]
    return {
        "path": path,
        "msg_id": next(filter(None, named), None),
        "pmt_inf_id": None if block is None else name(block, "OrgnlPmtInfId"),
        "end_to_end_id": name(one, "OrgnlEndToEndId"),
        "uetr": text(one, "OrgnlUETR") or text(one, "UETR"),
        "status": own or (lent[0] if lent else None),
        "entry_ref": next(filter(None, [*cases, case]), None),
        "tx_id": name(one, "OrgnlTxId"),
    }
