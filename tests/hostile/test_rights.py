"""Privileges in a channel: each command, under all combinations of modes, by every user from a stranger to an operator.

The expected outcome is written as the specification has it; the actual one is what others see.
https://modern.ircdocs.horse/#channel-modes, in quotes.
"""

from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from greenchat.chat.user import NOT_TOLD
from greenchat.config.settings import NewModes, Settings
from greenchat.server.app import App
from tests.commands.state_changes import give_member_mode
from tests.conftest import quick_options
from tests.irc import Client
from tests.world import World

_CAPS = "batch message-tags server-time draft/chathistory soju.im/search echo-message"
_ROLES = ["out", "", "v", "h", "o", "q"]
_MODES = "imnst"
_MORE_MODES = "bklMR"  # each alone, and with each of the others
_PARAMETERS = {"b": "actor!*@*", "k": "key", "l": "1"}
_SAID = "what was said inside"

May = Callable[[str, str], bool]


def _speak(modes: str, role: str) -> bool:
    """n: "users MUST be joined to the channel in order to send private messages and notices to the channel". m: "only
    users who have channel privileges may send messages to that channel"; the same holds for banned users, and with M
    for users without an account.
    """
    return not ((role == "out" and "n" in modes) or (role in ("out", "") and set("mbM") & set(modes)))


def _set_topic(modes: str, role: str) -> bool:
    """t: "users must have channel privileges such as halfop or operator status in order to change the topic". A
    non-member can't in any case, nor can one who may not speak: a topic is read by all members.
    """
    return role != "out" and _speak(modes, role) and ("t" not in modes or role in ("h", "o", "q"))


def _see(modes: str, role: str) -> bool:
    """s: "will not show up in responses to the LIST or NAMES command unless the client sending the command is joined
    to the channel"; the same holds for WHO and the topic.
    """
    return role != "out" or "s" not in modes


def _read_back(modes: str, role: str) -> bool:
    """Members only can read earlier messages, whatever the modes."""
    return role != "out"


def _invite(modes: str, role: str) -> bool:
    """INVITE is to be rejected "when the channel has invite-only mode set, and the user is not a channel
    operator", which a halfop is here; and from a non-member.
    """
    return role != "out" and ("i" not in modes or role in ("h", "o", "q"))


def _come_in(modes: str, role: str) -> bool:
    """i: "a user must have received an INVITE for this channel before being allowed to join it". The same holds for
    banned users, without the key, when it is full (the owner is a member), and with R without an account.
    """
    return role == "out" and not set("ibklR") & set(modes)


def _ban(modes: str, role: str) -> bool:
    """For "a channel operator", which a halfop is here."""
    return role in ("h", "o", "q")


# The commands, and who may use them under which modes.
_TABLE: dict[str, May] = {
    "PRIVMSG #room :hello": _speak,
    "NOTICE #room :hello": _speak,
    "@+typing=active TAGMSG #room": _speak,
    "TOPIC #room :new": _set_topic,
    "NAMES #room": _see,
    "WHO #room": _see,
    "LIST #room": _see,
    "TOPIC #room": _see,
    "CHATHISTORY LATEST #room * 50": _read_back,
    "SEARCH in=#room;text=inside": _read_back,
    "INVITE guest #room": _invite,
    "MODE #room +b nobody!*@*": _ban,
    "JOIN #room": _come_in,
}


def _took_effect(question: str, actor: list[str], owner: list[str], guest: list[str]) -> bool:
    """Whether the command took effect, or was answered with what only privileged users may know."""
    command = question.split()[0].removeprefix("@+typing=active")
    match command or "TAGMSG":
        case "NAMES" | "WHO":
            return any("owner" in line for line in actor)
        case "LIST":
            return any(line.startswith("322 ") for line in actor)
        case "TOPIC" if question == "TOPIC #room":
            return any(line.startswith("332 ") for line in actor)
        case "CHATHISTORY" | "SEARCH":
            return any(_SAID in line for line in actor)
        case "INVITE":
            return any(line.startswith("INVITE ") for line in guest)
        case name:
            return any(line.startswith(f"{name} ") for line in owner)


def _lines(client: Client) -> list[str]:
    return [" ".join((message.command, *message.params)) for message in client.sync()]


def _forget_invitations(app: App) -> None:
    """Forget invitations: the same one is not sent again and again, which another test checks."""
    for user in app.network.users.values():
        user.inviting = ()
        user.invitations = dict.fromkeys(user.invitations, NOT_TOLD)


def _combinations() -> list[str]:
    plain = ["".join(some) for count in range(len(_MODES) + 1) for some in combinations(_MODES, count)]
    return plain + [more + mode for more in _MORE_MODES for mode in ("", *_MODES)]


@pytest.mark.parametrize("modes", _combinations())
def test_privileges_under_all_modes(tmp_path: Path, modes: str) -> None:
    with (
        World(Settings(new_modes=NewModes(channel_flags="")), quick_options(tmp_path)) as server,
        Client(server, "owner", caps=_CAPS) as owner,
        Client(server, "actor", caps=_CAPS) as actor,
        Client(server, "guest") as guest,
    ):
        owner.join("#room")
        give_member_mode(server, "owner", "#room", "q")
        owner.run(f"PRIVMSG #room :{_SAID}", "TOPIC #room :the topic")
        parameters = " ".join(_PARAMETERS[mode] for mode in modes if mode in _PARAMETERS)
        wrong = []
        for role in _ROLES:
            if role != "out":
                owner.run("INVITE actor #room")
                actor.join("#room")
                if role:
                    give_member_mode(server, "actor", "#room", role)
            if modes:
                owner.run(f"MODE #room +{modes} {parameters}")
            for question, may in _TABLE.items():
                if role != "out" and question.startswith("JOIN"):
                    continue
                for client in owner, guest:
                    client.sync()
                server.call(_forget_invitations)
                actor.send(question)
                happened = _took_effect(question, _lines(actor), _lines(owner), _lines(guest))
                if happened != may(modes, role):
                    wrong.append((role or "member", question, happened))
                owner.run("MODE #room -b nobody!*@*")
            actor.run("PART #room")
            if modes:
                owner.run(f"MODE #room -{modes} {parameters}")
        assert not wrong, (modes, wrong)
