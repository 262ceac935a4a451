"""A sound adapter with something put before or behind it: what most mutants are made of."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bank_adapters.iso20022.adapter import Iso20022Adapter
from bank_adapters.profile import Profile
from bank_adapters.spi import Payment, SubmissionContent
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement

Content = SubmissionContent
Said = Observation | Statement


def same(value: Any) -> Any:
    """Change nothing."""
    return value


@dataclass(frozen=True)
class Changed(Iso20022Adapter):
    """A sound adapter with something put before or behind it."""

    asked: Callable[[Content], Content] = same
    written: Callable[[bytes], bytes] = same
    heard: Callable[[bytes], bytes] = same
    told: Callable[[Observation], Observation] = same
    limits: Mapping[str, Any] = field(default_factory=dict)

    def refusals(self, submission: Content, profile: Profile) -> Mapping[str, str]:
        return super().refusals(self.asked(submission), profile)

    def render(self, submission: Content, profile: Profile) -> Iterator[bytes]:
        widened = profile.model_copy(update={"limits": profile.limits.model_copy(update=dict(self.limits))})
        yield self.written(b"".join(super().render(self.asked(submission), widened)))

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Said]:
        for one in super().read((self.heard(b"".join(pieces)),), profile):
            yield self.told(one) if isinstance(one, Observation) else one


def with_payments(content: Content, change: Callable[[Payment], Payment]) -> Content:
    return replace(content, payments=tuple(map(change, content.payments)))


def named(change: Callable[[str], str]) -> Callable[[Payment], Payment]:
    return lambda one: replace(one, creditor=replace(one.creditor, name=change(one.creditor.name)))
