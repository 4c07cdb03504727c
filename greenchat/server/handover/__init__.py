"""A new process takes over from the one that serves, and nobody is disconnected: `greenchat-server upgrade`.

The old process (`giving`) starts the new one, which reads its configuration and loads its code while the old one
continues serving. Then the old one stops for a moment, and sends over one Unix socket (`wire`) all of the state and
every socket with what its client has started (`forms`). When the new one has all of it (`taking`) and says so, the old
one lets go; before that whatever fails leaves the old one serving as if nothing had been. See README.md.
"""
