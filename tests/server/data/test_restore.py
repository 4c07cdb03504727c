"""Stored data is restored, or refused with a reason, but never passed over: the next change would overwrite it."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from greenchat.chat import documents
from greenchat.chat.documents import DocumentKind
from greenchat.chat.network import Network
from greenchat.config.settings import Settings
from greenchat.server.data.restore import restore
from greenchat.storage.interface import Document, StoreDamagedError
from tests.storage.events import opened

KINDS = [kind for kind in documents.KINDS if kind.at_start and kind is not documents.SERVER]


def refused(path: Path, kind: DocumentKind, key: str, value: object) -> str:
    """Return why a store is refused in which a document has this value."""
    with opened(path) as store:
        store.commit([Document(kind.name, key, "")])
        with closing(sqlite3.connect(path)) as connection, connection:
            where = f"kind = '{kind.name}' AND key = '{key}'"
            connection.execute(f"UPDATE document SET value = ? WHERE {where}", (json.dumps(value),))
        with pytest.raises(StoreDamagedError) as raised:
            restore(Network(Settings(), now=0), store)
        return str(raised.value)


@pytest.mark.parametrize("kind", KINDS, ids=[kind.name for kind in KINDS])
@pytest.mark.parametrize("value", ["a text", 7, [], None])
def test_a_document_without_fields(tmp_path: Path, kind: DocumentKind, value: object) -> None:
    assert f"the {kind.name} the-key can't be read" in refused(tmp_path / "greenchat.db", kind, "the-key", value)


@pytest.mark.parametrize("value", ["a text", 7, [], {}])
@pytest.mark.parametrize("key", [documents.OWN, documents.CLOAK, documents.DEFCON, documents.CASEMAPPING])
def test_a_value_of_the_server_of_another_kind(tmp_path: Path, key: str, value: object) -> None:
    assert f"the server {key} can't be read" in refused(tmp_path / "greenchat.db", documents.SERVER, key, value)
