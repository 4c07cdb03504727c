"""What was set before the system clock jumped, and so has to move with it."""

_ERROR = 1000  # ms: a jump is measured with an error of some, and is one of five seconds or more


def last_before(now: int, jump: int) -> int:
    """Return the last time of the old clock at which something may have been set. jump: by how many ms it was set."""
    return now - jump + _ERROR
