import assert from "node:assert/strict";
import { test } from "node:test";
import { PAGE, askAround, askGap, askLatest, askOlder } from "../../../greenchat/web/core/history.js";
import { NOW, answer, hear, history, sent, world } from "./world.mjs";

const texts = (buffer) => buffer.lines.filter((line) => line.kind === "said").map((line) => line.text);
const numbers = (from, to) => Array.from({ length: to - from + 1 }, (_, at) => from + at);
const pageOf = (model) => sent(model).find((line) => line.includes("CHATHISTORY"));
const gaps = (buffer) => buffer.lines.filter((line) => line.gap).map((line) => line.text);

/** A server with so many messages, which answers queries as specified. */
function serve(model, most, line = history) {
  const asked = pageOf(model);
  if (!asked) return "";
  const [, command, first, second, limit] = /CHATHISTORY (\w+) #tea (\S+)(?: (msgid\S+))? (\d+)/.exec(asked);
  const at = (reference) => Number(reference?.slice("msgid=m".length));
  const all = numbers(1, most);
  const count = Number(limit);
  let found = [];
  if (command === "LATEST") found = all.filter((n) => first === "*" || n > at(first)).slice(-count);
  else if (command === "BEFORE") found = all.filter((n) => n < at(first)).slice(-count);
  else if (command === "AROUND") found = all.filter((n) => Math.abs(n - at(first)) < count / 2);
  else if (at(first) > at(second)) found = all.filter((n) => n > at(second) && n < at(first)).slice(-count);
  else found = all.filter((n) => n > at(first) && n < at(second)).slice(0, count);
  answer(model, asked, ...found.map((n) => line(n)));
  return command;
}

/** Fill all gaps from one side, then scroll up to the beginning. */
function readAll(model, buffer, most, forward, line = history) {
  for (let turns = 0; turns < 200; turns += 1) {
    const gap = buffer.lines.find((line) => line.gap);
    if (gap ? !askGap(model, buffer, gap, forward) : !askOlder(model, buffer)) break;
    serve(model, most, line);
  }
}

test("the latest page, then up to the beginning: all once, in order", () => {
  const model = world();
  const buffer = model.find("#tea");
  buffer.complete = false;
  askLatest(model, buffer);
  serve(model, 450);
  assert.equal(texts(buffer).length, PAGE);
  readAll(model, buffer, 450);
  assert.deepEqual(
    texts(buffer),
    numbers(1, 450).map((n) => `line ${n}`),
  );
  assert.equal(buffer.complete, true);
  assert.equal(askOlder(model, buffer), false);
});

for (const forward of [false, true]) {
  test(`a thousand messages of one millisecond are read to the beginning, ${forward ? "a gap forward" : "backward"}`, () => {
    const atOnce = (n) => history(n).replace(/time=[^;]+/, `time=${new Date(NOW - 1000).toISOString()}`);
    const model = world();
    const buffer = model.find("#tea");
    buffer.complete = false;
    askLatest(model, buffer);
    serve(model, 1000, atOnce);
    askAround(model, buffer, "m00300");
    serve(model, 1000, atOnce);
    readAll(model, buffer, 1000, forward, atOnce);
    assert.deepEqual(
      texts(buffer),
      numbers(1, 1000).map((n) => `line ${n}`),
    );
    assert.deepEqual(gaps(buffer), []);
    assert.equal(buffer.complete, true);
  });
}

test("ignored users are not shown in the history either", () => {
  const model = world();
  const buffer = model.find("#tea");
  buffer.complete = false;
  model.settings.ignored = ["bob"];
  askLatest(model, buffer);
  serve(model, 3, (n) => history(n, `line ${n}`, n === 2 ? "bob" : "carl"));
  assert.deepEqual(texts(buffer), ["line 1", "line 3"]);
  assert.equal(buffer.lines.filter((line) => line.id).length, 3); // its place is known, so that no page is short
});

test("no query is sent twice at a time", () => {
  const model = world();
  const buffer = model.find("#tea");
  assert.equal(askLatest(model, buffer), true);
  assert.equal(askLatest(model, buffer), false);
});

for (const forward of [false, true]) {
  test(`a jump far back leaves gaps, which are filled ${forward ? "from the older" : "from the newer"} end`, () => {
    const model = world();
    const buffer = model.find("#tea");
    askLatest(model, buffer);
    serve(model, 1000);
    let found = null;
    askAround(model, buffer, "m00300", (lines) => (found = lines));
    serve(model, 1000);
    assert.ok(found.some((line) => line.text === "line 300"));
    assert.equal(gaps(buffer).length, 1); // behind the jump; before it the oldest line is
    assert.equal(buffer.complete, false);
    readAll(model, buffer, 1000, forward);
    assert.deepEqual(
      texts(buffer),
      numbers(1, 1000).map((n) => `line ${n}`),
    );
    assert.deepEqual(gaps(buffer), []);
  });
}

test("two jumps, the second between the first and the end", () => {
  const model = world();
  const buffer = model.find("#tea");
  askLatest(model, buffer);
  serve(model, 2000);
  for (const id of ["m00300", "m01200", "m00800"]) {
    askAround(model, buffer, id);
    serve(model, 2000);
  }
  assert.equal(gaps(buffer).length, 3);
  readAll(model, buffer, 2000, true);
  assert.deepEqual(
    texts(buffer),
    numbers(1, 2000).map((n) => `line ${n}`),
  );
});

for (const missed of [0, 3, 99, 100, 101, 350]) {
  test(`${missed} missed while the connection was lost: none is lost, none is duplicated`, () => {
    const model = world();
    const buffer = model.find("#tea");
    askLatest(model, buffer);
    serve(model, 50);
    model.disconnected();
    for (const name of ["draft/chathistory", "labeled-response", "batch"]) model.caps.add(name);
    model.link.state = "online";
    hear(model, ":ada!a@host JOIN #tea * :Ada");
    const asked = pageOf(model);
    hear(model, history(51 + missed)); // somebody speaks while the page is on its way
    const all = numbers(1, 50 + missed);
    const since = Number(/ msgid=m(\d+)/.exec(asked)[1]);
    answer(
      model,
      asked,
      ...all
        .filter((n) => n > since)
        .slice(-PAGE)
        .map((n) => history(n)),
    );
    readAll(model, buffer, 51 + missed);
    assert.deepEqual(
      texts(buffer),
      numbers(1, 51 + missed).map((n) => `line ${n}`),
    );
    assert.deepEqual(gaps(buffer), []);
  });
}

test("a server without history, or that refuses, is not queried repeatedly", () => {
  const model = world();
  const buffer = model.find("#tea");
  hear(model, history(5));
  buffer.complete = false;
  askOlder(model, buffer);
  const label = /label=(\w+)/.exec(pageOf(model))[1];
  hear(model, `@label=${label} FAIL CHATHISTORY MESSAGE_ERROR BEFORE #tea :Messages could not be retrieved`);
  assert.equal(askOlder(model, buffer), false);
});

test("unread messages and mentions are counted from the read mark once the history has arrived", () => {
  const model = world();
  model.focused = false;
  const buffer = model.find("#tea");
  model.show(model.status);
  hear(model, `:irc.test MARKREAD #tea timestamp=${new Date(NOW - 3_600_000 + 7000).toISOString()}`);
  askLatest(model, buffer);
  answer(model, pageOf(model), ...numbers(1, 10).map((n) => history(n, n === 9 ? "ada: hi" : `line ${n}`)));
  assert.deepEqual([buffer.unread, buffer.mentions], [3, 1]);
  hear(model, `:irc.test MARKREAD #tea timestamp=${new Date(NOW).toISOString()}`);
  assert.deepEqual([buffer.unread, buffer.mentions], [0, 0]);
});

test("reactions and redactions of a page apply to messages of an older page", () => {
  const model = world();
  const buffer = model.find("#tea");
  buffer.complete = false;
  askLatest(model, buffer);
  const at = (n) => `time=${new Date(NOW - 3_600_000 + n * 1000).toISOString()};msgid=m${n}`;
  answer(
    model,
    pageOf(model),
    `@${at(90001)};+draft/react=👍;+draft/reply=m00002 :bob!b@far TAGMSG #tea`,
    `@${at(90002)} :bob!b@far REDACT #tea m00001 :oops`,
  );
  buffer.complete = false;
  askOlder(model, buffer);
  answer(model, pageOf(model), history(1), history(2));
  assert.deepEqual([...buffer.reactions.get("m00002")], [["👍", ["bob"]]]);
  assert.equal(buffer.redacted.get("m00001").by, "bob");
  assert.equal(texts(buffer).length, 2);
});

test("private conversations continued elsewhere get a window if unread", () => {
  const model = world();
  model.account = "ada";
  hear(model, ":s 376 ada :End");
  const asked = sent(model);
  assert.match(
    asked[0],
    /CHATHISTORY TARGETS timestamp=2026-04-27T11:59:00.000Z timestamp=2026-05-04T12:01:00.000Z 100$/,
  );
  answer(
    model,
    asked[0],
    "@x= :s CHATHISTORY TARGETS bob 2026-05-04T11:00:00.000Z",
    "@x= :s CHATHISTORY TARGETS carl 2026-05-04T10:00:00.000Z",
    "@x= :s CHATHISTORY TARGETS #tea 2026-05-04T10:00:00.000Z",
  );
  const [bob, carl, ...none] = sent(model);
  assert.deepEqual(none, []);
  const label = (line) => /label=(\w+)/.exec(line)[1];
  hear(
    model,
    `@label=${label(bob)} :s MARKREAD bob *`,
    `@label=${label(carl)} :s MARKREAD carl timestamp=2026-05-04T10:00:00.000Z`,
  );
  assert.equal(model.find("carl"), undefined);
  const page = sent(model).find((line) => line.includes("LATEST bob"));
  answer(model, page, "@msgid=p1;time=2026-05-04T11:00:00.000Z :bob!b@far PRIVMSG ada :are you there?");
  assert.deepEqual([model.find("bob").unread, model.find("bob").mentions], [1, 1]);
});

test("a page open for weeks drops its oldest lines, which can be loaded again", () => {
  const model = world();
  const buffer = model.find("#tea");
  for (let n = 1; n <= 20_001; n += 1)
    model.append(buffer, { time: NOW + n, id: `x${n}`, kind: "said", text: "x", nick: "bob" });
  assert.ok(buffer.lines.length <= 16_000);
  assert.equal(buffer.ids.size, buffer.lines.filter((line) => line.id).length);
  assert.equal(buffer.complete, false);
  assert.equal(askOlder(model, buffer), true);
});
