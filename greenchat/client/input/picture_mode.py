"""Shows a picture in place of the messages, until a key is pressed."""

from greenchat.client.input.editor import EMPTY
from greenchat.client.input.input_modes import CANCEL, DONE, LEFT
from greenchat.client.state.transfers import Picture
from greenchat.client.text.cells import visible


class PictureMode:
    """The mode of a shown picture. Any key ends it; keys of the input line still have their effect."""

    prompt = "picture: "
    line = EMPTY
    marked = ""
    selected: int | None = None

    def __init__(self, picture: Picture) -> None:
        self.picture = picture
        self.hint = f"{visible(picture.title)}. Any key goes back."

    def key(self, key: str) -> str:
        """End the mode with any key."""
        return DONE if key in CANCEL or key in ("Enter", " ", "q") else LEFT

    def paste(self, text: str) -> None:
        """Ignore pasted text."""
