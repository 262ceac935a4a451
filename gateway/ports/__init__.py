"""Protocols with the whole contract in their docstrings. Implementations live in store, bus, transport and api."""
