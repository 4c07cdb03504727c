"""The queue of questions: one at a time, in its window; the others wait in theirs."""

from greenchat.client.input.input_modes import Mode
from greenchat.client.input.prompts import PromptMode, QuestionMode
from greenchat.client.state.model import Model
from greenchat.client.state.questions import ManyLines, Prompt, Question, SearchFor, WhichChannel, may_ask_in

# The keys while a question waits for its answer.
_MOVES = frozenset(
    (
        "next window",
        "previous window",
        "last window",
        "next active window",
        "next split",
        "scroll up",
        "scroll down",
        "scroll to start",
        "scroll to end",
        "wheel up",
        "wheel down",
        "windows panel",
        "nicks panel",
        "redraw",
        "suspend",
        "help",
    )
)


def is_navigation(action: str) -> bool:
    """Whether an action switches windows or scrolls."""
    return action in _MOVES or action.startswith("window ")


class QuestionQueue:
    """Asks the model's questions one at a time, each in its window.

    Reads: the questions of the model. Changes: follow, next.
    """

    __slots__ = ("_model", "_parked")

    def __init__(self, model: Model) -> None:
        self._model = model
        self._parked: list[QuestionMode | PromptMode] = []  # of windows that are not shown

    def follow(self, mode: Mode | None, *, brings_back: bool) -> Mode | None:
        """Put aside the question of a hidden window, and bring back that of the current one."""
        current = self._model.current
        if isinstance(mode, QuestionMode | PromptMode):
            if not mode.is_relevant:
                mode = None
            elif not may_ask_in(mode.scope, current):
                self._parked.append(mode)
                mode = None
        scopes = (*self._model.buffers, *self._model.networks, None)
        self._parked = [each for each in self._parked if each.is_relevant and each.scope in scopes]
        waits = next((each for each in self._parked if may_ask_in(each.scope, current)), None)
        if mode is None and waits and brings_back:
            self._parked.remove(waits)
            return waits
        return mode

    def next(self, now: int) -> Question | Prompt | WhichChannel | SearchFor | ManyLines | None:
        """Take the next question of the current window; mark the windows in which others wait."""
        for question in self._model.questions:
            scope = question.scope if isinstance(question, Question | Prompt) else None
            if not self._model.is_interactive or may_ask_in(scope, self._model.current):
                self._model.questions.remove(question)
                return question
            if isinstance(question, Question | Prompt) and not question.marked and scope:
                question.marked = True
                self._model.mark(scope, f"A question is waiting here: {question.text}", now)
        return None
