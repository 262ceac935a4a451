"""The centralized payments gateway."""
