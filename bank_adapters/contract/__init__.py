"""The contract suite: what every bank is asked before it may be paid through, within its own limits.

`examine` asks one bank everything (the command line does); `plugin` makes pytest ask every bank of a folder; `tiers`
says what the evidence covers. Importing this package imports nothing of it: production never needs it.
"""
