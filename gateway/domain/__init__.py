"""Pure values and rules of the payments gateway: no I/O, no clock, no logging, no async, no float."""
