"""Password checks by the external services that the settings name, for handlers.

See `auth_script` and `directory`.
"""

import logging
from collections.abc import Callable

from greenchat import extras
from greenchat.commands.core.process import ExternalAuthError
from greenchat.config.external_auth import Ldap
from greenchat.config.file import ConfigError
from greenchat.config.settings import Settings
from greenchat.server.external_auth import auth_script

log = logging.getLogger(__name__)

_LONGEST_NAME, _LONGEST_PASSWORD = 200, 1000  # characters: longer ones are refused without a check

AskDirectory = Callable[[Ldap, str, str], str | None]


class ExternalPasswordCheck:
    """Asks as the settings say now. Thread-safe."""

    def __init__(self, settings: Settings) -> None:
        self.use(settings)

    def use(self, settings: Settings) -> None:
        """Use these settings. Raises ConfigError if a package that they need is missing."""
        ask_directory = _directory() if settings.providers.ldap.is_on else None
        self._script = settings.providers.auth_script
        self._ldap = settings.providers.ldap
        self._ask_directory = ask_directory

    def check(self, name: str, password: str, address: str) -> str | ExternalAuthError | None:
        """Return the name of the account with this password, None if it is wrong.

        address: the client's IP address. Returns an error if the check failed.
        """
        if len(name) > _LONGEST_NAME or len(password) > _LONGEST_PASSWORD:
            return None
        script, ldap, ask_directory = self._script, self._ldap, self._ask_directory
        try:
            if ask_directory:
                return ask_directory(ldap, name, password)
            return auth_script.ask(script, name, password, address) if script.is_on else None
        except ExternalAuthError as error:
            log.error("a login from %s could not be checked: %s", address, error)
            return error


def _directory() -> AskDirectory:
    try:  # late: it is an extra
        from greenchat.server.external_auth.directory import ask
    except ImportError as error:
        raise ConfigError(f"[ldap] needs one more package: {extras.install(extras.LDAP)}") from error
    return ask
