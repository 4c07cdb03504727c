"""A secret channel looks missing to non-members.

https://modern.ircdocs.horse/#secret-channel-mode; RFC 2811, section 4.2.6: "the server will act as if the channel does
not exist for queries like the TOPIC, LIST, NAMES commands". This server answers MODE in the same way, although that RFC
makes an exception, since the answer would confirm a guessed name; and PRIVMSG, where other servers send 404.

JOIN and RENAME can't hide that a name is taken. A successful KNOCK reveals no more than the refused JOIN before it, and
the members see it.
"""

import re
from functools import cache
from itertools import product, zip_longest

import pytest

from greenchat.commands.catalog import COMMANDS
from greenchat.commands.core.service import SERVICES
from tests.conftest import Serve, Target
from tests.irc import ALL_CAPS, Client, people
from tests.opers import WITH_OPERS, become_oper

_SECRET = {"#hidden1": "s", "#hidden2": "sik key", "#hidden3": "sbKm eve!*@*"}
_PARAMETERS = [
    "{}", "{} x", "{} :", "{} x :y z", "{} bob", "{} eve", "{} bob :x", "bob {}", "eve {}", "{},#own", "#own,{}", "@{}",
    "@{} :x", "+{} x", "{} +b", "{} b", "{} +e", "{} +o eve", "{} +i", "{} +s", "{} -k x", "{} +Z", "{} +b x!*@*",
    "{} 1h x!*@*", "{} {}", "#own {}", "#own +f {}", "{} LIST", "{} SYNC", "{} GET x", "{} SET x y", "{} CLEAR",
    "LATEST {} * 5", "BEFORE {} timestamp=2026-01-01T00:00:00.000Z 5", "AROUND {} msgid=0000000000001 5",
    "BETWEEN {} * * 5", "in={}", "in={};text=x", "text=x", "{} %cn", "{} o", "{} timestamp=2026-01-01T00:00:00.000Z",
    "{} 0000000000001", "{} 0000000000001 :x", "{} eve/x :y", "GENERATE x {}", "{} x y", "+ {}", "- {}", "{} * 5",
    "+1 draft/multiline {}", "ADD {}", "{} ADD x", "{} ADD https://x.example/", "{} ON", "HOOK {}", "BOT x {}",
    "x {}", "PLAY {} 0", "*ALL SYNC", "{} m", "!{}", ">0", "* {}", "1 {} :x", "",
]  # fmt: skip
_ENDS_THE_WALK = {"QUIT", "JOIN", "RESUME"}


@cache
def _lines() -> dict[str, list[str]]:
    """Return the lines of all commands, and of the services' commands, with all these parameters."""
    walks = {name: [f"{name} {parameters}".strip() for parameters in _PARAMETERS] for name in COMMANDS}
    for service in SERVICES.values():
        for entry in [*service.entries, "HELP"]:
            lines = [f"PRIVMSG {service.name} :{entry} {parameters}".strip() for parameters in _PARAMETERS]
            walks[f"{service.name} {entry}"] = lines
    walks["a multiline message"] = [
        "BATCH +1 draft/multiline {}", "@batch=1 PRIVMSG {} :x", "@batch=1 PRIVMSG {} :y", "BATCH -1"
    ]  # fmt: skip
    walks["RENAME"].remove("RENAME #own {}")
    return {name: lines for name, lines in walks.items() if name not in _ENDS_THE_WALK}


def _answers_to_a_stranger(serve: Serve, lines: list[str], *, are_there: bool, is_guest: bool) -> list[str]:
    """Return all that a non-member is told about secret channels of bob's, or about channels that don't exist."""
    world = serve(WITH_OPERS)
    calls = []
    with Client(world, "bob") as bob, Client(world, "eve", caps=ALL_CAPS) as eve:
        for client in (bob,) if is_guest else (bob, eve):
            client.run(f"REGISTER {client.nick} * a-good-password")
        for place, modes in _SECRET.items():
            channel = place if are_there else place.replace("hidden", "elsewh")
            bob.run(f"JOIN {channel}", f"CHANSERV REGISTER {channel}", f"MODE {channel} -t+{modes}")
            bob.run(f"TOPIC {channel} :x", f"PRIVMSG {channel} :x", f"METADATA {channel} SET x y")
        eve.run("JOIN #own", "CHANSERV REGISTER #own")
        for place, line in product(_SECRET, lines):
            if line[:5] == "KNOCK" and "i" in _SECRET[place]:
                continue
            calls.append(line)
            answers = eve.run(line.replace("{}", place))
            calls += [" ".join((each.source or "", each.command, *each.params)) for each in answers]
    return calls


_WHAT_DIFFERS = re.compile(
    r"[A-Za-z0-9_-]{30,}|[0-9TZ:.-]{20,}|[0-9a-v]{13}|\d{7,}|\d\d:\d\d:\d\d|in \d+ seconds|idle for (no time|\d+s)"
)


def _comparable(line: str) -> str:
    return _WHAT_DIFFERS.sub("?", line)


@pytest.mark.parametrize("is_guest", [False, True], ids=["an account", "a guest"])
@pytest.mark.parametrize("name", _lines())
def test_answers_do_not_differ_from_those_for_a_missing_channel(serve: Serve, name: str, is_guest: bool) -> None:
    lines = _lines()[name]
    there, elsewhere = (
        _answers_to_a_stranger(serve, lines, are_there=each, is_guest=is_guest) for each in (True, False)
    )
    pairs = zip_longest(there, elsewhere, fillvalue="(no line)")
    assert [pair for pair in pairs if pair[0] != pair[1] and _comparable(pair[0]) != _comparable(pair[1])] == []


def test_operators_see_secret_channels(serve: Serve) -> None:
    address = serve(WITH_OPERS)
    with people(address, "alice", channel="#a") as (alice,), Client(address, "root") as root:
        alice.run("MODE #a +s")
        become_oper(root)
        root.run("SAMODE #a +v alice")
        assert alice.sync()[0].params == ("#a", "+v", "alice")


def test_a_user_who_knows_the_name_may_knock(server: Target) -> None:
    with people(server, "alice", channel="#a") as (alice,), Client(server, "bob") as bob:
        alice.run("MODE #a +si")
        assert bob.commands("JOIN #a") == ["473"]
        assert bob.commands("KNOCK #a") == ["711"]
