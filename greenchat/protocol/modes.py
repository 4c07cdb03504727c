"""Mode strings: `+ov-k alice bob key` to a list of changes and back.

https://modern.ircdocs.horse/#mode-message. A `ModeTable` says which letters take a parameter, the same facts that
ISUPPORT announces as CHANMODES and PREFIX; the client fills one from its server's tokens, the server has its own.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

PARAMETERS_A_LINE = 13  # a message has 15 parameters, and the target and the letters are two


@dataclass(frozen=True, slots=True)
class ModeTable:
    """The letters of channel modes by type (https://modern.ircdocs.horse/#chanmodes-parameter).

    lists: type A, adds or removes a mask; without a parameter it requests the list.
    always: type B, a parameter when set and when unset. setting: type C, a parameter when set. flags: type D, none.
    prefixes and symbols: the member modes, highest first, and what is shown before a nick for each.
    """

    lists: str = "b"
    always: str = "k"
    setting: str = "l"
    flags: str = "imnst"
    prefixes: str = "ov"
    symbols: str = "@+"

    def symbols_of(self, letters: str) -> str:
        """Return the symbols of a member's modes, highest first: "ov" -> "@+"."""
        return "".join(symbol for mode, symbol in zip(self.prefixes, self.symbols, strict=True) if mode in letters)

    def takes_parameter(self, letter: str, *, adding: bool) -> bool:
        """Whether a change of this mode uses up a parameter."""
        return (
            letter in self.prefixes
            or letter in self.lists
            or letter in self.always
            or (adding and letter in self.setting)
        )


@dataclass(frozen=True, slots=True)
class ModeChange:
    """A change of one mode. parameter: None without one."""

    adding: bool
    letter: str
    parameter: str | None = None


def parse_changes(params: Sequence[str], table: ModeTable) -> list[ModeChange]:
    """Return `("+ov-k", "alice", "bob", "key")` as changes, in order. Unknown letters get no parameter."""
    if not params:
        return []
    letters, *rest = params
    parameters = iter(rest)
    changes = []
    adding = True
    for letter in letters:
        if letter in "+-":
            adding = letter == "+"
        elif table.takes_parameter(letter, adding=adding):
            changes.append(ModeChange(adding, letter, next(parameters, None)))
        else:
            changes.append(ModeChange(adding, letter))
    return changes


def format_changes(changes: Iterable[ModeChange]) -> tuple[str, ...]:
    """Return the changes as the parameters of one MODE message, repeating the sign only if it changes."""
    letters = ""
    parameters = []
    sign = ""
    for change in changes:
        wanted = "+" if change.adding else "-"
        if wanted != sign:
            letters += wanted
            sign = wanted
        letters += change.letter
        if change.parameter is not None:
            parameters.append(change.parameter)
    return (letters, *parameters)


def lines_of_changes(changes: Iterable[ModeChange], room: int) -> Iterator[tuple[str, ...]]:
    """Return the changes as the parameters of as many MODE messages as needed. room: bytes for them in one line."""
    line: list[ModeChange] = []
    size = parameters = 0
    for change in changes:
        has_parameter = change.parameter is not None
        growth = len("+b") + len(f" {change.parameter}".encode()) * has_parameter
        if line and (size + growth > room or parameters + has_parameter > PARAMETERS_A_LINE):
            yield format_changes(line)
            line, size, parameters = [], 0, 0
        line.append(change)
        size += growth
        parameters += has_parameter
    if line:
        yield format_changes(line)
