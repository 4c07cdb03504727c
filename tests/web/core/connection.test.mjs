import assert from "node:assert/strict";
import { test } from "node:test";
import { say } from "../../../greenchat/web/core/speak.js";
import { Surroundings } from "./world.mjs";

test("registration: the subprotocol, capabilities in lines that fit, the nick", () => {
  const web = new Surroundings();
  web.chat.join("Ada Ö");
  assert.deepEqual(web.socket.protocols, ["text.ircv3.net"]);
  web.open();
  assert.deepEqual(web.lines(), ["CAP LS 302", "NICK :Ada Ö", "USER Ada 0 * :Ada Ö"]);
});

test("from connecting to disconnecting", () => {
  const web = new Surroundings();
  web.enter();
  assert.equal(web.model.link.state, "online");
  assert.equal(web.model.current.name, "#tea");
  web.chat.quit("bye");
  assert.deepEqual(web.lines().slice(-1), ["QUIT bye"]);
  assert.equal(web.model.link.words, "You have left.");
  assert.equal("here" in web.kept, false);
  assert.deepEqual(web.timers, []);
});

test("an idle page has no timer", () => {
  const web = new Surroundings();
  web.enter();
  web.advance(20_000);
  assert.deepEqual(web.timers, []);
});

test("a lost connection is retried, with growing delays, and channels are rejoined", () => {
  const web = new Surroundings();
  web.enter();
  const waits = [];
  for (let turn = 0; turn < 8; turn += 1) {
    web.lose();
    assert.equal(web.model.link.state, "waiting");
    const wait = web.model.link.retryAt - web.time;
    waits.push(wait);
    web.advance(wait);
    assert.equal(web.model.link.state, "connecting");
  }
  assert.deepEqual(
    waits,
    [1, 2, 3, 5, 10, 20, 30, 30].map((seconds) => seconds * 1000),
  );
  assert.equal(web.model.link.words, "Connecting…");
  web.open();
  web.lines();
  web.welcome();
  assert.ok(web.lines().includes("JOIN #tea"));
  assert.equal(web.model.link.tries, 0);
});

test("a guest resumes by token after a lost connection and a reload, and not after leaving", () => {
  const web = new Surroundings();
  web.enter();
  web.hear(":irc.test RESUME ~1:first");
  web.lose();
  web.advance(60_000);
  web.open();
  assert.deepEqual(web.lines().slice(0, 3), ["CAP LS 302", "RESUME ~1:first", "NICK ada"]);
  web.lose(); // before the server has said that it knows us
  const again = new Surroundings(web.kept);
  assert.equal(again.chat.resume(), "ada");
  again.chat.join("ada");
  again.open();
  assert.equal(again.lines()[1], "RESUME ~1:first");
  again.welcome();
  again.hear(":irc.test RESUME ~1:second");
  again.chat.quit();
  again.chat.join("ada");
  again.open();
  assert.equal(again.lines()[1], "NICK ada");
});

test("the reason for a refused WebSocket, by HTTP", async () => {
  const table = [
    [503, "This server is full (2 connections)", "This server is full (2 connections).", "waiting"],
    [429, "Too many connections from your address: at most 120 a minute", /^Too many .*minute\.$/, "waiting"],
    [403, "You are banned from this server: spam", "You are banned from this server: spam.", "offline"],
    [426, "This is for WebSocket clients", /a proxy in between may not support WebSocket\.$/, "waiting"],
    [502, "", "The server can't be reached.", "waiting"],
  ];
  for (const [status, said, words, state] of table) {
    const web = new Surroundings();
    web.why = { status, words: said };
    web.chat.join("ada");
    web.lose();
    await new Promise(setImmediate);
    if (words instanceof RegExp) assert.match(web.model.link.words, words);
    else assert.equal(web.model.link.words, words);
    assert.equal(web.model.link.state, state);
    assert.equal(web.timers.length, state === "waiting" ? 1 : 0);
  }
});

test("an unreachable server is not asked for the reason", async () => {
  const web = new Surroundings();
  web.enter();
  web.env.why = () => assert.fail();
  web.lose();
});

test("reasons of the end as text", () => {
  const table = [
    [[], {}, "The server is gone.", "waiting"],
    [["ERROR :Closing link: (Server shutting down)"], {}, "Server shutting down.", "waiting"],
    [
      [":s 465 ada :You are banned from this server: spam", "ERROR :Closing link"],
      {},
      "You are banned from this server: spam.",
      "offline",
    ],
    [[], { code: 1013 }, "The server is full.", "waiting"],
    [[], { code: 1001 }, "The server is shutting down.", "waiting"],
  ];
  for (const [lines, event, words, state] of table) {
    const web = new Surroundings();
    web.enter();
    web.hear(...lines);
    web.lose(event);
    assert.deepEqual([web.model.link.words, web.model.link.state], [words, state]);
  }
  const web = new Surroundings();
  web.chat.join("ada");
  web.lose();
  assert.equal(web.model.link.words, "The server can't be reached.");
});

test("a taken nick asks one question; after a reload our own old connection is waited for", () => {
  const web = new Surroundings();
  web.chat.join("ada");
  web.open();
  web.hear(":s 433 * ada :That nickname is registered: log in to its account first");
  assert.deepEqual(
    web.events.map(({ kind, why, owned }) => [kind, why, owned]),
    [["refused", "taken", true]],
  );
  assert.equal(web.model.link.state, "offline");
  const again = new Surroundings({
    here: JSON.stringify({ nick: "ada", channels: [{ name: "#tea", key: "" }], current: "#tea" }),
  });
  assert.equal(again.chat.resume(), "ada");
  again.chat.join("ada");
  again.open();
  again.hear(":s 433 * ada :Nickname is already in use");
  again.lose();
  assert.equal(again.model.link.state, "waiting");
  assert.deepEqual(again.events, []);
});

test("a reloaded page restores its channels and unsent texts", () => {
  const web = new Surroundings();
  web.enter();
  web.lose();
  say(web.model, web.model.find("#tea"), "later", "said", web.time);
  web.chat.turn();
  const again = new Surroundings(web.kept);
  assert.equal(again.chat.resume(), "ada");
  assert.equal(again.model.current.name, "#tea");
  assert.deepEqual(
    again.model.find("#tea").waiting.map((each) => each.text),
    ["later"],
  );
  again.chat.join("ada");
  again.open();
  again.welcome();
  assert.ok(again.lines().includes("JOIN #tea"));
  again.hear(":ada!a@host JOIN #tea * :Ada");
  const asked = again.lines().find((line) => line.includes("CHATHISTORY"));
  again.hear(`@label=${/label=(\w+)/.exec(asked)[1]} FAIL CHATHISTORY MESSAGE_ERROR LATEST #tea :No`);
  assert.equal(again.lines().filter((line) => line.includes("later")).length, 1);
});

test("invalid data in the storage is harmless", () => {
  for (const here of [
    "null",
    "7",
    '{"nick":5}',
    '{"nick":"ada","channels":[{"name":5},{"name":"tea"},{}],"read":[["x"]],"talks":[7]}',
  ]) {
    const web = new Surroundings({ here, unsent: '[{"text":5},null,{"text":"x"}]' });
    web.chat.resume();
    assert.equal(web.model.autojoin.size, 0);
  }
});

test("a server that confirms no message is given up", () => {
  const web = new Surroundings();
  web.enter();
  say(web.model, web.model.find("#tea"), "hello?", "said", web.time);
  web.chat.turn();
  web.advance(10_000);
  assert.equal(web.model.link.state, "waiting");
  assert.equal(web.model.link.words, "The server does not answer.");
});

test("queries resolve, to nothing if the connection was lost", async () => {
  const web = new Surroundings();
  web.enter();
  const asked = web.chat.ask("PRIVMSG", "NickServ", "SESSIONS");
  const label = /label=(\w+)/.exec(web.lines()[0])[1];
  web.hear(`@label=${label} :s BATCH +r labeled-response`, "@batch=r :NickServ!n@s NOTICE ada :one", ":s BATCH -r");
  assert.deepEqual(
    (await asked).map((message) => message.params[1]),
    ["one"],
  );
  const lost = web.chat.ask("WHOIS", "bob");
  web.lose();
  assert.deepEqual(await lost, []);
  assert.deepEqual(await web.chat.ask("WHOIS", "bob"), []);
});

test("the read mark is sent once a second at most", () => {
  const web = new Surroundings();
  web.enter();
  for (let n = 0; n < 5; n += 1) web.hear(`@msgid=m${n};time=2026-05-04T12:00:0${n}.000Z :bob!b@far PRIVMSG #tea :x`);
  assert.deepEqual(
    web.lines().filter((line) => line.includes("MARKREAD")),
    [],
  );
  web.advance(1000);
  assert.deepEqual(
    web.lines().filter((line) => line.includes("MARKREAD")),
    ["MARKREAD #tea timestamp=2026-05-04T12:00:04.000Z"],
  );
});

test("many channels are joined in few lines, and queried when they are shown", () => {
  const web = new Surroundings();
  for (let n = 0; n < 12; n += 1) web.model.autojoin.set(`#c${n}`, { name: `#c${n}`, key: n === 7 ? "sesame" : "" });
  web.chat.join("ada");
  web.open();
  web.lines();
  web.welcome();
  const joins = web.lines().filter((line) => line.startsWith("JOIN"));
  assert.deepEqual(joins, ["JOIN #c7,#c0,#c1,#c2,#c3 sesame", "JOIN #c4,#c5,#c6,#c8,#c9", "JOIN #c10,#c11"]);
  for (let n = 0; n < 12; n += 1) web.hear(`:ada!a@host JOIN #c${n} * :Ada`);
  assert.equal(web.lines().filter((line) => /WHO|MODE/.test(line)).length, 2);
  web.model.show(web.model.find("#c3"));
  web.chat.turn();
  assert.deepEqual(
    web.lines().map((line) => line.replace(/^@label=\S+ /, "")),
    ["WHO #c3 %tcuhnfar,604", "MODE #c3"],
  );
});
