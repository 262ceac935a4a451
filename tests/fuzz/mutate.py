"""Changes messages as a careless bank, a broken line or an attacker would: their elements, their texts, their bytes."""

import gzip
import io
import re
import warnings
import zipfile
from collections.abc import Callable, Sequence
from html import escape
from random import Random

from lxml import etree

from bank_adapters.iso20022.encoding import undeclared

VALUES = (
    *("NaN", "INF", "-1", "+1", "1e3", "0", "0.00", "000000000000099.92", "200", "13.3", "5.04000", "1.005", "9" * 400),
    *("0x10", "1,00", "\u0661", "", " ", "\n", "CRDT", "DBIT", "BOOK", "PDNG", "INFO", "FUTR", "RRTN", "CHRG", "true"),
    *(
        "NOTPROVIDED",
        "NONREF",
        "2026-02-30",
        "2026-09-21",
        "2026-09-21T10:00:00+03:00",
        "0001-01-01",
        "EUR",
        "JPY",
        "XXX",
    ),
    *("A" * 513, "A" * 35, "\u0130\u0131\u018f", "\U0001f600", "OPBD", "CLBD", "RJCT", "ACSC", "PART", "AC04", "DU01"),
)
NAMES = (
    *(
        "Ntry",
        "NtryDtls",
        "TxDtls",
        "Amt",
        "CdtDbtInd",
        "Sts",
        "Cd",
        "Prtry",
        "BookgDt",
        "Dt",
        "DtTm",
        "Refs",
        "EndToEndId",
    ),
    *(
        "Btch",
        "NbOfTxs",
        "Chrgs",
        "RtrInf",
        "Rsn",
        "BkTxCd",
        "Acct",
        "IBAN",
        "Bal",
        "Stmt",
        "Rpt",
        "Ntfctn",
        "GrpHdr",
        "X",
    ),
    *(
        "MsgPgntn",
        "TxInfAndSts",
        "OrgnlPmtInfAndSts",
        "OrgnlGrpInfAndSts",
        "AddtlNtryInf",
        "RmtInf",
        "Ustrd",
        "RvslInd",
    ),
)
MARKUP = (
    *(
        "<!-- x -->",
        "<!-->",
        "<?go?>",
        "<![CDATA[x]]>",
        "<![CDATA[",
        "]]>",
        "&amp;",
        "&e;",
        "&#0;",
        "&#x41;",
        "&#0000000065;",
        "&#13;",
        "\r",
        "\r\n",
        "&#xD800;",
    ),
    *(
        "<x/>",
        "</x>",
        "<x>",
        '<x a="1" a="2"/>',
        "<x a='>'/>",
        ">",
        "<",
        "&",
        '"',
        "<!DOCTYPE a>",
        "<a:b/>",
        "\0",
        "\ufffe",
    ),
    '<!DOCTYPE d [<!ENTITY e "E9">]>',
)
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "iso8859-1", "iso8859-9", "cp1254", "cp1251")
_TEXT = re.compile(r">([^<>]+)<")

Tree = etree._Element
TreeChange = Callable[[Tree, Random], None]


def mutated(content: bytes, others: Sequence[bytes], random: Random) -> bytes:
    """Return a message made of another one by a few changes; the same random numbers make the same message."""
    text = _changed_tree(content, random) if random.random() < 0.8 else content.decode("utf-8", "replace")
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        text = random.choice(_TEXTS)(text, random)
    changed = _encoded(text, random)
    if random.random() < 0.1:
        changed = _archive([changed, random.choice(others)], random)
    if random.random() < 0.15:
        changed = random.choice(_BYTES)(changed, random)
    return changed


def _changed_tree(content: bytes, random: Random) -> str:
    try:
        root = etree.fromstring(content, etree.XMLParser(recover=True, resolve_entities=False, no_network=True))
    except etree.XMLSyntaxError:
        return content.decode("utf-8", "replace")
    if root is None:
        return content.decode("utf-8", "replace")
    for _ in range(random.choice((0, 1, 1, 2, 3, 6))):
        random.choice(_TREES)(root, random)
    return undeclared(etree.tostring(root, encoding="unicode"))


def _any(root: Tree, random: Random) -> Tree:
    return random.choice(list(root.iter("{*}*")))


def _remove(root: Tree, random: Random) -> None:
    one = _any(root, random)
    parent = one.getparent()
    if parent is not None:
        parent.remove(one)


def _repeat(root: Tree, random: Random) -> None:
    one = _any(root, random)
    parent = one.getparent()
    if parent is not None:
        copy = etree.fromstring(etree.tostring(one, with_tail=False))
        for _ in range(random.choice((1, 1, 2, 300 if len(copy) < 20 else 1))):
            parent.insert(random.randrange(len(parent) + 1), etree.fromstring(etree.tostring(copy)))


def _move(root: Tree, random: Random) -> None:
    one, to = _any(root, random), _any(root, random)
    if one is not root and one not in to.iterancestors() and one is not to:
        to.insert(random.randrange(len(to) + 1), one)


def _rename(root: Tree, random: Random) -> None:
    one = _any(root, random)
    one.tag = str(one.tag).rpartition("}")[0] + ("}" if "}" in str(one.tag) else "") + random.choice(NAMES)


def _value(root: Tree, random: Random) -> None:
    leaves = [one for one in root.iter("{*}*") if not len(one)]
    random.choice(leaves or [root]).text = random.choice(VALUES)


def _currency(root: Tree, random: Random) -> None:
    amounts = [one for one in root.iter("{*}*") if one.get("Ccy")]
    if amounts:
        random.choice(amounts).set("Ccy", random.choice(("EUR", "JPY", "KWD", "XXX", "", "eur", "E\tUR")))


def _comment(root: Tree, random: Random) -> None:
    one = _any(root, random)
    one.insert(random.randrange(len(one) + 1), random.choice((etree.Comment("x"), etree.ProcessingInstruction("go"))))


_TREES: Sequence[TreeChange] = (_remove, _repeat, _move, _rename, _value, _value, _value, _currency, _comment)


def _insert(text: str, random: Random) -> str:
    at = random.randrange(len(text) + 1)
    return text[:at] + random.choice(MARKUP) + text[at:]


def _insert_in_value(text: str, random: Random) -> str:
    found = list(_TEXT.finditer(text))
    if not found:
        return text
    at = random.randint(*random.choice(found).span(1))
    return text[:at] + random.choice(MARKUP) + text[at:]


def _wrap(text: str, random: Random) -> str:
    return random.choice(
        (
            f"<Env><AppHdr><MsgId>1</MsgId></AppHdr>{text}</Env>",
            f"<m><![CDATA[{text}]]></m>",
            f"<m>{escape(text)}</m>",
            f"{'<d>' * 300}{text}{'</d>' * 300}",
            f"\n {text}\n ",
            text.replace("<", "<p:").replace("<p:/", "</p:"),
            text.replace("><", ">\r\n  <"),
            text + text,
            f"<two>{text}<PmtRtr/></two>",
        )
    )


_TEXTS: Sequence[Callable[[str, Random], str]] = (_insert, _insert_in_value, _insert_in_value, _wrap)


def _encoded(text: str, random: Random) -> bytes:
    encoding = "utf-8" if random.random() < 0.7 else random.choice(ENCODINGS)
    declared = random.choice(
        (None, encoding.removesuffix("-sig"), encoding.removesuffix("-sig"), random.choice(ENCODINGS))
    )
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    return (declaration + text).encode(encoding, random.choice(("replace", "xmlcharrefreplace")))


def _archive(members: Sequence[bytes], random: Random) -> bytes:
    written = io.BytesIO()
    method = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with warnings.catch_warnings(), zipfile.ZipFile(written, "w", method) as packed:
        warnings.simplefilter("ignore")
        for number, member in enumerate(members):
            packed.writestr(random.choice((f"{number}.xml", "1.xml", "../x", f"d/{number}")), member)
    return written.getvalue()


def _cut(content: bytes, random: Random) -> bytes:
    return content[: random.randrange(len(content) + 1)]


def _flip(content: bytes, random: Random) -> bytes:
    at = random.randrange(len(content) + 1)
    return content[:at] + random.randbytes(random.randrange(4)) + content[at + random.randrange(4) :]


_BYTES: Sequence[Callable[[bytes, Random], bytes]] = (_cut, _flip, _flip, lambda content, _: gzip.compress(content))
