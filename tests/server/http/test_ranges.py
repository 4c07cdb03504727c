"""Range: https://www.rfc-editor.org/rfc/rfc9110#section-14.2."""

import pytest

from greenchat.protocol.http_head import HttpError
from greenchat.server.http.ranges import wanted_range


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("", None),
        ("bytes=0-499", (0, 500)),
        ("bytes=500-999", (500, 1000)),
        ("bytes=9500-", (9500, 10_000)),
        ("bytes=-500", (9500, 10_000)),
        ("bytes=-20000", (0, 10_000)),
        ("bytes=0-99999999999", (0, 10_000)),
        ("BYTES=0-0", (0, 1)),
        ("bytes=9999-9999", (9999, 10_000)),
        # "A recipient of an int-range with a last-pos less than its first-pos MUST ignore the range set"
        ("bytes=5-4", None),
        # "A server MAY ignore the Range header field"
        ("bytes=0-1,5-6", None),
        ("bytes=-", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=\u0661-\u0662", None),
        ("bytes=" + "9" * 30 + "-", None),
    ],
)
def test_ranges(field: str, wanted: tuple[int, int] | None) -> None:
    assert wanted_range(field, 10_000) == wanted


@pytest.mark.parametrize("field", ["bytes=10000-", "bytes=10000-10001", "bytes=-0", "bytes=9999999999999999999-"])
def test_unsatisfiable_ranges(field: str) -> None:
    with pytest.raises(HttpError) as caught:
        wanted_range(field, 10_000)
    assert caught.value.status == 416
    assert caught.value.fields == {"Content-Range": "bytes */10000"}
