"""`print-unit` and the like: ready-made files for running the server as a service.

Each prints a template of `templates/`, filled in for this installation.
"""

import shlex
import sys
from argparse import ArgumentParser
from functools import partial
from importlib.resources import files
from ipaddress import ip_address
from pathlib import Path
from stat import S_IXOTH

from greenchat import __version__
from greenchat.cli import called
from greenchat.config.file import load
from greenchat.config.options import Address
from greenchat.server.tools.registry import Call, Tool, ToolError

_LOW_PORTS = 1024
_EVERYWHERE = ":9090"
_STATE = "/var/lib/greenchat"  # StateDirectory= of the unit
_PRIVATE = tuple(Path(parent, "tmp") for parent in ("/", "/var"))  # PrivateTmp= of the unit: it has private ones
_SEARCHED_BY_MAN = ("/usr", "/usr/local")


def _template(name: str, values: dict[str, str]) -> str:
    text = files("greenchat.server.tools").joinpath("templates", name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _print(name: str, call: Call) -> int:
    call.out.write(_template(name, {"VERSION": __version__}))
    return 0


def _print_unit(call: Call) -> int:
    addresses = _addresses(call)
    if call.arguments.socket:
        streams = "\n".join(f"ListenStream={_for_systemd(address)}" for address in addresses)
        call.out.write(_template("greenchat.socket", {"STREAMS": streams}))
        return 0
    program = Path(called("greenchat-server"))
    if not program.is_absolute():
        program = Path(sys.prefix, "bin", "greenchat-server")
    file, wanted = call.arguments.config, call.arguments.listen or []
    options = ["--config", str(file.absolute())] if file else []
    options += [word for text in wanted or ([] if file else [_EVERYWHERE]) for word in ("--listen", text)]
    low = any(0 < address.port < _LOW_PORTS for address in addresses)
    home = program.is_relative_to("/home") or program.is_relative_to("/root")
    values = {
        "PROGRAM": shlex.quote(str(program)),
        "OPTIONS": shlex.join(options),
        "CAPABILITIES": "CAP_NET_BIND_SERVICE" if low else "",
        "PROTECT_HOME": "read-only" if home else "yes",
        "DOCUMENTATION": _documentation(Path(sys.prefix)),
    }
    call.out.write(_template("greenchat.service", values))
    closed = closed_to_others(program)
    if closed:
        sys.stderr.write(
            f"greenchat-server: warning: the service can't start this, because other users can't enter {closed}:"
            " install greenchat elsewhere, for example in /opt/greenchat\n"
        )
    for path in filter(hidden_from_service, [program, *([file.absolute()] if file else [])]):
        sys.stderr.write(
            f"greenchat-server: warning: the service can't start this, because it has its own /tmp: move {path}"
            " elsewhere, for example to /opt/greenchat\n"
        )
    if call.arguments.data:
        sys.stderr.write(f"greenchat-server: warning: --data is ignored: a service stores its data in {_STATE}\n")
    return 0


def _documentation(prefix: Path) -> str:
    """Return the unit's line about the man page, if that is installed: `systemd-analyze verify` checks it."""
    page = prefix / "share/man/man1/greenchat-server.1"
    if not page.exists():
        return ""
    return f"Documentation={'man:greenchat-server(1)' if str(prefix) in _SEARCHED_BY_MAN else page.as_uri()}\n"


def closed_to_others(program: Path) -> Path | None:
    """Return the first parent folder of a program, or of its Python, that other users can't enter."""
    paths = (program, program.resolve(), Path(sys.executable).resolve())
    folders = (folder for path in paths for folder in reversed(path.parents))
    return next((folder for folder in folders if folder.is_dir() and not folder.stat().st_mode & S_IXOTH), None)


def hidden_from_service(path: Path) -> bool:
    """Whether the sandbox of the service hides a file."""
    return any(path.is_relative_to(folder) for folder in _PRIVATE)


def _addresses(call: Call) -> list[Address]:
    """Return the service's listening addresses. Raises ConfigError."""
    file, wanted = call.arguments.config, call.arguments.listen
    if file and not wanted:
        return [each.address for each in load(file).options.listen]
    return [Address.parse(text) for text in wanted or [_EVERYWHERE]]


def _for_systemd(address: Address) -> str:
    """Return an address in the form of ListenStream=. Raises ToolError."""
    if not address.host:
        return str(address.port)
    try:
        ip_address(address.host)
    except ValueError:
        raise ToolError(f"systemd needs an IP address for a socket: replace {address.host}") from None
    return str(address)


def _unit_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--socket", action="store_true", help="print the unit for socket activation instead")
    parser.add_argument(
        "--listen", metavar="[HOST]:PORT", action="append", help="the address that the service listens on"
    )


TOOLS = (
    Tool("print-unit", "print a systemd unit: sandboxed, watched, restarted", _print_unit, _unit_arguments),
    Tool("print-dockerfile", "print a Dockerfile: slim, not root, with a health check", partial(_print, "Dockerfile")),
    Tool("print-compose", "print a file for docker compose", partial(_print, "compose.yml")),
    Tool(
        "print-nginx", "print an nginx configuration: TLS, the page, WebSocket and IRC", partial(_print, "nginx.conf")
    ),
    Tool("print-dashboard", "print a Grafana dashboard of the metrics at /metrics", partial(_print, "dashboard.json")),
    Tool("print-alerts", "print alert rules for Prometheus", partial(_print, "alerts.yml")),
    Tool("print-caddy", "print a Caddyfile: a proxy with automatic certificates", partial(_print, "Caddyfile")),
)
