// Commands about the account, windows, and the server; and /help, which is made from the table.

import { TABLE, CommandError, command, find, splitFirst } from "./commands.js";
import { parse } from "./message.js";
import { CHANNEL, PRIVATE, STATUS, TALK } from "./state.js";
import { stripped } from "./format.js";

const MOST_FOUND = 50;

command(
  "register",
  "[email]",
  "Register your nickname: creates an account and asks for a password.",
  (order) => {
    order.online();
    order.effect("register", { email: order.words[0] ?? "" });
  },
  { example: "/register ada@example.org", group: "accounts" },
);
command(
  "verify",
  "[account] code",
  "Confirm a new account with its code.",
  (order) => {
    const [account, code] = order.words.length > 1 ? order.words : [order.model.nick, order.words[0]];
    order.send("VERIFY", account, code);
  },
  { least: 1, example: "/verify 1a2b3c", group: "accounts" },
);
command(
  "login identify",
  "[account]",
  "Log in to your account; asks for the password.",
  (order) => {
    if (order.words.length > 1)
      order.fail("Leave the password out: greenchat asks for it and hides it. /login [account]");
    order.online();
    order.effect("log in", { account: order.words[0] ?? order.model.wanted });
  },
  { example: "/login ada", group: "accounts" },
);
command("logout", "", "Log out.", (order) => order.effect("log out"), { group: "accounts" });

command(
  "window buffer buflist win wg",
  "number or name",
  "Go to a window, like /2 and Alt-2.",
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
    if (first === "move") order.fail("Windows are sorted by name here.");
    model.show(named(order, order.words.at(-1)));
  },
  { least: 1, example: "/window 2", group: "windows" },
);
command(
  "close wc",
  "[name]",
  "Close a window; leaves its channel.",
  (order) => {
    const buffer = order.words.length ? named(order, order.words[0]) : order.buffer;
    if (buffer.kind === STATUS) order.fail("This window can't be closed. Use /quit to leave greenchat.");
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
  "Close a private chat.",
  (order) => {
    const buffer = order.words.length ? named(order, order.words[0]) : order.buffer;
    if (buffer.kind !== PRIVATE) order.fail(`${buffer.name} is not a private chat. Use /close to close it.`);
    find("close").run(order);
  },
  { example: "/unquery bob", group: "windows" },
);
command(
  "windows ls wl",
  "",
  "List all windows.",
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
  "List the windows with unread messages.",
  (order) => {
    const unread = order.model.ordered.filter((buffer) => buffer.unread && buffer !== order.buffer);
    for (const buffer of unread) {
      const last = buffer.lines.findLast((line) => TALK.has(line.kind));
      const mentions = buffer.mentions ? `, ${buffer.mentions} for you` : "";
      order.tell(`${nameOf(order, buffer)}, ${buffer.unread} unread${mentions}${last ? `; last ${quoted(last)}` : ""}`);
    }
    if (!unread.length) order.tell("Nothing unread.");
  },
  { group: "windows" },
);
command(
  "mentions",
  "[how many]",
  "List the latest highlights of all windows.",
  (order) => {
    const most = Number(order.words[0]) || 10;
    const all = order.model.ordered.flatMap((buffer) =>
      buffer.lines.filter((line) => line.mention).map((line) => [buffer, line]),
    );
    all.sort((a, b) => a[1].time - b[1].time);
    for (const [buffer, line] of all.slice(-most))
      order.tell(`${when(line.time)} ${nameOf(order, buffer)} ${quoted(line)}`);
    if (!all.length) order.tell("There are no highlights yet.");
  },
  { example: "/mentions 20", group: "windows" },
);
command(
  "lastlog last grep",
  "text",
  "List the lines of this window that contain a text. Ctrl-K searches the server.",
  (order) => {
    const wanted = order.args.toLowerCase();
    const matches = order.buffer.lines.filter(
      (line) => TALK.has(line.kind) && `${line.nick} ${line.text}`.toLowerCase().includes(wanted),
    );
    for (const line of matches.slice(-MOST_FOUND)) order.tell(`${when(line.time)} ${quoted(line)}`);
    if (!matches.length)
      order.tell("No line matches. The search above searches the server's history.");
  },
  { least: 1, example: "/lastlog cake", group: "windows" },
);
command(
  "search find",
  "[text]",
  "Search the server's history. The same as Ctrl-K.",
  (order) => order.effect("search", { text: order.args }),
  { example: "/search cake", group: "windows" },
);
command(
  "clear c cl cls",
  "",
  "Clear the window. Scrolling up brings the lines back.",
  (order) => {
    order.effect("clear", { buffer: order.buffer });
  },
  { group: "windows" },
);
command(
  "export log",
  "",
  "Save the history of this window as a text file.",
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
  "line",
  "Send a raw line to the server.",
  (order) => {
    const message = parse(order.args);
    if (!message) order.fail("That is not a valid IRC message.");
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
  command(name, "", "Reconnect now.", (order) => order.effect("reconnect"), { group: "networks" });
command(
  "setname",
  "your name",
  "Change your real name, visible to everybody.",
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
  "Disconnect but stay on the page.",
  (order) => order.effect("quit", { why: order.args }),
  { group: "networks" },
);
command(
  "oper",
  "name",
  "Become a server operator; asks for the password.",
  (order) => {
    if (order.words.length > 1)
      order.fail("Leave the password out: greenchat asks for it and hides it. /oper name");
    order.online();
    order.effect("oper", { name: order.words[0] });
  },
  { least: 1, example: "/oper ada", group: "server" },
);

// commands that only the server understands are sent as typed; `[...]` is optional
const PASSED_ON = [
  ["admin", "", "Show who runs the server."],
  ["die", "", "Shut down the server (server operators only)."],
  ["info", "", "Show information about the server."],
  ["ison", "nick ...", "Show which of these nicks are online."],
  ["kill", "nick why", "Disconnect a user (server operators only).", 1],
  ["knock", "#channel [why]", "Ask for an invitation to a channel.", 1],
  ["links", "", "List the servers of this network."],
  ["lusers", "", "Show the numbers of users and channels."],
  ["map", "", "Show how the servers are linked."],
  ["rehash", "", "Reload the server's configuration (server operators only)."],
  ["restart", "", "Restart the server (server operators only)."],
  ["servlist", "", "List the services of this network."],
  ["silence", "[+mask or -mask]", "Block a user's messages on the server."],
  ["squery", "service text", "Send a message to a service.", 1],
  ["squit", "server why", "Unlink a server (server operators only).", 1],
  ["stats", "[letter]", "Show the server's statistics."],
  ["time date", "", "Show the server's local time."],
  ["trace", "[nick or server]", "Show the route to a user or server."],
  ["userhost host", "nick ...", "Show the hosts of these nicks."],
  ["version", "", "Show the server's version."],
  ["wallops", "text", "Send a message to all server operators.", 0],
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
  "Show help on a command or a group.",
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

/** Return all commands by group, both in alphabetical order. */
export function groups() {
  const byGroup = {};
  for (const each of [...TABLE.values()].sort(
    (a, b) => a.group.localeCompare(b.group) || a.name.localeCompare(b.name),
  )) {
    (byGroup[each.group] ??= []).push(each);
  }
  return byGroup;
}

function withText(args, before) {
  const words = [];
  let rest = args;
  for (let at = 0; at < before; at += 1) {
    const [first, tail] = splitFirst(rest);
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
  const match = all.find((buffer) => nameOf(order, buffer).toLowerCase().includes(wanted.toLowerCase()));
  if (!match) throw new CommandError(`There is no window ${wanted}.`);
  return match;
}

const nameOf = (order, buffer) => (buffer.kind === STATUS ? order.model.network : buffer.name);
const when = (time) => new Date(time).toLocaleString();
const quoted = (line) =>
  line.kind === "action" ? `* ${line.nick} ${stripped(line.text)}` : `${line.nick}: ${stripped(line.text)}`;
