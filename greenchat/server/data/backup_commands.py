"""The commands for the database: `greenchat-server backup FILE`, `restore FILE`, `export [CHANNEL]`, `check` ..."""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TextIO

from greenchat.config.file import Config
from greenchat.config.options import NOT_GIVEN
from greenchat.privacy import narrow_output
from greenchat.protocol.msgid import parse_msgid
from greenchat.protocol.times import format_time
from greenchat.server.data.audit_log import MEMBERS, OPERATORS
from greenchat.server.data.store_keeper import DATABASE, STATE, lock
from greenchat.server.files.blobs import FOLDER
from greenchat.storage import backup, inspection, vacuum
from greenchat.storage.durable import free_name
from greenchat.storage.interface import StoredEvent, StoreError
from greenchat.values.names import naming

# the server's own certificate, which clients trust, and uploaded files
_CARRIED = ("tls/*.pem", f"{FOLDER}/??/*")
_LOGS = (f"{OPERATORS}*", f"{MEMBERS}*")


def save(file: Path, config: Config, out: TextIO, *, logs: bool) -> int:
    """Write a backup. logs: with the audit logs. Raises StoreError with a one-line text, as all of these do."""
    data = config.options.data
    files, state = files_beside(data, logs=logs), state_beside(data)
    backup.backup(data / DATABASE, file, files, state)
    out.write(f"{data / DATABASE} was saved in {file}\n")
    if files:
        uploaded = [name for name in files if name.startswith(f"{FOLDER}/")]
        named = [name for name in files if name not in set(uploaded)] + [f"{len(uploaded)} uploads"] * bool(uploaded)
        out.write(f"with {', '.join(named)}\n")
    for missing in _not_saved(config, logs=logs):
        out.write(f"Not included: {missing}\n")
    return 0


def files_beside(data: Path, *, logs: bool) -> list[str]:
    """Return the names of the files beside the database for a backup, relative to the data folder."""
    patterns = (*_CARRIED, *_LOGS) if logs else _CARRIED
    paths = (path for pattern in patterns for path in data.glob(pattern) if path.is_file())
    return sorted(str(path.relative_to(data)) for path in paths)


def state_beside(data: Path) -> dict[str, bytes]:
    """Return the state of a node of several, by its file's name, to be saved with a database that is newer.

    Read it first: a node continues from its state by the log, and not from one that is newer than its database.
    """
    try:
        return {STATE: (data / STATE).read_bytes()}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StoreError(f"can't read {data / STATE}: {error.strerror}") from error


def _not_saved(config: Config, *, logs: bool) -> Iterator[str]:
    """Yield the files that are not in the backup but needed to move the server."""
    options = config.options
    if config.file:
        yield f"the configuration, {config.file}"
    if options.tls.certificate != NOT_GIVEN:
        yield f"the certificate and its key, {options.tls.certificate} and {options.tls.key}"
    if options.motd_file != NOT_GIVEN:
        yield f"the message of the day, {options.motd_file}"
    if not logs:
        yield f"the audit logs, {OPERATORS} and {MEMBERS}: ask for them with --logs"
    if options.log.file != NOT_GIVEN:
        yield f"the server's log, {options.log.file}"


def restore(file: Path, config: Config, out: TextIO) -> int:
    """Replace the database by a backup. The replaced one is kept, in case of a mistake."""
    database = config.options.data / DATABASE
    with lock(database.parent):
        moved = backup.restore(file, database, without="" if config.options.cluster.node else STATE)
        uploads = _keep_uploads(file, database.parent)
    out.write(f"{database} was restored from {file}\n")
    for path in moved:
        out.write(f"The former data was moved to {path}\n")
    if uploads:
        out.write(f"Uploads that are not in the backup were moved to {uploads}\n")
    return 0


def _keep_uploads(source: Path, data: Path) -> Path | None:
    """Return the folder to which uploads missing in the backup were moved, None if there are none.

    Otherwise the server would delete unknown files at its next start; the replaced database may need them.
    """
    known = backup.carried_names(source)
    unknown = [path for path in data.glob(f"{FOLDER}/??/*") if str(path.relative_to(data)) not in known]
    if not unknown:
        return None
    target = free_name(data / FOLDER)
    try:
        for path in unknown:
            copy = target / path.relative_to(data / FOLDER)
            copy.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.link(path, copy)
    except OSError as error:
        raise StoreError(
            f"the database was restored, but other uploads can't be moved to {target} ({error.strerror}): if you need"
            f" them, copy {data / FOLDER} before starting the server"
        ) from error
    return target


def export(channel: str, config: Config, out: TextIO) -> int:
    """Write the history, an object a line. channel: "" for all conversations."""
    narrowed = narrow_output(out)
    if narrowed:
        sys.stderr.write(f"greenchat-server: warning: {narrowed}\n")
    fold = naming(config.settings.casemapping).fold
    for event in inspection.export(config.options.data / DATABASE, fold(channel) if channel else None):
        out.write(event_line(event) + "\n")
    return 0


def import_events(file: Path, config: Config, out: TextIO) -> int:
    """Import the output of `export`. file: `-` is standard input."""
    data = config.options.data
    try:
        with lock(data), _opened(file) as lines:
            added, known = inspection.import_events(data / DATABASE, _events(lines, str(file)))
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise StoreError(f"can't read {file}: {reason}") from error
    out.write(f"{added} events were imported; {known} already existed\n")
    return 0


def _opened(file: Path) -> TextIO:
    if str(file) != "-":
        return file.open(encoding="utf-8-sig")
    return open(sys.stdin.fileno(), encoding="utf-8-sig", closefd=False)


def _events(lines: Iterable[str], name: str) -> Iterator[StoredEvent]:
    """Yield the events of the lines. Raises StoreError for a line that `export` did not write."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            try:
                yield _event(json.loads(line))
            except (ValueError, KeyError, TypeError) as error:
                reason = f"{error} is missing" if isinstance(error, KeyError) else error
                raise StoreError(
                    f"line {number} of {'standard input' if name == '-' else name} was not written by `export`"
                    f" ({reason}); the lines before it are in the history"
                ) from error


def _event(fields: dict[str, object]) -> StoredEvent:
    """Return the event of a line. Raises ValueError, KeyError or TypeError."""
    number = parse_msgid(_text(fields["msgid"]))
    params, tags = fields["params"], fields.get("tags", {})
    if number is None or not isinstance(params, list) or not isinstance(tags, dict):
        raise ValueError("msgid, params or tags have the wrong type")
    return StoredEvent(
        number,
        _text(fields["conversation"]),
        _text(fields["command"]),
        _text(fields["source"]),
        tuple(map(_text, params)),
        _text(fields.get("account", "")),
        {_text(name): _text(value) for name, value in tags.items()},
    )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is not a text")
    value.encode()  # a UnicodeEncodeError, which is a ValueError, for a lone surrogate
    return value


def check(config: Config, out: TextIO) -> int:
    """Report faults of the database."""
    database = config.options.data / DATABASE
    problems = inspection.check(database)
    if not problems:
        out.write(f"{database} is undamaged\n")
        return 0
    out.writelines(f"{problem}\n" for problem in problems)
    out.write("Restore a backup with `greenchat-server restore FILE`. `export` writes whatever can still be read.\n")
    return 1


def shrink(config: Config, out: TextIO) -> int:
    """Give back the space that deleted history has left."""
    database = config.options.data / DATABASE
    inspection.require(database)
    with lock(database.parent):
        before, after = vacuum.compact(database)
    out.write(f"{database}: {before >> 10} KiB before, {after >> 10} KiB now\n")
    return 0


def event_line(event: StoredEvent) -> str:
    """Return an event as one JSON object, which `import` reads."""
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
