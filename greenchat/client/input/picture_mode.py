"""A picture in the talk's place, until a key is pressed."""

from greenchat.client.input.editor import EMPTY
from greenchat.client.input.input_modes import CANCEL, DONE, LEFT
from greenchat.client.state.transfers import Picture
from greenchat.client.text.cells import visible


class PictureMode:
    """Any key goes back; one that means something to the input line is not lost on the way."""

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
        """Do nothing: there is nothing to paste into."""
