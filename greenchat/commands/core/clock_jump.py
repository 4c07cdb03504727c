"""Tells which times were set before the system clock jumped, and so have to be adjusted."""

_ERROR = 1000  # ms: the error of a measured jump, which is one of five seconds or more


def last_before(now: int, jump: int) -> int:
    """Return the last time of the old clock at which something may have been set. jump: by how many ms it was set."""
    return now - jump + _ERROR
