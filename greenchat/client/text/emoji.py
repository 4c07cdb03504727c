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
_BLOCKS = (
    (0x2600, 0x27C0),
    (0x2B05, 0x2B56),
    (0x1F300, 0x1F650),
    (0x1F680, 0x1F700),
    (0x1F7E0, 0x1F7EC),
    (0x1F900, 0x1FB00),
)
# The countries of ISO 3166-1 alpha-2, and the European and United Nations: their flags are two letters each.
_COUNTRIES = (
    "ac ad ae af ag ai al am ao aq ar as at au aw ax az ba bb bd be bf bg bh bi bj bl bm bn bo bq br bs bt bv bw by bz"
    " ca cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg eh er es et eu fi fj fk fm fo"
    " fr ga gb gd ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm"
    " jo jp ke kg kh ki km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mf mg mh mk ml mm mn mo mp mq"
    " mr ms mt mu mv mw mx my mz na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re"
    " ro rs ru rw sa sb sc sd se sg sh si sj sk sl sm sn so sr ss st sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt"
    " tv tw tz ua ug um un us uy uz va vc ve vg vi vn vu wf ws xk ye yt za zm zw"
).split()
LEAST = 2  # letters before names are searched
MOST = 30


def named(beginning: str) -> list[str]:
    """Return the emoji whose name begins so, the shortest names first."""
    wanted = beginning.lower()
    if len(wanted) < LEAST and wanted not in COMMON:
        return []
    common = [COMMON[name] for name in sorted(COMMON, key=len) if name.startswith(wanted)]
    if wanted.startswith("flag"):
        codes = [code for code in _COUNTRIES if f"flag_{code}".startswith(wanted)]
        common += ["".join(chr(0x1F1E6 + ord(letter) - ord("a")) for letter in code) for code in codes]
    letters = (chr(code) for first, end in _BLOCKS for code in range(first, end))
    names = sorted((len(name), letter) for letter in letters if (name := _name(letter)).startswith(wanted))
    return list(dict.fromkeys(common + [letter for _, letter in names]))[:MOST]


def _name(letter: str) -> str:
    return unicodedata.name(letter, "").lower().replace(" ", "_").replace("-", "_")
