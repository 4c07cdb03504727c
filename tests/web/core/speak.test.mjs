import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes } from "../../../greenchat/web/core/text.js";
import { discard, hides, resend, restore, say, unsent } from "../../../greenchat/web/core/speak.js";
import { answered } from "../../../greenchat/web/core/speak_answers.js";
import { NOW, hear, labelOf, sent, world } from "./world.mjs";

const idOf = (line) => /greenchat\/id=([^; ]+)/.exec(line)[1];
const clear = (model) => void sent(model);

test("a message waits for its echo, and is not duplicated by it", () => {
  const model = world();
  const tea = model.find("#tea");
  clear(model);
  say(model, tea, "hello", "said", NOW);
  assert.equal(tea.waiting.length, 1);
  const [line] = sent(model);
  assert.match(line, /^@label=\w+;\+greenchat\/id=\w+ PRIVMSG #tea hello$/);
  hear(model, `@label=${labelOf(line)};msgid=m1;+greenchat/id=${idOf(line)} :ada!a@host PRIVMSG #tea :hello`);
  assert.equal(tea.waiting.length, 0);
  assert.deepEqual(
    tea.lines.filter((each) => each.kind === "said").map((each) => each.own),
    [true],
  );
  assert.equal(tea.unread, 0);
});

test("a refused message stays with the reason; it can be sent again or discarded", () => {
  const model = world();
  const tea = model.find("#tea");
  clear(model);
  say(model, tea, "hello", "said", NOW);
  const [line] = sent(model);
  hear(model, `@label=${labelOf(line)} :irc.test 404 ada #tea :Cannot send to channel (+m)`);
  assert.equal(tea.waiting[0].failed, "Cannot send to channel (+m)");
  resend(model, tea, tea.waiting[0]);
  assert.equal(idOf(sent(model)[0]), idOf(line));
  discard(model, tea, tea.waiting[0]);
  assert.deepEqual(tea.waiting, []);
});

test("after a lost connection messages missing in the history are sent again with the same id", () => {
  const model = world();
  const tea = model.find("#tea");
  clear(model);
  say(model, tea, "came through", "said", NOW);
  say(model, tea, "did not", "said", NOW);
  const [first, second] = sent(model);
  const caps = new Set(model.caps);
  model.disconnected();
  model.caps = caps;
  model.link.state = "online";
  hear(model, ":ada!a@host JOIN #tea * :Ada");
  const asked = sent(model);
  assert.equal(
    asked.some((line) => line.includes("PRIVMSG")),
    false,
  ); // first we look what arrived
  const page = labelOf(asked.find((line) => line.includes("CHATHISTORY")));
  hear(
    model,
    `@label=${page} :s BATCH +h chathistory #tea`,
    `@batch=h;time=2026-05-04T12:00:00.000Z;msgid=m9;+greenchat/id=${idOf(first)} :ada!a@host PRIVMSG #tea :came through`,
    ":s BATCH -h",
  );
  const again = sent(model).filter((line) => line.includes("PRIVMSG"));
  assert.deepEqual(again.map(idOf), [idOf(second)]);
});

test("unsent messages survive a reload, except those to a service", () => {
  const model = world();
  model.link.state = "waiting";
  say(model, model.find("#tea"), "keep me", "said", NOW);
  say(model, model.open("NickServ"), "IDENTIFY secret", "said", NOW);
  const kept = JSON.parse(JSON.stringify(unsent(model)));
  assert.deepEqual(
    kept.map((each) => each.text),
    ["keep me"],
  );
  const other = world();
  clear(other);
  restore(other, kept);
  restore(other, kept);
  assert.equal(other.find("#tea").waiting.length, 1);
});

test("several lines become one batch; blank ones alone are never sent", () => {
  const model = world();
  const tea = model.find("#tea");
  clear(model);
  say(model, tea, "one\n\n two", "said", NOW);
  const lines = sent(model);
  assert.match(lines[0], /^@label=(\w+);\S+ BATCH \+\1 draft\/multiline #tea$/);
  assert.deepEqual(
    lines.slice(1, -1).map((line) => line.replace(/^@batch=\w+ /, "")),
    ["PRIVMSG #tea one", "PRIVMSG #tea :", "PRIVMSG #tea :​ two".replace("\u200b", "")],
  );
  assert.match(lines.at(-1), /^BATCH -\w+$/);
  say(model, tea, " \n\n", "said", NOW);
  assert.deepEqual(sent(model), []);
});

test("long texts are split by the server's limits; nothing is lost", () => {
  const model = world();
  const tea = model.find("#tea");
  for (const text of [
    "ä".repeat(600),
    "x".repeat(9000),
    `${"word ".repeat(2000)}end`,
    Array.from({ length: 100 }, (_, n) => `line ${n}`).join("\n"),
  ]) {
    clear(model);
    tea.waiting = [];
    say(model, tea, text, "said", NOW);
    assert.equal(tea.waiting.map((each) => each.text).join(text.includes("\n") ? "\n" : ""), text);
    const parts = sent(model);
    for (let at = 0; at < parts.length; at += 1) {
      if (!parts[at].includes("BATCH +")) continue;
      const end = parts.findIndex((line, later) => later > at && line.startsWith("BATCH -"));
      assert.ok(end - at - 1 <= 32, "lines of a batch");
    }
    for (const waiting of tea.waiting) assert.ok(bytes(waiting.text) <= 4096 && waiting.text.split("\n").length <= 32);
    for (const line of parts) assert.ok(bytes(line.replace(/^@\S+ /, "")) <= 510 - ":ada!a@host ".length, line);
  }
});

test("a server without multiline gets single lines", () => {
  const model = world();
  model.caps.delete("draft/multiline");
  clear(model);
  say(model, model.find("#tea"), "one\n\ntwo", "said", NOW);
  assert.deepEqual(
    sent(model).map((line) => line.split(" ").slice(1).join(" ")),
    ["PRIVMSG #tea one", "PRIVMSG #tea two"],
  );
});

test("a reply names its message, once", () => {
  const model = world();
  const tea = model.find("#tea");
  clear(model);
  tea.replyTo = "m7";
  say(model, tea, "yes", "said", NOW);
  say(model, tea, "and", "said", NOW);
  const [first, second] = sent(model);
  assert.match(first, /\+draft\/reply=m7/);
  assert.doesNotMatch(second, /reply/);
});

test("a tag that the server denies is left out", () => {
  const model = world();
  clear(model);
  hear(model, ":irc.test 005 ada CLIENTTAGDENY=*,-draft/reply :are");
  say(model, model.find("#tea"), "x", "said", NOW);
  assert.doesNotMatch(sent(model)[0], /greenchat/);
});

test("passwords sent to services are recognized", () => {
  const table = [
    ["NickServ", "identify x", true],
    ["ns", " SET PASSWORD x", true],
    ["ChanServ", "REGISTER #tea", false],
    ["ChanServ", "REGISTER #tea pw", true],
    ["bob", "identify x", false],
    ["NickServ", "help", false],
    ["NickServ@services", "REGISTER x", true],
  ];
  for (const [who, text, wanted] of table) assert.equal(hides(who, text), wanted, `${who} ${text}`);
});

test("a message that a service only acknowledges has arrived", () => {
  const model = world();
  const bob = model.open("HistServ");
  bob.waiting.push({ id: "i", text: "HELP", kind: "said", time: NOW, label: "w9", reply: "", failed: "" });
  answered(model, "w9", NOW);
  assert.deepEqual([bob.waiting.length, bob.lines.length], [0, 1]);
});
