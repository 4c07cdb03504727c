"""Whether the server obeys the specifications, sentence by sentence: the tables are the `.txt` files here."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from greenchat.protocol import caps
from tests.conftest import Serve
from tests.opers import WITH_OPERS
from tests.specifications.script import Play, Row, rows

_TESTS = Path(__file__).parents[1]
_LIST = Path(__file__).with_name("README.md")
_TABLES = sorted(Path(__file__).parent.glob("*.txt"))
_ROWS = [pytest.param(row, id=f"{table.stem}: {row.sentence[:70]}") for table in _TABLES for row in rows(table)]


@pytest.fixture
def play(serve: Serve) -> Iterator[Play]:
    """Start a server with the default settings and operators, without clients."""
    play = Play(serve(WITH_OPERS))
    yield play
    play.close()


@pytest.mark.parametrize("row", _ROWS)
def test_the_server_obeys_the_sentence(play: Play, row: Row) -> None:
    play.run(row)


def test_each_capability_has_its_sentences() -> None:
    texts = [path.read_text(encoding="utf-8") for path in _TABLES]
    own = [each for each in caps.CAPABILITIES.values() if each.name.startswith("greenchat/")]
    served = [each for each in caps.CAPABILITIES.values() if each.served and each not in own]
    unread = {each.name for each in served if not any(each.name.removeprefix("draft/") in text for text in texts)}
    unread -= {"draft/metadata-3", "znc.in/playback"}  # these two are walked in tests/commands
    assert not unread, "add its sentences to a table in tests/specifications, see README.md there"


_FOUND_IN = re.compile(r'`([^`]+)`(?: "(?P<words>.+)"| `(?P<name>test_\w+)`)?')
_LISTED = [line.strip("| ").split(" | ") for line in _LIST.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]


def test_each_sentence_of_the_list_has_its_test() -> None:
    """README.md names a table with words of a sentence in it, or a module with the name of a test."""
    sentences = [each for each in _LISTED if each[0] not in ("section", "---") and "*Nothing to test:*" not in each[2]]
    assert len(sentences) > 150
    tables = {table.name: " ".join(row.sentence for row in rows(table)) for table in _TABLES}
    assert [each for each in sentences if not _is_held(each[2], tables)] == []


def _is_held(where: str, tables: dict[str, str]) -> bool:
    found = _FOUND_IN.fullmatch(where)
    assert found, where
    if found[1] in tables:
        return bool(found["words"]) and found["words"] in tables[found[1]]
    module = _TESTS / found[1]
    return module.exists() and f"def {found['name'] or 'test_'}" in module.read_text(encoding="utf-8")
