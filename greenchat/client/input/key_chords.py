"""Keys that are pressed one after another and do something together, like Ctrl-X b."""

from collections.abc import Mapping

from greenchat.client.state.bindings import spelled


class Chords:
    """Key chords. hint: the keys so far, or an error about unbound ones; "" otherwise."""

    __slots__ = ("_begun", "hint")

    def __init__(self) -> None:
        self.hint = ""
        self._begun = ""

    def press(self, key: str, keys: Mapping[str, str]) -> str | None:
        """Return the action of a key, "" for one that has none; None while more keys belong to it, or for no chord."""
        pressed = f"{self._begun}{key}"
        action = keys.get(pressed, "")
        begun = f"{pressed},"
        self._begun = self.hint = ""
        if len(pressed) > 1 and pressed not in keys and any(known.startswith(begun) for known in keys):
            self._begun = begun
            self.hint = f"{spelled(pressed)} ..."
            return None
        if pressed != key and not action:
            self.hint = f"{spelled(pressed)} is not bound. See /help keys."
            return None
        return action
