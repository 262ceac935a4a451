"""Seventeen banks to play against, at the side of the gateway.

A sandbox bank takes files or requests, keeps its own books and answers as real banks do: positively, only on rejects,
in sums, over an API, late, twice and out of order. Nothing here imports the gateway or its adapters, so the books of
these banks can judge what the gateway did; `Books.duplicates_booked` is the judge of "no one is paid twice".

What a bank decides depends only on the seed and on what it is asked (see `chance`): the same seed and the same files
give the same messages, in any order of work and after any crash.

A day with all banks::

    banks = read_parameters(Path("config/sandbox.yaml"), seed=7)
    edge = Edge(key=key, root=root, publisher=KafkaPublisher(servers), outbox=None)
    street = Street(banks, root=root, edge=edge, access=access, clock=clock)
    await street.start()
    while await street.run_once(clock()):
        ...
"""

from gateway.sandbox.access import Access, SigningKey, server_tls
from gateway.sandbox.api import ApiBank
from gateway.sandbox.bank import FileBank
from gateway.sandbox.books import Books, Duplicate, books_path
from gateway.sandbox.edge import Edge, Envelope, KafkaPublisher, Publisher
from gateway.sandbox.envelopes import CmsPouch, PgpPouch, Pouch
from gateway.sandbox.mailbox import Mailbox
from gateway.sandbox.parameters import ApiParameters, BankParameters, Kind, load_parameters, read_parameters
from gateway.sandbox.ssh import SshAccess, SshDoor
from gateway.sandbox.street import Street
from gateway.sandbox.webhook import Webhooks

__all__ = [
    "Access",
    "ApiBank",
    "ApiParameters",
    "BankParameters",
    "Books",
    "CmsPouch",
    "Duplicate",
    "Edge",
    "Envelope",
    "FileBank",
    "KafkaPublisher",
    "Kind",
    "Mailbox",
    "PgpPouch",
    "Pouch",
    "Publisher",
    "SigningKey",
    "SshAccess",
    "SshDoor",
    "Street",
    "Webhooks",
    "books_path",
    "load_parameters",
    "read_parameters",
    "server_tls",
]
