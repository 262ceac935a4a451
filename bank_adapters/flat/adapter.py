"""The adapter of banks that take flat files, delimited or fixed-width, by the layout in their profile."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bank_adapters.flat import control, render, replies
from bank_adapters.flat.reread import reread
from bank_adapters.flat.totals import Totals
from bank_adapters.profile import Profile
from bank_adapters.spi import Companion, Reread, SubmissionContent
from gateway.domain.errors import CannotRender
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement


class FlatAdapter:
    """See `bank_adapters.spi.Adapter`. A bank's own module may override `own_value`, and nothing else need change."""

    def own_value(self, name: str, totals: Totals) -> str:
        """Compute what a field `own` of header or trailer holds: of the totals alone, so that it can be checked."""
        del totals
        raise CannotRender(f"the adapter computes no value called {name}")

    def refusals(self, submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
        """Return, by EndToEndId, why a payment cannot be put into the layout."""
        return render.refusals(submission, profile)

    def render(self, submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
        """Write the file."""
        return render.render(submission, profile, self.own_value)

    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        """Read a rendered file back."""
        return reread(pieces, profile, self.own_value)

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation | Statement]:
        """Read a reply file."""
        return replies.read(pieces, profile)

    def companions(self, submission: SubmissionContent, reread: Reread, profile: Profile) -> Sequence[Companion]:
        """Write the control file, where the layout has one; see `bank_adapters.spi.CompanionAdapter`."""
        return control.companions(submission, reread, profile)
