"""Writing IRC messages as lines for plain clients."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.message import Message, parse
from greenchat.protocol.plain import notice, render

ALICE = ":alice!~alice@host "


def text(line: str) -> str:
    return render(parse(line), tilde=False).decode()


def tilde(line: str) -> str:
    return render(parse(line), tilde=True).decode()


@pytest.mark.parametrize(
    ("line", "plain", "tilded"),
    [
        (ALICE + "PRIVMSG #lobby :hi there", "alice: hi there", "alice~hi there"),
        (ALICE + "PRIVMSG #Lobby :bob: hi", "alice: bob: hi", "alice~bob: hi"),
        # "`~` inside the text becomes U+223C"
        (ALICE + "PRIVMSG #lobby :a~b~", "alice: a~b~", "alice~a∼b∼"),
        # "notices bare", "`SERVER~text`"
        (ALICE + "JOIN #lobby", "alice joined the chat!", "SERVER~alice joined the chat!"),
        (ALICE + "PART #lobby :bye", "alice left the chat!", "SERVER~alice left the chat!"),
        (ALICE + "QUIT :Quit: bye", "alice left the chat!", "SERVER~alice left the chat!"),
        (ALICE + "NICK bob", "alice is now known as bob", "SERVER~alice is now known as bob"),
        (ALICE + "TOPIC #lobby :new ~", "alice set the topic: new ~", "SERVER~alice set the topic: new ∼"),
        (ALICE + "TOPIC #lobby :", "alice removed the topic", "SERVER~alice removed the topic"),
        (ALICE + "KICK #lobby bob :enough", "bob was removed from the chat by alice: enough", None),
        (ALICE + "KICK #lobby bob :bob", "bob was removed from the chat by alice", None),
        (ALICE + "NOTICE #lobby :beep", "alice: beep", "alice~beep"),
        (ALICE + "NOTICE bob :beep", "alice: beep", "alice~beep"),
        (":irc.example NOTICE bob :Going down", "Going down", "SERVER~Going down"),
        (":irc.example ERROR :The server is stopping", "The server is stopping", "SERVER~The server is stopping"),
        ("ERROR :x", "x", "SERVER~x"),
        ("ERROR :Quit: ", "Quit", "SERVER~Quit"),
        (":irc.example FAIL PRIVMSG CODE #lobby :Not stored", "Not stored", "SERVER~Not stored"),
        # messages that must not look public
        (ALICE + "PRIVMSG bob :psst", "alice: [private to bob] psst", "alice~[private to bob] psst"),
        (ALICE + "PRIVMSG $irc.test :x", "alice: [to everybody] x", "alice~[to everybody] x"),
        (ALICE + "PRIVMSG @#lobby :ops", "alice: [to @#lobby] ops", "alice~[to @#lobby] ops"),
        # mIRC formatting and CTCP
        (ALICE + "PRIVMSG #lobby :\x02\x0304,05red\x0f", "alice: red", "alice~red"),
        (ALICE + "PRIVMSG #lobby :\x02\x0f", "", ""),
        (ALICE + "PRIVMSG #lobby :", "", ""),
        (ALICE + "PRIVMSG #lobby :\x01ACTION waves\x01", "* alice waves", "alice~* alice waves"),
        (ALICE + "PRIVMSG #lobby :\x01ACTION waves", "* alice waves", "alice~* alice waves"),
        (ALICE + "PRIVMSG bob :\x01ACTION waves\x01", "[private to bob] * alice waves", None),
        (ALICE + "PRIVMSG bob :\x01VERSION\x01", "alice: [private to bob] [CTCP VERSION]", None),
        (ALICE + "NOTICE bob :\x01VERSION sic\x01", "alice: [CTCP VERSION reply] sic", None),
        (ALICE + "PRIVMSG #lobby :\x1b[2Jboo", "alice: ^[[2Jboo", "alice~^[[2Jboo"),
        # numerics
        (":srv 001 alice :Welcome to the Network", "Connected to the server!", "SERVER~Connected to the server!"),
        (":srv 301 alice bob :lunch", "bob is away: lunch", "SERVER~bob is away: lunch"),
        (":srv 332 alice #lobby :Be kind", "The topic is: Be kind", "SERVER~The topic is: Be kind"),
        (":srv 353 alice = #lobby :@alice bob +carol", "Here: alice, bob, carol", "SERVER~Here: alice, bob, carol"),
        (":srv 401 alice bob :No such nick/channel", "There is nobody named bob", None),
        (":srv 404 alice #lobby :Cannot send to channel", "Not sent: Cannot send to channel", None),
        (":srv 433 alice bob :Nickname is already in use", "The name bob is taken", None),
        (":srv 716 alice bob :is in +g mode", "bob is in +g mode", None),
        (":srv 432 alice NickServ :Erroneous nickname", "The name NickServ is not allowed", None),
        (":srv 474 alice #lobby :Cannot join channel (+b)", "Cannot join channel (+b) (#lobby)", None),
        (":srv 465 alice :You are banned", "You are banned", None),
        # lines that a plain user has no use for
        (":srv 433 * bob :Nickname is already in use", "", ""),
        (":srv 004 alice srv 1 i o", "", ""),
        (":srv 005 alice NICKLEN=32 :are supported", "", ""),
        (":srv 366 alice #lobby :End of /NAMES list", "", ""),
        (":srv 372 alice :- banner", "", ""),
        (":srv 422 alice :MOTD File is missing", "", ""),
        (":srv 464 alice :Password incorrect", "", ""),
        (":srv 401", "", ""),
        (ALICE + "MODE #lobby +o bob", "", ""),
        (ALICE + "AWAY :lunch", "", ""),
        (ALICE + "TAGMSG #lobby", "", ""),
        ("PING :x", "", ""),
        ("BATCH +1 chathistory #lobby", "", ""),
    ],
)
def test_render(line: str, plain: str, tilded: str | None) -> None:
    if tilded is None:
        tilded = "SERVER~" + plain
    elif not tilded.startswith(("alice~", "SERVER~")):
        assert not tilded
    if line.startswith(ALICE) and plain.startswith(("alice: [", "[private to bob] *")):
        tilded = plain.replace("alice: ", "alice~").replace("[private to bob] *", "alice~[private to bob] *", 1)
    assert text(line) == (plain + "\n" if plain else "")
    assert tilde(line) == (tilded + "\n" if tilded else "")


@pytest.mark.parametrize(
    ("source", "who"),
    [("a~b!u@h", "a_b"), ("SERVER!u@h", "SERVER_"), ("server!u@h", "server_"), ("server~!u@h", "server_")],
)
def test_no_nick_looks_like_the_server_to_tilde_clients(source: str, who: str) -> None:
    message = Message("PRIVMSG", ("#lobby", "x"), source)
    assert render(message, tilde=True).decode() == f"{who}~x\n"


@pytest.mark.parametrize("character", ["x", "ü", "日", "👍", "\x1b", "~"])
@pytest.mark.parametrize("tilde_", [False, True])
def test_long_texts_are_split_between_characters_and_repeat_the_nick(character: str, tilde_: bool) -> None:
    text = character * 3000
    data = render(Message("PRIVMSG", ("#lobby", text), "alice!u@h"), tilde=tilde_)
    lines = data.splitlines(keepends=True)
    assert len(lines) > 2
    assert max(map(len, lines)) <= 1000
    assert min(map(len, lines[:-1])) > 990
    before = "alice~" if tilde_ else "alice: "
    pieces = [line.decode() for line in lines]
    assert all(piece.startswith(before) and piece.endswith("\n") for piece in pieces)
    shown = "".join(piece[len(before) : -1] for piece in pieces)
    assert shown.replace("∼", "~").replace("^[", "\x1b") == text


def test_no_row_of_a_message_lacks_its_nick() -> None:
    for command, params in [
        ("TOPIC", ("#lobby", "\u202e" * 390)),
        ("KICK", ("#lobby", "bob", "\u202e" * 390)),
        ("PRIVMSG", ("#lobby", "\x01ACTION " + "\u202e" * 390)),
        ("301", ("bob", "alice", "\u202e" * 390)),
    ]:
        lines = render(Message(command, params, "alice!u@h"), tilde=False).decode().splitlines()
        assert len(lines) > 1
        assert all("alice" in line for line in lines), command


def test_notice() -> None:
    assert notice("The name ~ is taken", tilde=False) == b"The name ~ is taken\n"
    assert notice("The name ~ is taken", tilde=True).decode() == "SERVER~The name ∼ is taken\n"


_COMMANDS = "PRIVMSG NOTICE JOIN PART QUIT NICK KICK TOPIC ERROR FAIL MODE 001 301 332 353 366 401 433 482 600".split()
_PARAM = st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0"), max_size=400)


@given(
    st.sampled_from(_COMMANDS),
    st.lists(_PARAM | st.sampled_from(["#lobby", "\x01ACTION x"]), max_size=5),
    st.none() | _PARAM,
    st.booleans(),
)
def test_any_message_is_harmless(command: str, params: list[str], source: str | None, tilde_: bool) -> None:
    data = render(Message(command, tuple(params), source), tilde=tilde_)
    assert not data or data.endswith(b"\n")
    for line in data.split(b"\n")[:-1]:
        assert 0 < len(line) < 1000
        assert not any(ord(letter) < 32 or 0x7F <= ord(letter) < 0xA0 for letter in line.decode())
        assert not tilde_ or line.count(b"~") == 1
