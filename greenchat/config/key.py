"""Keys of the configuration file.

A setting is a dataclass field annotated `Annotated[type, Key("what it is for", ...)]`: that one line makes it readable
from the file, checked, documented in the example that `greenchat-server --print-config` writes, and reloadable.
A field without a Key is not in the file.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Key:
    """A key of the file. doc: a phrase or more, for the example's comment.

    minimum, maximum: bounds of a number, or of each number in a list. choices: the only words it may be.
    parse: makes the value of a string in the file (of each string in a list); raises ValueError with the reason why it
    can't. str() of the value must give a string that it takes.
    restart: a reload cannot change it, and says so.
    sample: a name and a row for tables that are none by default; it goes into the example as a comment.
    """

    doc: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    parse: Callable[[str], Any] | None = None
    restart: bool = False
    sample: tuple[str, object] | None = None
