"""The tokens of the identity provider that the settings name, for handlers: see `jwt_check`."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from greenchat import extras
from greenchat.commands.core.process import BadTokenError
from greenchat.config.bearer import Bearer
from greenchat.config.file import ConfigError

log = logging.getLogger(__name__)

Check = Callable[[str, int], Mapping[str, Any]]


class ProviderTokens:
    """Checks tokens as the settings say now. Thread-safe."""

    def __init__(self) -> None:
        self._settings = Bearer()
        self._check: Check | None = None

    def use(self, settings: Bearer) -> None:
        """Take over settings. Raises ConfigError where the package that they need is missing."""
        if settings == self._settings:
            return
        self._check = _new_check(settings) if settings.issuer else None
        self._settings = settings

    def claims(self, token: str, now: int, address: str) -> Mapping[str, Any] | BadTokenError:
        """Return what a token says, if it is valid now (ms since the epoch). address: of whoever gives it."""
        check = self._check
        if check is None:
            return BadTokenError("logins with tokens are disabled")
        try:
            return check(token, now)
        except ValueError as error:
            log.info("a token from %s was refused: %s", address, error)
            return BadTokenError(str(error))


def _new_check(settings: Bearer) -> Check:
    try:  # late: it is an extra
        from greenchat.server.jwt_check import Rules, TokenCheck
    except ImportError as error:
        raise ConfigError(f"[bearer] needs one more package: {extras.install(extras.JWT)}") from error
    return TokenCheck(Rules(settings.issuer, settings.audience, settings.keys)).claims
