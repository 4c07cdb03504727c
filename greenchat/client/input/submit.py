"""Handles entered lines: runs them as commands or sends them to the current window, keeps a draft for each window, and
asks before sending many lines at once.
"""

import re
from collections.abc import Callable, Sequence

from greenchat.client.input.editor import EMPTY, Editor, InputLine
from greenchat.client.input.input_modes import PasteGuard
from greenchat.client.irc import chathistory, hidden_words, joining, message_actions, multiline, sending, typing
from greenchat.client.state.bindings import FORMATS
from greenchat.client.state.lines import Line, LineKind
from greenchat.client.state.model import Buffer, BufferKind, ClientNetwork, LinkState, Model
from greenchat.client.state.questions import ManyLines, WhichChannel
from greenchat.client.text.cells import visible
from greenchat.protocol.formatting import HEX_COLOUR

_KEPT = "\n\t" + HEX_COLOUR + "".join(code for _, code in FORMATS.values())
UNSENDABLE = re.compile(f"(?![{_KEPT}])[\x00-\x1f\x7f-\x9f]")
GUARDED_LINES = 3  # lines from which on a paste has to be confirmed


def sendable(text: str) -> str:
    """Return the text without control characters; line breaks, tabs and formatting codes stay."""
    return UNSENDABLE.sub("", text)


class Submitter:
    """The editor, the drafts of the other windows, and the message to reply to.

    ask: shows a paste guard in place of the input line.
    """

    __slots__ = ("_ask", "_drafts", "_model", "_proposed", "editor", "reply")

    def __init__(self, model: Model, ask: Callable[[PasteGuard], None]) -> None:
        self._model = model
        self._ask = ask
        self._drafts: dict[Buffer, InputLine] = {}
        self._proposed: dict[Buffer, str] = {}  # links at the beginning of their line
        self.editor = Editor()
        self.reply: Line | None = None

    def submit(self, now: int, *, together: bool = True) -> None:
        """Enter: run the command, or send the lines. together: as one message, if the server supports that."""
        if UNSENDABLE.search(self.editor.text):
            self._take_out_controls(now)
            return
        text = self.editor.submit(remember=not hidden_words.hides_line(self.editor.text))
        buffer, link = self._model.current, self._proposed.pop(self._model.current, "")
        typing.reset(buffer)
        command = text.removeprefix(f"{link} ") if link else text
        if command.startswith("/") and not command.startswith("//") and "\n" not in command:
            self.order(command, now)
            if command != text:
                self.follow_window()
                self._put(buffer, link)
            return
        text = text.removeprefix("/" if text.startswith("//") else "")
        for line_text in [text] if together else text.split("\n"):
            if line_text.strip():
                self._say(line_text, now)

    def order(self, line: str, now: int) -> None:
        """Run a slash command."""
        from greenchat.client import slash  # late: some twenty files that the first frame does not need

        slash.run(self._model, line, now)

    def guide(self, now: int) -> None:
        """Give a newcomer the next hint of the tour, if it is time for it."""
        if self._model.tour:
            from greenchat.client.slash import tour  # late, as above

            tour.follow(self._model, now)

    def order_known(self, line: str, now: int) -> bool:
        """Run a slash command if it exists, and return whether it does."""
        from greenchat.client.slash import knows  # late, as above

        if not knows(self._model, line):
            return False
        self.order(line, now)
        return True

    def run_in(self, buffer: Buffer, lines: Sequence[str], now: int) -> None:
        """Run commands as in a window that need not be shown; the window that is shown stays."""
        shown, self._model.current = self._model.current, buffer
        for line in lines:
            self.order(line if line.startswith("/") else f"/{line}", now)
        self._model.current = shown

    def go(self, network: ClientNetwork, name: str, now: int) -> None:
        """Join a channel, or open a private chat, that has no window yet."""
        if network is not self._model.network:
            self._model.show(network.status)
        self.order(f"/join {name}" if network.isupport.is_channel(name) else f"/query {name}", now)

    def enter(self, text: str, now: int) -> None:
        """Handle a complete line from a terminal that edits lines."""
        self.editor.load(InputLine(sendable(text)))
        self.submit(now)

    def propose(self, buffer: Buffer, text: str, now: int) -> None:
        """Put a text into the input line of a window, for the user to send; without input lines send it."""
        if not self._model.has_screen:
            sending.say(self._model, buffer, text, LineKind.SAID, now)
        else:
            self._put(buffer, text)
            is_shown = buffer is self._model.current
            hint = "press Enter to send its link" if is_shown else f"its link is in the input line of {buffer.name}"
            self._model.tell(f"The file was uploaded; {hint}.", now)

    def _put(self, buffer: Buffer, link: str) -> None:
        """Insert a link into the line of a window at the cursor, but not into a command."""
        is_shown = buffer is self._model.current
        line = self.editor.line if is_shown else self._drafts.get(buffer, EMPTY)
        if not line.text or line.text.startswith("/"):
            self._proposed[buffer] = link
            line = InputLine(f"{link} {line.text}", len(link) + 1 + line.cursor)
        else:
            before = f"{line.before}{' ' if line.before[-1:].strip() else ''}{link} "
            line = InputLine(before + line.after, len(before))
        if is_shown:
            self.editor.replace(line)
        else:
            self._drafts[buffer] = line

    def paste(self, text: str, now: int) -> None:
        """Insert pasted text."""
        lines = text.count("\n") + 1
        if lines < GUARDED_LINES:
            self.editor.insert(text)
            return

        def answer(chosen: str) -> None:
            self.editor.insert(text)
            if chosen != "edit":
                self.submit(now, together=chosen == "one")

        self._ask(PasteGuard(f"Paste {lines} lines? ", answer, one=multiline.limits(self._model.network) is not None))

    def guard(self, many: ManyLines, now: int) -> PasteGuard:
        """Return the mode that asks before sending many lines to a window."""
        buffer, kind = many.buffer, LineKind.NOTICE if many.notice else LineKind.SAID

        def answer(chosen: str) -> None:
            if chosen == "edit" and buffer is self._model.current:
                self.editor.insert(many.text)
                return
            if chosen == "edit":
                text = self._drafts.get(buffer, EMPTY).text + many.text
                self._drafts[buffer] = InputLine(text, len(text))
                self._model.show(buffer)
                return
            for text in [many.text] if chosen == "one" else many.text.split("\n"):
                sending.say(self._model, buffer, text, kind, now)

        one = multiline.limits(buffer.network) is not None
        lines = many.text.count("\n") + 1
        return PasteGuard(f"Send {lines} lines to {buffer.name}? ", answer, one=one)

    def follow_window(self) -> None:
        """Load the draft of the current window, if it has changed."""
        before, current = self._model.take_previous(), self._model.current
        if before:
            self.reply = None
            chathistory.mark_read(before)
            chathistory.begin(current)
            joining.ask_names(current)
            chathistory.mark_read(current)
            self._drafts[before] = self.editor.line
            self.editor.load(self._drafts.pop(current, EMPTY))

    def _take_out_controls(self, now: int) -> None:
        """Remove control characters from the input line with a notice, so that the user sees what is sent."""
        removed = " ".join(dict.fromkeys(map(visible, UNSENDABLE.findall(self.editor.text))))
        text = sendable(self.editor.text)
        self.editor.replace(InputLine(text, len(text)))
        rest = "Press Enter to send the rest." if text.strip() else "There was nothing else."
        self._model.complain(self._model.network, f"Control characters were removed ({removed}). {rest}", now)

    def _say(self, text: str, now: int) -> None:
        buffer = self._model.current
        if buffer.kind is BufferKind.STATUS:
            self._model.complain(
                buffer.network, "This window has no recipient. /join a channel, or use /msg nick.", now
            )
            self.editor.replace(InputLine(text, len(text)))
            if buffer.network.link.state is LinkState.ONLINE and not any(
                each.joined for each in buffer.network.buffers.values()
            ):
                self._offer_channel(text)
            return
        if buffer.kind is BufferKind.CHANNEL and not buffer.joined and not buffer.network.is_coming(buffer.name):
            self._model.complain(buffer.network, f"You are not in {buffer.name}. Use /join {buffer.name}.", now)
            self.editor.replace(InputLine(text, len(text)))
            return
        buffer.anchor = None
        chathistory.mark_read(buffer)
        reply, self.reply = self.reply, None
        if reply and not message_actions.can_reply(buffer, reply):
            text, reply = f"{reply.nick}: {text}", None
        sending.say(self._model, buffer, text, LineKind.SAID, now, reply.id if reply else "")

    def _offer_channel(self, text: str) -> None:
        """Ask for a channel when none is open; the text waits there until it is sent."""
        network = self._model.network

        def take(name: str, now: int) -> None:
            sign = "" if network.isupport.is_channel(name) else network.isupport.chantypes[:1]
            channel = self._model.open(network, sign + name.split()[0])
            self.editor.load(EMPTY)
            self._drafts[channel] = InputLine(text, len(text))
            self.order(f"/join {channel.name}", now)
            self._model.show(channel)

        self._model.questions.append(WhichChannel(take))
