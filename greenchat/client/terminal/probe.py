"""Finds out how wide this terminal draws ambiguous characters: writes some and queries the position of the cursor (CPR,
ECMA-48 8.3.14). The answers arrive among the keys; until then the usual widths are assumed.
"""

from greenchat.records import record

ROW = 2  # an answer from the first row could be the key F3
# Each is two columns wide by Unicode's rules, except for the first, which is so in East Asian terminals only.
AMBIGUOUS, JOINED, TONED, FLAG = "\u2502", "\U0001f469\u200d\U0001f4bb", "\U0001f44d\U0001f3fd", "\U0001f1e9\U0001f1ea"
ASKED = (AMBIGUOUS, JOINED, TONED, FLAG)
REQUEST = "".join(f"\x1b[{ROW};1H{text}\x1b[6n" for text in ASKED) + f"\x1b[{ROW};1H\x1b[2K\x1b[H"
REQUEST_BACKGROUND = "\x1b]11;?\x1b\\"
JOINER, SELECTORS = "\u200d", "\ufe0e\ufe0f"
TONES = range(0x1F3FB, 0x1F400)
REGIONAL = range(0x1F1E6, 0x1F200)


@record(slots=True)
class Probe:
    """The terminal's answers about the width of characters.

    ambiguous: columns. joins, tones, flags: whether it draws such a sequence as one character.
    """

    answers: int = 0
    ambiguous: int = 1
    joins: bool = True
    tones: bool = True
    flags: bool = True

    @property
    def done(self) -> bool:
        """Whether all answers have arrived."""
        return self.answers >= len(ASKED)

    def answered(self, row: int, column: int) -> None:
        """Note the cursor's position after the next of the texts."""
        if self.done or row != ROW:
            return
        asked = ASKED[self.answers]
        width = column - 1
        self.answers += 1
        if asked == AMBIGUOUS:
            self.ambiguous = 2 if width == 2 else 1
        elif asked == JOINED:
            self.joins = width <= 2
        elif asked == TONED:
            self.tones = width <= 2
        else:
            self.flags = width <= 2

    def drawable(self, grapheme: str) -> str:
        """Return the part of a character that this terminal draws in two columns; the rest would overwrite others."""
        if not self.joins and JOINER in grapheme:
            grapheme = grapheme[: grapheme.index(JOINER)]
        if not self.tones:
            grapheme = "".join(letter for letter in grapheme if ord(letter) not in TONES) or grapheme
        if not self.flags and ord(grapheme[0]) in REGIONAL:
            return "".join(
                chr(ord(letter) - REGIONAL.start + ord("A")) for letter in grapheme if ord(letter) in REGIONAL
            )
        return grapheme
