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
    """A key of the file. doc: for the comment in the example.

    minimum, maximum: bounds of a number, or of each number in a list. choices: the allowed words. parse: converts a
    string of the file (each string of a list); raises ValueError with the reason. It must accept str() of the value.
    restart: whether a change needs a restart. sample: a name and a row for tables that are empty by default, as a
    comment in the example.
    """

    doc: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    parse: Callable[[str], Any] | None = None
    restart: bool = False
    sample: tuple[str, object] | None = None
