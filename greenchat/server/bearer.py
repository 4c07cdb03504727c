"""Checks tokens of the configured identity provider, for handlers: see `jwt_check`."""

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
    """Checks tokens by the current settings. Thread-safe."""

    def __init__(self) -> None:
        self._settings = Bearer()
        self._check: Check | None = None

    def use(self, settings: Bearer) -> None:
        """Use these settings. Raises ConfigError if a package that they need is missing."""
        if settings == self._settings:
            return
        self._check = _new_check(settings) if settings.issuer else None
        self._settings = settings

    def claims(self, token: str, now: int, address: str) -> Mapping[str, Any] | BadTokenError:
        """Return the claims of a token, if it is valid now (ms since the epoch). address: the client's."""
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
        from greenchat.server.jwt_check import TokenCheck, TokenRules
    except ImportError as error:
        raise ConfigError(f"[bearer] needs one more package: {extras.install(extras.JWT)}") from error
    return TokenCheck(TokenRules(settings.issuer, settings.audience, settings.keys)).claims
