"""Questions to the user: one at a time, answered with a word or a text, which may be hidden.

A question never blocks: it waits in `Model.questions` until the console can show it in place of the input line, in its
window. If there is no user (a script), its last answer is taken, which always changes nothing.
"""

from collections.abc import Callable

from greenchat.client.state.network import Buffer, ClientNetwork
from greenchat.records import record

AnswerAction = Callable[[int], None]  # given the time in milliseconds since the epoch


Scope = Buffer | ClientNetwork | None  # a window, any window of a network, or any window at all


def always() -> bool:
    """Hold until the user ends the question."""
    return True


def may_ask_in(scope: Scope, buffer: Buffer) -> bool:
    """Whether a question may be asked in this window."""
    return scope is None or scope is buffer or scope is buffer.network


@record(slots=True)
class Answer:
    """A possible answer to a question.

    word: to be typed; its beginning is sufficient unless `is_exact`. meaning: for the hint.
    """

    word: str
    meaning: str
    action: AnswerAction
    is_exact: bool = False


@record(slots=True)
class Question:
    """A question to the user.

    text: one line. details: lines shown with it in the window. answers: the last one changes nothing.

    noted: whether the window shows it already, so that there is room for the meanings of the answers. is_relevant:
    whether it is still relevant. scope: its window. marked: whether the user was told that it waits there.
    """

    text: str
    answers: tuple[Answer, ...]
    details: tuple[str, ...] = ()
    noted: bool = False
    is_relevant: Callable[[], bool] = always
    scope: Scope = None
    marked: bool = False

    @property
    def meanings(self) -> str:
        """The meaning of each answer, as a sentence."""
        return "; ".join(f"{answer.word}: {answer.meaning}" for answer in self.answers) + "."

    def answer(self, typed: str) -> Answer | None:
        """Return the answer for the user's text, None if it is ambiguous."""
        typed = typed.strip().lower()
        matching = [
            each for each in self.answers if typed == each.word or (not each.is_exact and each.word.startswith(typed))
        ]
        return matching[0] if typed and len(matching) == 1 else None


@record(slots=True)
class Prompt:
    """A prompt for a text.

    take: called with the text and the time, returns the next prompt or None. hidden: whether the text, and the next
    one, are not shown. scope, marked: as in `Question`.
    """

    text: str
    take: "Callable[[str, int], Prompt | None]"
    hidden: bool = False
    scope: Scope = None
    marked: bool = False


@record(slots=True)
class WhichChannel:
    """A choice among the server's channels. take: called with the name and the time."""

    take: Callable[[str, int], None]


@record(slots=True)
class SearchFor:
    """A search of messages, with its beginning."""

    text: str


@record(slots=True)
class ManyLines:
    """A confirmation before sending many lines to a window, as for a paste."""

    buffer: Buffer
    text: str
    notice: bool = False


def nothing(_now: int) -> None:
    """Do nothing: the action of an answer that changes nothing."""
