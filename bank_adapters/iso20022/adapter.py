"""The adapter of every bank that takes pain.001 files and answers in pain.002 and camt.05x."""

from collections.abc import Iterable, Iterator, Mapping

from bank_adapters.iso20022 import detect, pain001
from bank_adapters.iso20022.reread import reread
from bank_adapters.profile import Profile
from bank_adapters.spi import Reread, SubmissionContent
from gateway.domain.observation import Observation
from gateway.domain.statement import Statement


class Iso20022Adapter:
    """See `bank_adapters.spi.Adapter`."""

    def refusals(self, submission: SubmissionContent, profile: Profile) -> Mapping[str, str]:
        """Return, by EndToEndId, why a payment cannot be put into SEPA."""
        del profile  # SEPA's rules are every bank's
        return pain001.refusals(submission)

    def render(self, submission: SubmissionContent, profile: Profile) -> Iterator[bytes]:
        """Write a pain.001 file."""
        return pain001.render(submission, profile)

    def reread(self, pieces: Iterable[bytes], profile: Profile) -> Reread:
        """Read a rendered file back."""
        return reread(pieces, profile.messages.initiation)

    def read(self, pieces: Iterable[bytes], profile: Profile) -> Iterator[Observation | Statement]:
        """Read a status report, a notification, an account report or a statement."""
        return detect.read(pieces, profile)
