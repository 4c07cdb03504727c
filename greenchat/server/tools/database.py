"""`backup`, `restore`, `export` and `check`: the database from the shell, also while the server runs."""

from argparse import ArgumentParser
from functools import partial

from greenchat.server.tools.registry import Call, Tool, ToolError, no_arguments


def _run(command: str, call: Call) -> int:
    from greenchat.server.data.backup_commands import run
    from greenchat.storage.interface import StoreError

    try:
        return run(command, call.arguments.arguments, call.configuration(), call.out)
    except StoreError as error:
        raise ToolError(str(error)) from error


def _file(parser: ArgumentParser) -> None:
    parser.add_argument("arguments", nargs=1, metavar="FILE")


def _channel(parser: ArgumentParser) -> None:
    parser.add_argument("arguments", nargs="*", metavar="CHANNEL", help="all conversations without one")


def _nothing(parser: ArgumentParser) -> None:
    no_arguments(parser)
    parser.set_defaults(arguments=[])


TOOLS = (
    Tool("backup", "save all that is remembered in FILE, also while the server runs", partial(_run, "backup"), _file),
    Tool("restore", "put a backup in the place of what is there, and that aside", partial(_run, "restore"), _file),
    Tool("export", "write the history as JSON, an object a line", partial(_run, "export"), _channel),
    Tool("check", "say what is wrong with the database, if anything is", partial(_run, "check"), _nothing),
)
