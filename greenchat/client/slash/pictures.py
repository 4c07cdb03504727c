"""/picture: shows pictures of links, on command only."""

from greenchat.client.slash.registry import Order, SlashError, command
from greenchat.client.state.effects import LoadPicture
from greenchat.client.state.lines import TALK
from greenchat.client.text import links
from greenchat.protocol.formatting import strip_formatting


@command("picture", "image", "view", usage="[link or file]", example="/picture https://example.org/cake.jpg")
def picture(order: Order) -> None:
    """Show a picture in the terminal: of a link, of a file, or of the last link in this window.

    Nothing is loaded without asking, and at most 10 MB. As with a browser, the picture's server sees your address
    (or your proxy's). Terminals with sixel or kitty graphics show pixels, others half blocks. It needs colours and
    Pillow: pip install 'greenchat[pictures]'
    """
    source = order.arguments or _last_link(order)
    if "://" in source and not source.lower().startswith(("http://", "https://")):
        raise SlashError("Pictures are fetched from http:// and https:// addresses.")
    order.model.effects.append(LoadPicture(order.network, source))


def _last_link(order: Order) -> str:
    for line in reversed(order.buffer.lines):
        if line.kind in TALK and (urls := links.links(strip_formatting(line.text))):
            return urls[-1]
    raise SlashError("This window has no links. Give one: /picture https://example.org/cake.jpg")
