"""In which format each sandbox bank is asked to pay, and the reader that it has for it."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Literal

from gateway.sandbox import delimited, fixed_width, mt101, pain001
from gateway.sandbox.payment_file import PaymentFile

Initiation = Literal["pain.001.001.03", "pain.001.001.09", "pain.001.001.11", "MT101", "fixed-width", "delimited"]
"""What a bank that takes files may be asked in; the banks with an API take JSON (`desk`)."""

_READERS: Mapping[Initiation, Callable[[bytes], PaymentFile]] = MappingProxyType(
    {
        "pain.001.001.03": partial(pain001.read, version=pain001.OLD),
        "pain.001.001.09": partial(pain001.read, version=pain001.USUAL),
        "pain.001.001.11": partial(pain001.read, version=pain001.NEW),
        "MT101": mt101.read,
        "fixed-width": fixed_width.read,
        "delimited": delimited.read,
    }
)


def read(content: bytes, initiation: Initiation) -> PaymentFile:
    """Read a file as a bank that takes this format does. Raises BadFile: every other format is refused."""
    return _READERS[initiation](content)
