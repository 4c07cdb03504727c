"""Hooks and webhooks belong to one registration of a channel: they end with it, and follow a rename."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.chat.tokens import hash_of
from greenchat.commands.services.hook_speech import find_hook
from greenchat.config.outbound import Outbound, WebhookRules
from tests.conftest import cheap_passwords, quick_options
from tests.irc import ALL_CAPS, Client
from tests.opers import WITH_OPERS, become_oper
from tests.world import World

_PASSWORD = "a-good-password"
_URL = "https://hooks.example/secret"
_NONE = ["No tokens", "#own has no webhooks"]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    settings = replace(WITH_OPERS, outbound=Outbound(webhooks=WebhookRules(enabled=True)))
    world = World(cheap_passwords(settings), quick_options(tmp_path))
    yield world
    world.stop()


def _owner(world: World, nick: str) -> Client:
    client = Client(world, nick, caps=ALL_CAPS)
    client.run(f"REGISTER {nick} * {_PASSWORD}", "JOIN #own", "CHANSERV REGISTER #own")
    return client


def _notices(client: Client, *lines: str) -> list[str]:
    return [message.params[-1] for message in client.run(*lines) if message.command == "NOTICE"]


def _hook(world: World) -> str:
    """Let ann register #own and make a hook and a webhook; return the secret of the hook."""
    with _owner(world, "ann") as ann:
        (made, _) = _notices(ann, "NICKSERV TOKEN CREATE HOOK #own")
        assert "was created" in _notices(ann, f"CHANSERV WEBHOOK #own ADD {_URL}")[0]
        return made.rpartition("/")[2]


def _speaks_in(world: World, hook: str) -> str:
    found = world.call(lambda app: find_hook(app.new_context(), hash_of(hook)))
    return found[1].name if found else ""


def _listed(client: Client, channel: str) -> list[str]:
    return _notices(client, f"NICKSERV TOKEN LIST {channel}", f"CHANSERV WEBHOOK {channel} LIST")


_ENDS = {
    "unregistered": ("ann", "CHANSERV UNREGISTER #own {}"),
    "its founder is erased": ("root", "NICKSERV ERASE ann {}"),
    "purged": ("root", "CHANSERV PURGE ADD #own|CHANSERV PURGE DEL #own"),
}


@pytest.mark.parametrize(("nick", "lines"), _ENDS.values(), ids=_ENDS)
def test_the_next_registration_of_the_name_has_none_of_them(world: World, nick: str, lines: str) -> None:
    hook = _hook(world)
    assert _speaks_in(world, hook) == "#own"
    with Client(world, "ender") as ender:
        if nick == "root":
            become_oper(ender)
        else:
            ender.run(f"NICKSERV IDENTIFY {nick} {_PASSWORD}")
        for line in lines.split("|"):
            code = _notices(ender, line.replace(" {}", ""))[-1].split()[-1] if "{}" in line else ""
            ender.run(line.format(code))
    with _owner(world, "bob") as bob:
        bob.run("CHANSERV AMODE #own +o ann")  # even if ann has a rank again
        assert _listed(bob, "#own") == _NONE
        assert _speaks_in(world, hook) == ""
    stored = world.call(lambda app: [*app.store.documents("webhook"), *app.store.documents("token")])
    assert stored == []


def test_they_follow_a_rename(world: World) -> None:
    hook = _hook(world)
    with Client(world, "anna", caps=ALL_CAPS) as ann:
        ann.run(f"NICKSERV IDENTIFY ann {_PASSWORD}", "JOIN #own", "RENAME #own #new")
        (token, webhook) = _listed(ann, "#new")
        assert "hook for #new, by ann" in token
        assert _URL in webhook
        assert _speaks_in(world, hook) == "#new"
    stored = world.call(lambda app: [*app.store.documents("webhook").values(), *app.store.documents("token").values()])
    assert [each["channel"] for each in stored if isinstance(each, dict)] == ["#new", "#new"]
