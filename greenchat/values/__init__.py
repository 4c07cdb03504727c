"""What names, masks, durations, addresses and password hashes look like: pure functions."""
