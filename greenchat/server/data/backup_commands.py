"""The commands for the database: `greenchat-server backup FILE`, `restore FILE`, `export [CHANNEL]`, `check`."""

import json
from pathlib import Path
from typing import TextIO

from greenchat.config.file import Config
from greenchat.protocol.times import format_time
from greenchat.server.data.store_keeper import DATABASE, lock
from greenchat.storage import backup
from greenchat.storage.interface import StoredEvent
from greenchat.values.names import naming


def run(command: str, arguments: list[str], config: Config, out: TextIO) -> int:
    """Run one of the commands; the exit code. Raises StoreError, whose text is one line."""
    database = config.options.data / DATABASE
    if command == "backup":
        backup.backup(database, Path(arguments[0]))
        out.write(f"{database} is saved in {arguments[0]}\n")
        return 0
    if command == "restore":
        return _restore(Path(arguments[0]), database, out)
    if command == "export":
        fold = naming(config.settings.casemapping).fold
        for event in backup.export(database, fold(arguments[0]) if arguments else None):
            out.write(_line(event) + "\n")
        return 0
    return _check(database, out)


def _restore(file: Path, database: Path, out: TextIO) -> int:
    with lock(database.parent):
        aside = backup.restore(file, database)
    out.write(f"{database} is now what {file} holds\n")
    if aside:
        out.write(f"What was there before is in {aside}\n")
    return 0


def _check(database: Path, out: TextIO) -> int:
    problems = backup.check(database)
    if not problems:
        out.write(f"{database} is sound\n")
        return 0
    out.writelines(f"{problem}\n" for problem in problems)
    out.write("Bring back a backup with `greenchat-server restore FILE`. What can still be read, `export` writes.\n")
    return 1


def _line(event: StoredEvent) -> str:
    """An event as one JSON object."""
    fields: dict[str, object] = {
        "time": format_time(event.time),
        "msgid": event.msgid,
        "conversation": event.conversation,
        "command": event.command,
        "source": event.source,
        "params": event.params,
    }
    if event.account:
        fields["account"] = event.account
    if event.tags:
        fields["tags"] = dict(event.tags)
    return json.dumps(fields, ensure_ascii=False)
