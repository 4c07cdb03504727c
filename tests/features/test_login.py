"""An account from its registration to the next day, in a real terminal against a real server."""

import stat
from pathlib import Path

from tests.features.conftest import OpenTerminal, Server

PASSWORD = "correct horse battery"


def test_registering_and_coming_back_logged_in(server: Server, greenchat: OpenTerminal, tmp_path: Path) -> None:
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("You joined")
    alice.enter("/register")
    alice.wait_for("A password for alice:")
    alice.enter(PASSWORD)
    alice.wait_for("The same again:")
    alice.enter(PASSWORD)
    alice.wait_for("The name alice is yours now.", "yes/no?")
    alice.enter("yes")
    alice.wait(lambda: alice.rows[-1] == "[#lobby]")
    alice.enter("/quit")
    assert alice.wait_end() == 0
    assert PASSWORD.encode() not in alice.output

    # A stranger can't have the name, and is asked one question.
    stranger = greenchat(f"alice@{server.address}", XDG_DATA_HOME=str(tmp_path / "stranger"))
    stranger.wait_for("login/other/wait?")
    stranger.enter("login")
    stranger.wait_for("Password of alice:")
    stranger.enter("a guess")
    stranger.wait_for("does not accept this password", "retry/leave?")
    stranger.enter("leave")
    stranger.wait(lambda: stranger.rows[-1].startswith("[#lobby]"))
    assert "alice_" in stranger.rows[-2]

    back = greenchat(f"alice@{server.address}")
    back.wait_for("You joined")
    back.wait(lambda: " alice │" in back.rows[-2])
    back.send("\x1b1")
    back.wait_for("You are logged in as alice.")
    kept = tmp_path / "data/greenchat-client/credentials.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    written = [path for path in tmp_path.rglob("*") if path.is_file() and path != kept]
    assert not any(PASSWORD.encode() in path.read_bytes() for path in written)
