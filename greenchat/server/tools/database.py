"""`backup`, `restore`, `export`, `check`, `usage` and so on: the database from the shell."""

from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path

from greenchat.server.tools.registry import Call, Tool, ToolError, always


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
    from greenchat.server.data.backup_commands import import_events

    return import_events(call.arguments.file, call.configuration(), call.out)


@_guarded
def _check(call: Call) -> int:
    from greenchat.server.data.backup_commands import check

    return check(call.configuration(), call.out)


@_guarded
def _compact(call: Call) -> int:
    from greenchat.server.data.backup_commands import shrink

    return shrink(call.configuration(), call.out)


@_guarded
def _usage(call: Call) -> int:
    from greenchat.server.data.account_data import usage

    return usage(call.configuration(), call.out)


@_guarded
def _export_account(call: Call) -> int:
    from greenchat.server.data.account_data import export_account

    return export_account(call.arguments.name, call.configuration(), call.out)


def _name(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the account's name")


def _file(parser: ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", type=Path)


def _file_and_logs(parser: ArgumentParser) -> None:
    _file(parser)
    parser.add_argument("--logs", action="store_true", help="save the audit logs too")


def _channel(parser: ArgumentParser) -> None:
    parser.add_argument(
        "channel", nargs="?", default="", metavar="CHANNEL", help="one channel; without it, all conversations"
    )


TOOLS = (
    Tool("backup", "save the database and settings to FILE (also while the server runs)", _backup, _file_and_logs),
    Tool("restore", "replace the data with a backup, and move the old data aside", _restore, _file, makes_data=always),
    Tool("export", "write the history as JSON, one object per line", _export, _channel),
    Tool("import", "add exported messages to the history; - is standard input", _import, _file, makes_data=always),
    Tool("export-account", "write all data of an account as JSON, one object per line", _export_account, _name),
    Tool("usage", "show the disk usage: files, and the history by channel, account and kind", _usage),
    Tool("check", "check the database for damage", _check),
    Tool("compact", "release the disk space of deleted history", _compact),
)
