"""Questions and prompts as modes of the console: input answers them instead of being sent.

An answer needs Enter, so that a question that appears while the user types is not answered by accident. Commands can
still be entered; they leave the question. Each question belongs to a window, and waits there while another is shown.
"""

from collections.abc import Callable

from greenchat.client.input.editor import EMPTY, Editor, InputLine
from greenchat.client.input.input_modes import CANCEL, DONE, STAYS, edit
from greenchat.client.state.questions import Prompt, Question, Scope

RunCommand = Callable[[str, int], bool]  # runs a line if it is a command; whether it was one


class _Typing:
    """The base of QuestionMode and PromptMode, with their own input line."""

    marked = ""
    selected: int | None = None

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._editor = Editor()

    @property
    def line(self) -> InputLine:
        """The typed text."""
        return self._editor.line

    def paste(self, text: str) -> None:
        """Insert the first line of pasted text."""
        self._editor.insert(text.split("\n")[0])


class QuestionMode(_Typing):
    """A question in the input line's place. now: when it is answered, in milliseconds since the epoch."""

    def __init__(self, question: Question, now: int, order: RunCommand) -> None:
        super().__init__(question.scope)
        self._question = question
        self._now = now
        self._order = order
        self._misunderstood = ""

    @property
    def is_relevant(self) -> bool:
        """Whether the question is still relevant."""
        return self._question.is_relevant()

    @property
    def prompt(self) -> str:
        """The answers."""
        return f"{'/'.join(answer.word for answer in self._question.answers)}? "

    @property
    def hint(self) -> str:
        """Return the question with its answers, or an error about the last answer."""
        if self._misunderstood:
            *others, last = (answer.word for answer in self._question.answers)
            words = f"{', '.join(others)} or {last}" if others else last
            return f"{self._misunderstood[:20]!r} is not an answer. Type {words}; Escape is {last}."
        meanings = self._question.meanings
        return meanings if self._question.noted else f"{self._question.text} {meanings}"

    def key(self, key: str) -> str:
        """Enter answers, Escape is the answer that changes nothing."""
        if key in CANCEL:
            self._question.answers[-1].action(self._now)
            return DONE
        if key == "Enter":
            typed = self._editor.text
            answer = self._question.answer(typed)
            self._editor.load(EMPTY)
            if answer is None and typed.startswith("/"):
                self._question.answers[-1].action(self._now)
                self._order(typed, self._now)  # which also reports an unknown command
                return DONE
            if answer is None:
                self._misunderstood = typed
                return STAYS
            answer.action(self._now)
            return DONE
        edit(self._editor, key)
        return STAYS


class PromptMode(_Typing):
    """A prompt for a text in the input line's place."""

    is_relevant = True

    def __init__(self, prompt: Prompt, now: int, order: RunCommand) -> None:
        super().__init__(prompt.scope)
        self._prompt = prompt
        self._now = now
        self._order = order
        self.hidden = prompt.hidden  # also for input that follows at once
        self._nothing = ""

    @property
    def prompt(self) -> str:
        """The question."""
        return f"{self._prompt.text}: "

    @property
    def line(self) -> InputLine:
        """The typed text; "" while it is hidden, so that not even its length shows."""
        return EMPTY if self.hidden else self._editor.line

    @property
    def hint(self) -> str:
        """The hint: what the keys do."""
        return f"{self._nothing}{'It stays hidden. ' * self.hidden}Enter confirms, Escape goes back."

    def key(self, key: str) -> str:
        """Handle a key: Enter confirms, Escape cancels. Enter alone does neither, since a password may follow."""
        if key in CANCEL:
            return DONE
        if key == "Enter":
            text = self._editor.text
            self._editor.load(EMPTY)
            self._nothing = "" if text else "Nothing was typed. "
            if not text:
                return STAYS
            if text.startswith("/") and self._order(text, self._now):
                return DONE
            following = self._prompt.take(text, self._now)
            if following is None:
                return DONE
            self._prompt = following
            self.hidden |= following.hidden
            return STAYS
        edit(self._editor, key)
        return STAYS
