"""Use cases, one a file. They know ports, domain and adapters; sockets, SQL text and time come in from outside."""
