"""The scenarios: one file each, found by `catalog`."""
