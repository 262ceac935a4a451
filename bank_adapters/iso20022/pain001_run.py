"""Payments of a pain.001 written many at a time, column by column: half of what one after the other takes.

A shortcut and nothing else: where any payment of a run is not such as most are, or breaks a rule, the whole run is left
to `pain001_payment`, which writes the same and says what is wrong.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import chain, repeat
from operator import attrgetter

from bank_adapters.alphabet import LetterError
from bank_adapters.iso20022.pain001_payment import PaymentWriter, patterns
from bank_adapters.iso20022.pain001_terms import Terms
from bank_adapters.spi import Payment
from gateway.domain.iban import all_valid
from gateway.domain.money import EXPONENT
from gateway.domain.order import IbanAccount

_CENTS = 2
_WRITTEN = (
    *("end_to_end_id", "uetr", "purpose", "creditor.name", "remittance_information"),
    *("amount.currency", "amount.minor", "creditor_account"),
)
_SELDOM = (
    *("ultimate_creditor", "ultimate_debtor", "creditor_address"),
    *("creditor_agent", "creditor_reference", "instruction_id"),
)
"""What most payments have not; one that has it is not plain."""
_parts = attrgetter(*_WRITTEN, *_SELDOM)
_Texts = Sequence[str]


class RunWriter:
    """Writes runs of payments of one block, all in one currency."""

    def __init__(self, writer: PaymentWriter, terms: Terms, currency: str) -> None:
        self._terms, self._currency = terms, currency
        self._plain_bank = writer.plain_bank and EXPONENT.get(currency) == _CENTS
        self._most, self._purpose = writer.most, writer.purpose
        self._columns = [_column(pattern) for pattern in patterns(terms)]
        self._uetr = terms.habits.uetr and not terms.old
        self._behind_amount = f"</InstdAmt></Amt>{writer.no_agent}<Cdtr><Nm>"

    def text(self, payments: Sequence[Payment]) -> str | None:
        """Return the CdtTrfTxInf of payments, one at least; None unless all are plain and break no rule."""
        if not self._plain_bank:
            return None
        ids, uetrs, purposes, names, texts, currencies, minors, accounts, *seldom = zip(
            *map(_parts, payments), strict=True
        )
        number = len(payments)
        if currencies.count(self._currency) < number or any(one.count(None) < number for one in seldom):
            return None
        if not 0 < min(minors) <= max(minors) <= self._most or {*map(type, accounts)} != {IbanAccount}:
            return None
        ibans = [account.iban for account in accounts]
        if not all_valid(ibans) or not self._terms.bic_needed.isdisjoint([iban[:2] for iban in ibans]):
            return None
        fitting = None if "" in purposes else self._fitting(ids, uetrs, purposes, names, texts)
        return None if fitting is None else self._written(ids, uetrs, minors, fitting[0], ibans, purposes, fitting[1])

    def _fitting(
        self, ids: _Texts, uetrs: _Texts, purposes: Sequence[str | None], names: _Texts, texts: _Texts
    ) -> tuple[_Texts, _Texts] | None:
        """Return names and texts in the bank's letters, or None where they or anything else break a rule."""
        id_fits, uetr_fits, purpose_fits, name_fits, text_fits = self._columns
        if not (id_fits(ids) and uetr_fits(uetrs) and purpose_fits([one or "" for one in {*purposes}])):
            return None
        if self._terms.plain and name_fits(names) and text_fits(texts):
            return names, texts
        try:
            letters = {text: self._terms.letters(text) for text in {*names, *texts}}
        except LetterError:
            return None
        names, texts = [letters[one] for one in names], [letters[one] for one in texts]
        return (names, texts) if name_fits(names) and text_fits(texts) else None

    def _written(
        self,
        ids: _Texts,
        uetrs: _Texts,
        minors: Sequence[int],
        names: _Texts,
        ibans: _Texts,
        purposes: Sequence[str | None],
        texts: _Texts,
    ) -> str:
        written = {purpose: self._purpose(purpose) for purpose in {*purposes}}
        parts: list[Iterable[str]] = [repeat("<CdtTrfTxInf><PmtId>")]
        if self._terms.habits.instruction_id:
            parts += [repeat("<InstrId>"), ids, repeat("</InstrId>")]
        parts += [repeat("<EndToEndId>"), ids]
        parts += [repeat("</EndToEndId><UETR>"), uetrs, repeat("</UETR>")] if self._uetr else [repeat("</EndToEndId>")]
        parts += [
            repeat(f'</PmtId><Amt><InstdAmt Ccy="{self._currency}">'),
            [f"{minor // 100}.{minor % 100:02d}" for minor in minors],
            repeat(self._behind_amount),
            names,
            repeat("</Nm></Cdtr><CdtrAcct><Id><IBAN>"),
            ibans,
            repeat("</IBAN></Id></CdtrAcct>"),
            [written[purpose] for purpose in purposes],
            [f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf></CdtTrfTxInf>" if text else "</CdtTrfTxInf>" for text in texts],
        ]
        return "".join(chain.from_iterable(zip(*parts, strict=False)))


def _column(pattern: str) -> Callable[[_Texts], bool]:
    """Return what checks every text of a column against a pattern that no line feed fits."""
    fits = re.compile(rf"(?:{pattern}\n)*+").fullmatch

    def fit(texts: _Texts) -> bool:
        together = "\n".join((*texts, ""))
        return together.count("\n") == len(texts) and fits(together) is not None

    return fit
