"""All of the state is in a snapshot, or is named as what is not."""

import dataclasses
import json

import pytest

from greenchat.chat.channel import Channel
from greenchat.chat.continuity import snapshot
from greenchat.chat.network import Network
from greenchat.chat.outbox import Dirty, Outbox
from greenchat.chat.user import Session, User
from greenchat.config.settings import Settings

COPIED = {
    User: snapshot._USER,
    Channel: snapshot._CHANNEL,
    Session: snapshot._SESSION,
    Network: (),
}


@pytest.mark.parametrize("cls", COPIED, ids=lambda cls: cls.__name__)
def test_each_field_is_in_it_or_named_as_local(cls: type) -> None:
    parts = [set(COPIED[cls]), snapshot.MADE[cls], snapshot.LOCAL[cls]]
    fields = (
        {field.name for field in dataclasses.fields(cls)} if dataclasses.is_dataclass(cls) else set(Network.__slots__)
    )
    assert set().union(*parts) == fields
    assert sum(map(len, parts)) == len(fields), "each in one of the three"


def test_another_version_and_nonsense_are_refused() -> None:
    document = snapshot.snapshot(Network(Settings(), now=5), 5)
    for wrong, text in [
        ({}, "version None"),
        ({**document, "version": 999}, "version 999"),
        ({**document, "users": [{}]}, "can't be read"),
        ({**document, "renamed": [["#a", "#b"]]}, "can't be read"),
    ]:
        with pytest.raises(snapshot.SnapshotError, match=text):
            snapshot.restore(wrong, lambda _: Outbox(Dirty()))


def test_an_empty_state_comes_back() -> None:
    document = json.loads(json.dumps(snapshot.snapshot(Network(Settings(), now=5), 5)))
    again = snapshot.restore(document, lambda _: Outbox(Dirty()))
    assert snapshot.snapshot(again, 5) == document
    assert snapshot.digest(again, 5) == snapshot.digest_of(document)
