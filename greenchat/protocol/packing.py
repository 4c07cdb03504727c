"""Lists that are longer than a line: put into as few lines as will hold them."""

from collections.abc import Iterable, Iterator

ROOM = 400  # bytes of a 512-byte line that are left for a list after source, numeric, nick and a channel's name


def pack(words: Iterable[str], separator: str = " ", room: int = ROOM) -> Iterator[str]:
    """The words joined into lines of at most `room` bytes; a word that is longer has a line of its own."""
    line: list[str] = []
    size = 0
    for word in words:
        width = len(word.encode()) + len(separator)
        if line and size + width > room + len(separator):
            yield separator.join(line)
            line, size = [], 0
        line.append(word)
        size += width
    if line:
        yield separator.join(line)
