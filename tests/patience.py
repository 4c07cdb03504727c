"""The timeout of tests: only a failing test waits that long, also on a busy machine."""

PATIENCE = 60.0  # seconds
