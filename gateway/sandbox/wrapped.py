"""Dresses an XML message the way some banks do: namespace prefix, application header or envelope, encoding, mark."""

import re
from codecs import BOM_UTF8

from gateway.sandbox.messages import XML, Header, tag, utc
from gateway.sandbox.wording import DressParameters

_TAG = re.compile(r"<(/?)(?=[A-Za-z])")
_HEAD = "urn:iso:std:iso:20022:tech:xsd:head.001.001.02"
_NAMESPACE = re.compile(r'xmlns="[^"]*:([a-z]{4}\.[0-9]{3}\.[0-9]{3}\.[0-9]{2})"')


def dressed(how: DressParameters, head: Header, sender: str, content: bytes) -> bytes:
    """Return the same message in the bank's dress; `content` is UTF-8 with the declaration of all our writers."""
    text = content.decode().removeprefix(XML)
    found = _NAMESPACE.search(text)
    if found is None:
        raise ValueError("a message without its namespace")
    if how.prefix is not None:
        text = _TAG.sub(rf"<\1{how.prefix}:", text).replace(" xmlns=", f" xmlns:{how.prefix}=", 1)
    if how.wrapper == "application header":
        text = f'<Envelope xmlns="urn:bank:envelope">{_application_header(head, sender, found[1])}{text}</Envelope>\n'
    elif how.wrapper == "text":
        text = f"<Letter><Kind>{found[1]}</Kind><Content><![CDATA[{XML}{text}]]></Content></Letter>\n"
    return _encoded(how.encoding, text)


def _application_header(head: Header, sender: str, message: str) -> str:
    def party(name: str) -> str:
        return f"<FIId><FinInstnId><Othr>{tag('Id', name)}</Othr></FinInstnId></FIId>"

    return (
        f'<AppHdr xmlns="{_HEAD}"><Fr>{party(sender)}</Fr><To>{party("GATEWAY")}</To>{tag("BizMsgIdr", head.msg_id)}'
        f"{tag('MsgDefIdr', message)}{tag('CreDt', utc(head.created))}</AppHdr>"
    )


def _encoded(encoding: str, text: str) -> bytes:
    if encoding == "UTF-8 with mark":
        return BOM_UTF8 + (XML + text).encode()
    declared = XML.replace("UTF-8", encoding) + text
    return declared.encode(encoding, "xmlcharrefreplace")  # Python's UTF-16 begins with a mark
