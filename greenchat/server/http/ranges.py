"""Parts of a resource: the field Range of a request. https://www.rfc-editor.org/rfc/rfc9110#section-14."""

import re

from greenchat.protocol.http_head import HttpError

_ONE = re.compile(r"bytes=\s*(\d{0,19})\s*-\s*(\d{0,19})\s*", re.IGNORECASE | re.ASCII)


def wanted_range(field: str, size: int) -> tuple[int, int] | None:
    """Return the requested first byte and the one after the last; None for the whole file.

    Several ranges, and other units, are ignored: "A server MAY ignore the Range header field". Raises HttpError if the
    range is outside of the file.
    """
    match = _ONE.fullmatch(field)
    if not match or not any(match.groups()):
        return None
    first, last = match.groups()
    if not first:
        start, end = max(0, size - int(last)), size  # "the last N bytes"
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < int(first):
            return None  # "A recipient that receives ... an invalid int-range MUST ignore" the set
    if start >= end:
        raise HttpError(416, "The requested range is not available", Content_Range=f"bytes */{size}")
    return start, end
