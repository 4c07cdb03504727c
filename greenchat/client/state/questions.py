"""Questions to the user: one at a time, answered with a word or a text, which may be hidden.

A question never blocks: it waits in `Model.questions` until the console can show it in place of the input line, in its
window. If there is no user (a script), its last answer is taken, which always changes nothing.
"""

from collections.abc import Callable

from greenchat.client.state.network import Buffer, ClientNetwork
from greenchat.records import record

AnswerAction = Callable[[int], None]  # given the time in milliseconds since the epoch


Where = Buffer | ClientNetwork | None  # a window, any window of a network, or any window at all


def always() -> bool:
    """Hold until the user ends the question."""
    return True


def belongs(where: Where, buffer: Buffer) -> bool:
    """Whether a question may be asked in this window."""
    return where is None or where is buffer or where is buffer.network


@record(slots=True)
class Answer:
    """word: what is typed, its beginning is enough unless it must be `whole`. meaning: what it does, for the hint."""

    word: str
    meaning: str
    action: AnswerAction
    whole: bool = False


@record(slots=True)
class Question:
    """text: one line. details: lines that are shown with it in the window. answers: the last one changes nothing.

    noted: it stands in the window already, so that there is room for the meanings of the answers. holds: whether there
    is still something to decide. where: the window it belongs to. marked: the user was told that it waits there.
    """

    text: str
    answers: tuple[Answer, ...]
    details: tuple[str, ...] = ()
    loud: bool = False
    noted: bool = False
    holds: Callable[[], bool] = always
    where: Where = None
    marked: bool = False

    @property
    def meanings(self) -> str:
        """The meaning of each answer, as a sentence."""
        return "; ".join(f"{answer.word}: {answer.meaning}" for answer in self.answers) + "."

    def answer(self, typed: str) -> Answer | None:
        """Return the answer that was meant, None where that can't be told."""
        typed = typed.strip().lower()
        meant = [
            each for each in self.answers if typed == each.word or (not each.whole and each.word.startswith(typed))
        ]
        return meant[0] if typed and len(meant) == 1 else None


@record(slots=True)
class Prompt:
    """A text that is asked for.

    take: called with it and the time, returns the prompt that follows at once, None where this was all. hidden: it is
    not shown while it is typed, nor what follows. where, marked: as of a `Question`.
    """

    text: str
    take: "Callable[[str, int], Prompt | None]"
    hidden: bool = False
    where: Where = None
    marked: bool = False


@record(slots=True)
class WhichChannel:
    """The user is to choose one of the server's channels. take: called with its name and the time."""

    take: Callable[[str, int], None]


@record(slots=True)
class SearchFor:
    """The user wants to search the talk, and has started to say for what."""

    text: str


@record(slots=True)
class ManyLines:
    """So many lines are to be said in a window that the user is asked first, as for a paste."""

    buffer: Buffer
    text: str
    notice: bool = False


def nothing(_now: int) -> None:
    """Do nothing: the action of an answer that changes nothing."""
