"""mIRC formatting codes: https://modern.ircdocs.horse/formatting"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenchat.protocol.formatting import PLAIN, Format, FormattedSpan, format_spans, parse_spans, strip_formatting

B = Format(bold=True)

PARSED: list[tuple[str, list[FormattedSpan]]] = [
    ("", []),
    ("\x02\x02\x0f", []),
    ("plain", [("plain", PLAIN)]),
    ("\x02bold\x02 not", [("bold", B), (" not", PLAIN)]),
    ("\x1ditalic\x0f", [("italic", Format(italic=True))]),
    ("\x1funder", [("under", Format(underline=True))]),
    ("\x1estruck", [("struck", Format(strikethrough=True))]),
    ("\x11mono", [("mono", Format(monospace=True))]),
    ("\x16swap", [("swap", Format(reverse=True))]),
    ("a\x02\x02b", [("ab", PLAIN)]),
    # "<CODE> - Reset foreground and background colors."
    ("\x034,5a\x03b", [("a", Format(foreground=4, background=5)), ("b", PLAIN)]),
    # "<CODE>, - Reset foreground and background colors and display the , character as text."
    ("\x034a\x03,b", [("a", Format(foreground=4)), (",b", PLAIN)]),
    # "<CODE><COLOR>, - Set the foreground color and display the , character as text."
    ("\x034,b", [(",b", Format(foreground=4))]),
    # "If only the foreground color is set, the background color stays the same."
    ("\x034,5a\x036b", [("a", Format(foreground=4, background=5)), ("b", Format(foreground=6, background=5))]),
    # "Where there are two ASCII digits available where a <COLOR> is allowed, two characters will always be read for
    # it."
    ("\x03123", [("3", Format(foreground=12))]),
    ("\x031,234", [("4", Format(foreground=1, background=23))]),
    # "99 - Default Foreground/Background color"
    ("\x034a\x0399b", [("a", Format(foreground=4)), ("b", PLAIN)]),
    ("\x04FF0000red", [("red", Format(foreground="ff0000"))]),
    ("\x04ff0000,00ff00both", [("both", Format(foreground="ff0000", background="00ff00"))]),
    ("\x04ff00text", [("ff00text", PLAIN)]),
    # the examples of that page
    (
        "I love \x033IRC! \x03It is the \x037best protocol ever!",
        [
            ("I love ", PLAIN),
            ("IRC! ", Format(foreground=3)),
            ("It is the ", PLAIN),
            ("best protocol ever!", Format(foreground=7)),
        ],
    ),
    (
        "IRC \x02is \x034,12so \x16great\x0f!",
        [
            ("IRC ", PLAIN),
            ("is ", B),
            ("so ", Format(bold=True, foreground=4, background=12)),
            ("great", Format(bold=True, foreground=4, background=12, reverse=True)),
            ("!", PLAIN),
        ],
    ),
    (
        "Rules: Don't spam 5\x0313,8,6\x03,7,8, and especially not \x029\x02\x1d!",
        [
            ("Rules: Don't spam 5", PLAIN),
            (",6", Format(foreground=13, background=8)),
            (",7,8, and especially not ", PLAIN),
            ("9", B),
            ("!", Format(italic=True)),
        ],
    ),
]


@pytest.mark.parametrize(("text", "spans"), PARSED)
def test_codes_become_spans(text: str, spans: list[FormattedSpan]) -> None:
    assert parse_spans(text) == spans


@pytest.mark.parametrize(
    ("spans", "text"),
    [
        ([], ""),
        ([("a", PLAIN)], "a"),
        ([("a", B), ("b", PLAIN)], "\x02a\x0fb"),
        # "if the text following the color code starts with a digit, the last <COLOR> MUST use the two-digit version"
        ([("1", Format(foreground=4))], "\x03041"),
        # "They can also put a different formatting code after" - so that ",13" stays text
        ([(",13", Format(foreground=4))], "\x0304\x02\x02,13"),
    ],
)
def test_spans_become_codes(spans: list[FormattedSpan], text: str) -> None:
    assert format_spans(spans) == text


coded = st.text(alphabet="ab1,2 \x02\x03\x04\x0f\x11\x16\x1d\x1e\x1ff0", max_size=40)


@given(coded | st.text())
def test_any_text_keeps_its_look(text: str) -> None:
    spans = parse_spans(text)
    assert all(part for part, _ in spans)
    assert parse_spans(format_spans(spans)) == spans


@given(coded)
def test_stripped_text_has_no_codes(text: str) -> None:
    assert strip_formatting(text) == "".join(part for part, _ in parse_spans(text))
    assert not set(strip_formatting(text)) & set("\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f")
