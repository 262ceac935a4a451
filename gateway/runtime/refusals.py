"""Errors of ours end a command with a line each, instead of a trace."""

import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import NoReturn

import typer

from gateway.domain.errors import ConfigError, GatewayError


@contextmanager
def refused() -> Iterator[None]:
    """End the command with a line for each error of ours, instead of a trace."""
    try:
        yield
    except* GatewayError as group:
        refuse(_each(group))


@contextmanager
def files() -> Iterator[None]:
    """Turn what is wrong with a file or folder that was named into an error of ours."""
    try:
        yield
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from error


def _each(group: BaseExceptionGroup[GatewayError]) -> Iterator[GatewayError]:
    """Yield the errors of a group and of the groups in it."""
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _each(error)
        else:
            yield error


def refuse(errors: Iterable[GatewayError]) -> NoReturn:
    """End the command with a line an error."""
    for error in errors:
        typer.echo(f"gateway: {error}", err=True)
    sys.exit(2)
