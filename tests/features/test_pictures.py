"""A picture in a real terminal: its cells have the colours of the file."""

from pathlib import Path

import pytest
from PIL import Image

from tests.features.conftest import OpenTerminal, Server


@pytest.mark.parametrize("depth", ["truecolor", ""])
def test_a_picture_has_its_colours(greenchat: OpenTerminal, server: Server, tmp_path: Path, depth: str) -> None:
    image = Image.new("RGB", (80, 40), "#ff0000")
    image.paste("#0000ff", (40, 0, 80, 40))
    image.save(tmp_path / "flag.png")
    alice = greenchat(f"alice@{server.address}/#tea", TERM="xterm-256color", COLORTERM=depth)
    alice.wait_for("You joined")
    alice.enter(f"/picture {tmp_path}/flag.png")
    alice.wait_for("flag.png, 80x40", "▀")
    row = next(number for number, text in enumerate(alice.rows) if "▀" in text)
    cells = [alice.screen.buffer[row][column] for column in range(80) if alice.screen.buffer[row][column].data == "▀"]
    assert [(cell.fg, cell.bg) for cell in (cells[0], cells[-1])] == [("ff0000", "ff0000"), ("0000ff", "0000ff")]
    alice.send("x")
    alice.wait_gone("▀")
    alice.wait_for("You joined", "[#tea] x")


ANSWERS = {
    "kitty": "\x1b[6;20;10t\x1b_Gi=31;OK\x1b\\\x1b[?62;22c",
    "sixel": "\x1b[6;20;10t\x1b[?62;4;22c",
    "neither": "\x1b[?62;22c",
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_a_terminal_with_graphics_gets_pixels(
    greenchat: OpenTerminal, server: Server, tmp_path: Path, kind: str
) -> None:
    Image.new("RGB", (400, 200), "#ff0000").save(tmp_path / "red.png")
    alice = greenchat(f"alice@{server.address}/#tea", TERM="xterm-256color", COLORTERM="")
    alice.wait_for("You joined")
    assert b"\x1b[c" not in alice.output, "the terminal is queried only for a picture"
    alice.enter(f"/picture {tmp_path}/red.png")
    alice.wait(lambda: b"\x1b[c" in alice.output)
    before = len(alice.output)
    alice.send(ANSWERS[kind])
    begin = {"kitty": b"\x1b_Ga=T,", "sixel": b"\x1bP0;1q", "neither": b"nothing"}[kind]
    alice.wait_for("red.png, 400x200", "▀")
    if kind != "neither":
        alice.wait(lambda: alice.output.count(begin, before) == 1)
        alice.resize(24, 90)
        if kind == "kitty":
            alice.wait(lambda: alice.output.count(begin, before) == 2, "drawn again where it belongs")
        drawn = alice.output.count(begin, before)
        alice.resize(8, 90)
        alice.wait(lambda: alice.rows[-1].startswith("picture:") and "▀" in alice.text)
        assert alice.output.count(begin, before) == drawn, "there is no room for it"
    alice.send("x")
    alice.wait_gone("▀")
    alice.wait_for("[#tea] x")
    assert (b"\x1b_Ga=d" in alice.output[before:]) is (kind == "kitty")
    assert begin not in alice.output[before:] or kind != "neither"


def test_without_colours_there_are_no_pictures(greenchat: OpenTerminal, server: Server) -> None:
    alice = greenchat(f"alice@{server.address}/#tea", TERM="vt100")
    alice.wait_for("You joined")
    alice.enter("/picture https://127.0.0.1:1/x.png")
    alice.wait_for("This terminal can't show pictures")
