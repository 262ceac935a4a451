"""Latin letters with diacritics, ligatures and their like: Latin-1, Extended-A, -B and Additional.

A letter with a mark is written without it. German umlauts are written as German banks do (ae, oe, ue, ss; the
alternative of the DFÜ agreement, appendix 3, to EPC217-08's a, o, u, s), or as everybody else does (`UMLAUTS_PLAIN`):
a Turkish or Azeri ö is no oe. Letters of African, Sami and Zhuang spelling are written by their shape or, where their
language replaced them, by the replacement (Zhuang 1982). Phonetic signs, clicks and yogh stand in no table: refused.
"""

# ruff: noqa: RUF001 - look-alike letters are what this table is about

from collections.abc import Mapping

MARKED: Mapping[str, str] = {
    "A": "ÀÁÂÃÅĀĂĄǍǠǺȀȂȦȺḀẠẢẤẦẨẪẬẮẰẲẴẶ",
    "Ae": "ÆǢǼ",
    "B": "ƁƂɃḂḄḆ",
    "C": "ÇĆĈĊČƇȻḈ",
    "D": "ÐĎĐƉƊƋḊḌḎḐḒ",
    "DZ": "ǄǱ",
    "E": "ÈÉÊËĒĔĖĘĚƎƏƐȄȆȨɆḔḖḘḚḜẸẺẼẾỀỂỄỆ",
    "F": "ƑḞ",
    "G": "ĜĞĠĢƓƔǤǦǴḠ",
    "Gh": "Ƣ",
    "H": "ĤĦƄȞḢḤḦḨḪ",
    "Hv": "Ƕ",
    "I": "ÌÍÎÏĨĪĬĮİƖƗǏȈȊḬḮỈỊ",
    "IJ": "Ĳ",
    "J": "ĴɈ",
    "K": "ĶƘǨḰḲḴ",
    "L": "ĹĻĽĿŁȽḶḸḺḼ",
    "LJ": "Ǉ",
    "LL": "Ỻ",
    "M": "ḾṀṂ",
    "N": "ÑŃŅŇŊƝǸȠṄṆṈṊ",
    "NJ": "Ǌ",
    "O": "ÒÓÔÕØŌŎŐƆƟƠǑǪǬǾȌȎȬȮȰṌṎṐṒỌỎỐỒỔỖỘỚỜỞỠỢ",
    "Oe": "Œ",
    "Ou": "Ȣ",
    "P": "ƤṔṖ",
    "Q": "ƼɊ",
    "R": "ŔŖŘƦȐȒɌṘṚṜṞ",
    "S": "ŚŜŞŠȘṠṢṤṦṨ",
    "SS": "ẞ",
    "Sh": "Ʃ",
    "T": "ŢŤŦƬƮȚȾṪṬṮṰ",
    "Th": "Þ",
    "U": "ÙÚÛŨŪŬŮŰŲƯƱǓȔȖɄṲṴṶṸṺỤỦỨỪỬỮỰ",
    "V": "ƲṼṾỼ",
    "W": "ŴƜǷẀẂẄẆẈ",
    "X": "ẊẌ",
    "Y": "ÝŶŸƳȲɎẎỲỴỶỸỾ",
    "Z": "ŹŻŽƧƵƷǮȤẐẒẔ",
}
UMLAUTS: Mapping[str, str] = {"Ae": "ÄǞ", "Oe": "ÖȪ", "Ue": "ÜǕǗǙǛ"}
UMLAUTS_PLAIN: Mapping[str, str] = {written[0]: letters for written, letters in UMLAUTS.items()}
ALONE: Mapping[str, str] = {
    "a": "ẚ",
    "d": "ȡ",
    "Dz": "ǅǲ",
    "h": "ẖ",
    "i": "ı",
    "j": "ǰȷ",
    "k": "ĸ",
    "l": "ȴ",
    "Lj": "ǈ",
    "n": "ŉȵ",
    "Nj": "ǋ",
    "s": "ſẛẜẝȿ",
    "ss": "ß",
    "t": "ƫȶẗ",
    "w": "ẘ",
    "y": "ẙ",
    "z": "ɀ",
    "ff": "\ufb00",
    "fi": "\ufb01",
    "fl": "\ufb02",
    "ffi": "\ufb03",
    "ffl": "\ufb04",
    "st": "\ufb05\ufb06",
}
"""Letters and ligatures in one case only."""
COUSINS: Mapping[str, str] = {"Ș": "Ş", "ș": "ş", "Ț": "Ţ", "ț": "ţ", "Ǝ": "Ə", "ǝ": "ə"}
"""What an alphabet that lacks a letter is first asked for: the same letter as other countries encode it."""
ODD_CAPITALS: Mapping[str, str] = {"ß": "SS", "ı": "I", "ŉ": "N", "ſ": "S", "ǅ": "Ǆ", "ǈ": "Ǉ", "ǋ": "Ǌ", "ǲ": "Ǳ"}
"""Capitals of small letters without a capital of their own. The dotted i has İ where Turkish is written, else I."""
