import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, describeChange } from "../../../greenchat/web/core/modes.js";
import { profile } from "../../../greenchat/web/core/receive_replies.js";
import { parse } from "../../../greenchat/web/core/message.js";
import { NOW, hear, labelOf, sent, world } from "./world.mjs";

const shown = (buffer) =>
  buffer.lines.filter((line) => line.kind !== "none").map((line) => `${line.kind} ${line.nick} ${line.text}`.trim());

test("registration: members with ranks, away, rejoined channels", () => {
  const model = world();
  const tea = model.find("#tea");
  assert.equal(model.current, tea);
  assert.deepEqual(
    tea.ranked.map((member) => member.prefixes + member.nick),
    ["@ada", "bob"],
  );
  assert.deepEqual([...model.autojoin.values()], [{ name: "#tea", key: "" }]);
  const who = model.asks.find((line) => line.includes("WHO"));
  hear(
    model,
    `@label=${labelOf(who)} :s BATCH +w labeled-response`,
    "@batch=w :s 354 ada 604 #tea b far bob G bob :Bob B",
    ":s BATCH -w",
  );
  const bob = tea.members.get("bob");
  assert.deepEqual([bob.away, bob.account, bob.realname], [true, "bob", "Bob B"]);
  hear(model, ":bob!b@far AWAY", ":bob!b@far ACCOUNT *");
  assert.deepEqual([tea.members.get("bob").away, tea.members.get("bob").account], [false, ""]);
});

test("JOIN, PART, NICK and ranks", () => {
  const model = world();
  const tea = model.find("#tea");
  hear(
    model,
    ":carl!c@x JOIN #tea carl :Carl",
    ":bob!b@far NICK rob",
    ":ada!a@host MODE #tea +vo-i rob carl",
    ":carl!c@x QUIT :bye",
  );
  assert.deepEqual(
    tea.ranked.map((member) => member.prefixes + member.nick),
    ["@ada", "+rob"],
  );
  assert.deepEqual(shown(tea).slice(-4), [
    "event carl carl joined",
    "event bob bob is now known as rob",
    "event ada ada gave rob a voice, made carl an operator, lifted: invite only",
    "event carl carl left (bye)",
  ]);
  hear(model, ":rob!b@far KICK #tea ada :enough");
  assert.equal(tea.joined, false);
  assert.match(tea.lines.at(-1).text, /removed you/);
  assert.equal(tea.members.size, 0);
  assert.equal(model.autojoin.size, 0);
});

test("a private conversation follows a nick change", () => {
  const model = world();
  hear(
    model,
    "@msgid=1 :bob!b@far PRIVMSG ada :hi",
    ":bob!b@far NICK rob",
    "@msgid=2 :rob!b@far PRIVMSG ada :still me",
  );
  assert.equal(model.find("bob"), undefined);
  assert.deepEqual(shown(model.find("rob")), ["said bob hi", "said rob still me"]);
  assert.equal(model.find("rob").mentions, 2);
});

test("unread messages, mentions, and private messages", () => {
  const model = world();
  model.show(model.status);
  hear(
    model,
    "@msgid=1 :bob!b@far PRIVMSG #tea :hello",
    "@msgid=2 :bob!b@far PRIVMSG #tea :ada: there?",
    "@msgid=2 :bob!b@far PRIVMSG #tea :ada: there?",
  );
  const tea = model.find("#tea");
  assert.deepEqual([tea.unread, tea.mentions], [2, 1]);
  model.show(tea);
  assert.deepEqual([tea.unread, tea.mentions], [0, 0]);
  assert.ok(tea.mark);
  model.focus(false);
  hear(model, "@msgid=3 :bob!b@far PRIVMSG #tea :more");
  assert.equal(tea.unread, 1);
  model.focus(true);
  assert.equal(tea.unread, 0);
});

test("ignored users are not shown", () => {
  const model = world();
  model.settings.ignored = ["*!*@far"];
  hear(model, "@msgid=1 :bob!b@far PRIVMSG #tea :x", "@msgid=2;+draft/react=x;+draft/reply=1 :bob!b@far TAGMSG #tea");
  assert.deepEqual(shown(model.find("#tea")), []);
  assert.equal(model.find("#tea").reactions.size, 0);
});

test("typing expires after six seconds, and ends with the message", () => {
  const model = world();
  const tea = model.find("#tea");
  hear(model, "@+typing=active :bob!b@far TAGMSG #tea", "@+typing=active :ada!a@host TAGMSG #tea");
  assert.deepEqual([...tea.typing], [["bob", NOW + 6000]]);
  hear(model, "@msgid=1 :bob!b@far PRIVMSG #tea :x");
  assert.equal(tea.typing.size, 0);
});

test("reactions are counted once per user, and removed", () => {
  const model = world();
  const tea = model.find("#tea");
  const react = (nick, tag) => hear(model, `@+draft/${tag}=👍;+draft/reply=m1 :${nick}!x@y TAGMSG #tea`);
  (react("bob", "react"), react("bob", "react"), react("carl", "react"));
  assert.deepEqual(tea.reactions.get("m1").get("👍"), ["bob", "carl"]);
  (react("bob", "unreact"), react("carl", "unreact"));
  assert.equal(tea.reactions.get("m1").size, 0);
  hear(model, `@+draft/react=${"x".repeat(33)};+draft/reply=m1 :bob!x@y TAGMSG #tea`);
  assert.equal(tea.reactions.get("m1").size, 0);
});

test("several lines are one message, with the tags of their batch", () => {
  const model = world();
  hear(
    model,
    "@msgid=m1 :bob!b@far BATCH +1 draft/multiline #tea",
    "@batch=1 :bob!b@far PRIVMSG #tea :one",
    "@batch=1 :bob!b@far PRIVMSG #tea :two ",
    "@batch=1;draft/multiline-concat :bob!b@far PRIVMSG #tea :three",
    ":bob!b@far BATCH -1",
  );
  assert.deepEqual(shown(model.find("#tea")), ["said bob one\ntwo three"]);
  assert.ok(model.find("#tea").ids.has("m1"));
});

test("a redacted text is removed from its line", () => {
  const model = world();
  hear(model, "@msgid=m1 :bob!b@far PRIVMSG #tea :secret", ":bob!b@far REDACT #tea m1 :oops");
  const tea = model.find("#tea");
  assert.equal(tea.ids.get("m1").text, "");
  assert.deepEqual(tea.redacted.get("m1"), { by: "bob", why: "oops" });
});

test("no broken or hostile line raises", () => {
  const words = ["", "#tea", "ada", "*", "+x", ":", "\x01", "=", "timestamp=x"];
  const commands =
    `PRIVMSG NOTICE TAGMSG JOIN PART QUIT KICK NICK MODE TOPIC INVITE AWAY ACCOUNT CHGHOST SETNAME REDACT MARKREAD
    RENAME ERROR PING CAP AUTHENTICATE FAIL WARN NOTE BATCH REGISTER 001 005 221 301 305 311 322 324 332 333 341 353 354 366 372 401 404
    433 465 471 475 477 730 731 900 904 908 999 XYZ`.split(/\s+/);
  let model;
  for (const command of commands) {
    model = world();
    for (const first of words) {
      for (const second of words) {
        for (const source of ["", ":bob!b@far ", ":ada!a@host ", ":irc.test "]) {
          hear(
            model,
            `${source}${command} ${first || ":"}`,
            `${source}${command} ada ${first} ${second} :`.replace(/ +/g, " "),
            `@time=x;msgid=;batch=q;label= ${source}${command} ${second || "x"} ada :x`,
          );
        }
      }
    }
  }
  assert.ok(model.status);
});

test("modes take arguments as CHANMODES says", () => {
  const groups = ["beI", "k", "fl", "imnst"];
  assert.deepEqual(changes(["+ol-kb+i", "bob", "5", "key", "*!*@x"], groups, "qaohv"), [
    { sign: "+", letter: "o", argument: "bob" },
    { sign: "+", letter: "l", argument: "5" },
    { sign: "-", letter: "k", argument: "key" },
    { sign: "-", letter: "b", argument: "*!*@x" },
    { sign: "+", letter: "i", argument: "" },
  ]);
  assert.deepEqual(changes([], groups, "ov"), []);
  assert.equal(describeChange({ sign: "+", letter: "q", argument: "ada" }), "made ada an owner");
  assert.equal(describeChange({ sign: "-", letter: "h", argument: "ada" }), "took ada's rank of half-operator");
  assert.equal(describeChange({ sign: "+", letter: "X", argument: "" }), "set mode X");
});

test("a WHOIS becomes a profile", () => {
  const lines = [
    ":s 311 ada bob b far * :Bob B",
    ":s 319 ada bob :@#tea #dev",
    ":s 317 ada bob 60 1700000000 :idle",
    ":s 330 ada bob bobby :is logged in as",
    ":s 671 ada bob :is using a secure connection",
    ":s 318 ada bob :End",
  ];
  const found = profile(lines.map(parse));
  assert.deepEqual(found.channels, ["@#tea", "#dev"]);
  assert.deepEqual([found.account, found.idle, found.more], ["bobby", 60, ["is using a secure connection"]]);
  assert.equal(profile([parse(":s 401 ada bob :No such nick")]).missing, true);
  assert.equal(profile([parse(":s 402 ada bob :No such server")]).missing, true); // as asked: WHOIS bob bob
  assert.equal(profile([]), null);
});

test("old messages and history cause no automatic action; one of several devices answers", () => {
  const model = world();
  const asked = (line) => {
    sent(model);
    hear(model, line);
    return sent(model);
  };
  const version = ":bob!b@far PRIVMSG ada :\x01VERSION\x01";
  assert.deepEqual(asked(`@time=2026-05-01T12:00:00.000Z ${version}`), []);
  model.elsewhere = true;
  assert.deepEqual(asked(version), []);
  model.elsewhere = false;
  assert.match(asked(version)[0], /^NOTICE bob :\x01VERSION greenchat/);
  assert.deepEqual(asked(version), []); // not for every question of a flood
  model.effects = [];
  hear(model, "@msgid=1;time=2026-05-01T12:00:00.000Z :bob!b@far PRIVMSG #tea :ada: hi");
  assert.deepEqual(
    model.effects.filter((effect) => effect.kind === "heard"),
    [],
  );
});

test("announcements of the server go to the current buffer, other notices to the server's", () => {
  const model = world();
  const tea = model.find("#tea");
  hear(model, ":s NOTICE ada :restart in five minutes", ":s NOTICE ada :*** bob connected");
  assert.equal(shown(tea).at(-1), "notice s restart in five minutes");
  assert.equal(shown(model.status).at(-1), "notice s *** bob connected");
});

test("a reply to an own message notifies, a line that mentions everybody does not", () => {
  const model = world();
  const tea = model.find("#tea");
  hear(model, "@msgid=1 :ada!a@host PRIVMSG #tea :cake?", "@msgid=2;+draft/reply=1 :bob!b@far PRIVMSG #tea :yes");
  assert.equal(tea.ids.get("2").mention, true);
  for (const nick of ["c1", "c2", "c3", "c4", "c5"]) hear(model, `:${nick}!x@y JOIN #tea`);
  hear(model, "@msgid=3 :bob!b@far PRIVMSG #tea :ada bob c1 c2 c3 c4 c5");
  assert.equal(tea.ids.get("3").mention, false);
});

test("a forwarded join and a changed key", () => {
  const model = world();
  hear(model, ":s 470 ada #full #overflow :Forwarding", ":ada!a@host MODE #tea +k secret");
  assert.deepEqual([...model.autojoin.values()], [{ name: "#tea", key: "secret" }]);
});

test("a window with overrides", async () => {
  const { isForUser } = await import("../../../greenchat/web/core/receive_talk.js");
  const hearing = (words) => {
    const model = world();
    model.settings.overrides = { "#tea": words };
    model.show(model.status);
    hear(model, "@msgid=1 :bob!b@far PRIVMSG #tea :ada: hi", "@msgid=2 :bob!b@far PRIVMSG #tea :all of you");
    const tea = model.find("#tea");
    return [tea.unread, tea.mentions, ...["1", "2"].map((id) => isForUser(model, tea, tea.ids.get(id)))];
  };
  assert.deepEqual(hearing([]), [2, 1, true, false]);
  assert.deepEqual(hearing(["mute"]), [0, 0, false, false]);
  assert.deepEqual(hearing(["notify"]), [2, 1, true, true]);
  assert.deepEqual(hearing(["no-highlight"]), [2, 0, false, false]);
});

test("numerics without text, and the end of the history", () => {
  const model = world();
  const tea = model.find("#tea");
  const before = shown(tea).length;
  hear(model, ":s 006 ada :irc.example (3 users)", ":s 007 ada :End of /MAP", ":s 421 ada MAP :Unknown command");
  assert.deepEqual(shown(tea).slice(before), ["info  irc.example (3 users)", "error  This server has no command MAP."]);
});
