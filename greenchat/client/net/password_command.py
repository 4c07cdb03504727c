"""Passwords from a command of the user's, like `pass` or `secret-tool`: the first line of its output is the
password.
"""

import os

from greenchat.client.state.credentials import Credentials
from greenchat.client.state.events import PasswordFound, PasswordNotFound

SECONDS = 60  # enough to type a passphrase into a window that the program opens


def ask(command: str, account: str, *, host: str, network: str) -> PasswordFound | PasswordNotFound:
    """Run the command and return the account's credentials, or why there are none. Blocks, at most `SECONDS`.

    The command is split into words as by a shell, but run without one; {nick}, {host} and {network} are replaced in
    each word afterwards, so that a name can't add words. The program has no terminal, since it would read from the
    chat's, and write over it.
    """
    import shlex
    import subprocess  # late: few users have such a command

    values = {"{nick}": account, "{host}": host, "{network}": network}
    words = shlex.split(command)
    for sign, value in values.items():
        words = [word.replace(sign, value) for word in words]
    name = os.path.basename(words[0])
    try:
        done = subprocess.run(
            words,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            start_new_session=True,
            env={key: value for key, value in os.environ.items() if key != "GPG_TTY"} | {"TERM": "dumb"},
        )
    except subprocess.TimeoutExpired:
        return PasswordNotFound(f"{name} gave no password within {SECONDS} s.")
    except (OSError, ValueError) as error:
        return PasswordNotFound(f"{name} does not start: {getattr(error, 'strerror', None) or error}.")
    if done.returncode:
        output = done.stderr.decode(errors="replace").strip().splitlines()
        return PasswordNotFound(
            f"{name} gave no password: {output[-1] if output else f'it ended with status {done.returncode}'}"
        )
    password = done.stdout.decode(errors="replace").partition("\n")[0].rstrip("\r")
    return PasswordFound(Credentials(account, password)) if password else PasswordNotFound(f"{name} printed nothing.")
