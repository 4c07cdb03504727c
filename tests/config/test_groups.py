"""Groups of settings exist in Python only: files, documents and reloads have their fields as if they were the class's
own.
"""

import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from greenchat.config.document import from_document, to_document
from greenchat.config.example import example
from greenchat.config.file import parse
from greenchat.config.groups import Group, build, flat_fields, flat_values
from greenchat.config.key import Key
from greenchat.config.schema import entries, take_over
from greenchat.config.settings import Settings

# What older nodes of a network read in a log and in a snapshot, and what is in users' files.
_OUTSIDE = (
    "name version network description icon motd password lobby casemapping channel_flags user_flags reserved_nicks"
    " reserved_channels denied_tags sts mode_table limits history accounts bearer oidc auth_script ldap metadata"
    " relaymsg files push webhooks admin cloak spam moderation webirc external classes opers"
).split()

_GROUPED = """\
name = "irc.example.org"
network = "Example"
description = "a chat"
icon = "https://example.org/icon.png"
motd = ["one", "two"]
channel_flags = "ns"
user_flags = "i"
reserved_nicks = ["boss*"]
reserved_channels = ["#staff*"]
[bearer]
issuer = "https://id.example.org"
audience = "chat"
keys = "/etc/keys"
[oidc]
issuer = "https://id.example.org"
url = "https://chat.example.org/"
client_id = "chat"
[auth_script]
command = "/bin/true"
[ldap]
bind_dn = "uid=x"
[push]
enabled = true
[webhooks]
timeout = 5
[classes.helper]
rights = ["kill"]
[opers.alice]
class = "helper"
account = "alice"
"""


@dataclass(frozen=True)
class Inner:
    deep: Annotated[int, Key("a number")] = 1


@dataclass(frozen=True)
class Middle:
    plain: Annotated[int, Key("a number", restart=True)]
    inner: Annotated[Inner, Group("in_")] = field(default_factory=Inner)


@dataclass(frozen=True)
class Outer:
    first: Annotated[int, Key("a number")]
    middle: Annotated[Middle, Group("mid_")]
    own: str = "known"


_OUTER = Outer(1, Middle(2, Inner(3)))


def test_nested_groups_are_flat_outside() -> None:
    values = {"first": 1, "mid_plain": 2, "mid_in_deep": 3, "own": "known"}
    assert flat_values(_OUTER) == values
    assert list(flat_values(_OUTER)) == list(values)
    assert build(Outer, values) == _OUTER
    assert [each.required for each in flat_fields(Outer)] == [True, True, False, False]
    assert list(entries(Outer)) == ["first", "mid_plain", "mid_in_deep"]


def test_missing_fields_get_their_defaults() -> None:
    assert build(Outer, {"first": 1, "mid_plain": 2}) == Outer(1, Middle(2))
    assert from_document(Outer, {"first": 1, "mid_plain": 2, "mid_unknown": 4, "unknown": 5}) == Outer(1, Middle(2))


def test_a_reload_keeps_what_needs_a_restart_in_a_group() -> None:
    after = Outer(7, Middle(8, Inner(9)), "other")
    assert take_over(_OUTER, after) == (Outer(7, Middle(2, Inner(9)), "other"), ["mid_plain"])


def test_documents_are_the_same_as_before_groups() -> None:
    assert list(to_document(Settings())) == _OUTSIDE
    assert [name for name in _OUTSIDE if name not in {"version", "mode_table"}] == list(entries(Settings))


def test_the_example_has_them_in_the_same_place() -> None:
    table = tomllib.loads(example())
    outside = [name for name in table if name in _OUTSIDE]
    plain = [name for name in outside if not isinstance(table[name], dict)]
    assert plain == [name for name in _OUTSIDE if name in plain]
    assert {"network", "reserved_nicks", "user_flags"} < set(plain)
    tables = [name for name in outside if isinstance(table[name], dict)]
    assert tables == [name for name in _OUTSIDE if name in tables]
    assert {"ldap", "push", "cloak"} < set(tables)


def test_they_are_read_from_files_and_documents() -> None:
    table = tomllib.loads(_GROUPED)
    settings = parse(table, folder=Path("/nowhere")).settings
    assert (settings.about.network, settings.about.motd) == ("Example", ("one", "two"))
    assert (settings.new_modes.channel_flags, settings.new_modes.user_flags) == ("ns", "i")
    assert (settings.reserved.nicks, settings.reserved.channels) == (("boss*",), ("#staff*",))
    assert (settings.outbound.push.enabled, settings.outbound.webhooks.timeout) == (True, 5.0)
    assert settings.providers.bearer.audience == "chat"
    assert settings.staff.opers["alice"].class_ == "helper"
    document = to_document(settings)
    assert {name: document[name] for name, value in table.items() if isinstance(value, str)} == {
        name: value for name, value in table.items() if isinstance(value, str)
    }
    assert from_document(Settings, json.loads(json.dumps(document))) == settings
