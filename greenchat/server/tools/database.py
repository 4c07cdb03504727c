"""`backup`, `restore`, `export`, `import`, `check` and `compact`: the database from the shell."""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from greenchat.server.tools.registry import Call, Tool, ToolError


def _guarded(run: Callable[[Call], int]) -> Callable[[Call], int]:
    """Return the command with each failure of the store reported in one line."""

    def guarded(call: Call) -> int:
        from greenchat.storage.interface import StoreError

        try:
            return run(call)
        except StoreError as error:
            raise ToolError(str(error)) from error

    return guarded


@_guarded
def _backup(call: Call) -> int:
    from greenchat.server.data.backup_commands import save

    return save(call.arguments.file, call.configuration(), call.out, logs=call.arguments.logs)


@_guarded
def _restore(call: Call) -> int:
    from greenchat.server.data.backup_commands import restore

    return restore(call.arguments.file, call.configuration(), call.out)


@_guarded
def _export(call: Call) -> int:
    from greenchat.server.data.backup_commands import export

    return export(call.arguments.channel, call.configuration(), call.out)


@_guarded
def _import(call: Call) -> int:
    from greenchat.server.data.backup_commands import take_in

    return take_in(call.arguments.file, call.configuration(), call.out)


@_guarded
def _check(call: Call) -> int:
    from greenchat.server.data.backup_commands import check

    return check(call.configuration(), call.out)


@_guarded
def _compact(call: Call) -> int:
    from greenchat.server.data.backup_commands import shrink

    return shrink(call.configuration(), call.out)


def _file(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path)


def _file_and_logs(parser: ArgumentParser) -> None:
    _file(parser)
    parser.add_argument("--logs", action="store_true", help="save the audit logs too")


def _channel(parser: ArgumentParser) -> None:
    parser.add_argument("channel", nargs="?", default="", metavar="CHANNEL", help="all conversations without one")


TOOLS = (
    Tool("backup", "save all that is remembered in FILE, also while the server runs", _backup, _file_and_logs),
    Tool("restore", "put a backup in the place of what is there, and that aside", _restore, _file),
    Tool("export", "write the history as JSON, an object a line", _export, _channel),
    Tool("import", "put what export wrote into the history; - is standard input", _import, _file),
    Tool("check", "say what is wrong with the database, if anything is", _check),
    Tool("compact", "give the room back that deleted history has left", _compact),
)
