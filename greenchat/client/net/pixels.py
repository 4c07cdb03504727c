"""Pictures in pixels for terminals. Imported late: it needs Pillow."""

from io import BytesIO

from PIL import Image

from greenchat.client.text.graphics import COLOURS, encode_kitty, encode_sixels
from greenchat.client.text.style import Graphic, Graphics, Size


def graphic(image: Image.Image, cells: Size, graphics: Graphics) -> Graphic:
    """Return an image over these cells, as sixels or in kitty's protocol."""
    if graphics.kitty or not graphics.cell:
        file = BytesIO()
        image.save(file, "PNG")
        return encode_kitty(file.getvalue(), cells)
    exact = image.resize((cells.columns * graphics.cell.columns, cells.rows * graphics.cell.rows))
    few = exact.quantize(COLOURS)
    return encode_sixels(few.width, few.tobytes(), bytes(few.getpalette() or ()), cells)
