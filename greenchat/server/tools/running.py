"""`status`, `clients`, `kick` and so on: running the server from the shell, through its control socket."""

import json
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable
from time import monotonic, sleep
from typing import Any, TextIO

from greenchat.protocol.times import in_words
from greenchat.server.control.client import ControlRefusedError, NoServerError, ask
from greenchat.server.tools.registry import Call, Tool, ToolError
from greenchat.values.durations import format_duration, parse_duration

_NOT_RUNNING = 3  # the exit code of `systemctl status` for a service that does not run
_UPGRADE = 120.0  # seconds that an upgrade may take
_LOOK = 0.2  # seconds
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
_STEP = 1024


def _ask(call: Call, command: str, patience: float | None = 30.0, **fields: object) -> Any:
    try:
        return ask(call.configuration().options.data, command, patience, **fields)
    except NoServerError as error:
        raise ToolError(str(error), _NOT_RUNNING) from error
    except ControlRefusedError as error:
        raise ToolError(str(error)) from error


def size(count: float) -> str:
    """Return a readable number of bytes: `1.5 MiB`."""
    for unit in _UNITS[:-1]:
        if count < _STEP:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= _STEP
    return f"{count:.1f} {_UNITS[-1]}"


def duration(seconds: int) -> str:
    """Return seconds in at most two units: `3d4h`."""
    return format_duration(seconds if seconds < 60 else seconds - seconds % 60) if seconds else "0s"


def _status(call: Call) -> int:
    try:
        answer = _ask(call, "status")
    except ToolError as error:
        if call.arguments.quiet:
            return error.code
        raise
    if call.arguments.json:
        json.dump(answer, call.out, indent=2, ensure_ascii=False)
        call.out.write("\n")
    elif not call.arguments.quiet:
        _print_rows(call.out, status_rows(answer))
    return 0


def status_rows(answer: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the rows that `status` shows, as pairs of name and value."""
    compiled = ", compiled" if answer.get("compiled") else ""  # the server may be older
    rows = [
        ("version", f"greenchat {answer['version']}{compiled}, Python {answer['python']}, process {answer['pid']}"),
        ("running for", duration(answer["uptime"])),
        ("listening on", ", ".join(answer["listening"])),
        (
            "users",
            f"{answer['users']} ({answer['present']} connected, {answer['operators']} operators, maximum"
            f" {answer['most_users']})",
        ),
        ("connections", f"{answer['connections']} ({answer['unregistered']} not registered yet)"),
        ("channels", str(answer["channels"])),
        ("accounts", str(answer["accounts"])),
        ("bans", str(answer["bans"])),
        ("memory", f"{size(answer['memory'])}, CPU {answer['cpu']:.0f} s"),
        ("longest turn", f"{answer['longest_turn'] * 1000:.1f} ms in the last minutes"),
        ("waiting to send", size(answer["sendq"])),
        ("database", size(answer["store"])),
    ]
    if answer.get("nodes"):  # the server may be older
        one = "its own connections, memory and turns; `greenchat-server cluster status` shows all nodes"
        rows.insert(1, ("nodes", f"{answer['nodes']}; this is one of them, with {one}"))
    if answer["certificate"]:
        end = answer["certificate_expires"]
        until = f", valid until {in_words(end)}" if end else ""
        rows.append(("certificate", f"{answer['certificate']}{until}"))
    if answer["rooms"]:
        rows.append(("largest channels", ", ".join(f"{name} {count}" for name, count in answer["rooms"][:5])))
    return rows


def _print_rows(out: TextIO, rows: list[tuple[str, str]]) -> None:
    widest = max(len(name) for name, _ in rows)
    for name, value in rows:
        out.write(f"{name:<{widest}}  {value}\n")


def _clients(call: Call) -> int:
    answer = _ask(call, "clients")
    if call.arguments.json:
        json.dump(answer, call.out, indent=2, ensure_ascii=False)
        call.out.write("\n")
        return 0
    titles = ("NICK", "ACCOUNT", "FROM", "SPEAKS", "SINCE", "IDLE", "CHANNELS", "SENDQ")
    rows = [
        (
            client["nick"] + ("*" if client["operator"] else ""),
            client["account"] or "-",
            client["host"],
            client["dialect"] + ("+tls" if client["tls"] else ""),
            duration(client["since"]),
            duration(client["idle"]),
            str(client["channels"]),
            size(client["sendq"]),
        )
        for client in sorted(answer, key=lambda client: client["nick"].lower())
    ]
    widths = [max(map(len, column)) for column in zip(titles, *rows, strict=True)]
    for row in (titles, *rows):
        call.out.write("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() + "\n")
    return 0


def _upgrade(call: Call) -> int:
    answer = _ask(call, "upgrade", patience=_UPGRADE)
    if "nodes" in answer:
        for name in answer["nodes"]:
            _upgrade_node(call, name)
        now = _ask(call, "nodes")
        if call.configuration().options.cluster.node and now["newest"] > now["epoch"]:
            print(f"Once all nodes support epoch {now['newest']}, begin it with `cluster upgrade`", file=call.out)
        return 0
    print(
        f"Process {answer['pid']}, greenchat {answer['version']}, has taken over; it was {answer['was']}", file=call.out
    )
    return 0


def _upgrade_node(call: Call, name: str) -> None:
    """Let a node of several start again, and wait until it is there again. Raises ToolError."""
    before = _row(_ask(call, "nodes"), name)
    _ask(call, "restart-node", node=name)
    deadline = monotonic() + _UPGRADE
    while monotonic() < deadline:
        sleep(_LOOK)
        try:
            answer = ask(call.configuration().options.data, "nodes")
        except (NoServerError, ControlRefusedError):  # the node that restarts
            continue
        now = _row(answer, name)
        if now and (before is None or now["since"] != before["since"]):
            before_restart = f"; it was {before['version']}" if before else ""
            print(f"{name} was restarted, with greenchat {now['version']}{before_restart}", file=call.out, flush=True)
            return
    raise ToolError(f"{name} is not back after {_UPGRADE:.0f} s: see its log. The other nodes were not restarted")


def _row(answer: Any, name: str) -> Any:
    return next((row for row in answer["nodes"] if row["name"] == name), None)


def _kick(call: Call) -> int:
    given = call.arguments
    ended = _ask(call, "kick", nick=given.nick, reason=" ".join(given.reason))["ended"]
    call.out.write(f"{given.nick} was disconnected ({_connections(ended)})\n")
    return 0


def _ban(call: Call) -> int:
    given = call.arguments
    ended = _ask(call, "ban", target=given.target, duration=given.time, reason=" ".join(given.reason))["ended"]
    call.out.write(f"{given.target} was banned; {_connections(ended)} ended\n")
    return 0


def _connections(count: int) -> str:
    return _count(count, "connection")


def _count(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"


def _unban(call: Call) -> int:
    _ask(call, "unban", target=call.arguments.target)
    call.out.write(f"{call.arguments.target} is no longer banned\n")
    return 0


def _bans(call: Call) -> int:
    bans = _ask(call, "bans")
    if not bans:
        call.out.write("nobody is banned\n")
    for ban in bans:
        left = "forever" if ban["left"] is None else f"for {duration(ban['left'])} more"
        call.out.write(f"{ban['target']}  {left}  by {ban['setter']}: {ban['reason']}\n")
    return 0


def _announce(call: Call) -> int:
    recipients = _ask(call, "announce", text=" ".join(call.arguments.text))["told"]
    call.out.write(
        f"{recipients} user{'s' * (recipients != 1)} have been told\n" if recipients != 1 else "1 user has been told\n"
    )
    return 0


def _erase_account(call: Call) -> int:
    name = call.arguments.name
    if not call.arguments.yes:
        raise ToolError(f"this deletes the account {name} and all its messages permanently; use --yes to confirm")
    erased = _ask(call, "erase-account", patience=None, name=name)
    call.out.write(
        f"The account {erased['name']} and {_count(erased['messages'], 'message')} were deleted. Its name remains in"
        " events such as joins, and in audit logs and backups until they are rotated.\n"
    )
    return 0


def _reload(call: Call) -> int:
    answer = _ask(call, "reload")
    call.out.write(f"{answer['file'] or 'the configuration'} is in effect\n")
    call.out.writelines(f"{note}\n" for note in answer["notes"])
    return 0


def _stop(call: Call) -> int:
    pid = _ask(call, "stop", reason=" ".join(call.arguments.reason))["pid"]
    call.out.write(f"the server (process {pid}) is stopping\n")
    return 0


def _words(name: str, text: str, *, many: bool = True) -> Callable[[ArgumentParser], None]:
    def add(parser: ArgumentParser) -> None:
        parser.add_argument(name, metavar=name.upper(), nargs="*" if many else None, default=[], help=text)

    return add


def _status_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, with all figures")
    parser.add_argument("--quiet", action="store_true", help="print nothing; exit with 0 if a server runs, else with 3")


def _clients_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON, with all figures")


def _kick_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("nick", metavar="NICK", type=_word)
    _words("reason", "the reason that is shown to them")(parser)


def _ban_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "target", metavar="TARGET", type=_word, help="an address, a network, an account, or nick!user@host"
    )
    parser.add_argument(
        "--time", metavar="DURATION", type=_duration, default="forever", help="30m, 12h, 1w2d; forever without it"
    )
    _words("reason", "the reason that is shown to them")(parser)


def _word(text: str) -> str:
    """Return a valid name. Raises ArgumentTypeError, so that this is an error of usage even without a server."""
    if not text or any(character.isspace() for character in text):
        raise ArgumentTypeError(f"{text!r} is not a name (one word)")
    return text


def _duration(text: str) -> str:
    if parse_duration(text) is None:
        raise ArgumentTypeError(f"{text} is not a duration; write 90, 30m, 12h, 1w2d or forever")
    return text


def _announce_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("text", metavar="TEXT", nargs="+")


def _erase_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the account's name")
    parser.add_argument("--yes", action="store_true", help="confirm; this can't be undone")


TOOLS = (
    Tool("status", "show the state of the running server: users, memory, database", _status, _status_arguments),
    Tool("clients", "list the connected clients, with their addresses and times", _clients, _clients_arguments),
    Tool("kick", "disconnect a user", _kick, _kick_arguments),
    Tool("ban", "ban a user, an address or an account from the server", _ban, _ban_arguments),
    Tool("unban", "remove a ban", _unban, _words("target", "as `bans` shows it", many=False)),
    Tool("bans", "list the bans", _bans),
    Tool("announce", "send a notice to everybody", _announce, _announce_arguments),
    Tool("erase-account", "delete an account and all its messages permanently", _erase_account, _erase_arguments),
    Tool("reload", "make the running server reload its configuration", _reload),
    Tool(
        "upgrade",
        "replace the running server with the installed version; only TLS clients and clients of nodes reconnect",
        _upgrade,
    ),
    Tool("stop", "stop the running server cleanly", _stop, _words("reason", "the reason that is shown to everybody")),
)
