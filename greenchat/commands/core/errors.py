"""Errors of commands: a handler raises one, and `registry.run` sends it as a line."""

from greenchat.protocol.numerics import Numeric


class IrcError(Exception):
    """A refusal as a numeric: `numeric <nick> <params> :<text>`, the text by default the numeric's own."""

    def __init__(self, numeric: Numeric, *params: str, text: str = "") -> None:
        super().__init__(numeric.command, *params)
        self.numeric = numeric
        self.params = params
        self.text = text


class TooLongError(IrcError):
    """A text that would not fit into every reader's line. Reported even if errors are not answered."""

    def __init__(self) -> None:
        super().__init__(
            Numeric.ERR_INPUTTOOLONG,
            text="Input line was too long: with its prefix it would not fit into one line",
        )


class FailError(Exception):
    """A refusal as a standard reply, `FAIL <command> <code> <context> :<text>`.

    https://ircv3.net/specs/extensions/standard-replies
    """

    def __init__(self, command: str, code: str, *context: str, text: str) -> None:
        super().__init__(command, code, *context)
        self.command = command
        self.code = code
        self.context = context
        self.text = text
