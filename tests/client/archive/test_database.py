"""The database of the archive: what was seen is restored at the next start."""

from pathlib import Path

import pytest

from greenchat.client.archive.database import Archive, ArchiveError
from greenchat.client.state.network import Buffer
from tests.client.world import World

CAPS = "echo-message labeled-response batch message-tags server-time draft/message-redaction draft/chathistory"


def tea() -> tuple[World, Buffer]:
    world = World()
    world.welcome(CAPS)
    return world, world.join()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return the path of the archive, whose folder does not exist yet."""
    return tmp_path / "data/talk.sqlite3"


def test_messages_are_restored_and_merged_with_the_servers_history(path: Path) -> None:
    world, buffer = tea()
    world.feed(
        "@msgid=a :bob!b@h PRIVMSG #tea :one",
        "@msgid=b;+draft/reply=a :carol!c@h NOTICE #tea :two\x02!",
        ":bob!b@h PRIVMSG #tea :\x01ACTION waves\x01",
        ":dora!d@h JOIN #tea",
    )
    archive = Archive(path)
    archive.keep([buffer])
    archive.keep([buffer])
    archive.close()
    assert path.stat().st_mode & 0o777 == 0o600

    world, buffer = tea()
    world.feed("@msgid=b :carol!c@h NOTICE #tea :two")  # the server's history came first
    seen = buffer.unread.seen
    again = Archive(path)
    buffer.restore(again.older(buffer))
    again.close()
    lines = [(line.nick, line.text, line.quote) for line in buffer.lines]
    assert lines == [
        ("bob", "one", ""),
        ("bob", "waves", ""),
        ("alice", "You joined", ""),
        ("carol", "two", ""),
    ]
    assert buffer.unread.seen == seen + 2
    assert not [line for line in buffer.history.fresh if line.text == "one"]


def test_a_message_is_stored_once_and_a_redacted_one_deleted(path: Path) -> None:
    archive = Archive(path)
    for _ in range(2):
        world, buffer = tea()
        world.feed("@msgid=a :bob!b@h PRIVMSG #tea :oops")
        archive.keep([buffer])
    world.feed(":bob!b@h REDACT #tea a")
    archive.keep([buffer])
    assert [line.text for line in archive.older(buffer)] == ["(deleted by bob)"]
    archive.close()
    assert b"oops" not in b"".join(file.read_bytes() for file in path.parent.iterdir() if file.suffix == ".sqlite3")


def test_conversations_are_stored_separately(path: Path) -> None:
    world, buffer = tea()
    world.feed("@msgid=a :bob!b@h PRIVMSG #tea :one", "@msgid=a :bob!b@h PRIVMSG alice :psst")
    talk = world.network.find("bob")
    assert talk
    archive = Archive(path)
    archive.keep([buffer, talk])
    assert [line.text for line in archive.older(talk)] == ["psst"]
    assert [line.text for line in archive.older(buffer, 5)] == ["one"]
    archive.close()


def test_only_the_newest_lines_are_restored(path: Path) -> None:
    world, buffer = tea()
    world.feed(*[f"@msgid=m{number} :bob!b@h PRIVMSG #tea :{number}" for number in range(10)])
    archive = Archive(path)
    archive.keep([buffer])
    assert [line.text for line in archive.older(buffer, 3)] == ["7", "8", "9"]
    assert [line.text for line in archive.older(buffer, 3)] == ["4", "5", "6"]  # page after page
    assert [line.text for line in archive.older(buffer)] == ["0", "1", "2", "3"]
    assert archive.older(buffer) == []
    assert [line.text for line in archive.everything(buffer)] == [str(number) for number in range(10)]
    archive.close()


def test_pages_within_one_millisecond_keep_their_order(path: Path) -> None:
    world, buffer = tea()
    noon = "time=2026-09-20T12:00:00.000Z"
    archive = Archive(path)
    for page in ("ef", "cdef", "abcd"):  # each older than the previous one, and continuing it
        lines = [f"@batch=h;msgid={letter};{noon} :bob!b@h PRIVMSG #tea :{letter}" for letter in page]
        world.feed(":srv BATCH +h chathistory #tea", *lines, ":srv BATCH -h")
        archive.keep([buffer])
    world.feed(":bob!b@h REDACT #tea c")
    archive.keep([buffer])
    texts = [line.text for line in archive.everything(buffer)]
    assert texts == ["a", "b", "(deleted by bob)", "d", "e", "f"]
    assert [line.text for line in archive.older(buffer)] == texts
    archive.close()


def test_beyond_the_limit_the_oldest_lines_are_deleted(path: Path) -> None:
    limit = 400_000
    archive = Archive(path, limit)
    world, buffer = tea()
    for number in range(3000):
        world.now += 1000
        world.feed(f"@msgid=m{number} :bob!b@h PRIVMSG #tea :{number} {'x' * 300}")
        if number % 500 == 499:
            archive.keep([buffer])
    archive.prune()
    numbers = [int(line.text.split()[0]) for line in archive.everything(buffer)]
    assert 0 < len(numbers) < 1500
    assert numbers == list(range(3000 - len(numbers), 3000))
    archive.close()
    assert path.stat().st_size <= limit
    archive = Archive(path)
    assert len(list(archive.everything(buffer))) == len(numbers)
    archive.close()


def test_gaps_are_stored(path: Path) -> None:
    archive = Archive(path)
    _, buffer = tea()
    assert archive.gaps(buffer) == []
    buffer.history.gaps = {"a": False, "b": True}
    archive.keep_gaps(buffer)
    assert sorted(archive.gaps(buffer)) == ["a", "b"]
    buffer.history.gaps = {}
    archive.keep_gaps(buffer)
    assert archive.gaps(buffer) == []
    archive.close()


def test_a_file_of_another_format_is_reported(path: Path) -> None:
    path.parent.mkdir()
    path.write_text("no database" * 100)
    with pytest.raises(ArchiveError):
        Archive(path)
