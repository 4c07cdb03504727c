"""The table of paths and methods, and the functions that answer them."""

import re
from collections.abc import Callable

from greenchat.protocol.http_head import HttpError
from greenchat.server.http.request import Request, Response

RouteFunction = Callable[..., Response]


class Routes:
    """Paths below the base path, as regular expressions; their groups are arguments of the function."""

    def __init__(self) -> None:
        self._rows: list[tuple[re.Pattern[str], dict[str, RouteFunction]]] = []

    def add(self, path: str, **answers: RouteFunction) -> None:
        """Add a row. answers: by method, like GET."""
        self._rows.append((re.compile(path), answers))

    def answer(self, request: Request) -> Response:
        """Return the response of the first row that matches the path. Raises HttpError."""
        for pattern, answers in self._rows:
            match = pattern.fullmatch(request.path)
            if not match:
                continue
            answer = answers.get(request.method)
            if answer:
                return answer(request, *match.groups())
            allowed = ", ".join(sorted({*answers, "OPTIONS", *(["HEAD"] if "GET" in answers else [])}))
            if request.method == "OPTIONS":
                return Response(204, fields=[("Allow", allowed)])
            raise HttpError(405, "This method is not supported here", Allow=allowed)
        raise HttpError(404, "There is nothing here")
