"""Other people's programs that the server starts: the auth-script, and the command that sends mail."""

import os
import shlex
import shutil

from greenchat.config.file import Config, ConfigError


def environment() -> dict[str, str]:
    """Return the environment for such a program: ours without the variables that processes of greenchat share.

    One of them holds the secret of the nodes' log.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("GREENCHAT_")}


def require_programs(config: Config) -> None:
    """Check that the programs that a configuration names can be started. Raises ConfigError."""
    email = config.options.email
    commands = {
        "auth_script.command": config.settings.providers.auth_script.command,
        "email.command": email.command if email.sender else "",
    }
    for key, command in commands.items():
        program = shlex.split(command)[0] if command else ""
        if program and shutil.which(program) is None:
            hint = "" if os.path.dirname(program) else " on the PATH"
            reason = "can't be executed" if os.path.exists(program) and not hint else f"is not there{hint}"
            raise ConfigError(f"{key}: the program {program} {reason}")
