"""Banks broken on purpose: each in one way that banks and adapters have been broken before, each with the check for it.

They are the tests of the suite: a check that no mutant fails might be asking nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from bank_adapters.capabilities import Booking, PointOfNoReturn, Tier
from bank_adapters.contract.candidate import Candidate
from bank_adapters.iso20022.status import Meaning, StatusTable
from bank_adapters.spi import Adapter
from tests.contract import broken_readers as readers
from tests.contract import broken_writers as writers
from tests.contract.changed import Changed


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """A broken bank: the sound one it is made of, what is broken, and the check that is there for it."""

    name: str
    check: str
    bank: str = "alfa"
    adapter: Adapter | None = None
    instead: Callable[[str | None, str | None, Meaning], Meaning] | None = None
    profile: Mapping[str, Any] = field(default_factory=dict)
    timings: Mapping[str, Any] = field(default_factory=dict)
    limits: Mapping[str, Any] = field(default_factory=dict)

    def made_of(self, sound: Candidate) -> Candidate:
        profile = sound.profile.model_copy(update=dict(self.profile))
        for part, changed in (("timings", self.timings), ("limits", self.limits)):
            profile = profile.model_copy(update={part: getattr(profile, part).model_copy(update=dict(changed))})
        table = sound.meanings
        meanings = readers.Meant(table, self.instead) if self.instead and isinstance(table, StatusTable) else table
        broken = self.adapter or sound.adapter
        return Candidate(profile=profile, adapter=broken, meanings=meanings, evidence=sound.evidence)


def _writes(name: str, check: str, bank: str = "alfa", **how: Any) -> Mutant:
    return Mutant(name=name, check=check, bank=bank, adapter=Changed(**how))


def _is(name: str, check: str, adapter: Adapter, bank: str = "alfa") -> Mutant:
    return Mutant(name=name, check=check, bank=bank, adapter=adapter)


def _means(name: str, check: str, instead: Callable[[str | None, str | None, Meaning], Meaning]) -> Mutant:
    return Mutant(name=name, check=check, instead=instead)


FIRST_BYTE = {"point_of_no_return": PointOfNoReturn.FIRST_BYTE}
SINGLE = {"booking": Booking.SINGLE}
MUTANTS = tuple(
    chain(
        [
            _writes("drops a payment", "rendering.each-order-once", asked=writers.drop_last),
            _writes("pays one twice", "rendering.each-order-once", asked=writers.pay_first_twice),
            _writes("swaps two accounts", "rendering.each-order-once", asked=writers.swap_accounts),
            _writes("swaps two accounts (as reread)", "rereading.agrees-with-orders", asked=writers.swap_accounts),
            _writes("loses cents", "limits.amounts", asked=writers.lose_cents),
            _writes("turns the order round", "rendering.order-kept", asked=writers.backwards),
            _writes("wrong control sum", "rendering.count-and-sum", written=writers.wrong_control_sum),
            _writes("wrong count", "rendering.count-and-sum", written=writers.wrong_count),
            _writes("random id at each rendering", "rendering.same-bytes-again", asked=writers.draw_an_id),
            _writes("the time of rendering in the bytes", "rendering.no-clock", asked=writers.stamp_now),
            _writes("ids of its own", "rendering.ids-as-given", asked=writers.own_ids),
            _writes("breaks the schema", "rendering.valid", written=writers.no_pay_date),
            _writes("forgets on whose behalf", "rendering.on-behalf", asked=writers.forget_whom_for),
            _writes("drops letters", "letters.every-letter", asked=writers.drop_letters),
            _writes("question marks for letters", "letters.every-letter", asked=writers.question_marks),
            _writes("cuts names", "letters.long-names", asked=writers.cut_names),
            _writes("another charset", "letters.charset", written=writers.other_charset),
            _is("does not escape", "letters.cannot-break-out", writers.Unescaped()),
            _writes("any number of payments", "limits.most-payments", limits={"payments_per_submission": 20_000}),
            _writes("any sum", "limits.sum", "india", limits={"sum_per_submission": None}),
            _writes("any currency is euro", "limits.currencies", asked=writers.always_euro),
            _writes("leaves out what it cannot write", "limits.nothing-left-out", asked=writers.only_good_ones),
            _writes("drops those with a purpose", "rendering.purpose", asked=writers.drop_those_with_a_purpose),
            _writes("another account pays", "rendering.debtor", asked=writers.other_debtor),
            _writes("another name pays", "rendering.debtor-name", asked=writers.other_debtor_name),
            _writes("signs for accents", "letters.decomposed", asked=writers.accents_as_signs),
            _writes("any account is an IBAN", "limits.account-types", asked=writers.any_account_is_an_iban),
            _writes("the first of an id", "limits.same-id-twice", asked=writers.first_of_an_id),
            _is("what is no bytes", "rendering.pieces-of-bytes", writers.NotBytes()),
            _is("refuses nobody", "limits.refusals-agree", writers.RefusesNobody()),
            _is("takes a file of nothing", "limits.empty", writers.TakesNothing()),
            _is("wants more payments", "limits.fewest-payments", writers.WantsMore()),
            Mutant(
                name="any size",
                check="limits.bytes",
                adapter=Changed(limits={"bytes_per_submission": None}),
                limits={"bytes_per_submission": 9_000_000},
            ),
            _is("raises an error that is not its own", "honesty.named-errors", writers.OtherError()),
            _is("quotes what it cannot reread", "honesty.no-leak-rereading", writers.QuotesRereading()),
            _is("forgets the control file", "rereading.control-file", writers.NoControl(), "hotel"),
            _is("a control file about other bytes", "rereading.control-file", writers.OthersControl(), "hotel"),
            _is("answers for another submission", "rereading.no-memory", writers.Remembers()),
            _is("repeats a name in a refusal", "honesty.no-leak-rendering", writers.LeakyRefusals()),
            _is("an account in the cause of an error", "honesty.no-leak-rendering", writers.LeakyCause()),
            _is("rereads what it remembers", "rereading.notices-changes", writers.Remembers()),
            _is("rereads the header alone", "rereading.agrees-with-orders", writers.BelievesHeader()),
            _is("rereads the first pieces", "rereading.any-pieces", writers.FirstPieceOnly()),
            _is("rereads garbage", "rereading.refuses-garbage", writers.TakesGarbage()),
        ],
        [
            _writes("flips the sign", "reading.signs", told=readers.flip_sign),
            _writes("takes a return for a payment", "reading.signs", told=readers.return_is_payment),
            _writes("takes pending for booked", "reading.booked", told=readers.always_booked),
            _writes("loses ids", "reading.ids-survive", told=readers.lose_ids),
            _writes("loses the duplicate reason", "statuses.duplicate-as-read", told=readers.lose_reason),
            _writes("unknown codes are pending", "statuses.codes-as-written", told=readers.unknown_is_pending),
            _writes("amounts a hundred times", "reading.evidence", told=readers.hundredfold),
            _writes("one rejection rejects all", "reading.touches-only-named", told=readers.rejects_all),
            _writes("a placeholder names", "reading.placeholders", told=readers.placeholder_is_an_id),
            _writes("removes a DTD and reads on", "hostility.dtd-and-entities", heard=readers.without_dtd),
            _writes("reads a value up to a comment", "hostility.split-values", heard=readers.up_to_a_comment),
            _writes("removes NUL and reads on", "hostility.nul", heard=readers.without_nul),
            _writes("makes numbers up", "hostility.impossible-numbers", heard=readers.numbers_made_up),
            _writes("the file's refusal is a payment's", "reading.whole-rejection", told=readers.whole_is_of_payments),
            _is("does not say where", "hostility.says-where", readers.NowhereAndWhy()),
            _is("twice is nothing", "hostility.twice-in-one", readers.TwiceIsNothing()),
            _is("another opening balance", "reading.statement", readers.OtherOpening()),
            _is("swallows half a file", "hostility.truncated", readers.Swallows()),
            _is("an empty message says nothing", "hostility.empty", readers.Swallows()),
            _is("reads another bank's document", "hostility.foreign", readers.TakesAnything()),
            _is("raises the library's error", "hostility.any-byte", readers.Crashes()),
            _is("quotes what it cannot read", "honesty.no-leak-reading", readers.Quotes()),
            _is("touches payments that are not named", "reading.touches-only-named", readers.NamesEverybody()),
            _is("tells everything once", "reading.no-memory", readers.OnlyOnce()),
        ],
        [
            _is("no idempotency key", "requests.submit", readers.NoKey(), "kilo"),
            _is("any idempotency key", "requests.safe-names", readers.AnyKey(), "kilo"),
            _is("an error means not sent", "requests.only-proof-is-proof", readers.ErrorMeansNotSent(), "kilo"),
            _is("a used key means not sent", "requests.duplicate-is-delivered", readers.ConflictMeansNotSent(), "kilo"),
            _is("any page is proof", "requests.inquiry", readers.AnyPageIsProof(), "kilo"),
            _is("any receipt is proof", "requests.only-proof-is-proof", readers.AnyReceiptIsProof(), "kilo"),
            _is("any read-back is proof", "requests.inquiry", readers.AnyReceiptIsProof(), "kilo"),
            _is("any refusal is proof", "requests.only-proof-is-proof", readers.AnyRefusalIsProof(), "kilo"),
            _is("any doorkeeper is proof", "requests.only-proof-is-proof", readers.AnyDoorkeeperIsProof(), "kilo"),
            _is("a lost route is proof", "requests.inquiry", readers.LostRouteIsProof(), "kilo"),
            _is("another's absence is proof", "requests.inquiry", readers.AnothersIsProof(), "kilo"),
            _is("keeps the text of an answer", "honesty.no-leak-answers", readers.KeepsText(), "kilo"),
            _is("lacks a declared method", "honesty.capabilities", readers.CannotInquire(), "kilo"),
            _is("a delimiter in a name", "letters.cannot-break-out", writers.PlainDelimiter(), "anadolu"),
            _is("line numbers off by one", "reading.touches-only-named", readers.WrongLines(), "anadolu"),
        ],
        [
            _means("RJCT is accepted", "statuses.rejection-rejects", readers.reject_is_accepted),
            _means("duplicates reject", "statuses.duplicate-is-no-rejection", readers.duplicate_rejects),
            _means("unlisted is accepted", "statuses.unlisted-is-no-fact", readers.unlisted_is_accepted),
            _means("accepted is paid", "statuses.every-listed-code", readers.accepted_is_credited),
            _means("a listed code is unlisted", "statuses.every-listed-code", readers.pending_unlisted),
            _means("a status books", "statuses.only-entries-book", readers.status_books),
            Mutant(
                name="single for sums",
                check="reading.booking-manner",
                bank="charlie",
                profile=SINGLE,
            ),
            Mutant(name="promises what it lacks", check="honesty.absences", bank="bravo", profile={"absent": {}}),
            Mutant(name="claims to be certified", check="honesty.tier", profile={"tier": Tier.CERTIFIED}),
            Mutant(
                name="first byte of a file",
                check="honesty.transport",
                profile=FIRST_BYTE,
            ),
            Mutant(name="a lease that ends too early", check="honesty.timings", timings={"lease_seconds": 5}),
        ],
    )
)
