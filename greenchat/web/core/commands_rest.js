// Commands about one's account, the windows, the server; and /help, which is made from the table.

import { TABLE, CommandError, command, find, halves } from "./commands.js";
import { parse } from "./message.js";
import { CHANNEL, PRIVATE, STATUS, TALK } from "./state.js";
import { stripped } from "./format.js";

const MOST_FOUND = 50;

command(
  "register",
  "[email]",
  "Make your nickname yours: an account with a password, which is asked for.",
  (order) => {
    order.online();
    order.effect("register", { email: order.words[0] ?? "" });
  },
  { example: "/register ada@example.org", group: "accounts" },
);
command(
  "verify",
  "[account] code",
  "Confirm a new account with the code that was sent to you.",
  (order) => {
    const [account, code] = order.words.length > 1 ? order.words : [order.model.nick, order.words[0]];
    order.send("VERIFY", account, code);
  },
  { least: 1, example: "/verify 1a2b3c", group: "accounts" },
);
command(
  "login identify",
  "[account]",
  "Log in to your account; its password is asked for.",
  (order) => {
    if (order.words.length > 1)
      order.fail("The password is asked for, so that nobody reads it on your screen: /login [account]");
    order.online();
    order.effect("log in", { account: order.words[0] ?? order.model.wanted });
  },
  { example: "/login ada", group: "accounts" },
);
command("logout", "", "Log out.", (order) => order.effect("log out"), { group: "accounts" });

command(
  "window buffer buflist win wg",
  "number or name",
  "Go to a window. /2 and Alt-2 do, too.",
  (order) => {
    const { model } = order;
    const [first] = order.words;
    const all = model.ordered;
    if (first === "close") return find("close").run(new order.constructor(model, "", order.now));
    if (first === "list") return find("windows").run(order);
    if (first === "last") return model.show(model.previous);
    if (["next", "previous", "prev"].includes(first)) {
      const step = first === "next" ? 1 : -1;
      return model.show(all[(all.indexOf(order.buffer) + step + all.length) % all.length]);
    }
    if (first === "move") order.fail("Windows stand in the order of the alphabet here.");
    model.show(named(order, order.words.at(-1)));
  },
  { least: 1, example: "/window 2", group: "windows" },
);
command(
  "close wc",
  "[name]",
  "Close a window; a channel is left.",
  (order) => {
    const buffer = order.words.length ? named(order, order.words[0]) : order.buffer;
    if (buffer.kind === STATUS) order.fail("This window stays. /quit leaves greenchat.");
    if (buffer.kind === CHANNEL && buffer.joined && order.model.link.state === "online")
      order.send("PART", buffer.name);
    order.model.close(buffer);
    order.effect("keep");
  },
  { example: "/close #tea", group: "windows" },
);
command(
  "unquery",
  "[nick]",
  "Close the window of a private talk.",
  (order) => {
    const buffer = order.words.length ? named(order, order.words[0]) : order.buffer;
    if (buffer.kind !== PRIVATE) order.fail(`${buffer.name} is no private talk. /close closes its window.`);
    find("close").run(order);
  },
  { example: "/unquery bob", group: "windows" },
);
command(
  "windows ls wl",
  "",
  "Show all windows.",
  (order) => {
    order.model.ordered.forEach((buffer, at) => {
      order.tell(`${at + 1}: ${nameOf(order, buffer)}${buffer.unread ? `, ${buffer.unread} unread` : ""}`);
    });
  },
  { group: "windows" },
);
command(
  "activity missed",
  "",
  "Tell what happened in other windows since you looked.",
  (order) => {
    const found = order.model.ordered.filter((buffer) => buffer.unread && buffer !== order.buffer);
    for (const buffer of found) {
      const last = buffer.lines.findLast((line) => TALK.has(line.kind));
      const called = buffer.mentions ? `, ${buffer.mentions} for you` : "";
      order.tell(`${nameOf(order, buffer)}, ${buffer.unread} unread${called}${last ? `; last ${quoted(last)}` : ""}`);
    }
    if (!found.length) order.tell("Nothing unread.");
  },
  { group: "windows" },
);
command(
  "mentions",
  "[how many]",
  "Show where you were called lately, in any window.",
  (order) => {
    const most = Number(order.words[0]) || 10;
    const all = order.model.ordered.flatMap((buffer) =>
      buffer.lines.filter((line) => line.mention).map((line) => [buffer, line]),
    );
    all.sort((a, b) => a[1].time - b[1].time);
    for (const [buffer, line] of all.slice(-most))
      order.tell(`${when(line.time)} ${nameOf(order, buffer)} ${quoted(line)}`);
    if (!all.length) order.tell("Nobody has called you yet.");
  },
  { example: "/mentions 20", group: "windows" },
);
command(
  "lastlog last grep",
  "text",
  "Show the lines of this window that have a text in them. Ctrl-K searches the server.",
  (order) => {
    const wanted = order.args.toLowerCase();
    const found = order.buffer.lines.filter(
      (line) => TALK.has(line.kind) && `${line.nick} ${line.text}`.toLowerCase().includes(wanted),
    );
    for (const line of found.slice(-MOST_FOUND)) order.tell(`${when(line.time)} ${quoted(line)}`);
    if (!found.length)
      order.tell("Nothing here has that in it. The search above looks in all that the server remembers.");
  },
  { least: 1, example: "/lastlog cake", group: "windows" },
);
command(
  "search find",
  "[text]",
  "Search all that the server remembers. Ctrl-K does, too.",
  (order) => order.effect("search", { text: order.args }),
  { example: "/search cake", group: "windows" },
);
command(
  "clear c cl cls",
  "",
  "Begin with an empty screen. Scrolling up brings back what was on it.",
  (order) => {
    order.effect("clear", { buffer: order.buffer });
  },
  { group: "windows" },
);
command(
  "export log",
  "",
  "Save what was said in this window as a text file.",
  (order) => order.effect("export", { buffer: order.buffer }),
  {
    group: "windows",
  },
);
command("quit exit bye signoff", "[why]", "Leave greenchat.", (order) => order.effect("quit", { why: order.args }), {
  example: "/quit See you tomorrow",
  group: "windows",
});
command(
  "raw quote",
  "a line of IRC",
  "Send a line to the server as it is.",
  (order) => {
    const message = parse(order.args);
    if (!message) order.fail("That is no line of IRC.");
    order.online();
    order.effect("send", { message: { tags: { ...message.tags }, command: message.command, params: message.params } });
  },
  { least: 1, example: "/raw WHOIS bob", group: "windows" },
);
command(
  "motd",
  "",
  "Show the server's message of the day.",
  (order) => {
    order.model.show(order.model.status);
    order.send("MOTD");
  },
  { group: "windows" },
);

for (const name of ["connect", "reconnect"])
  command(name, "", "Connect again, now.", (order) => order.effect("reconnect"), { group: "networks" });
command(
  "setname",
  "your name",
  "Change your real name, for everybody to read.",
  (order) => {
    order.online();
    if (!order.model.caps.has("setname")) order.fail("This server can't do that while you are connected.");
    order.send("SETNAME", order.args);
  },
  { least: 1, example: "/setname Ada L.", group: "people" },
);
command(
  "disconnect",
  "[why]",
  "Leave the server but stay on the page.",
  (order) => order.effect("quit", { why: order.args }),
  { group: "networks" },
);
command(
  "oper",
  "name",
  "Become an operator of the server; the password is asked for.",
  (order) => {
    if (order.words.length > 1)
      order.fail("The password is asked for, so that nobody reads it on your screen: /oper name");
    order.online();
    order.effect("oper", { name: order.words[0] });
  },
  { least: 1, example: "/oper ada", group: "server" },
);

// what the server alone understands goes to it as it is typed; `[...]` may be left out
const PASSED_ON = [
  ["admin", "", "Show who runs the server."],
  ["die", "", "End the server (its operators only)."],
  ["info", "", "Show what the server says about itself."],
  ["ison", "nick ...", "Ask whether these people are online."],
  ["kill", "nick why", "Disconnect somebody (operators of the server only).", 1],
  ["knock", "#channel [why]", "Ask to be invited to a channel.", 1],
  ["links", "", "Show the servers of this network."],
  ["lusers", "", "Show how many people and channels there are."],
  ["map", "", "Show how the servers of this network are connected."],
  ["rehash", "", "Have the server read its configuration again (its operators only)."],
  ["restart", "", "Start the server anew (its operators only)."],
  ["servlist", "", "Show the services of this network."],
  ["silence", "[+mask or -mask]", "Have the server keep somebody's messages from you."],
  ["squery", "service text", "Write to a service.", 1],
  ["squit", "server why", "Take a server off the network (operators of the server only).", 1],
  ["stats", "[letter]", "Show figures of the server."],
  ["time date", "", "Show what time it is where the server is."],
  ["trace", "[nick or server]", "Show the way to somebody."],
  ["userhost host", "nick ...", "Show where these people come from."],
  ["version", "", "Show what program the server is."],
  ["wallops", "text", "Write to all operators of the server.", 0],
];
for (const [names, usage, summary, before] of PASSED_ON) {
  const name = names.split(" ")[0];
  const pass = (order) =>
    order.send(name.toUpperCase(), ...(before === undefined ? order.words : withText(order.args, before)));
  const least = usage
    .split(" ")
    .filter((word) => word && !word.startsWith("[") && word !== "..." && !/^(or|-mask\])/.test(word)).length;
  command(names, usage, summary, pass, { least: usage.startsWith("[") ? 0 : least, group: "server" });
}

command(
  "help h commands",
  "[command, group, keys or all]",
  "Show what can be done, or how a command is used.",
  (order) => {
    const wanted = order.args.toLowerCase().replace(/^\//, "");
    if (!wanted || wanted === "keys" || wanted === "all") return order.effect("help", { part: wanted });
    const listed = groups();
    if (listed[wanted]) {
      for (const each of listed[wanted]) order.tell(`/${each.name} ${each.usage}: ${each.summary}`);
      return;
    }
    const known = find(wanted);
    order.tell(`/${known.name} ${known.usage}: ${known.summary} Example: ${known.example}`);
    if (known.aliases.length) order.tell(`Also: ${known.aliases.map((each) => `/${each}`).join(", ")}`);
  },
  { example: "/help join", group: "windows" },
);

/** All commands by group, both in alphabetical order. */
export function groups() {
  const found = {};
  for (const each of [...TABLE.values()].sort(
    (a, b) => a.group.localeCompare(b.group) || a.name.localeCompare(b.name),
  )) {
    (found[each.group] ??= []).push(each);
  }
  return found;
}

function withText(args, before) {
  const words = [];
  let rest = args;
  for (let at = 0; at < before; at += 1) {
    const [first, tail] = halves(rest);
    words.push(first);
    rest = tail;
  }
  return rest ? [...words, rest] : words;
}

function named(order, wanted) {
  const { model } = order;
  const exact = model.find(wanted);
  if (exact && wanted) return exact;
  const all = model.ordered;
  if (/^\d+$/.test(wanted)) {
    if (all[Number(wanted) - 1]) return all[Number(wanted) - 1];
    throw new CommandError(`There are windows 1 to ${all.length}.`);
  }
  const found = all.find((buffer) => nameOf(order, buffer).toLowerCase().includes(wanted.toLowerCase()));
  if (!found) throw new CommandError(`There is no window ${wanted}.`);
  return found;
}

const nameOf = (order, buffer) => (buffer.kind === STATUS ? order.model.network : buffer.name);
const when = (time) => new Date(time).toLocaleString();
const quoted = (line) =>
  line.kind === "action" ? `* ${line.nick} ${stripped(line.text)}` : `${line.nick}: ${stripped(line.text)}`;
