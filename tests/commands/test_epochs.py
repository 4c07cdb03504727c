"""The acts of each epoch, written down: they must mean the same for nodes of two versions.

`epoch_N.json` describes epoch N: commands that are acts, steps with their fields, capabilities with the bits that are
stored, and the form of the state, whose digests nodes compare. Once a version with it was released the file stays as it
is.
`python -m tests.commands.test_epochs` writes the newest one.
"""

import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from greenchat.chat.account_data.files import File
from greenchat.chat.account_data.push_subscriptions import PushSubscription
from greenchat.chat.account_data.webhooks import Webhook
from greenchat.chat.accounts import Account, DeletedAccount
from greenchat.chat.acts import OLDEST, VERSION
from greenchat.chat.channel import ChannelRegistration, Topic
from greenchat.chat.closures import Closure
from greenchat.chat.cluster.nodes import Node
from greenchat.chat.continuity import channel_form, session_form, snapshot, user_form
from greenchat.chat.mask_lists import ListEntry
from greenchat.chat.network import Network
from greenchat.chat.protection.reservations import Reservation
from greenchat.chat.protection.server_bans import ServerBan
from greenchat.chat.tokens import Token
from greenchat.commands.catalog import COMMANDS
from greenchat.commands.core.registry import Way
from greenchat.commands.core.service import SERVICES
from greenchat.commands.core.steps import SINCE, STEPS
from greenchat.config.document import to_document
from greenchat.config.settings import Settings
from greenchat.protocol.caps import CAPABILITIES

_WHAT_TO_DO = (
    "an act, a capability or the state is another one than the other nodes know. If {file} was released with a version:"
    " give what is new `since=` the next epoch (a setting: a row in NEW_SETTINGS of chat/continuity/snapshot.py), ask"
    " `network.nodes.epoch` where something is done otherwise, raise VERSION in chat/acts.py, and write its file. If"
    " not: write the file anew, by `python -m tests.commands.test_epochs`. A command that only queries is no act: give"
    " it `way=Way.HERE`"
)


def file_of(epoch: int) -> Path:
    return Path(__file__).with_name(f"epoch_{epoch}.json")


def acts_of(epoch: int) -> dict[str, Any]:
    """Return the acts that this code has in an epoch."""
    return {
        "commands": sorted(row.name for row in COMMANDS.values() if row.way is Way.ACT and row.since <= epoch),
        "services": sorted(
            f"{service.name} {entry.name}"
            for service in SERVICES.values()
            for entry in service.entries.values()
            if entry.way is Way.ACT
        ),
        "steps": {
            name: list(inspect.signature(step).parameters)[1:]
            for name, step in sorted(STEPS.items())
            if SINCE.get(step, 1) <= epoch
        },
        "capabilities": {row.name: row.bit for row in CAPABILITIES.values() if row.served and row.since <= epoch},
    }


_VALUES = (
    *(Account, DeletedAccount, Token, File, PushSubscription, Webhook, ChannelRegistration, Topic, ListEntry),
    *(ServerBan, Reservation, Closure, Node),
)
"""Of what the state contains any number."""


def keys_of(settings: Mapping[str, Any]) -> Iterator[str]:
    """Return the keys of the settings, all of which are part of the state."""
    for name, value in settings.items():
        if isinstance(value, dict) and value:
            yield from (f"{name}.{key}" for key in keys_of(value))
        else:
            yield name


def state() -> dict[str, Any]:
    """Return the form of the state in the newest epoch."""
    return {
        "settings": sorted(keys_of(to_document(Settings()))),
        "values": {cls.__name__: [field.name for field in fields(cls)] for cls in _VALUES},
        "whole": sorted(snapshot.snapshot(Network(Settings(), now=5), 5)),
        "user": [*user_form.FIELDS, *user_form.CALLER_ID],
        "channel": list(channel_form.FIELDS),
        "session": [*session_form.FIELDS, *session_form.REGISTRATION],
    }


@pytest.mark.parametrize("epoch", range(OLDEST, VERSION + 1))
def test_the_acts_of_an_epoch_do_not_change(epoch: int) -> None:
    written = json.loads(file_of(epoch).read_text(encoding="utf-8"))
    for part, found in acts_of(epoch).items():
        assert found == written[part], _WHAT_TO_DO.format(file=file_of(epoch).name)


def test_the_state_of_the_newest_epoch_is_the_written_one() -> None:
    written = json.loads(file_of(VERSION).read_text(encoding="utf-8"))
    assert state() == written["state"], _WHAT_TO_DO.format(file=file_of(VERSION).name)


def write() -> None:
    """Write down the newest epoch."""
    text = json.dumps(acts_of(VERSION) | {"state": state()}, indent=1, ensure_ascii=False)
    file_of(VERSION).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    write()
