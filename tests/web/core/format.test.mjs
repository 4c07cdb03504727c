import assert from "node:assert/strict";
import { test } from "node:test";
import { PALETTE, links, spans, stripped, typed } from "../../../greenchat/web/core/format.js";
import {
  bytes,
  folder,
  hash,
  isCalled,
  isOnlyEmoji,
  listed,
  shortened,
  splitBytes,
} from "../../../greenchat/web/core/text.js";

test("mIRC codes become spans", () => {
  const table = [
    ["", []],
    ["\x02", []],
    ["a", [{ text: "a" }]],
    ["\x02a\x02b", [{ text: "a", bold: true }, { text: "b" }]],
    ["\x1d\x02a\x0fb", [{ text: "a", italic: true, bold: true }, { text: "b" }]],
    ["\x034red\x03x", [{ text: "red", fg: 4 }, { text: "x" }]],
    [
      "\x0304,12a\x0399b",
      [
        { text: "a", fg: 4, bg: 12 },
        { text: "b", bg: 12 },
      ],
    ],
    ["\x03123", [{ text: "3", fg: 12 }]],
    ["\x03,5a", [{ text: ",5a" }]],
    ["\x04ff8800x", [{ text: "x", fg: "#ff8800" }]],
    [
      "\x11m\x16r\x1es\x1fu",
      [
        { text: "m", mono: true },
        { text: "r", mono: true, reverse: true },
        { text: "s", mono: true, reverse: true, strike: true },
        { text: "u", mono: true, reverse: true, strike: true, underline: true },
      ],
    ],
    ["a\x07b\u202ec\u0000d", [{ text: "abcd" }]],
  ];
  for (const [text, wanted] of table) assert.deepEqual(spans(text), wanted, JSON.stringify(text));
  assert.equal(stripped("\x02a\x0304b\x0f"), "ab");
  assert.equal(PALETTE.length, 99 - 16);
});

test("links are found without the punctuation around them", () => {
  const table = [
    ["see https://a.example/x.", "https://a.example/x"],
    ["(https://a.example/x_(y))", "https://a.example/x_(y)"],
    ["<https://a.example>", "https://a.example"],
    ["HTTP://A.example, then", "HTTP://A.example"],
    ["mailto:ada@example.org!", "mailto:ada@example.org"],
    ["https://", ""],
    ["javascript:alert(1)", ""],
    ["data:text/html,x", ""],
    ["xhttps://a.example", ""],
  ];
  for (const [text, wanted] of table) {
    assert.equal(
      links(text)
        .map(({ from, to }) => text.slice(from, to))
        .join(" "),
      wanted,
      text,
    );
  }
  const [, link] = spans("a https://x.example/?q=1&r b");
  assert.deepEqual(link, { text: "https://x.example/?q=1&r", href: "https://x.example/?q=1&r" });
});

test("typed formatting becomes codes", () => {
  const table = [
    ["plain", "plain"],
    ["**bold** *it* `code`", "\x02bold\x02 \x1dit\x1d \x11code\x11"],
    ["**a *b* c**", "\x02a \x1db\x1d c\x02"],
    ["2*3*4 and a * b * c", "2*3*4 and a * b * c"],
    ["`a **b** c`", "\x11a **b** c\x11"],
    ["\\*not\\* \\`this\\`", "*not* `this`"],
    ["https://a.example/*x*/**y**", "https://a.example/*x*/**y**"],
    ["** a ** ****", "** a ** ****"],
    ["`", "`"],
  ];
  for (const [text, wanted] of table) assert.equal(typed(text), wanted, text);
});

test("equal names", () => {
  assert.equal(folder("ascii")("A[Ä"), "a[Ä");
  assert.equal(folder("rfc1459")("A[]\\~"), "a{}|^");
  assert.equal(folder("precis")("ÄDA"), "äda");
});

test("texts are split between graphemes, at spaces, and nothing is lost", () => {
  const table = [
    ["", 10],
    ["abc", 10],
    ["aaaa bbbb cccc", 6],
    ["👩‍👩‍👧‍👦👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 30],
    ["é".repeat(40), 7],
    ["👩‍👩‍👧‍👦", 4],
  ];
  for (const [text, room] of table) {
    const pieces = splitBytes(text, room);
    assert.equal(pieces.join(""), text);
    assert.ok(
      pieces.every((piece) => bytes(piece) <= room),
      text,
    );
  }
  assert.deepEqual(splitBytes("aaaa bbbb cccc", 6), ["aaaa ", "bbbb ", "cccc"]);
  assert.equal(splitBytes("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 30).length, 2);
});

test("mentions", () => {
  const table = [
    ["ada: hi", true],
    ["hi ada", true],
    ["adam", false],
    ["x-ada", false],
    ["(ada)", true],
    ["@ada!", true],
    ["canada ada", true],
  ];
  for (const [text, wanted] of table) assert.equal(isCalled(text, "ada"), wanted, text);
  assert.equal(isCalled("x", ""), false);
});

test("short helpers", () => {
  assert.equal(isOnlyEmoji("👍 🎉"), true);
  assert.equal(isOnlyEmoji("👩‍👩‍👧‍👦"), true);
  assert.equal(isOnlyEmoji("1"), false);
  assert.equal(isOnlyEmoji("👍 ok"), false);
  assert.equal(listed(["a"]), "a");
  assert.equal(listed(["a", "b", "c"]), "a, b and c");
  assert.equal(listed(["a", "b", "c", "d"]), "a, b and 2 others");
  assert.equal(shortened("abcdef", 3), "abc…");
  assert.equal(hash("ada"), hash("ada"));
});

test("the channel of a URL", async () => {
  const { addressOf, channelOf } = await import("../../../greenchat/web/core/address.js");
  const table = [
    ["/", "#dev", "#dev"],
    ["/", "##dev", "##dev"],
    ["/join/dev", "", "#dev"],
    ["/chat/join/caf%C3%A9/", "", "#café"],
    ["/", "", ""],
    ["/", "#", ""],
    ["/join/a%20b", "", ""],
    ["/", "#%E0%A4%A", "#%E0%A4%A"],
    ["/join/dev", "#tea", "#tea"],
    ["/join/%23ops", "", "##ops"],
  ];
  for (const [pathname, hash, wanted] of table) assert.equal(channelOf({ pathname, hash }), wanted, pathname + hash);
  for (const name of ["#dev", "##x", "#café", "#a%b", "#a#b"]) {
    const { pathname, hash } = new URL(addressOf("https://h/chat/", name));
    assert.equal(channelOf({ pathname, hash }), name);
  }
});
