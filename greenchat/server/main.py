"""greenchat-server: reads the command line and the configuration file, and starts the server or runs a command.

Whatever needs gevent is in `launch`, imported late, so that --help and --version do not wait for it. The commands are
in `tools/`.
"""

import argparse
import dataclasses
import io
import os
import sys
from difflib import get_close_matches
from ipaddress import ip_address
from pathlib import Path

from greenchat import __version__
from greenchat.arguments import Parser, add_completion
from greenchat.cli import called
from greenchat.config.file import Config, ConfigError, load
from greenchat.config.options import DEFAULT_ADDRESS, NOT_GIVEN, Address, ListenerOptions, Options
from greenchat.privacy import keep_private, narrow
from greenchat.server import early_signals
from greenchat.server.tools.registry import Call, Tool, ToolError, overview, tools
from greenchat.server.urls import own_addresses, page_urls

_EPILOG = """\
Without options it listens on 127.0.0.1:9090; nothing needs to be configured.

  greenchat-server --listen :9090                  for other machines too
  greenchat-server --print-config > server.toml    write a configuration with every key explained
  greenchat-server --config server.toml            use it; kill -HUP reads it again
  nohup greenchat-server &                         keep running when the terminal is closed

Commands (greenchat-server COMMAND --help tells more):

"""


class UsageError(Exception):
    """The command line is wrong; the text is one line that says what to change."""


def main(arguments: list[str] | None = None) -> int:
    """Run the server, or a command. Return 0 after a clean end, 2 if it could not start."""
    keep_private()
    words = sys.argv[1:] if arguments is None else arguments
    try:
        tool = _tool(words)
        if tool:
            return _run(tool, words)
        given = _server_parser().parse_args(words)
        if given.print_config:
            return _print_config()
        return _serve(given)
    except ToolError as error:
        print(f"greenchat-server: {error}", file=sys.stderr)
        return error.code
    except (UsageError, ConfigError) as error:
        print(f"greenchat-server: {error}", file=sys.stderr)
        _tell_who_waits(str(error))
        return 2


def _tell_who_waits(text: str) -> None:
    """Tell the server that this process was to take over from, if there is one, why it can't."""
    from greenchat.server.handover.wire import refuse  # late: few starts fail

    refuse(text)


# Options of other servers, and their names here.
_HINTS = (
    (r"--?(?:host|bind|address|b)[ =](\S+) --?(?:port|p)[ =](\d{1,5})", r"--listen \1:\2"),
    (r"--?(?:port|p)[ =](\d{1,5})", r"--listen 127.0.0.1:\1, or --listen :\1 for other machines too"),
    (r"--?(?:host|bind|address|b)[ =](\S+)", r"--listen \1:9090"),
    (r"(?:^| )(?:serve|start|run)(?: |$)", "without a command: that serves"),
    (r"^(\d{1,5})$", r"--listen 127.0.0.1:\1, or --listen :\1 for other machines too"),
)


def _tool(words: list[str]) -> Tool | None:
    """Return the requested command, None to serve. An unknown one ends the process with 2."""
    parser = Parser(prog="greenchat-server", add_help=False, allow_abbrev=False)
    parser.hints = _HINTS
    _add_options(parser)
    _add_server_options(parser)
    parser.add_argument("command", nargs="?")
    name = parser.parse_known_args(words)[0].command
    if name is None:
        return None
    found = tools()
    if name not in found:
        close = get_close_matches(name, found, 1)
        parser.error(f"there is no command {name!r}" + (f" (did you mean {close[0]!r}?)" if close else ""))
    return found[name]


def _run(tool: Tool, words: list[str]) -> int:
    parser = tool.parser()
    parser.add_argument("command", help=argparse.SUPPRESS)
    tool.add_arguments(parser)
    _add_options(parser.add_argument_group("options of every command"))
    parser.set_defaults(listen=None, tls=False, debug=False)
    given = parser.parse_intermixed_args(words)
    try:
        if isinstance(sys.stdout, io.TextIOWrapper):
            sys.stdout.reconfigure(encoding="utf-8")  # whatever the terminal's encoding: `import` reads it
        code = tool.run(Call(given, lambda: _configuration(given, make=tool.makes_data), sys.stdout))
        sys.stdout.flush()
    except BrokenPipeError:
        # `export | head`: the reader has enough. Python would try to write the rest once more at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    return code


def _server_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="greenchat-server",
        description="Group chat for the terminal: serves greenchat, any IRC client, and nc, all on one port.",
        epilog=_EPILOG + overview(tools().values()),
        usage="%(prog)s [options] [COMMAND ...]",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.hints = _HINTS
    _add_server_options(parser)
    _add_options(parser)
    return parser


def parser_of_program() -> argparse.ArgumentParser:
    """Return a parser that documents the server and all its commands, for man pages and completion."""
    parser = Parser(
        prog="greenchat-server",
        description="Group chat for the terminal: serves greenchat, any IRC client, nc and browsers, all on one port.",
        allow_abbrev=False,
    )
    _add_server_options(parser)
    _add_options(parser)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND")
    for tool in tools().values():
        command = commands.add_parser(tool.name, help=tool.summary, description=tool.summary, allow_abbrev=False)
        tool.add_arguments(command)
        _add_options(command)
    return parser


def _add_options(parser: argparse._ActionsContainer) -> None:
    """Add the options that commands have, too."""
    parser.add_argument(
        "--data", metavar="DIR", type=Path, help="the data folder (default: greenchat in the XDG data folder)"
    )
    parser.add_argument(
        "--config", metavar="FILE", type=Path, help="a configuration file; options given here override it"
    )
    parser.add_argument("--version", action="version", version=f"greenchat {__version__}")


def _add_server_options(parser: argparse._ActionsContainer) -> None:
    parser.add_argument(
        "--listen",
        metavar="[HOST]:PORT",
        action="append",
        type=_address,
        help=f"listen here; repeatable; :PORT is every interface, port 0 any free one (default {DEFAULT_ADDRESS})",
    )
    parser.add_argument("--print-config", action="store_true", help="print a configuration with every key, and exit")
    parser.add_argument(
        "--tls",
        action="store_true",
        help="serve TLS on the same ports, too; without a configured certificate, make one on the first start",
    )
    parser.add_argument("--open", action="store_true", help="open the web page in a browser")
    add_completion(parser, parser_of_program)
    parser.add_argument(
        "--record",
        metavar="FILE",
        type=Path,
        help="record all that changes the state, to find bugs with greenchat-server replay; keep the file private",
    )
    parser.add_argument("--debug", action="store_true", help="log each command, without passwords and texts")


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _print_config() -> int:
    from greenchat.config.example import example

    print(example(), end="")
    return 0


def _serve(given: argparse.Namespace) -> int:
    early_signals.remember()
    config = _configuration(given)
    from greenchat.server import launch  # late: it takes gevent along

    def greet(addresses: list[Address], fingerprint: str) -> None:
        _greet(addresses, config.options, fingerprint)
        if given.open:
            _open(page_urls(addresses, config.options)[0])

    try:
        return launch.serve(config, greet, lambda: _configuration(given), given.record)
    except launch.CannotStartError as error:
        raise UsageError(str(error)) from error


def _configuration(given: argparse.Namespace, *, make: bool = True) -> Config:
    """Return the configuration of the file and the command line. Raises ConfigError or UsageError.

    make: whether to create the data folder where it is missing.
    """
    config = load(given.config) if given.config else Config()
    options = config.options
    if given.listen:
        options = dataclasses.replace(options, listen=tuple(ListenerOptions(address) for address in given.listen))
    options = dataclasses.replace(options, data=_data_folder(given.data or options.data, make=make))
    if given.tls and not options.tls.is_given:
        options = dataclasses.replace(options, tls=dataclasses.replace(options.tls, self_signed=True))
    if given.debug:
        options = dataclasses.replace(options, log=dataclasses.replace(options.log, level="debug"))
    return dataclasses.replace(config, options=options)


def _data_folder(wish: Path, *, make: bool) -> Path:
    if wish == NOT_GIVEN:
        base = os.environ.get("XDG_DATA_HOME")
        wish = (Path(base) if base else Path.home() / ".local/share") / "greenchat"
    if not make and not wish.exists():  # the command says what it looked for there
        return wish
    try:
        wish.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't create the data folder {wish}: {error.strerror}. Choose one with --data") from error
    if not os.access(wish, os.W_OK | os.X_OK):
        raise UsageError(
            f"can't write to the data folder {wish}: run this as the user that it belongs to,"
            " or name another with --data"
        )
    for narrowed in narrow(wish, _is_data):
        print(f"greenchat-server: warning: {narrowed}", file=sys.stderr)
    return wish


def _open(url: str) -> None:
    """Open a browser, without waiting for it."""
    import threading
    import webbrowser

    if url:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _is_data(name: str) -> bool:
    """Whether it is one of the files that we keep in the data folder."""
    return name.startswith(("greenchat.", "audit.log", "members.log")) or name in (
        "tls",
        "files",
        "cert.pem",
        "key.pem",
    )


def _greet(addresses: list[Address], options: Options, fingerprint: str) -> None:
    for address in addresses:
        print(f"greenchat {__version__} is listening on {address}")
    first = addresses[0]
    is_local = first.host == DEFAULT_ADDRESS.host or ip_address(first.host).is_unspecified
    host = "localhost" if is_local else first.host
    client = called("greenchat")
    where = "" if (host, first.port) == ("localhost", DEFAULT_ADDRESS.port) else f" {host}:{first.port}"
    print(f"Join it with  {client}{where}  in another terminal,  nc {host} {first.port},  or any IRC client there.")
    if fingerprint:
        print(f"TLS works on the same port:  {client} ircs://{host}:{first.port}  then confirm this fingerprint:")
        print(fingerprint)
    page, elsewhere = page_urls(addresses, options)
    if page:
        print(f"In a browser: {page}")
    if elsewhere:
        print(f"From other machines: {'  '.join(elsewhere)}")
    if ip_address(first.host).is_unspecified:
        for own in own_addresses(ip_address(first.host).version == 6)[:2]:
            at = f"[{own}]" if ":" in own else own
            print(f"On other machines:  greenchat {at}:{first.port}  or  nc {own} {first.port}")
    print(f"Data is kept in {options.data}. Press Ctrl-C to stop the server.", flush=True)
