"""From chunks to texts, once the name is known: what one client said, without its own name before it.

One recv() is one message, but a chunk that seems cut off waits a moment for its rest. A line client's text waits for
its newline.
"""

from collections.abc import Sequence
from typing import Any

from greenchat.protocol.plain.family import CHUNK_LIMIT, REST_WAIT, TEXT_LIMIT, Family, OutputStyle
from greenchat.protocol.plain.text import unfinished

NAMES_KEPT = 32  # names of one client that are remembered for stripping


class PlainSpeech:
    """The texts of one client. deadline: when to call `tick` without input, or None."""

    __slots__ = ("_data", "_named", "_names", "_said_so_far", "_style", "deadline")

    def __init__(self, style: OutputStyle) -> None:
        self._style = style
        self._names: dict[str, None] = {}
        self._data = b""
        self._said_so_far = 0
        self._named = 0  # messages so far that began with the client's own name
        self.deadline: int | None = None

    def dump(self) -> list[Any]:
        """Return the state, as plain values and bytes."""
        return [list(self._names), self._data, self._said_so_far, self._named, self.deadline]

    def load(self, form: Sequence[Any]) -> None:
        """Restore the dumped state."""
        names, self._data, self._said_so_far, self._named, self.deadline = form
        self._names = dict.fromkeys(names)

    def claim(self, name: str) -> None:
        """Add a name that this client's program may write before its messages, from now on."""
        name = name.lstrip()
        if not name.strip() or len(name) > CHUNK_LIMIT:
            return
        self._names[name] = None
        if len(self._names) > NAMES_KEPT:
            # not the oldest, which the program uses as long as it runs
            del self._names[list(self._names)[1]]

    def receive(self, data: bytes, now: int) -> list[str]:
        """Return the texts that a chunk completes."""
        self._data += data
        if self._style.family is Family.LINE and self._is_raw_form():
            self._style.family = Family.RAW
        if self._style.family is Family.LINE:
            return self._lines(now) if b"\n" in data or len(self._data) >= TEXT_LIMIT else []
        if not data.endswith(b"\n") and (len(data) >= CHUNK_LIMIT or unfinished(self._data)):
            texts = self._flush_characters() if len(self._data) >= TEXT_LIMIT else []
            self.deadline = now + REST_WAIT
            return texts
        return self._flush()

    def _is_raw_form(self) -> bool:
        """Whether this is a message as a program sends it: its own name, and no newline. Terminals send lines."""
        data = self._data
        return b"\n" not in data and any(data.startswith(f"{name}: ".encode()) for name in self._names)

    def tick(self, now: int) -> list[str]:
        """Return the texts that are due if the deadline has passed."""
        return [] if self.deadline is None or now < self.deadline else self.end()

    def end(self) -> list[str]:
        """Return the last texts, at the end of input."""
        self.deadline = None
        return self._flush() if self._data else []

    def _lines(self, now: int) -> list[str]:
        *lines, self._data = self._data.split(b"\n")
        texts = self._texts(lines)
        if len(self._data) >= TEXT_LIMIT:
            texts += self._flush_characters()
        if self._named and self._is_raw_form():
            self._style.family = Family.RAW
        if self._data and self._style.family is not Family.LINE:
            # the client has just turned out to be raw, so the rest is a separate message
            self.deadline = now + REST_WAIT
        return texts

    def _flush_characters(self) -> list[str]:
        cut = len(self._data) - unfinished(self._data)
        self._data, rest = self._data[:cut], self._data[cut:]
        texts = self._flush()
        self._data = rest
        return texts

    def _flush(self) -> list[str]:
        data, self._data = self._data, b""
        self.deadline = None
        texts = self._texts(data.split(b"\n"))
        style = self._style
        if style.family is Family.RAW:
            style.newline = data.endswith(b"\n")
            style.ascii = style.ascii_only or (style.ascii and data.isascii() and not style.newline)
        return texts

    def _texts(self, lines: list[bytes]) -> list[str]:
        return [
            text for line in lines for text in self._split_line(line.replace(b"\r", b"").decode("utf-8", "replace"))
        ]

    def _split_line(self, line: str) -> list[str]:
        """Return the texts in one line: several if a raw client's sends ran together."""
        own, text = self._strip(line)
        self._said_so_far += bool(text.strip())
        if not own:
            return [text] if text.strip() else []
        style = self._style
        if style.family is not Family.RAW and line.lstrip().startswith(own + ": "):
            self._take_for_raw(style.family)
        texts = self._split_at(own + ": ", text) if style.family is Family.RAW else [text]
        return [text for text in texts if text.strip()]

    def _take_for_raw(self, family: Family) -> None:
        """Count a message that began with the client's own name, as programs send it.

        A person at a terminal may type that once; a program does so from its first message on.
        """
        self._named += 1
        if family is Family.TILDE or (self._named == self._said_so_far and self._named > 1):
            self._style.family = Family.RAW

    def _strip(self, text: str) -> tuple[str, str]:
        """Return (own name, text after it) if the text begins with one of the client's names and a colon, else ("",
        text).

        Of several matching names the longest counts.
        """
        bare = text.lstrip()
        own = max((name for name in self._names if bare.startswith(name + ":")), key=len, default="")
        return own, bare[len(own) + 1 :].removeprefix(" ") if own else text

    @staticmethod
    def _split_at(prefix: str, text: str) -> list[str]:
        """Cut before every `prefix` that follows a character that is no space."""
        texts = []
        start = search = 0
        while (index := text.find(prefix, search)) >= 0:
            search = index + len(prefix)
            if index > start and not text[index - 1].isspace():
                texts.append(text[start:index])
                start = search
        texts.append(text[start:])
        return texts
