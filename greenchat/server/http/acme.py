"""Answers to the HTTP-01 challenge of ACME: files that an ACME client puts into a folder.

Sources: RFC 8555, section 8.3.
"""

from collections.abc import Callable

from greenchat.config.options import NOT_GIVEN
from greenchat.config.web import Web
from greenchat.protocol.http_head import HttpError
from greenchat.server.http.request import Request, Response
from greenchat.server.http.routes import Routes

_BELOW = ".well-known/acme-challenge"  # of the web root, in the folder as in the address
_LONGEST = 4096  # bytes: a key authorization has about 90


class Acme:
    """The route for ACME challenges."""

    def __init__(self, web: Callable[[], Web]) -> None:
        self._web = web

    def add_to(self, routes: Routes) -> None:
        """Add the row."""
        # of the token: "It MUST NOT contain any characters outside the base64url alphabet"
        routes.add(rf"{_BELOW}/([A-Za-z0-9_-]+)".replace(".", r"\."), GET=self._answer)

    def _answer(self, _: Request, token: str) -> Response:
        folder = self._web().acme_challenge
        if folder == NOT_GIVEN:
            raise HttpError(404, "ACME challenges are disabled")
        try:
            with (folder / _BELOW / token).open("rb") as file:
                content = file.read(_LONGEST)
        except OSError as error:
            raise HttpError(404, "There is no such challenge") from error
        return Response(200, content, type="application/octet-stream")
