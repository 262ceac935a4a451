"""A record as it came over Kafka, after its door was checked. Services see these shapes, never headers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class BankEnvelope:
    """A message that is proved to come from `bank`.

    `digest` is the hex SHA-256 of the message. `message` holds its bytes, checked against the digest; it is empty when
    the message is too large for a record: then `reference` names the file in that bank's claim-check folder, whose
    bytes are checked when they are read. `channel` says which door it came through; it is told, not proved.
    """

    id: str
    bank: str
    channel: str
    digest: str
    message: bytes
    reference: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceEnvelope:
    """An event that is proved to come from the benefits system `source`.

    `id` is unique among the events of the source; `subject` is what the event is about: the batch of an order, empty
    for a notice. `digest` is the SHA-256 of `content`, which was checked against it.
    """

    id: str
    source: str
    subject: str
    digest: bytes
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvelopeRefused:
    """A record that speaks for nobody. `code` is stable (envelope.*, claim.*); `text` holds nothing of the content."""

    code: str
    text: str
