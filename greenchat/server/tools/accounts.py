"""`adduser` and `hash-password`: accounts and operators' passwords from the shell."""

import sys
from argparse import ArgumentParser

from greenchat.server.tools.registry import Call, Tool, ToolError, always


def _hash_password(call: Call) -> int:
    import secrets

    from greenchat.values.passwords import hash_password

    print(hash_password(_ask_password(), secrets.token_bytes(16)), file=call.out)
    return 0


def _ask_password() -> str:
    """Read a password: typed twice and hidden at a terminal, or else a line of standard input. Raises ToolError."""
    import getpass

    if sys.stdin.isatty():
        password = getpass.getpass("Password: ")
        if getpass.getpass("Repeat the password: ") != password:
            raise ToolError("the two passwords differ")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
    if not password:
        raise ToolError("the password is empty")
    return password


def _add_user(call: Call) -> int:
    from greenchat.server.data.adduser import add_user, check_name
    from greenchat.storage.interface import StoreError

    name = call.arguments.name
    config = call.configuration()
    try:
        check_name(name, config)
        add_user(name, _ask_password(), config)
    except StoreError as error:
        raise ToolError(str(error)) from error
    print(f"{name} can log in now", file=call.out)
    return 0


def _adduser_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "name", metavar="NAME", help="the account's name; the password is prompted for, or read from standard input"
    )


TOOLS = (
    Tool("adduser", "create an account (also while the server runs)", _add_user, _adduser_arguments, makes_data=always),
    Tool("hash-password", "print the hash of a password, for operators in the configuration", _hash_password),
)
