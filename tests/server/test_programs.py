"""External programs: their environment, and commands that don't exist."""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from greenchat.config import validators
from greenchat.config.external_auth import AuthScript
from greenchat.config.file import Config, ConfigError
from greenchat.config.groups import build, flat_values
from greenchat.config.options import Email, Options
from greenchat.config.schema import entries
from greenchat.config.settings import Settings
from greenchat.server.external_auth.auth_script import ask
from greenchat.server.mail import Mailer
from greenchat.server.nodes.node_config import VARIABLE
from greenchat.server.programs import require_programs
from tests.patience import PATIENCE

_TELL = """
import json, os, sys
with open(sys.argv[1], "w") as file:
    json.dump(dict(os.environ), file)
print('{"success": true}')
"""


@pytest.mark.parametrize("way", ["auth-script", "mail"])
def test_programs_do_not_get_the_secret_of_the_nodes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    monkeypatch.setenv(VARIABLE, '{"engine": ["nats://secret@127.0.0.1:4222"]}')
    monkeypatch.setenv("LANG", "C.UTF-8")
    output, program = tmp_path / "told", tmp_path / "program.py"
    program.write_text(_TELL)
    command = f"{sys.executable} -S {program} {output}"
    if way == "mail":
        assert Mailer(Email(sender="a@example.org", command=command, timeout=PATIENCE)).send("b@example.org", "x", "y")
    else:
        assert ask(AuthScript(command=command, timeout=PATIENCE), "alice", "sesame", "192.0.2.1")
    environment = json.loads(output.read_text())
    assert VARIABLE not in environment
    assert environment["LANG"] == "C.UTF-8"


def of(key: str, command: str) -> Config:
    """Return a configuration in which this key names a command."""
    table, _, name = key.partition(".")
    settings, options = Settings(), Options()
    values = flat_values(settings)
    part = values[table] if table in values else getattr(options, table)
    changed = replace(part, **{name: command}, **({"sender": "a@example.org"} if table == "email" else {}))
    if table in values:
        return Config(build(Settings, values | {table: changed}), options)
    return Config(settings, replace(options, **{table: changed}))


def keys() -> list[str]:
    """Return every key that names a command."""
    found = []
    for part in Settings(), Options():
        values = flat_values(part)
        for table in entries(type(part)).values():
            value = values[table.field]
            rows = entries(type(value)).values() if hasattr(value, "__dataclass_fields__") else ()
            found += [f"{table.name}.{row.name}" for row in rows if row.key.parse is validators.command]
    return found


def test_the_keys_that_name_commands() -> None:
    assert keys() == ["auth_script.command", "email.command"]


@pytest.mark.parametrize("key", keys())
def test_a_missing_program_is_refused(key: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    program = tmp_path / "check it"
    quoted = f"'{program}' --all"
    with pytest.raises(ConfigError, match=f"^{key}: the program {program} is not there$"):
        require_programs(of(key, quoted))
    with pytest.raises(ConfigError, match=f"^{key}: the program check-it is not there on the PATH$"):
        require_programs(of(key, "check-it --all"))
    program.write_text("#!/bin/sh\n")
    with pytest.raises(ConfigError, match=f"^{key}: the program {program} can't be executed$"):
        require_programs(of(key, quoted))
    program.chmod(0o700)
    os.link(program, tmp_path / "check-it")
    require_programs(of(key, quoted))
    require_programs(of(key, "check-it --all"))


@pytest.mark.parametrize("text", ["'", " ", "'' x"])
def test_invalid_commands(text: str) -> None:
    with pytest.raises(ValueError, match="is not a command"):
        validators.command(text)
