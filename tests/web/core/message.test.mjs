import assert from "node:assert/strict";
import { test } from "node:test";
import { format, parse, parseSource, timeOf, timestamp } from "../../../greenchat/web/core/message.js";

const plain = (message) => message && { ...message, tags: { ...message.tags } };

test("lines are parsed", () => {
  const table = [
    ["", null],
    ["   ", null],
    ["@a=b", null],
    [":server", null],
    ["PING", { command: "PING", params: [] }],
    ["ping :", { command: "PING", params: [""] }],
    [
      ":n!u@h PRIVMSG #a :hi there :x",
      { source: "n!u@h", nick: "n", user: "u", host: "h", command: "PRIVMSG", params: ["#a", "hi there :x"] },
    ],
    [
      "@id=1;flag;e= :s 001 a  b",
      { tags: { id: "1", flag: "", e: "" }, source: "s", nick: "s", command: "001", params: ["a", "b"] },
    ],
    ["@a=\\:\\s\\\\\\r\\n\\b\\ X", { tags: { a: "; \\\r\nb" }, command: "X", params: [] }],
  ];
  for (const [line, wanted] of table) {
    const whole = wanted && { tags: {}, source: "", nick: "", user: "", host: "", ...wanted };
    assert.deepEqual(plain(parse(line)), whole, line);
  }
});

test("a tag named __proto__ is harmless", () => {
  assert.equal(parse("@__proto__=x PING").tags.__proto__, "x");
  assert.equal({}.x, undefined);
});

test("lines are formatted and parsed back", () => {
  const table = [
    { command: "PING" },
    { command: "PRIVMSG", params: ["#a", ""] },
    { command: "PRIVMSG", params: ["#a", ":x"] },
    { command: "PRIVMSG", params: ["#a", "a b"] },
    { tags: { "+draft/react": "; \\\n", label: "" }, command: "TAGMSG", params: ["#a"] },
  ];
  for (const message of table) {
    const again = plain(parse(format(message)));
    assert.deepEqual(
      [again.tags, again.command, again.params],
      [message.tags ?? {}, message.command, message.params ?? []],
    );
  }
});

test("no input becomes a second line or another parameter", () => {
  for (const params of [
    ["#a", "x\r\nQUIT"],
    ["#a b", "x"],
    ["", "x"],
    [":a", "x"],
    ["#a\n", "x"],
  ]) {
    assert.throws(() => format({ command: "PRIVMSG", params }));
  }
  assert.throws(() => format({ command: "PING\r\nQUIT" }));
});

test("sources and times", () => {
  assert.deepEqual(parseSource("irc.example"), { nick: "irc.example", user: "", host: "" });
  assert.deepEqual(parseSource("a!b@c@d"), { nick: "a", user: "b", host: "c@d" });
  assert.equal(timeOf(parse("@time=2019-02-28T19:30:01.727Z PING"), 5), 1551382201727);
  assert.equal(timeOf(parse("@time=nonsense PING"), 5), 5);
  assert.equal(timestamp(0), "timestamp=1970-01-01T00:00:00.000Z");
});
