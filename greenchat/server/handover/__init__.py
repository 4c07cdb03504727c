"""A new process takes over from the running server without disconnecting clients: `greenchat-server upgrade`.

The old process (`upgrade`) starts the new one, which reads its configuration and loads its code while the old one
continues serving. Then the old one stops for a moment, and sends the state and every socket with its unfinished work
(`forms`) over a Unix socket (`wire`). When the new one has everything (`takeover`) and confirms, the old one ends;
before that any failure leaves the old one serving. See README.md.
"""
