"""The real client in a real pseudo-terminal with the real server."""

import os
import signal
import subprocess
import sys
import termios
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenchat import __version__
from tests.features.conftest import ROOT, OpenTerminal, Server
from tests.features.terminal import Terminal
from tests.irc import Client
from tests.patience import PATIENCE
from tests.ports import reserved_port

PAGE_UP, PAGE_DOWN = "\x1b[5~", "\x1b[6~"


@pytest.fixture
def alice(server: Server, greenchat: OpenTerminal) -> Terminal:
    """Start alice's client, in #lobby."""
    terminal = greenchat(f"alice@{server.address}")
    terminal.wait_for("You joined", "[#lobby]")
    return terminal


@pytest.fixture
def bob(server: Server, alice: Terminal) -> Iterator[Client]:
    """Connect bob to #lobby with another client, after alice."""
    with Client(server.target, "bob") as client:
        client.send("JOIN #lobby")
        alice.wait_for("bob joined")
        yield client


def test_messages_in_both_directions(alice: Terminal, bob: Client) -> None:
    alice.enter("hello bob")
    message = bob.expect("PRIVMSG")
    assert (message.nick, message.params) == ("alice", ("#lobby", "hello bob"))
    bob.send("PRIVMSG #lobby :hello alice, nice to see you")
    alice.wait_for("bob │ hello alice, nice to see you")
    alice.wait_for("alice │ hello bob")
    assert alice.rows[0].startswith(" #lobby")
    alice.wait(lambda: alice.rows[-1] == "[#lobby]" and alice.cursor == (23, len("[#lobby] ")))


def test_two_clients_see_each_other(server: Server, greenchat: OpenTerminal, alice: Terminal) -> None:
    carol = greenchat(f"carol@{server.address}/#lobby", rows=20, columns=60)
    carol.wait_for("You joined")
    alice.wait_for("carol joined")
    carol.enter("/me arrives")
    alice.wait_for("* │ carol arrives")
    alice.enter("/topic Tea at five")
    carol.wait(lambda: "#lobby: Tea at five" in carol.rows[0])
    carol.enter("/quit good night")
    assert carol.wait_end() == 0
    alice.wait_for("carol quit")


def test_a_private_conversation_opens_in_the_background(alice: Terminal, bob: Client) -> None:
    bob.send("PRIVMSG alice :psst")
    alice.wait(lambda: "3:bob(1)" in alice.rows[-2])
    assert "psst" not in alice.text
    alice.send("\x1b3")
    alice.wait_for("bob │ psst", "[bob]")
    alice.enter("what is it?")
    assert bob.expect("PRIVMSG").params == ("bob", "what is it?")
    alice.send("\x10")  # Ctrl-P
    alice.wait_for("[#lobby]")


def test_scrolling_stays_in_place_while_new_lines_arrive(alice: Terminal, bob: Client) -> None:
    for number in range(60):
        bob.send(f"PRIVMSG #lobby :line {number:02}")
    alice.wait_for("line 59")
    alice.send(PAGE_UP)
    alice.wait_for("more below")
    alice.wait_gone("line 59")
    history = alice.rows[1:-2]
    bob.send("PRIVMSG #lobby :the newest")
    alice.wait_for("20 more below")
    assert alice.rows[1:-2] == history
    alice.send(PAGE_DOWN, PAGE_DOWN)
    alice.wait_for("the newest")
    alice.send("\x1b<")
    alice.wait_for("You joined")
    alice.send("\x1b>")
    alice.wait_for("the newest")


def test_resizing_down_to_the_smallest_and_back(alice: Terminal, bob: Client) -> None:
    bob.send("PRIVMSG #lobby :a sentence that is wrapped in a small window")
    alice.wait_for("a small window")
    alice.resize(5, 20)
    alice.wait(lambda: alice.rows == [" #lobby", " is wrapped in a", " small window", " 2:#lobby", ">"])
    alice.send("tiny")
    alice.wait(lambda: alice.rows[4] == "> tiny")
    alice.resize(30, 100)
    alice.wait_for("a sentence that is wrapped in a small window", "[#lobby] tiny")


def test_reconnecting_after_a_restart_of_the_server(server: Server, alice: Terminal) -> None:
    server.stop()
    alice.wait_for("Connection lost", "next try in")
    alice.enter("typed while it was gone")
    alice.wait_for("1 line waiting")
    alice.send("half a li")
    server.start()
    alice.wait_for("alice │ typed while it was gone", "[#lobby] half a li")
    alice.wait_gone("waiting")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby")
        alice.wait_for("bob joined")
        alice.send("ne\r")
        while (message := bob.expect("PRIVMSG").params[1]) != "half a line":
            assert message == "typed while it was gone"  # the server may send new members older messages


def test_pasted_lines_are_one_text_until_enter(alice: Terminal, bob: Client) -> None:
    alice.paste("first line\nsecond\x1b[A line")
    alice.wait(lambda: alice.rows[-2:] == ["[#lobby] first line", "         second␛[A line"])
    alice.send("\r")
    alice.wait_for("Control characters were removed", "         second[A line")
    alice.send("\r")
    assert bob.expect("PRIVMSG").params == ("#lobby", "first line")
    alice.wait(lambda: alice.rows[-1] == "[#lobby]")


def test_emoji_and_wide_characters_keep_the_line_complete(alice: Terminal, bob: Client) -> None:
    bob.send("PRIVMSG #lobby :日本語 👩\u200d💻 ❤\ufe0f 🇩🇪 end")
    alice.wait(lambda: any("日本語" in row and row.endswith("end") for row in alice.rows))
    row = next(row for row in range(24) if "日本語" in alice.rows[row])
    # 日本語 takes 6 columns, each emoji 2: whatever the terminal draws, `end` is in its place.
    start = 6 + 12 + 3
    assert alice.screen.buffer[row][start + 16].data == "e"
    alice.send("é日👍x")
    alice.wait(lambda: alice.cursor == (23, len("[#lobby] ") + 6))
    alice.send("\x7f\x7f\x7f")
    alice.wait(lambda: alice.rows[23] == "[#lobby] é")


def test_escape_sequences_of_others_are_shown_and_not_executed(alice: Terminal, bob: Client) -> None:
    bob.send("PRIVMSG #lobby :\x1b[2J\x1b]0;owned\x07 \x9b31m \u202eabc")
    alice.wait_for("␛[2J␛]0;owned␇ <U+009B>31m <U+202E>abc")
    assert alice.screen.title != "owned"


def test_tab_completes_nicks_and_commands(alice: Terminal, bob: Client) -> None:
    alice.send("b\t")
    alice.wait_for("[#lobby] bob:")
    alice.send("\x15/jo\t")
    alice.wait_for("[#lobby] /join")


@pytest.mark.parametrize("how", ["quit", "interrupt", "terminate", "hang up"])
def test_the_terminal_is_restored(alice: Terminal, how: str) -> None:
    if how == "quit":
        alice.enter("/quit")
    elif how == "interrupt":
        alice.send("\x03")
        alice.wait_for("Ctrl-C again")
        alice.send("\x03")
    else:
        alice.signal(signal.SIGTERM if how == "terminate" else signal.SIGHUP)
    assert alice.wait_end() == 0
    assert alice.output.rstrip().endswith((b"\x1b[?1049l", b"\x1b[?1l\x1b>", b"\x1b[?1049l\x1b[23;0;0t\x1b[?1l\x1b>"))
    assert alice.output.rindex(b"\x1b[?2004l") > alice.output.rindex(b"\x1b[?2004h")


def test_a_closed_terminal_ends_the_process(alice: Terminal, bob: Client) -> None:
    os.close(alice.process.fd)
    assert bob.expect("QUIT").nick == "alice"
    alice.ended = alice.process.closed = True
    assert alice.process.wait() == 0


def test_ctrl_c_with_text_only_clears_it(alice: Terminal) -> None:
    alice.send("oops\x03")
    alice.wait(lambda: alice.rows[-1] == "[#lobby]")
    alice.send("fine")
    alice.wait(lambda: alice.rows[-1] == "[#lobby] fine")


def test_the_nick_is_asked_for_and_saved(server: Server, greenchat: OpenTerminal) -> None:
    first = greenchat(server.address)
    first.wait_for("greenchat: where do you want to chat?", "Nickname")
    first.send("dora\r")
    first.wait_for("There are no channels yet. Type a name to create one.")
    first.send("\r")
    first.wait_for("You joined", "dora")
    first.wait_for("To come straight here next time:", f"dora@{server.address}/#lobby")
    first.enter("/quit")
    assert first.wait_end() == 0
    second = greenchat(server.address)
    second.wait_for("Nickname   dora")
    second.send("\r\r")
    second.wait_for("You joined", "dora")


def test_the_first_start_is_enter_three_times(server: Server, greenchat: OpenTerminal) -> None:
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby", "JOIN #tea", "TOPIC #tea :Green or black?")
        bob.sync()
        first = greenchat(USER="ann")
        first.wait_for("Server     localhost:9090", "Nickname   ann")
        first.send(server.address, "\r")
        first.wait(lambda: first.cursor == (3, len("  Nickname   ann")))
        first.send("\r")
        first.wait_for("> #lobby", "#tea      1  Green or black?")
        first.send("\x1b[B", "\r")
        assert bob.expect("JOIN").nick == "ann"
        first.wait_for("#tea: Green or black?", "[#tea]")
        first.enter("/quit")
        assert first.wait_end() == 0
    second = greenchat(rows=5, columns=20)
    second.wait_for("Nickname ann", "Channel  #tea")
    second.send("\x1b")
    assert second.wait_end() == 0
    assert second.output.rindex(b"\x1b[?2004l") > second.output.rindex(b"\x1b[?2004h")


def test_a_destination_of_the_command_line_is_suggested_the_next_time(server: Server, greenchat: OpenTerminal) -> None:
    """With the nick, and with earlier destinations in a list, which include TLS and the port."""
    for nick, channel in (("ann", "#tea"), ("eve", "#cake")):
        terminal = greenchat(f"{nick}@{server.address}/{channel}")
        terminal.wait_for("You joined", f"[{channel}]")
        terminal.enter("/quit")
        assert terminal.wait_end() == 0
    again = greenchat("#dance", USER="somebody")
    again.wait_for(f"Server     {server.address}", "Nickname   eve", "Channel    #dance")
    again.send("\x1b")
    assert again.wait_end() == 0
    third = greenchat(USER="somebody")
    third.wait_for(f"Server     {server.address}", "Nickname   eve", "Channel    #cake")
    third.wait_for(f"{server.address}/#cake", f"{server.address}/#tea", "used before", "irc.libera.chat")
    third.send("\x1b[B\x1b[B\r")
    third.wait_for(f"Server     {server.address}/#tea", "Channel    #tea")
    third.send("\r")
    third.wait_for("There are no channels yet")
    third.send("\r")
    third.wait_for("You joined", "[#tea]")


def test_a_saved_network_is_opened_by_name_and_its_windows_are_restored(
    server: Server, greenchat: OpenTerminal
) -> None:
    first = greenchat(f"ann@{server.address}/#lobby")
    first.wait_for("You joined")
    first.enter(f"/network add home {server.address}")
    first.wait_for("home is saved")
    first.enter("/quit")
    assert first.wait_end() == 0
    second = greenchat("home", rows=20, columns=100)
    second.wait_for("[home]")
    second.enter("/join #tea")
    second.wait_for("[#tea]", "You joined")
    second.enter("/vsplit home")
    second.wait_for(" home (127.0.0.1")
    second.enter("/quit")
    assert second.wait_end() == 0
    third = greenchat("home", rows=20, columns=100)
    third.wait_for("[#tea]", "You joined")
    third.wait(lambda: third.rows[0].startswith(" #tea") and " home (127.0.0.1" in third.rows[0])


def test_a_server_can_be_started_from_the_join_screen(greenchat: OpenTerminal, server: Server) -> None:
    server.stop()
    terminal = greenchat(server.address, USER="ann")
    terminal.wait_for("Nickname   ann")
    terminal.send("\r")
    terminal.wait_for("nothing answers on", "Enter starts a server there")
    terminal.send("\r")
    terminal.wait_for("There are no channels yet")
    terminal.send("\r")
    terminal.wait_for("You joined")
    terminal.enter("/quit")
    assert terminal.wait_end() == 0
    with pytest.raises(ConnectionRefusedError):
        Client(server.target)


def test_settings_can_name_a_destination(server: Server, greenchat: OpenTerminal, tmp_path: Path) -> None:
    settings = tmp_path / "config/greenchat/client.toml"
    settings.parent.mkdir(parents=True)
    settings.write_text(f'[settings]\nstart = "eve@{server.address}/#cake"\n')
    terminal = greenchat()
    terminal.wait_for("You joined", "[#cake]", "eve")


def test_serve_starts_a_server_and_ends_it(greenchat: OpenTerminal, server: Server, tmp_path: Path) -> None:
    server.stop()
    terminal = greenchat("--serve", f"alice@{server.address}")
    terminal.wait_for("You joined")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby")
        terminal.wait_for("bob joined")
    terminal.enter("/quit")
    assert terminal.wait_end() == 0
    with pytest.raises(ConnectionRefusedError):
        Client(server.target)


def test_a_server_is_offered_where_none_runs(greenchat: OpenTerminal, server: Server) -> None:
    server.stop()
    terminal = greenchat(f"alice@{server.address}")
    terminal.wait_for(f"Start a server on {server.address}? yes or no", "yes/no?")
    terminal.enter("y")
    terminal.wait_for("You joined", "[#lobby]")
    terminal.enter("/quit")
    assert terminal.wait_end() == 0


def test_the_offer_is_withdrawn_when_a_server_appears(greenchat: OpenTerminal, server: Server) -> None:
    server.stop()
    terminal = greenchat(f"alice@{server.address}")
    terminal.wait_for("yes/no?")
    server.start()
    terminal.wait_for("You joined", "[#lobby]")
    terminal.enter("hello")
    terminal.wait_for("@alice │ hello")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["ftp://x"], "greenchat: ftp:// is not supported; use irc:// or ircs://"),
        (["host:99999"], "greenchat: host:99999: 99999 is not a port number (1 to 65535)"),
        (["--bogus"], "greenchat: unrecognized arguments: --bogus; see --help"),
        (["--nick", "two words", "host"], "greenchat: 'two words' can't be a nickname"),
    ],
)
def test_invalid_arguments_are_one_line(greenchat: OpenTerminal, arguments: list[str], complaint: str) -> None:
    terminal = greenchat(*arguments)
    assert terminal.wait_end() == 2
    assert terminal.rows[0].startswith(complaint[:79])
    assert "usage:" not in terminal.text


def test_a_terminal_unknown_to_curses(greenchat: OpenTerminal, server: Server) -> None:
    terminal = greenchat(f"alice@{server.address}", TERM="no-such-terminal")
    assert terminal.wait_end() == 2
    output = terminal.text.replace("\n", "")
    assert "unknown terminal no-such-terminal" in output
    assert "TERM=xterm-256color greenchat" in output


def test_a_terminal_without_cursor_movement(greenchat: OpenTerminal, server: Server) -> None:
    terminal = greenchat(f"alice@{server.address}", TERM="dumb")
    assert terminal.wait_end() == 2
    assert "greenchat --plain" in terminal.text


def test_suspending_restores_the_terminal(alice: Terminal) -> None:
    before = termios.tcgetattr(alice.process.fd)
    alice.send("\x1a")
    alice.wait(lambda: alice.output.rstrip().endswith(b"\x1b>") and b"\x1b[?2004l" in alice.output)
    alice.wait_until_stopped()  # a SIGCONT that comes earlier is lost
    alice.signal(signal.SIGCONT)
    alice.wait(lambda: alice.output.rindex(b"\x1b[?2004h") > alice.output.rindex(b"\x1b[?2004l"))
    alice.send("back")
    alice.wait_for("[#lobby] back")
    assert termios.tcgetattr(alice.process.fd)[3] == before[3]


def test_plain_without_input_and_nick_ends_with_one_line(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in ("USER", "LOGNAME")}
    command = [sys.executable, str(ROOT / "bin/greenchat"), "--plain"]
    ended = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env=environment | {"HOME": str(tmp_path)}
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == "greenchat: no nickname in the input; give one with --nick\n"


def test_plain_mode_for_screen_readers_and_scripts(
    server: Server, alice: Terminal, environment: dict[str, str]
) -> None:
    command = [sys.executable, str(ROOT / "bin/greenchat"), "--plain", f"script@{server.address}"]
    done = subprocess.run(command, input=b"hello from a script\n/me leaves", env=environment, timeout=PATIENCE)
    assert done.returncode == 0
    alice.wait_for("script │ hello from a script", "* │ script leaves", "script quit")


def test_commands_of_a_script_wait_until_it_is_connected(
    server: Server, alice: Terminal, environment: dict[str, str]
) -> None:
    command = [sys.executable, str(ROOT / "bin/greenchat"), "--plain", f"script@{server.address}"]
    done = subprocess.run(
        command, input=b"before I go\n/list\n/quit see you", env=environment, timeout=PATIENCE, capture_output=True
    )
    assert (done.returncode, done.stderr) == (0, b"")
    alice.wait_for("script │ before I go", "script quit (see you)")


@pytest.mark.parametrize("end", ["", "/quit see you\n"])
def test_a_script_reads_the_answers_to_its_queries(server: Server, environment: dict[str, str], end: str) -> None:
    """The queries are its last lines, before it is connected, and it ends once all are answered."""
    command = [sys.executable, str(ROOT / "bin/greenchat"), "--plain", f"script@{server.address}/#tea"]
    words = f"/names\n/whois script\n/list\n{end}"
    done = subprocess.run(command, input=words.encode(), env=environment, timeout=PATIENCE, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    printed = done.stdout.decode()
    for answer in (" 1 in #tea: @script\n", " script is in @#tea\n", " #tea (1)\n"):
        assert answer in printed


def test_the_exit_code_of_a_script(server: Server, environment: dict[str, str]) -> None:
    """Exit code 3 and a true last line where not everything was done; and it always ends."""
    program = [sys.executable, str(ROOT / "bin/greenchat"), "--plain"]
    with reserved_port() as port:
        where, nobody = f"script@127.0.0.1:{port}/#tea", f"Can't connect: nothing answers on 127.0.0.1:{port}"
        for words, expected in ((b"hello\n", f"1 line not sent: {nobody}"), (b"", nobody)):
            done = subprocess.run(
                [*program, where], input=words, env=environment, timeout=PATIENCE, capture_output=True
            )
            assert (done.returncode, done.stderr.decode().splitlines()) == (3, [f"greenchat: {expected}"])
            assert b"now in #tea" not in done.stdout
    where = f"script@{server.address}/#tea"
    words = b"/msg nobody-here hello\n"
    done = subprocess.run([*program, where], input=words, env=environment, timeout=PATIENCE, capture_output=True)
    assert done.returncode == 3
    assert done.stderr == b"greenchat: 1 line not sent: no such nick\n"
    assert b"! Not sent (no such nick): hello\n" in done.stdout, "the error of the last line is shown, too"
    words = b"/jion #cake\nhello\n"
    done = subprocess.run([*program, where], input=words, env=environment, timeout=PATIENCE, capture_output=True)
    assert (done.returncode, done.stderr[:41]) == (3, b"greenchat: There is no command /jion. Did")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #closed", "MODE #closed +i")
        bob.sync()
        where = f"script@{server.address}/#closed"
        done = subprocess.run(
            [*program, where], input=b"hello\n", env=environment, timeout=PATIENCE, capture_output=True
        )
    assert done.returncode == 3
    assert done.stderr.decode().startswith("greenchat: 1 line not sent: #closed is invite-only.")


@pytest.mark.parametrize("helped", ["", "0"], ids=["Python turns to UTF-8", "it does not"])
def test_without_unicode_only_ascii_is_drawn(
    server: Server, greenchat: OpenTerminal, alice: Terminal, helped: str
) -> None:
    terminal = greenchat(f"dora@{server.address}", LC_ALL="C", PYTHONUTF8=helped, PYTHONCOERCECLOCALE=helped)
    terminal.wait_for("You joined", "[#lobby]")
    alice.enter("schöne Grüße 日本 👍 end")
    terminal.wait_for("alice | sch?ne Gr??e ???? ?? end")
    assert terminal.output.isascii()


def test_history_can_be_read_back_to_the_beginning(server: Server, greenchat: OpenTerminal) -> None:
    for speaker in range(6):  # several, since a single one would be slowed down
        with Client(server.target, f"bob{speaker}") as bob:
            bob.send("JOIN #lobby")
            for number in range(20):
                bob.send(f"PRIVMSG #lobby :line {speaker * 20 + number:03}")
            bob.sync()
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("line 119", "You joined")
    # At the top older lines are fetched, which appear above without moving what is shown.
    alice.press_until_shown("\x1b<", "line 000")
    alice.wait_for("line 000", "line 001")  # the rest of the frame may still be on its way


def test_the_title_and_the_bell_while_unfocused(alice: Terminal, bob: Client) -> None:
    alice.wait(lambda: alice.screen.title == "#lobby - greenchat")
    alice.send("\x1b1")
    bob.send("PRIVMSG #lobby :alice: are you there?")
    alice.wait(lambda: alice.screen.title.startswith("(1) "))
    assert b"\a" not in alice.output
    alice.send("\x1b[O")  # the window loses the focus
    bob.send("PRIVMSG #lobby :alice: hello?")
    alice.wait(lambda: b"\a" in alice.output)


def test_a_crash_restores_the_terminal_and_is_written_to_a_file(
    server: Server, environment: dict[str, str], tmp_path: Path
) -> None:
    broken = (
        "import sys\nfrom greenchat.client.view import window_view\nfrom greenchat.client.main import main\n"
        "render = window_view.render\n"
        "def broken(model, line, *others):\n"
        "    if line.text == 'boom': raise RuntimeError('a bug')\n"
        "    return render(model, line, *others)\n"
        f"window_view.render = broken\nsys.exit(main(['alice@{server.address}']))"
    )
    terminal = Terminal.of_command([sys.executable, "-c", broken], environment)
    terminal.wait_for("You joined")
    terminal.send("boom")
    assert terminal.wait_end() == 1
    terminal.close()
    restored = terminal.output.rindex(b"\x1b[?2004l")
    assert b"greenchat: ended because of a bug; the details are in" in terminal.output[restored:]
    assert b"Traceback" not in terminal.output
    assert "RuntimeError: a bug" in (tmp_path / "state/greenchat/crash.txt").read_text()


def test_a_message_of_several_lines(server: Server, greenchat: OpenTerminal, alice: Terminal, bob: Client) -> None:
    carol = greenchat(f"carol@{server.address}")
    carol.wait_for("You joined")
    alice.wait_for("carol joined")
    alice.send("first\x1b\r", "second")
    alice.wait_for("[#lobby] first", "second")
    alice.send("\r")
    # aligned as one message: one nick, two rows
    carol.wait_for("alice │ first", "                   │ second")
    alice.wait_for("alice │ first", "                   │ second")
    assert [bob.expect("PRIVMSG").params[1] for _ in range(2)] == ["first", "second"]


def test_notifications_while_unfocused(server: Server, greenchat: OpenTerminal) -> None:
    alice = greenchat(f"alice@{server.address}", TERM_PROGRAM="WezTerm")
    alice.wait_for("You joined")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby")
        alice.wait_for("bob joined")
        bob.send("PRIVMSG #lobby :alice: you look")
        alice.wait_for("you look")
        assert b"\x1b]9;" not in alice.output
        alice.send("\x1b[O")
        bob.send("PRIVMSG #lobby :alice: you do not")
        alice.wait(lambda: b"\x1b]9;bob in #lobby: alice: you do not\x1b\\" in alice.output, "a notification")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of the killed")
def test_killing_the_client_ends_its_server(greenchat: OpenTerminal, server: Server) -> None:
    server.stop()
    terminal = greenchat("--serve", f"alice@{server.address}")
    terminal.wait_for("You joined")
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby")
        terminal.wait_for("bob joined")
        terminal.signal(signal.SIGKILL)
        bob.expect("ERROR")


def test_messages_are_restored_from_the_archive_on_a_server_without_history(
    server: Server, greenchat: OpenTerminal
) -> None:
    alice = greenchat(f"alice@{server.address}")
    alice.wait_for("You joined")
    alice.enter("remember the cake")
    alice.wait_for("@alice │ remember the cake")  # the server has it
    alice.enter("/quit")
    assert alice.wait_end() == 0
    server.stop()
    again = greenchat("--serve", f"alice@{server.address}")
    again.wait_for("@alice │ remember the cake", "You joined")
    assert again.text.count("remember the cake") == 1
    again.enter("/quit")
    assert again.wait_end() == 0
    third = greenchat("--serve", "--no-archive", f"alice@{server.address}")
    third.wait_for("You joined")
    third.enter("gone?")
    third.wait_for("alice │ gone?")
    assert "remember" not in third.text


def test_an_exception_of_a_key_is_one_line(server: Server, environment: dict[str, str], tmp_path: Path) -> None:
    broken = (
        "import sys\nfrom greenchat.client.irc import sending\nfrom greenchat.client.main import main\n"
        "def say(*_): raise RuntimeError('a bug')\n"
        f"sending.say = say\nsys.exit(main(['alice@{server.address}']))"
    )
    terminal = Terminal.of_command([sys.executable, "-c", broken], environment)
    terminal.wait_for("You joined")
    terminal.enter("hello")
    terminal.wait_for("A bug in greenchat: your last action was skipped")
    assert "RuntimeError: a bug" in (tmp_path / "state/greenchat/crash.txt").read_text()
    terminal.enter("/quit")
    assert terminal.wait_end() == 0


def test_an_exception_of_a_handler_is_one_line(server: Server, environment: dict[str, str], tmp_path: Path) -> None:
    broken = (
        "import sys\nfrom greenchat.client.handlers.registry import TABLE\nfrom greenchat.client.main import main\n"
        "def topic(at): raise RuntimeError('a bug')\n"
        f"TABLE['TOPIC'] = topic\nsys.exit(main(['alice@{server.address}']))"
    )
    terminal = Terminal.of_command([sys.executable, "-c", broken], environment)
    terminal.wait_for("You joined")
    terminal.enter("/topic tea")
    terminal.enter("still here")
    terminal.wait_for("@alice │ still here")
    terminal.send("\x1b1")
    terminal.wait_for("! │ A bug in greenchat", "The details are in")
    assert "RuntimeError: a bug" in (tmp_path / "state/greenchat/crash.txt").read_text()
    terminal.close()


def test_the_mouse_works_if_enabled(alice: Terminal, bob: Client) -> None:
    for number in range(40):
        bob.send(f"PRIVMSG #lobby :line {number:02}")
    alice.wait_for("line 39")
    assert b"\x1b[?1000h" not in alice.output
    alice.enter("/mouse on")
    alice.wait(lambda: b"\x1b[?1000h\x1b[?1006h" in alice.output)
    alice.send("\x1b[<64;10;10M", "\x1b[<64;10;10M")
    alice.wait_for("more below")
    alice.send("\x1b[<65;10;10M", "\x1b[<65;10;10M")
    alice.wait_gone("more below")
    alice.resize(24, 130)
    # The terminal may get a frame in several pieces: bob comes after alice.
    alice.wait(lambda: any(text.endswith("│ bob") for text in alice.rows), "bob in the list")
    row = next(number for number, text in enumerate(alice.rows) if text.endswith("│ bob"))
    alice.send(f"\x1b[<0;120;{row + 1}M\x1b[<0;120;{row + 1}m")
    alice.wait_for("[#lobby] bob:")
    alice.send("\x1b[<0;3;2M")
    alice.wait_for("[127.0.0.1]")
    alice.enter("/quit")
    assert alice.wait_end() == 0
    assert alice.output.rindex(b"\x1b[?1000l") > alice.output.rindex(b"\x1b[?1000h")


def test_the_mouse_setting_is_saved(server: Server, greenchat: OpenTerminal) -> None:
    first = greenchat(f"alice@{server.address}")
    first.wait_for("[#lobby]")
    first.enter("/mouse on")
    first.wait(lambda: b"\x1b[?1000h" in first.output)
    first.enter("/quit")
    assert first.wait_end() == 0
    second = greenchat(f"alice@{server.address}")
    second.wait_for("[#lobby]")
    second.wait(lambda: b"\x1b[?1000h" in second.output)
    second.enter("/quit")
    assert second.wait_end() == 0


def test_searching_on_the_server(server: Server, greenchat: OpenTerminal) -> None:
    with Client(server.target, "bob") as bob:
        bob.send("JOIN #lobby", "PRIVMSG #lobby :the cake is baked")
        bob.send("PING here")
        bob.expect("PONG")
        alice = greenchat(f"alice@{server.address}", columns=120)
        alice.wait_for("You joined", "the cake is baked")
        alice.enter("/clear")
        alice.wait_gone("baked")
        alice.send("\x06\t\t", "cake")
        alice.wait_for("Enter searches the server's history")
        alice.send("\r")
        alice.wait_for("#lobby bob: the cake is baked")


def test_a_split_without_room_is_refused(greenchat: OpenTerminal, server: Server) -> None:
    alice = greenchat(f"alice@{server.address}/#tea", columns=50)
    alice.wait_for("You joined")
    alice.enter("/vsplit")
    alice.wait_for("The terminal is too small")
    alice.enter("/unsplit")
    alice.enter("/split")
    alice.wait_for(f"greenchat {__version__}")
    assert alice.text.count("The terminal is too small") == 1
