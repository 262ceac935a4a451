"""In what a layout disagrees with the rest of its profile."""

from collections.abc import Iterable, Iterator, Sequence

from bank_adapters.profile.control import ControlFile
from bank_adapters.profile.fields import FileAmount, PaymentAmount
from bank_adapters.profile.layout import DOMESTIC, IBAN_MAX, Layout
from bank_adapters.profile.names import name_contradictions
from gateway.domain.iban_registry import FORMATS


def contradictions(
    layout: Layout,
    *,
    currencies: Sequence[str],
    decimals: Iterable[int],
    accounts: frozenset[str],
    own: bool,
    country: str,
    file_name: str,
    enveloped: bool,
    plain: bool,
) -> Iterator[str]:
    """List in what a layout disagrees with the rest of its profile, as sentences that say what to write.

    `currencies` and `decimals` run in parallel; `accounts` are the account types; `own`: whether a module is named;
    `country` is the bank's own; `file_name` how files are named; `enveloped`: whether they go in an envelope; `plain`:
    whether names are written in letters of ASCII.
    """
    values: set[str] = {field.value for field in layout.fields}
    if len(currencies) > 1 and not any(f.value == "currency" for f in (*layout.of_file, *layout.payment)):
        yield "layout: add a field currency to header or payment, for the bank pays in several"
    for currency, exponent in zip(currencies, decimals, strict=True):
        amounts = [field for field in layout.fields if isinstance(field, FileAmount | PaymentAmount)]
        if any(field.decimals is not None and field.decimals < exponent for field in amounts):
            yield f"layout: an amount in {currency} has {exponent} decimals; write decimals of no less"
    yield from _accounts(values, accounts)
    whole = FORMATS[country].length if country in FORMATS else IBAN_MAX
    for name, least in (("creditor_iban", whole), ("creditor_bban", whole - 4)):
        if any(field.value == name and field.width is not None and field.width < least for field in layout.payment):
            yield f"layout.payment: the width of {name} is less than the {least} letters that it has in {country}"
    if "own" in values and not own:
        yield "layout: a field own needs `adapter`: the module of bank_adapters/banks that computes it"
    if layout.fixed and layout.encoding == "utf-8" and not plain:
        yield (
            "layout.encoding: in utf-8 a column is a letter to one bank and a byte to another, and amounts behind a"
            " name would move; write a code page, or alphabet: SEPA"
        )
    if layout.control_file is not None:
        yield from _control(layout.control_file, file_name, enveloped=enveloped)


def _control(control: ControlFile, file_name: str, *, enveloped: bool) -> Iterator[str]:
    """List what keeps a control file from being told from the files, and from being sent at all."""
    if enveloped:
        yield (
            "layout.control_file: leave it out, or envelope: whether it speaks of the plain file or of the encrypted"
            " one is not agreed, and it would tell count and sum of what is encrypted"
        )
    name = control.called(file_name)
    if name == file_name:
        yield "layout.control_file.name: is the file's own name; write another ending, such as {stem}.ok"
    elif control.ending[0].isdigit():
        yield "layout.control_file.name: write a letter, a point or a hyphen behind the brace: files end in numbers"
    elif any(name_contradictions(name)) and not any(name_contradictions(file_name)):
        yield "layout.control_file.name: what makes names unique stands behind the last point; write {file_name}"


def _accounts(values: set[str], accounts: frozenset[str]) -> Iterator[str]:
    """List ways to be paid that the layout has no field for, and fields of none of them."""
    if "IBAN" in accounts and not values & {"creditor_iban", "creditor_bban"}:
        yield "layout.payment: holds no creditor_iban (or creditor_bban), though account_types lists IBAN"
    if "DOMESTIC" in accounts and not values >= DOMESTIC:
        yield "layout.payment: holds no creditor_bank_code and creditor_number, though account_types lists DOMESTIC"
    if ("COUNTER" in accounts) != ("creditor_id" in values):
        yield "layout.payment: creditor_id is there exactly where account_types lists COUNTER"
    if "COUNTER" in accounts and not values >= {"collection_first", "collection_last"}:
        yield (
            "layout.payment: holds no collection_first and collection_last: without them the bank does not know how"
            " long it may pay over the counter"
        )
