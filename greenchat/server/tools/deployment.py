"""`print-unit` and the like: ready-made files for running the server as a service.

Each prints a template of `templates/`, filled in for this installation.
"""

import shlex
import sys
from argparse import ArgumentParser
from functools import partial
from importlib.resources import files
from pathlib import Path
from stat import S_IXOTH

from greenchat import __version__
from greenchat.cli import called
from greenchat.server.tools.registry import Call, Tool

_LOW_PORTS = 1024


def _template(name: str, values: dict[str, str]) -> str:
    text = files("greenchat.server.tools").joinpath("templates", name).read_text(encoding="utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text


def _print(name: str, call: Call) -> int:
    call.out.write(_template(name, {"VERSION": __version__}))
    return 0


def _print_unit(call: Call) -> int:
    if call.arguments.socket:
        return _print("greenchat.socket", call)
    program = Path(called("greenchat-server"))
    if not program.is_absolute():
        program = Path(sys.prefix, "bin", "greenchat-server")
    addresses = call.arguments.listen or [":9090"]
    options = [word for address in addresses for word in ("--listen", address)]
    if call.arguments.config:
        options = ["--config", str(call.arguments.config.absolute())]
    low = any(_port(address) < _LOW_PORTS for address in addresses)
    home = program.is_relative_to("/home") or program.is_relative_to("/root")
    values = {
        "PROGRAM": shlex.quote(str(program)),
        "OPTIONS": shlex.join(options),
        "CAPABILITIES": "CAP_NET_BIND_SERVICE" if low else "",
        "PROTECT_HOME": "read-only" if home else "yes",
    }
    call.out.write(_template("greenchat.service", values))
    closed = closed_to_others(program)
    if closed:
        sys.stderr.write(
            f"greenchat-server: warning: the service can't start this, since others may not enter {closed}:"
            " install greenchat where they may, for example in /opt/greenchat\n"
        )
    return 0


def closed_to_others(program: Path) -> Path | None:
    """Return the first folder on the way to a program, or to its Python, that users without rights can't enter."""
    ways = (program, program.resolve(), Path(sys.executable).resolve())
    folders = (folder for way in ways for folder in reversed(way.parents))
    return next((folder for folder in folders if folder.is_dir() and not folder.stat().st_mode & S_IXOTH), None)


def _port(address: str) -> int:
    port = address.rpartition(":")[2]
    return int(port) if port.isdecimal() else _LOW_PORTS


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
