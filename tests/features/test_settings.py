"""Settings from one day to the next, in a real terminal."""

from pathlib import Path

from tests.features.conftest import OpenTerminal, Server


def test_settings_are_saved(server: Server, greenchat: OpenTerminal, tmp_path: Path) -> None:
    first = greenchat(f"alice@{server.address}")
    first.wait_for("You joined")
    first.enter("/alias hug me hugs $1")
    first.wait_for("/hug = /me hugs $1")
    first.enter("/bind F6 /hug bob")
    first.wait_for("F6: /hug bob")
    first.enter("/quit")
    assert first.wait_end() == 0
    assert "hugs" in (tmp_path / "config/greenchat/client.toml").read_text()
    second = greenchat(f"alice@{server.address}")
    second.wait_for("You joined")
    second.send("\x1b[17~")  # F6
    second.wait_for("alice hugs bob")


def test_an_error_in_the_file_is_one_line(server: Server, greenchat: OpenTerminal, tmp_path: Path) -> None:
    path = tmp_path / "config/greenchat/client.toml"
    path.parent.mkdir(parents=True)
    path.write_text("settings = ")
    terminal = greenchat(f"alice@{server.address}")
    assert terminal.wait_end() == 2
    assert terminal.text.startswith("greenchat: ")
    assert "is not valid" in terminal.text.replace("\n", "")


def test_an_edited_file_is_read_again(greenchat: OpenTerminal, server: Server, tmp_path: Path) -> None:
    alice = greenchat(f"alice@{server.address}/#tea")
    alice.wait_for("You joined")
    path = tmp_path / "config/greenchat/client.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('[settings]\n"time.format" = "at %H"\n[aliases]\nhug = "me hugs $1"\n', encoding="utf-8")
    alice.enter("/reload")
    alice.wait_for("The settings were reloaded", "at ")
    alice.enter("/hug bob")
    alice.wait_for("alice hugs bob")
    path.write_text("[settings\n", encoding="utf-8")
    alice.enter("/reload")
    alice.wait_for("The settings were not changed")
    alice.enter("/hug carol")
    alice.wait_for("alice hugs carol")
    alice.enter("/set bell off")
    alice.wait_for("This could not be saved")
    assert path.read_text(encoding="utf-8") == "[settings\n", "a file that is being edited is not overwritten"
