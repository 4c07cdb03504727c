"""Secrets, and a generated table of queries by users who may not know them.

Each secret is a word that occurs nowhere else; no line to a stranger may contain it. A user who may know it makes the
same queries, so that the table can't pass by asking nothing.
"""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config.settings import NewModes, Settings
from greenchat.protocol.message import Message
from tests.commands.state_changes import give_member_mode
from tests.conftest import StartServer, Target, quick_options
from tests.irc import Client
from tests.opers import WITH_OPERS, become_oper

_CAPS = (
    "batch server-time message-tags draft/chathistory draft/event-playback soju.im/search extended-monitor"
    " away-notify account-notify chghost setname invite-notify multi-prefix userhost-in-names draft/read-marker"
)
_SECRET = ("#hidden", "xyzzy", "plugh")  # a channel's name, its topic, a message

_QUESTIONS = [
    "LIST", "LIST #hidden", "LIST #hid*", "LIST >0", "LIST !#none", "NAMES", "NAMES #hidden", "WHO #hidden", "WHO *",
    "WHO insider", "WHO * %cn", "WHO insider %cnf", "WHOIS insider", "WHOWAS insider", "LUSERS", "TOPIC #hidden",
    "MODE #hidden", "MODE #hidden b", "MODE #hidden +b", "MONITOR + insider", "MONITOR S", "KNOCK #hidden",
    "INVITE stranger #hidden", "INVITE", "KICK #hidden insider", "PART #hidden", "USERHOST insider", "ISON insider",
    "CHATHISTORY LATEST #hidden * 50", "CHATHISTORY LATEST insider * 50", "CHATHISTORY LATEST friend * 50",
    "CHATHISTORY TARGETS timestamp=2000-01-01T00:00:00.000Z timestamp=2100-01-01T00:00:00.000Z 50",
    "SEARCH text=plugh", "SEARCH in=#hidden;text=plugh", "SEARCH from=insider", "SEARCH in=insider",
    "PRIVMSG *playback :PLAY * 0", "PRIVMSG *playback :PLAY #hidden 0", "PRIVMSG *playback :PLAY insider 0",
    "MARKREAD #hidden", "REDACT #hidden {msgid}", "CHATHISTORY AROUND #hidden msgid={msgid} 5", "STATS l", "STATS p",
    "RENAME #hidden #shown", "CHANSERV INFO #hidden", "METADATA #hidden LIST", "METADATA #hidden SYNC",
    "METADATA insider LIST", "HISTSERV PLAY #hidden", "HISTSERV DELETE #hidden {msgid}",
    "METADATA *ALL SYNC", "MAP", "LINKS", "HELP",
]  # fmt: skip


@pytest.fixture
def address(start_server: StartServer, tmp_path: Path) -> Target:
    """Return the address of a server with operators."""
    return start_server(WITH_OPERS, quick_options(tmp_path)).address


def _answers(client: Client, question: str) -> str:
    """Return all answers, without the asker's own words."""
    answers = client.run(question)
    asked = question.split()
    words = [" ".join((each.source or "", each.command, *each.params)) for each in answers]
    return "\n".join(words) if "#hidden" not in asked else "\n".join(words).replace("#hidden", "")


@pytest.mark.parametrize("mode", ["s", "p"])
def test_no_query_reveals_a_secret_channel(address: Target, mode: str) -> None:
    """https://modern.ircdocs.horse/#secret-channel-mode; a private one (+p) shows its name to users who know it."""
    with (
        Client(address, "insider", caps=_CAPS) as insider,
        Client(address, "friend", caps=_CAPS) as friend,
        Client(address, "stranger", caps=_CAPS) as stranger,
    ):
        insider.join("#hidden")
        insider.run(f"MODE #hidden +{mode}i-t", "TOPIC #hidden :xyzzy", "METADATA #hidden SET xyzzy plugh")
        insider.run("INVITE friend #hidden")
        friend.join("#hidden")
        for client in insider, friend:
            client.join("#open")
        stranger.join("#open")
        insider.send("PRIVMSG #hidden :plugh")
        msgid = friend.expect("PRIVMSG").tags["msgid"]
        insider.send("PRIVMSG friend :plugh between us")
        friend.expect("PRIVMSG")
        found = {}
        for question in _QUESTIONS:
            if mode == "p" and "#hidden" in question:
                continue
            asked = question.format(msgid=msgid)
            leaked = [secret for secret in _SECRET if secret in _answers(stranger, asked).replace(f"in={secret}", "")]
            assert not leaked, (question, leaked)
            if "#hidden" in question and "insider" not in question:  # nor its members
                assert "insider" not in _answers(stranger, asked), question
            if not asked.startswith(("PART", "KICK", "RENAME", "REDACT", "INVITE", "KNOCK")):
                found[question] = any(secret in "\n".join(map(str, insider.run(asked))) for secret in _SECRET)
        assert sum(found.values()) > 5, found
        # what only members may see is not sent to a stranger unasked either
        insider.run(
            "AWAY :plugh", "TOPIC #hidden :plugh", "NICK insider2", "MODE #hidden +v friend", "PART #hidden :plugh"
        )
        assert "#hidden" not in "\n".join(map(str, stranger.sync()))


@pytest.mark.parametrize("question", ["WHO #open", "WHO *", "NAMES #open", "WHO unseen*", "LIST #alone", "WHO 192*"])
def test_invisible_users_are_found_in_shared_channels_only(address: Target, question: str) -> None:
    """https://modern.ircdocs.horse/#invisible-user-mode"""
    with Client(address, "unseen") as unseen, Client(address, "stranger") as stranger:
        unseen.join("#open")
        unseen.run("MODE unseen +i")
        assert "unseen" not in _answers(stranger, question).replace(question.split()[1], "")
        stranger.join("#open")
        if question in ("WHO #open", "WHO *", "NAMES #open"):
            assert "unseen" in _answers(stranger, question)


_OPERATORS_ONLY = [
    "KILL victim :x", "WALLOPS :x", "REHASH", "RESTART", "DIE", "SAMODE #open +o stranger", "SAJOIN victim #a",
    "SAPART victim #open", "SANICK victim b", "REMOVE victim #open", "STATS l", "STATS o", "STATS m", "STATS P",
]  # fmt: skip


@pytest.mark.parametrize("command", _OPERATORS_ONLY)
def test_commands_for_operators_only(address: Target, command: str) -> None:
    """481 for users, 723 for operators without the right, and no effect."""
    with Client(address, "victim") as victim, Client(address, "stranger") as stranger:
        victim.join("#open")
        assert stranger.commands(command)[0] == "481"
        become_oper(stranger, "helper")
        if not command.startswith("KILL"):
            assert stranger.commands(command)[0] == "723"
            assert victim.sync() == []
            assert stranger.run("PING x")


# Privileges in a channel, by https://modern.ircdocs.horse/#channel-operators and #channel-modes: the lowest rank.
_RANKS = ["out", "", "v", "h", "o", "q"]
_LEAST = {
    "PRIVMSG #room :hi": "",
    "TOPIC #room :new": "h",
    "MODE #room +m": "h",
    "MODE #room +b x!*@*": "h",
    "MODE #room +v victim": "h",
    "MODE #room +o victim": "o",
    "MODE #room +q victim": "q",
    "KICK #room victim": "h",
    "INVITE guest #room": "h",
    "RENAME #room #moved": "o",
}
_REFUSED = {"482", "442", "404", "FAIL", "441"}


@pytest.mark.parametrize("rank", _RANKS)
@pytest.mark.parametrize("command", _LEAST)
def test_privileges_by_rank(start_server: StartServer, tmp_path: Path, command: str, rank: str) -> None:
    """Each command by each rank, on a channel with +int."""
    server = start_server(Settings(new_modes=NewModes(channel_flags="nti")), quick_options(tmp_path))
    address = server.address
    with (
        Client(address, "owner", caps="invite-notify") as owner,
        Client(address, "actor", caps="draft/channel-rename") as actor,
        Client(address, "victim") as victim,
        Client(address, "guest"),
    ):
        owner.join("#room")
        give_member_mode(server, "owner", "#room", "q")
        for nick, client in ("actor", actor), ("victim", victim):
            owner.run(f"INVITE {nick} #room")
            client.join("#room")
        if rank == "out":
            actor.run("PART #room")
        elif rank:
            owner.run(f"MODE #room +{rank} actor")
        for client in actor, owner, victim:
            client.sync()
        refused = bool(_REFUSED & set(actor.commands(command)))
        happened = bool(owner.sync())
        may = _RANKS.index(rank) >= _RANKS.index(_LEAST[command]) and rank != "out"
        assert (happened, refused) == (may, not may)


# Ways to learn whether an account exists, without its password.
_LOGINS = {
    "PLAIN": ["AUTHENTICATE PLAIN", "AUTHENTICATE {plain}"],
    "SCRAM": ["AUTHENTICATE SCRAM-SHA-256", "AUTHENTICATE {scram}", "AUTHENTICATE {proof}"],
    "SCRAM given up": ["AUTHENTICATE SCRAM-SHA-256", "AUTHENTICATE {scram}", "AUTHENTICATE *"],
    "IDENTIFY": ["NICKSERV IDENTIFY {name} wrong"],
    "VERIFY": ["VERIFY {name} wrong"],
    "DROP": ["NICKSERV DROP {name} wrong"],
    "GHOST": ["NICKSERV GHOST {name}"],
    "REGAIN": ["NICKSERV REGAIN {name}"],
}


@pytest.mark.parametrize("lines", _LOGINS.values(), ids=_LOGINS.keys())
def test_neither_work_nor_answers_reveal_whether_an_account_exists(
    start_server: StartServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lines: list[str]
) -> None:
    """Without a password the answers are the same for any name, and cost the same number of hashes."""
    options = quick_options(tmp_path)
    options = replace(options, throttle=replace(options.throttle, logins=0))
    address = start_server(Settings(), options).address
    worked: list[tuple[str, int, int]] = []
    derive = hashlib.pbkdf2_hmac

    def derive_and_note(algorithm: str, password: bytes, salt: bytes, iterations: int) -> bytes:
        worked.append((algorithm, len(salt), iterations))
        return derive(algorithm, password, salt, iterations)

    with Client(address, "owner") as owner, Client(address, "guesser", caps="sasl") as guesser:
        owner.send("REGISTER owner * a-good-password")
        owner.expect("REGISTER")
        owner.send("QUIT :away")
        owner.until_end()
        monkeypatch.setattr(hashlib, "pbkdf2_hmac", derive_and_note)
        found = {}
        for name in "owner", "other":
            worked.clear()
            answers = guesser.run(*(line.format(name=name, **_guesses(name)) for line in lines))
            found[name] = ([_shape(each, name) for each in answers], list(worked))
        assert found["owner"] == found["other"]
        assert found["owner"][0]
        assert bool(worked) == (lines[0] in ("AUTHENTICATE PLAIN", "NICKSERV IDENTIFY {name} wrong"))


def _guesses(name: str) -> dict[str, str]:
    texts = {"plain": f"\0{name}\0wrong", "scram": f"n,,n={name},r=nonce", "proof": "c=biws,r=nonce,p=AAAA"}
    return {key: b64encode(text.encode()).decode() for key, text in texts.items()}


def _shape(answer: Message, name: str) -> str:
    """Return an answer without its random parts: of a challenge the lengths and the cost."""
    text = " ".join((answer.command, *answer.params)).replace(name, "NAME")
    command, _, challenge = text.partition(" ")
    if command != "AUTHENTICATE" or challenge == "+":
        return text
    fields = b64decode(challenge).decode().split(",")
    return " ".join(field if field.startswith("i=") else f"{field[:2]}{len(field)}" for field in fields)


def test_a_challenge_does_not_reveal_whether_an_account_exists(server: Target) -> None:
    """The salt for a name is always the same, in any spelling, whether the account exists or not."""
    with Client(server, "owner") as owner, Client(server, "guesser", caps="sasl") as guesser:
        owner.send("REGISTER owner * a-good-password")
        owner.expect("REGISTER")
        for names in ("owner", "Owner", "OWNER", "owner"), ("other", "Other", "OTHER", "other"):
            salts = set()
            for name in names:
                guesser.run("AUTHENTICATE SCRAM-SHA-256")
                (challenge,) = guesser.run(f"AUTHENTICATE {_guesses(name)['scram']}")
                salts.add(b64decode(challenge.params[0]).decode().split(",")[1])
                guesser.run("AUTHENTICATE *")
            assert len(salts) == 1
