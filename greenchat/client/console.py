"""The client without its terminal and its sockets: events in, a changed model and a frame out.

It connects the parts: keys go through the key table to the editor or to an action, entered lines are run as slash
commands or sent. Tests drive it like a user and compare frames.
"""

from collections.abc import Callable

from greenchat.client import handlers
from greenchat.client.input.completer import Completer
from greenchat.client.input.editor import COMMANDS, EMPTY, Editor
from greenchat.client.input.input_modes import DONE, LEFT, STAYS, HistorySearch, Mode, Search
from greenchat.client.input.join_screen import CHANNEL, InitialFields, JoinScreen, Take, first_screen
from greenchat.client.input.key_chords import Chords
from greenchat.client.input.picture_mode import PictureMode
from greenchat.client.input.prompts import PromptMode, QuestionMode
from greenchat.client.input.question_queue import QuestionQueue, is_navigation
from greenchat.client.input.spellcheck import SpellChecker
from greenchat.client.input.submit import Submitter
from greenchat.client.irc import chathistory, typing
from greenchat.client.state.bindings import FORMATS, KEYS
from greenchat.client.state.effects import Quit
from greenchat.client.state.events import (
    Clicked,
    Focused,
    KeyPressed,
    LineEntered,
    NetworkEvent,
    Pasted,
    Resized,
    TerminalEvent,
    Wheeled,
)
from greenchat.client.state.lines import Line
from greenchat.client.state.model import ClientNetwork, Model
from greenchat.client.state.questions import ManyLines, Prompt, Question, SearchFor, WhichChannel
from greenchat.client.state.transfers import Picture
from greenchat.client.text.cells import visible, width
from greenchat.client.text.style import Frame, Size
from greenchat.client.view import join_view
from greenchat.client.view.bars import FrameContext, prompt_room
from greenchat.client.view.pointer import click
from greenchat.client.view.theme import Appearance, Theme, styled
from greenchat.client.view.window_view import WINDOW_ACTIONS, WindowView
from greenchat.records import replace


class Console:
    """Model, editor and view, and what each event does to them.

    Reads: frame. Changes: on_terminal, on_network. `redraw` and `suspend` are set for the app, which alone has the
    terminal.
    """

    __slots__ = (
        "_chords",
        "_completer",
        "_drawn",
        "_join",
        "_mode",
        "_questions",
        "_quitting",
        "_spelling",
        "_submitter",
        "appearance",
        "hint",
        "model",
        "redraw",
        "suspend",
        "view",
    )

    def __init__(self, model: Model, size: Size, appearance: Appearance | None = None) -> None:
        self.model = model
        self.appearance = appearance or Appearance()
        self.view = WindowView(
            model, size, self._theme, lambda: self._mode.line if self._mode else self.editor.line, self._hint
        )
        windows = {f"window {number}" for number in range(1, 100)}
        model.actions = (
            frozenset(ACTIONS) | frozenset(WINDOW_ACTIONS) | frozenset(COMMANDS) | frozenset(KEYS.values()) | windows
        )
        self._submitter = Submitter(model, self._follow)
        self.hint = ""
        self.redraw = False
        self.suspend = False
        self._mode: Mode | None = None
        self._drawn = FrameContext(self._theme)  # the last frame, for clicks
        self._questions = QuestionQueue(model)
        self._join: JoinScreen | None = None
        self._quitting = False
        self._chords = Chords()
        self._spelling = SpellChecker(model)
        self._completer = Completer(model, lambda: self.editor, self._spelling)

    def frame(self, monotonic: float, now: int = 0) -> Frame:
        """Return the picture. monotonic: seconds. now: milliseconds since the epoch."""
        mode, theme = self._mode, self.view.theme
        if mode is None and self._join:
            return join_view.render(self._join, self.size, theme)
        self._drawn = replace(self._look, theme=theme, monotonic=monotonic, now=now)
        return self.view.picture(self._drawn)

    @property
    def _look(self) -> FrameContext:
        """The description of the picture besides model, size and time."""
        if mode := self._mode:
            picture = mode.picture if isinstance(mode, PictureMode) else None
            return FrameContext(
                hint=self._hint(), prompt=mode.prompt, marked=mode.marked, selected=mode.selected, picture=picture
            )
        prompt = f"reply to {reply.nick}: " if (reply := self._submitter.reply) else ""
        return FrameContext(
            self.view.theme, hint=self._hint(), prompt=prompt, misspelt=self._spelling.misspelt(self.editor.line)
        )

    def _hint(self) -> str:
        """Return the status line's hint: what the keys do, after the question where that has no room of its own."""
        if self._mode is None:
            return self.hint or self._completer.hint
        prompt, hint = self._mode.prompt, self._mode.hint
        return f"{prompt.strip()} {hint}" if width(visible(prompt)) > prompt_room(self.size.columns) else hint

    @property
    def submitter(self) -> Submitter:
        """The part that runs commands and sends lines."""
        return self._submitter

    @property
    def editor(self) -> Editor:
        """The input line."""
        return self._submitter.editor

    @property
    def size(self) -> Size:
        """The size of the terminal."""
        return self.view.size

    @size.setter
    def size(self, size: Size) -> None:
        self.view.size = size

    def restyle(self) -> None:
        """Follow changed settings or new facts about the terminal."""
        self.view.draw_with(self._theme)

    @property
    def _theme(self) -> Theme:
        return styled(self.appearance, self.model.settings)

    def on_network(self, network: ClientNetwork, event: NetworkEvent, now: int) -> None:
        """Handle an event of a network. now: milliseconds since the epoch."""
        handlers.apply(self.model, network, event, now)
        if self._join:
            self._join.update()
        self._submitter.guide(now)
        self.ask(now)
        self._read()

    def on_terminal(self, event: TerminalEvent, now: int) -> None:
        """Handle an event of the terminal. now: milliseconds since the epoch."""
        self._submitter.follow_window()  # input now belongs to the visible window
        self.model.is_restoring = self.model.is_restoring and isinstance(event, Focused | Resized)
        match event:
            case KeyPressed(key):
                self._key(key, now)
            case Pasted(text):
                self._paste(text.strip("\n"), now)
            case Wheeled(key, row, column):
                self._wheel(key, row, column, now)
            case Clicked(row, column) if not (self._mode or self._join):
                self.hint = click(self.view, self.editor, self._drawn, row, column)
            case Resized(size):
                self.size = size
            case LineEntered("\x1b") if self._mode:
                self._key("Escape", now)  # in line mode Escape is a line, too
            case LineEntered(text) if self._mode:
                self._mode.paste(text)
                self._key("Enter", now)
            case LineEntered(text):
                self._submitter.enter(text, now)
            case Focused(focused):
                self.model.focused = focused
                chathistory.mark_read(self.model.current)
        self._submitter.follow_window()
        self._spelling.look(self.editor.line, now)
        self._submitter.guide(now)
        self.ask(now)
        self._read()

    def end_input(self, now: int) -> None:
        """Note that stdin has ended: every question, now and later, gets the answer that changes nothing."""
        self.model.is_interactive = False
        if self._mode:
            self._mode.key("Escape")
            self._mode = None
        self.ask(now)

    @property
    def hides_input(self) -> bool:
        """Whether what is typed now must not be shown."""
        return isinstance(self._mode, PromptMode) and self._mode.hidden

    @property
    def asked(self) -> str:
        """The question in place of the input line, with its hint; "" without one."""
        return f"{self._mode.hint} {self._mode.prompt}".strip() if self._mode else ""

    def ask(self, now: int) -> None:
        """Follow a change of window, and show the next question in place of the input line if nothing else is there."""
        self._submitter.follow_window()
        self._mode = self._questions.follow(self._mode, brings_back=self._join is None)
        while self._mode is None and (self._join is None or self._join.first) and (asked := self._questions.next(now)):
            match asked:
                case Question() as question if not question.is_relevant():
                    pass  # decided meanwhile
                case Question() as question if self.model.is_interactive:
                    self._mode = QuestionMode(question, now, self._submitter.order_known)
                case Question(answers=answers):
                    answers[-1].action(now)
                case Prompt() as prompt if self.model.is_interactive:
                    self._mode = PromptMode(prompt, now, self._submitter.order_known)
                case WhichChannel() if not self.model.has_screen:
                    self.model.tell("Name a channel: /join #tea. /list lists them.", now)
                case WhichChannel(take) if self.model.is_interactive:
                    network = self.model.network
                    plan = InitialFields(str(network.address), network.nicks.current)
                    self._join = JoinScreen(self.model, plan, take, start=CHANNEL, first=False)
                case SearchFor(text):
                    self._mode = Search(self.model, self.view.scroll_to, text)
                case ManyLines(buffer) as many if self.model.is_interactive and buffer in self.model.buffers:
                    self._mode = self._submitter.guard(many, now)
                case ManyLines(buffer):
                    self.model.complain(buffer.network, f"Not sent to {buffer.name}: it needs a confirmation.", now)
                case _:
                    pass  # there is no user to answer

    def ask_where(self, plan: InitialFields, start: str, remember: Take) -> None:
        """Begin with the join screen. remember: given the channel that was chosen."""
        self._join = first_screen(self.model, plan, start, remember)

    def show_picture(self, picture: Picture) -> bool:
        """Show a picture in place of the messages; return False while a question is open."""
        if self._mode or self._join:
            return False
        self._mode = PictureMode(picture)
        return True

    def _paste(self, text: str, now: int) -> None:
        self._completer.stop()
        if self._join and not self._mode:
            self._join.paste(text)
        elif self._mode:
            self._mode.paste(text)
        else:
            self._submitter.paste(text, now)

    def _key(self, key: str, now: int) -> None:
        before, text = self.model.current, self.editor.text
        if self._mode is None and self._join:
            if self.model.settings.keys().get(key) == "suspend":
                self._suspend()
            elif self._join.key(key, now) == DONE:
                self._join = None
        elif self._mode is None or self._leads_away(key) or self._mode_key(key):
            self._plain_key(key, now)
        if self.model.current is before and self.editor.text != text and self.model.settings.get("typing.tell"):
            typing.tell(before, self.editor.text, now)

    def _leads_away(self, key: str) -> bool:
        """Whether a key moves among windows or scrolls while a question waits for its answer."""
        action = self.model.settings.keys().get(key, "")
        return isinstance(self._mode, QuestionMode | PromptMode) and is_navigation(action)

    def _mode_key(self, key: str) -> bool:
        """Give a key to the mode; True if the editor is to have it."""
        assert self._mode
        mode = self._mode
        result = mode.key(key)
        if result != STAYS and self._mode is mode:
            self._mode = None
        return result == LEFT

    def _plain_key(self, key: str, now: int) -> None:
        action = self._chords.press(key, self.model.settings.keys())
        quitting = self._quitting
        self._quitting = False
        self.hint = self._chords.hint
        if action is None:
            return
        if action not in ("complete", "complete backwards"):
            self._completer.stop()
        if action == "clear or quit":
            self._interrupt(quitting)
        elif action == "end" and not self.editor.text:
            self.view.to_end()
        elif action in WINDOW_ACTIONS:
            WINDOW_ACTIONS[action](self.view)
        elif action in ACTIONS:
            ACTIONS[action](self, now)
        elif action.startswith("window "):
            self.view.show_number(int(action.removeprefix("window ")))
        elif action.startswith("/"):
            self._submitter.order(action, now)
        elif not self.editor.run(action) and len(key) == 1:
            self.editor.insert(key)

    def _interrupt(self, quitting: bool) -> None:
        """Handle Ctrl-C: clear the line, or if it is empty, quit after a second Ctrl-C, even if no command works."""
        if self.editor.text:
            self.editor.replace(EMPTY)
        elif quitting:
            chathistory.mark_read(self.model.current)
            self.model.effects.append(Quit(str(self.model.settings.get("text.quit"))))
        else:
            self._quitting = True
            self.hint = "Press Ctrl-C again to leave greenchat."

    def _wheel(self, key: str, row: int, column: int, now: int) -> None:
        """Scroll the window or list under the pointer; the current window as keys do."""
        if self._mode or self._join or not self.view.wheel(row, column, up=key == "WheelUp"):
            self._key(key, now)

    def _read(self) -> None:
        """Mark as read what the other visible windows show."""
        if self.model.others_shown or self.model.on_screen:
            shown = (pane.buffer for pane in self.view.layout.panes)
            for buffer in self.model.look_at(tuple(each for each in shown if each is not self.model.current)):
                chathistory.mark_read(buffer)

    def _switch(self, now: int) -> None:
        from greenchat.client.input.switcher import Switcher  # late, like the following: not needed for the first frame

        self._mode = Switcher(self.model, lambda network, name: self._submitter.go(network, name, now))

    def _point(self) -> None:
        """Put the message cursor on the newest message that can be seen."""
        from greenchat.client.input.message_cursor import MessageCursor

        newest = self.view.newest_shown()
        self._mode = MessageCursor(self.model, newest, self.view.bring, self._reply_to, self._follow)

    def _reply_to(self, line: Line) -> None:
        self._submitter.reply = line

    def _follow(self, mode: Mode) -> None:
        self._mode = mode

    def _copy_mode(self) -> None:
        self.view.bare = not self.view.bare
        self.hint = "Plain text for copying. Alt-C or Escape goes back." if self.view.bare else ""

    def _escape(self) -> None:
        if self.view.bare:
            self._copy_mode()
        self._submitter.reply = None

    def _help(self, now: int) -> None:
        """Show the whole hint, which may not fit on the screen; without a hint, the help."""
        if hint := self._hint():
            self.model.tell(hint, now)
        else:
            self._submitter.order("/help", now)

    def _read_all(self) -> None:
        for buffer in self.model.read_all():
            chathistory.mark_read(buffer)

    def _redraw(self) -> None:
        self.redraw = True

    def _suspend(self) -> None:
        self.suspend = True


ACTIONS: dict[str, Callable[[Console, int], None]] = {
    "submit": lambda console, now: console._submitter.submit(now),
    "complete": lambda console, now: console._completer.step(1),
    "complete backwards": lambda console, now: console._completer.step(-1),
    "newline": lambda console, now: console.editor.insert("\n"),
    "search": lambda console, now: console._follow(Search(console.model, console.view.scroll_to)),
    "switch window": lambda console, now: console._switch(now),
    "search history": lambda console, now: console._follow(
        HistorySearch(console.editor.history, console.editor.replace)
    ),
    "message cursor": lambda console, now: console._point(),
    "copy mode": lambda console, now: console._copy_mode(),
    "escape": lambda console, now: console._escape(),
    "help": lambda console, now: console._help(now),
    "redraw": lambda console, now: console._redraw(),
    "suspend": lambda console, now: console._suspend(),
    "read all": lambda console, now: console._read_all(),
}


def _inserting(code: str) -> Callable[[Console, int], None]:
    return lambda console, now: console.editor.insert(code)


ACTIONS |= {name: _inserting(code) for name, code in FORMATS.values()}
