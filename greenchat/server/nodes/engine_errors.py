"""Why the engine can't be used: what it answers, or that it does not."""


class EngineError(Exception):
    """The engine can't be used now; the text says why."""


class EngineRefusesError(EngineError):
    """The engine refuses something, and will again: it or the configuration has to be changed."""


class NotThereError(EngineRefusesError):
    """The engine does not have what it was asked for."""


class NoAnswerError(EngineError):
    """A request was not answered in time: the engine may have done what was asked, or not."""

    def __init__(self) -> None:
        super().__init__("it does not answer")


class NoLeaderError(EngineError):
    """No server of the engine took the request: the one that decides is not elected yet."""

    def __init__(self) -> None:
        super().__init__("the engine has no leader just now; it elects one within seconds")


class TooFewServersError(EngineRefusesError):
    """The engine does not know enough of its servers to be there, for as many copies as are wanted."""
