"""The formats of a run are found out from the bytes that went to and fro; at least eight are really used."""

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import pytest

from gateway.demo.formats import UNKNOWN, formats_of, spoken
from tests.demo.playing import Played
from tests.orders import ROOT

EVIDENCE = ROOT / "config" / "evidence"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:"


def document(text: str, encoding: str = "UTF-8") -> bytes:
    return f'<?xml version="1.0" encoding="{encoding}"?>\n{text}'.encode(encoding)


PLAIN = f'<Document xmlns="{NAMESPACE}camt.053.001.08"><A/></Document>'


def zipped(*members: bytes) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        for number, content in enumerate(members):
            archive.writestr(f"{number}.xml", content)
    return whole.getvalue()


@pytest.mark.parametrize(
    ("content", "names"),
    [
        (document(PLAIN), ["camt.053.001.08"]),
        (document(PLAIN, "UTF-16"), ["camt.053.001.08 UTF-16"]),
        (document(PLAIN, "ISO-8859-1"), ["camt.053.001.08 ISO-8859-1"]),
        (b"\xef\xbb\xbf" + document(PLAIN), ["camt.053.001.08 with mark"]),
        (document(f'<n:Document xmlns:n="{NAMESPACE}pacs.002.001.10"/>'), ["pacs.002.001.10 with prefix"]),
        (
            document(f'<E><AppHdr xmlns="{NAMESPACE}head.001.001.02"/>{PLAIN}</E>'),
            ["camt.053.001.08 behind a header"],
        ),
        (document(f"<E><![CDATA[{PLAIN}]]></E>"), ["camt.053.001.08 as text"]),
        (zipped(document(PLAIN), document(PLAIN)), ["camt.053.001.08 in a zip"] * 2),
        (b"{1:F01A}{2:I101B}{4:\r\n:20:R\r\n:28D:1/1\r\n:50H:/DE\r\n", ["MT101"]),
        (b":20:R\r\n:25:DE\r\n:28C:1\r\n:60F:C260921EUR1,00\r\n", ["MT940"]),
        (b":20:R\r\n:25:DE\r\n:34F:EUR0,00\r\n:13D:2609211800+0000\r\n", ["MT942"]),
        (b'{"type":"booking"}', ["JSON"]),
        (b"C;G1;00;\r\nS;000000\r\n", ["delimited"]),
        (b"CG1      00\r\n", ["fixed width"]),
        (b"", [UNKNOWN]),
    ],
    ids=lambda told: told[0] if isinstance(told, list) else "",
)
def test_a_format_shows_in_the_bytes(content: bytes, names: list[str]) -> None:
    assert list(formats_of(content)) == names


def test_the_banks_that_ship_answer_in_at_least_twelve_formats() -> None:
    samples = [path for path in EVIDENCE.glob("*/inbound/*") if not path.name.endswith(".yaml")]
    names = {name for path in samples for name in formats_of(path.read_bytes())}
    assert UNKNOWN not in names
    assert len(spoken({"all": {"heard": dict.fromkeys(names, 1)}})) >= 12


@pytest.mark.slow
def test_a_run_speaks_at_least_eight_formats(first: Played) -> None:
    told: Mapping[str, Any] = first.result["formats"]
    assert len(told) == 17
    assert all(of_bank["sent"] and of_bank["heard"] for of_bank in told.values())
    names = spoken(told)
    assert UNKNOWN not in names
    sent, heard = (spoken({slug: {way: told[slug][way]} for slug in told}) for way in ("sent", "heard"))
    assert len(sent) >= 6  # pain.001 in three versions, MT101, delimited, fixed width, JSON
    assert len(heard) >= 12
    assert sorted({*sent, *heard}) == names


@pytest.mark.slow
def test_the_formats_are_counted_from_what_was_left_as_evidence(first: Played) -> None:
    told = first.result["formats"]
    for slug, of_bank in told.items():
        for way, folder in (("sent", "outbound"), ("heard", "inbound")):
            files = [path for path in (first.out / folder / slug).iterdir() if path.is_file()]
            names = [name for path in files for name in formats_of(path.read_bytes())]
            assert set(names) == set(of_bank[way])
            assert sum(of_bank[way].values()) == len(names)
