"""The adapter of every bank that takes pain.001 files and answers in pain.002 and camt.05x."""

from collections.abc import Iterable, Iterator, Mapping

from bank_adapters.iso20022 import camt055, detect, edition, pain001
from bank_adapters.profile import Profile
from bank_adapters.spi import CancellationRequest, Reread, SubmissionContent
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement


class Iso20022Adapter:
    """See `bank_adapters.spi.Adapter`."""

    def refusals(self, submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
        """Return, by EndToEndId, why a payment cannot be written for this bank."""
        return pain001.refusals(submission, profile)

    def render(self, submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
        """Write a pain.001 file."""
        return pain001.render(submission, profile)

    def cancel(self, request: CancellationRequest, profile: Profile) -> Iterator[bytes]:
        """Write a camt.055; see `bank_adapters.spi.CancellingAdapter`."""
        return camt055.render(request, profile)

    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        """Read a rendered file back."""
        return edition.reread(pieces, profile.messages.initiation, profile.pain001.namespace)

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation | Statement]:
        """Read a status report, a notification, an account report or a statement."""
        return detect.read(pieces, profile)
