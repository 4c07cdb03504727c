"""Links in texts: found, whole when wrapped, and harmless."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.client.text.cells import wrap
from greenchat.client.text.links import encoded, links
from greenchat.client.view.theme import formatted


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("no link: // here", []),
        ("see https://a.example/b.", ["https://a.example/b"]),
        ("(http://a.example/b_(c)), HTTPS://X.Y?", ["http://a.example/b_(c)", "HTTPS://X.Y"]),
        ("<https://a.example>https://a.example", ["https://a.example"]),
        ("javascript://x file:///etc/passwd", []),
        ("https://täst.example/日本", ["https://täst.example/日本"]),
        ("https://", []),
    ],
)
def test_finding(text: str, found: list[str]) -> None:
    assert links(text) == found


def test_a_link_for_the_terminal_is_printable_ascii() -> None:
    assert encoded("https://täst.example/\x1b]8;;x\x07 b") == "https://t%C3%A4st.example/%1B]8;;x%07%20b"
    assert encoded("https://a.example/%20?q=1&b=[c]#d") == "https://a.example/%20?q=1&b=[c]#d"
    assert encoded("https://" + "a" * 5000) == ""


def test_each_row_of_a_wrapped_link_has_the_whole_link() -> None:
    link = "https://a.example/" + "long" * 20
    rows = wrap(formatted(f"see {link} now"), 30)
    pieces = [span for row in rows for span in row if span.style.link]
    assert len(pieces) > 2
    assert {span.style.link for span in pieces} == {link}
    assert "".join(span.text for span in pieces) == link


def test_formatting_does_not_cut_a_link() -> None:
    spans = [span for span in formatted("x \x02https://a.\x02example/\x0304b c") if span.style.link]
    assert [(span.text, span.style.link) for span in spans] == [
        ("https://a.", "https://a.example/b"),
        ("example/", "https://a.example/b"),
        ("b", "https://a.example/b"),
    ]


@given(st.text(alphabet="ab /:.()\x02\x0304é👩\u200d💻", max_size=40).map(lambda text: f"{text}https://a{text}"))
def test_no_text_is_lost(text: str) -> None:
    plain = "".join(span.text for span in formatted(text.replace("://", ":/")))
    linked = "".join(span.text for span in formatted(text))
    assert linked.replace("/", "") == plain.replace("/", "")
