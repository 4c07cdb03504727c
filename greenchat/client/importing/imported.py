"""Imported settings of other clients, in greenchat's terms."""

import re

from greenchat.client.state.saved_networks import SavedNetwork, SavedNetworkError
from greenchat.records import field, record


class ForeignError(ValueError):
    """A file that is not valid for that client; the text says where, for the user."""


@record(eq=False)
class Imported:
    """Imported settings. values: by our names. left_out: a line for the user about each skipped one."""

    networks: dict[str, SavedNetwork] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    patterns: list[str] = field(default_factory=list)
    aliases: dict[str, str] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)

    def set(self, network: SavedNetwork, name: str, text: str) -> None:
        """Set a field of a network, or note why it is left out."""
        try:
            if text:
                network.set(name, text)
        except SavedNetworkError as error:
            self.left_out.append(f"network {network.name}: {error}")

    def call(self, text: str, *, pattern: bool = False) -> None:
        """Add a highlight. pattern: whether it is a regular expression; otherwise `*` in a word matches any letters."""
        if not pattern and not re.search(r"[\s*]", text):
            self.words.append(text)
            return
        if not pattern:
            parts = [re.escape(part) for part in text.split("*")]
            text = r"(?<!\w)" + r"\w*".join(parts) + r"(?!\w)"
        try:
            re.compile(text)
        except re.error as error:
            self.left_out.append(f"highlight {text}: not a valid regular expression here ({error})")
        else:
            self.patterns.append(re.sub(r"\\?\s", r"\\s", text))


def address(host: str, port: int, *, tls: bool) -> str:
    """Return a server's address in the form for users."""
    place = f"[{host}]" if ":" in host else host
    return f"{'ircs' if tls else 'irc'}://{place}:{port or (6697 if tls else 6667)}"
