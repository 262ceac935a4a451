"""`python -m gateway` is the `gateway` command."""

from gateway.runtime.cli import main

main()
