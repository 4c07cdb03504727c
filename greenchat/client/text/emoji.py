"""Emoji by name: the names that chats have in common first, then those of Unicode."""

import unicodedata

COMMON = {
    "+1": "👍",
    "thumbsup": "👍",
    "-1": "👎",
    "thumbsdown": "👎",
    "heart": "❤️",
    "smile": "😄",
    "joy": "😂",
    "grin": "😁",
    "wink": "😉",
    "cry": "😢",
    "sob": "😭",
    "thinking": "🤔",
    "tada": "🎉",
    "rocket": "🚀",
    "fire": "🔥",
    "eyes": "👀",
    "wave": "👋",
    "clap": "👏",
    "pray": "🙏",
    "ok_hand": "👌",
    "muscle": "💪",
    "100": "💯",
    "bug": "🐛",
    "warning": "⚠️",
    "check": "✅",
    "x": "❌",
    "question": "❓",
    "bulb": "💡",
    "coffee": "☕",
    "tea": "🍵",
    "beer": "🍺",
    "pizza": "🍕",
    "cake": "🍰",
    "birthday": "🎂",
    "sun": "☀️",
    "shrug": "🤷",
    "facepalm": "🤦",
    "scream": "😱",
    "sunglasses": "😎",
    "sleeping": "😴",
    "party": "🥳",
}
_BLOCKS = ((0x1F300, 0x1F650), (0x1F680, 0x1F700), (0x1F900, 0x1FA00))
LEAST = 2  # letters before names are looked for
MOST = 30


def named(beginning: str) -> list[str]:
    """The emoji whose name begins so, the shortest names first."""
    wanted = beginning.lower()
    if len(wanted) < LEAST and wanted not in COMMON:
        return []
    common = [COMMON[name] for name in sorted(COMMON, key=len) if name.startswith(wanted)]
    letters = (chr(code) for first, end in _BLOCKS for code in range(first, end))
    names = sorted((len(name), letter) for letter in letters if (name := _name(letter)).startswith(wanted))
    return list(dict.fromkeys(common + [letter for _, letter in names]))[:MOST]


def _name(letter: str) -> str:
    return unicodedata.name(letter, "").lower().replace(" ", "_").replace("-", "_")
