"""The state as documents that can be restored: for recordings, nodes and upgrades."""
