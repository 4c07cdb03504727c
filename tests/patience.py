"""How long tests wait for what comes in a moment: only one that fails waits that long, also on a busy machine."""

PATIENCE = 60.0  # seconds
