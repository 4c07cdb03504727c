"""The end of a server, from the moment when somebody asks for it."""

from gevent.event import Event


class Shutdown:
    """Whether a server ends, and why.

    farewell: the reason that every client is told. is_restarting: whether the server is to be started again afterwards.
    code: of the process, for whoever has started it.
    """

    def __init__(self) -> None:
        self.farewell = "The server is shutting down"
        self.is_restarting = False
        self.code = 0
        self._begun = Event()

    @property
    def has_begun(self) -> bool:
        """Whether somebody has asked for it."""
        return bool(self._begun.is_set())

    def begin(self, farewell: str) -> None:
        """Begin it."""
        self.farewell = farewell
        self._begun.set()

    def wait(self) -> None:
        """Wait until somebody asks for it."""
        self._begun.wait()
