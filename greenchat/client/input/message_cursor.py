"""A cursor on the messages: for replying, reacting, deleting, copying, and opening links.

Modes like those of the input line: each gets the keys first. They act on the rest of the client through callables.
"""

from collections.abc import Callable, Sequence

from greenchat.client.input.editor import EMPTY, Editor, InputLine
from greenchat.client.input.input_modes import CANCEL, DONE, LEFT, STAYS, edit
from greenchat.client.irc import message_actions
from greenchat.client.state.effects import CopyText, LoadPicture, OpenLink
from greenchat.client.state.lines import TALK, Line
from greenchat.client.state.model import Model
from greenchat.client.text import emoji, links
from greenchat.client.text.cells import visible
from greenchat.protocol.formatting import strip_formatting

REACTIONS = ("👍", "❤️", "😂", "🎉", "😮", "😢")  # under the keys 1 to 6


class MessageCursor:
    """A cursor on a line of the current buffer.

    show: scrolls to a line. reply: called with the message to reply to. follow: called with the next mode.
    """

    prompt = "message: "
    line = EMPTY
    marked = ""

    def __init__(
        self,
        model: Model,
        number: int,
        show: Callable[[int], None],
        reply: Callable[[Line], None],
        follow: Callable[["Reaction | Choice"], None],
    ) -> None:
        self._buffer = model.current
        self._model = model
        self._show = show
        self._reply = reply
        self._follow = follow
        self._number = number
        self._anchor = self._buffer.anchor
        self._answer = ""
        self._line: Line | None = None
        self._go(number, -1)

    @property
    def selected(self) -> int | None:
        """Return the number of the line, which changes when older lines are inserted."""
        buffer, line = self._buffer, self._line
        if line is None:
            return None
        number_now = self._number if buffer.first <= self._number < buffer.end else buffer.end - 1
        if buffer.line(number_now) is not line:
            around = (number for number in range(buffer.end - 1, buffer.first - 1, -1) if buffer.line(number) is line)
            number_now = next(around, number_now)
            self._line = buffer.line(number_now)
        self._number = number_now
        return number_now

    @property
    def hint(self) -> str:
        """The hint: what the keys do."""
        if self._answer:
            return self._answer
        line = self._line
        if line is None:
            return "There are no messages here. Escape goes back."
        keys = ["r reply"] if line.kind in TALK and line.nick else []
        keys += ["e react"] if message_actions.can_react(self._buffer, line) else []
        keys += ["d delete"] if message_actions.can_redact(self._buffer, line) else []
        keys += ["o open link", "p show picture", "y copy link"] if links.links(line.text) else []
        return ", ".join([*keys, "c copy text"]) + ". Up and Down choose, Escape goes back."

    def key(self, key: str) -> str:
        """Run the action of a letter on the message."""
        self._answer = ""
        number = self.selected
        if key in CANCEL or number is None or self._line is None:
            self._buffer.anchor = self._anchor
            return DONE
        line = self._line
        if key in ("Up", "C-Up", "k", "C-p"):
            self._go(number - 1, -1)
        elif key in ("Down", "C-Down", "j", "C-n"):
            self._go(number + 1, 1)
        elif key in ("PgUp", "PgDn"):
            self._go(number + (-10 if key == "PgUp" else 10), -1 if key == "PgUp" else 1)
        elif key in ("r", "Enter") and line.kind in TALK and line.nick:
            self._reply(line)
            return DONE
        elif key in ("e", "+") and message_actions.can_react(self._buffer, line):
            self._follow(Reaction(line.nick, lambda reaction: message_actions.react(self._buffer, line, reaction)))
            return DONE
        elif key in ("d", "Delete") and message_actions.can_redact(self._buffer, line):
            self._follow(
                Choice("Delete this message?", ("Yes",), lambda _: message_actions.redact(self._buffer, line)),
            )
            return DONE
        elif key == "c":
            self._copy(plain(line))
            return DONE
        elif key in ("o", "p", "y"):
            take = {"o": self._open, "p": self._look_at, "y": self._copy}[key]
            return self._link(links.links(plain(line)), take)
        elif len(key) > 1:
            return LEFT
        return STAYS

    def paste(self, text: str) -> None:
        """Ignore pasted text."""

    def _go(self, number: int, step: int) -> None:
        """Move to the nearest message, first in the direction of step."""
        buffer = self._buffer
        if not buffer.lines:
            return
        number = min(max(number, buffer.first), buffer.end - 1)
        for ahead in (step, -step):
            end = buffer.end if ahead > 0 else buffer.first - 1
            for place in range(number, end, ahead):
                if not buffer.line(place).change:
                    self._number = place
                    self._line = buffer.line(place)
                    self._show(place)
                    return

    def _link(self, urls: Sequence[str], take: Callable[[str], None]) -> str:
        if not urls:
            self._answer = "There is no link in this message."
            return STAYS
        if len(urls) == 1:
            take(urls[0])
        else:
            self._follow(Choice("Which link?", urls, take))
        return DONE

    def _open(self, link: str) -> None:
        self._model.effects.append(OpenLink(link))

    def _look_at(self, link: str) -> None:
        self._model.effects.append(LoadPicture(self._buffer.network, link))

    def _copy(self, text: str) -> None:
        self._model.effects.append(CopyText(text))


class Reaction:
    """Asks for a reaction: a digit for a usual one, or any text. take: called with it."""

    marked = ""
    selected: int | None = None

    def __init__(self, nick: str, take: Callable[[str], None]) -> None:
        self._nick = nick
        self._take = take
        self._editor = Editor()

    @property
    def prompt(self) -> str:
        """The prompt: the recipient."""
        return f"react to {self._nick}: "

    @property
    def line(self) -> InputLine:
        """The typed text."""
        return self._editor.line

    hint = "  ".join(f"{number} {each}" for number, each in enumerate(REACTIONS, 1)) + "  or type one (:tea:), Enter."

    def key(self, key: str) -> str:
        """Take a digit for a usual reaction or a letter of another one."""
        if key in CANCEL:
            return DONE
        if key == "Enter":
            typed = self._editor.text.strip()
            if typed:
                self._take(emoji.COMMON.get(typed.strip(":").lower(), typed) if typed.startswith(":") else typed)
            return DONE
        if not self._editor.text and key in [str(number) for number in range(1, len(REACTIONS) + 1)]:
            self._take(REACTIONS[int(key) - 1])
            return DONE
        edit(self._editor, key)
        return STAYS

    def paste(self, text: str) -> None:
        """Insert pasted text."""
        self._editor.insert(text.split("\n")[0])


class Choice:
    """A choice by number. take: called with the answer, if there is one."""

    marked = ""
    line = EMPTY
    selected: int | None = None

    def __init__(self, question: str, options: Sequence[str], take: Callable[[str], None]) -> None:
        self.prompt = question + " "
        self._options = options[:9]
        self._take = take

    @property
    def hint(self) -> str:
        """The options with their numbers."""
        if len(self._options) == 1:
            return f"y or Enter: {self._options[0]}. Escape: no."
        return "  ".join(f"{number} {visible(option)}" for number, option in enumerate(self._options, 1))

    def key(self, key: str) -> str:
        """Take a number for a choice; Enter or y for the first."""
        if key in ("y", "Enter"):
            key = "1"
        if key in [str(number) for number in range(1, len(self._options) + 1)]:
            self._take(self._options[int(key) - 1])
            return DONE
        return DONE if key in CANCEL or key == "n" else STAYS

    def paste(self, text: str) -> None:
        """Ignore pasted text."""


def plain(line: Line) -> str:
    """Return the text of a message without formatting and control characters, safe to paste."""
    return "\n".join(visible(strip_formatting(line)) for line in line.text.split("\n"))
