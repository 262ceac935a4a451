"""Errors that may come back from another process say there what they said here."""

import pickle

import pytest

from gateway.domain.errors import GatewayError, Unreadable, WrappingFailed


@pytest.mark.parametrize(
    "error",
    [Unreadable("xml.dtd", "/Stmt[1]", "refused"), Unreadable("xml.dtd", "", "x"), WrappingFailed("envelope.key", "x")],
)
def test_an_error_survives_the_way_between_processes(error: GatewayError) -> None:
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (type(again), str(again), vars(again)) == (type(error), str(error), vars(error))
