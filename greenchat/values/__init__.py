"""Pure functions about names, masks, durations, addresses, file types and password hashes."""
