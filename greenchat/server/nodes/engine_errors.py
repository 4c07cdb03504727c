"""Errors of the engine."""


class EngineError(Exception):
    """The engine can't be used now; the text says why."""


class EngineRefusesError(EngineError):
    """A permanent refusal of the engine: it or the configuration must be changed."""


class NotFoundError(EngineRefusesError):
    """The engine does not have the requested object."""


class NoAnswerError(EngineError):
    """A request was not answered in time: the engine may have carried it out, or not."""

    def __init__(self) -> None:
        super().__init__("it does not answer")


class NoLeaderError(EngineError):
    """No server of the engine accepted the request: the leader is not elected yet."""

    def __init__(self) -> None:
        super().__init__("the engine has no leader just now; it elects one within seconds")


class TooFewServersError(EngineRefusesError):
    """The engine has fewer known servers than the configured number of copies."""
