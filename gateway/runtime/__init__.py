"""The only place where the parts meet: settings, assembly, process loops, command line."""
