"""Reports of an account as MT940 and MT942, written by the suite from SWIFT's message definitions."""

from datetime import timedelta

from bank_adapters.contract.scenarios import PAY_DAY
from bank_adapters.contract.writers import OUR_ACCOUNT, REFERENCE, XmlAnswers
from bank_adapters.spi import Payment
from gateway.domain.money import format_minor

_DAY = PAY_DAY + timedelta(days=1)
_OPENING = 50_000_000_000


class MtAnswers(XmlAnswers):
    """Bookings in MT940, what is only announced in MT942; of payments such a bank speaks in pain.002."""

    def entry(self, payment: Payment, *, credit: bool, booked: bool = True, reason: str | None = None) -> bytes:
        """See Answers; by the EndToEndId in field 86, for field 61 has no room for it."""
        currency, minor = payment.amount.currency, payment.amount.minor
        closing = _OPENING + (minor if credit else -minor)
        kind = "NRTI" if reason else "NTRF"
        told = f"/RTRN/{reason}" if reason else ""
        sign = "C" if credit else "D"
        entry = [
            f":61:{_DAY:%y%m%d%m%d}{sign}{_amount(minor, currency)}{kind}NONREF//{REFERENCE}",
            f":86:/EREF/{payment.end_to_end_id}{told}/REMI/CHECK",
        ]
        if booked:
            around = [f":60F:{_balance(_OPENING, currency)}", *entry, f":62F:{_balance(closing, currency)}"]
            return _message("940", around)
        return _message("942", [f":34F:{currency}0,", f":13D:{_DAY:%y%m%d}1200+0100", *entry])


def _message(kind: str, lines: list[str]) -> bytes:
    head = f"{{1:F01CHECKDEFAXXX0000000000}}{{2:O{kind}1200191105CHECKDEFAXXX00000000001911051200N}}{{4:"
    text = [head, ":20:CHECKSTMT1", f":25:{OUR_ACCOUNT}", ":28C:1/1", *lines, "-}"]
    return "".join(f"{line}\r\n" for line in text).encode()


def _amount(minor: int, currency: str) -> str:
    text = format_minor(abs(minor), currency).replace(".", ",")
    return text if "," in text else f"{text},"


def _balance(minor: int, currency: str) -> str:
    return f"{'D' if minor < 0 else 'C'}{_DAY:%y%m%d}{currency}{_amount(minor, currency)}"
