"""Two operators who work every exception through the REST door, day by day, as far as the banks' answers allow.

They ask a bank what an entry is about, or what became of a payment, and act on its answer; what changes the meaning of
money they decide together. Nothing here touches the database.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from gateway.demo.benefits_system import DoorAnsweredError
from gateway.demo.operators import CHECKER, MAKER, Operators
from gateway.sandbox import BankParameters, Street

_PAGE = 1_000
_CONFLICT = 409
_PASSES_MAX = 6
"""What ends one exception may open another one about the same order; so many times a day at most."""
FUNDING_MINOR = 50_000_000

Case = Mapping[str, Any]
Deed = tuple[str, Mapping[str, str]]

_ENDS_BY_ITSELF = frozenset(
    {"unknown", "silent bank", "statement gap", "unbalanced statement", "unclaimed", "funds missing"}
)
"""What the bank's next word or a funded account ends; a person takes the case and asks."""
_NO_BANK = "route."
"""Where no bank pays to the account of an order, another account is needed."""
_FORM = frozenset({"FF01"})
"""A whole file was refused for its form: nothing of it moved, and its orders are as good as before."""


@dataclass(slots=True, kw_only=True)
class Office(Operators):
    """Two people. `unlisted` keeps kinds that they know no procedure for, `refused` what the door refused."""

    street: Street
    banks: Sequence[BankParameters]
    unlisted: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)

    async def work_all(self, entry_of: Callable[[], Any]) -> None:
        """Work everything that is open until a pass ends nothing more; what stays has an owner."""
        for _ in range(_PASSES_MAX):
            entries: Mapping[int, tuple[str, str]] = await entry_of()
            ended = [await self._work_one(case, entries.get(case["exceptionNo"])) for case in await self.open()]
            if not any(ended):
                return

    async def open(self) -> list[Case]:
        """Return every exception that is not closed."""
        found: list[Case] = []
        while True:
            after = str(found[-1]["exceptionNo"] if found else 0)
            page = (await self._must("GET", "/v1/exceptions", params={"limit": str(_PAGE), "after": after}))[
                "exceptions"
            ]
            found += page
            if len(page) < _PAGE:
                return found

    async def lift_stop(self, stop_no: int) -> None:
        """Lift a stop: one asks, the other one decides."""
        for who in (MAKER, CHECKER):
            await self._must("POST", f"/v1/stops/{stop_no}/lift", who=who)
        self.done["stop: lifted by two people"] += 1

    async def fund(self) -> None:
        """Transfer money to every account whose queue is held for want of it, and let the queue go on."""
        poor = {hold["bank"] for hold in (await self._must("GET", "/v1/funds"))["holds"]}
        for bank in self.banks:
            for account in bank.debtor_accounts if bank.slug in poor else ():
                self.street.fund(bank.slug, account, FUNDING_MINOR, self.clock.today())
        await self.let_go_on()

    async def _work_one(self, case: Case, entry: tuple[str, str] | None) -> bool:
        """Take a case and do what its kind asks for; say whether that ended it."""
        number = case["exceptionNo"]
        if case["owner"] is None:
            status, _ = await self._ask("POST", f"/v1/exceptions/{number}/assign", json={"owner": MAKER})
            if status == _CONFLICT:  # what ended another case of this pass ended this one with it
                return True
        for name, wanted in self._deeds(case, entry):
            if await self._deed(number, name, wanted):
                self.done[f"{case['kind']}: {name}"] += 1
                return True
        return False

    def _deeds(self, case: Case, entry: tuple[str, str] | None) -> list[Deed]:
        """Return what may be done about a case, what is tried first coming first."""
        kind, detail = case["kind"], case["detail"]
        match kind:
            case "orphan" | "ambiguous" | "amount differs" | "lump return" | "names two payments":
                return self._home(entry)
            case "held order" | "mandate ended" | "cannot render":
                why = detail.get("reason", kind)
                return [_give_back(why, "account" if why.startswith(_NO_BANK) else "decision")]
            case "officer" if detail.get("code") in _FORM:
                return [("release", {"comment": "refused for its form: nothing moved"})]
            case "officer" | "code without a rule" | "hold payee" | "mend":
                return [_give_back(detail.get("code") or kind, "decision")]
            case "conflict" | "may be paid twice" | "returned in part":
                return [("close-attempt", {"comment": "the bank says where its money is"}), _closed("it was settled")]
            case "unknown past deadline":
                declared = {"declared": self._arrived(case), "comment": "asked on the second channel"}
                return [("declare", declared), _closed("it is known")]
            case "tries used up" | "suspected duplicate" | "unreadable message" | "unlisted status" | "dead letter":
                return [_closed("seen")]
            case _ if kind not in _ENDS_BY_ITSELF:
                self.unlisted.add(kind)
        return []

    def _home(self, entry: tuple[str, str] | None) -> list[Deed]:
        """Match what the bank says it is about; what is about no payment stays in suspense."""
        if entry is None:
            return []
        payments = self.street.books()[entry[0]].accounts.named_by(entry[1])
        if payments:
            return [("match", {"endToEndId": ",".join(payments), "comment": "as the bank says"})]
        return [("write-off", {"comment": "of no payment, says the bank"})]

    def _arrived(self, case: Case) -> str:
        sources = self.street.books()[case["bank"]].sources()
        return "arrived" if any(source.startswith(case["msgId"]) for source in sources) else "not arrived"

    async def _deed(self, number: int, deed: str, wanted: Case) -> bool:
        try:
            done = await Operators._deed(self, number, deed, wanted)
        except DoorAnsweredError as error:
            self.refused.append(f"{deed}: {error}")
            return False
        return done


def _give_back(reason: str, needs: str) -> Deed:
    code = "".join(sign if sign.isalnum() or sign in "._-" else "-" for sign in reason)[:64] or "officer"
    return "give-back", {"reason": code, "needs": needs, "comment": "decided by an officer"}


def _closed(comment: str) -> Deed:
    return "close", {"comment": comment}
