"""Lists that are too long for one line, in groups that each fit one."""

from collections.abc import Iterable, Iterator

from greenchat.protocol.framing import BODY_LIMIT


def room(source: str, command: str, *params: str) -> int:
    """Return the bytes left for one more parameter in a line with these."""
    return BODY_LIMIT - len(f":{source} {command} {' '.join(params)} :\r\n".encode())


def wrap(words: Iterable[str], size: int, most: int = 512) -> Iterator[list[str]]:
    """Return the words in groups of at most `most`, which joined by spaces take at most `size` bytes.

    A word that is longer than that gets a group of its own.
    """
    group: list[str] = []
    room = size
    for word in words:
        needed = len(word.encode()) + 1
        if group and (len(group) == most or needed > room + 1):
            yield group
            group, room = [], size
        group.append(word)
        room -= needed
    if group:
        yield group
