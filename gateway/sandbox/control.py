"""The control file that a bank may wait for beside each file: one line of count, sum and SHA-256 of the file."""

from decimal import Decimal, InvalidOperation
from hashlib import sha256

from gateway.sandbox.payment_file import PaymentFile, total


def control_fault(control: bytes, file: PaymentFile, content: bytes) -> str | None:
    """Compare what a control file tells (`count;sum;sha256`) with what was read of its file; None where they agree.

    Returns AM18 for the count, AM10 for the sum, FF01 for the digest or another form (ISO external status reasons).
    """
    payments = [payment for block in file.blocks for payment in block.payments]
    try:
        count, told, digest = control.decode("ascii").rstrip("\r\n").split(";")
        if int(count) != len(payments):
            return "AM18"
        if Decimal(told) != total(payments):
            return "AM10"
    except (ValueError, InvalidOperation):
        return "FF01"
    return None if digest == sha256(content).hexdigest() else "FF01"
