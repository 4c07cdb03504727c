// Commands to send messages, and about users.

import { CommandError, command, splitFirst } from "./commands.js";
import { say } from "./speak.js";
import { hides } from "./speak.js";
import { CHANNEL, PRIVATE, TALK } from "./state.js";

const group = "people";
const SERVICES = {
  "ns nickserv": "NickServ",
  "cs chanserv": "ChanServ",
  "hs hostserv": "HostServ",
  "ms memoserv": "MemoServ",
  "os operserv": "OperServ",
  "bs botserv": "BotServ",
  histserv: "HistServ",
};

command("msg m dm", "nick[,nick...] [text]", "Send a private message, in a window of its own.", message, {
  least: 1,
  example: "/msg bob Hello, Bob",
  group,
});
command("query q wquery", "nick [text]", "Open a private chat.", message, { least: 1, example: "/query bob", group });
command(
  "me",
  "does something",
  "Send an action, like * ada waves.",
  (order) => {
    order.requireTalk();
    say(order.model, order.buffer, order.args, "action", order.now);
  },
  { least: 1, example: "/me puts the kettle on", group },
);
command(
  "describe action",
  "nick or #channel does something",
  "Send an action to a nick or channel.",
  (order) => {
    const [name, text] = splitFirst(order.args);
    say(order.model, order.model.open(target(order, name)), text, "action", order.now);
  },
  { least: 2, example: "/describe #tea waves", group },
);
command("amsg", "text", "Send a message to all your channels.", (order) => everywhere(order, "said"), {
  least: 1,
  example: "/amsg I'm off, see you tomorrow",
  group,
});
command("ame", "does something", "Send an action to all your channels.", (order) => everywhere(order, "action"), {
  least: 1,
  example: "/ame goes home",
  group,
});
command(
  "notice",
  "nick text",
  "Send a notice: a message that programs do not answer.",
  (order) => {
    const [name, text] = splitFirst(order.args);
    order.send("NOTICE", target(order, name), text);
    order.tell(`notice to ${name}: ${text}`);
  },
  { least: 2, example: "/notice bob The cake is ready", group },
);
command(
  "wall wallchops",
  "[#channel] text",
  "Send a message to the channel operators only.",
  (order) => {
    const [channel, text] = order.channelFirst();
    if (!text) order.fail("Usage: /wall [#channel] text");
    order.send("NOTICE", `@${channel}`, text);
    order.tell(`notice to the operators of ${channel}: ${text}`);
  },
  { least: 1, example: "/wall Somebody ban him, please", group },
);
command(
  "say",
  "text",
  "Send a message that begins with a slash.",
  (order) => {
    order.requireTalk();
    say(order.model, order.buffer, order.args, "said", order.now);
  },
  { least: 1, example: "/say /help is a command", group },
);
command("echo", "text", "Print text in this window; nobody else sees it.", (order) => order.tell(order.args), {
  least: 1,
  example: "/echo a note to myself",
  group,
});
command(
  "ping",
  "nick",
  "Measure the round trip to somebody's client.",
  (order) => order.send("PRIVMSG", order.words[0], `\x01PING ${order.now}\x01`),
  { least: 1, example: "/ping bob", group },
);
command(
  "ver",
  "[nick or #channel]",
  "Show which client somebody uses.",
  (order) => order.send("PRIVMSG", target(order, order.words[0] ?? "*"), "\x01VERSION\x01"),
  { example: "/ver bob", group },
);
command("ctcp", "nick VERSION", "Send a CTCP request.", (order) => ctcp(order, "PRIVMSG"), {
  least: 2,
  example: "/ctcp bob VERSION",
  group,
});
command("nctcp", "nick VERSION text", "Send a CTCP reply.", (order) => ctcp(order, "NOTICE"), {
  least: 3,
  example: "/nctcp bob VERSION a pencil",
  group,
});
for (const [names, service] of Object.entries(SERVICES)) {
  const ask = (order) => toService(order, service, order.args);
  command(names, "text", `Send a message to ${service}, if the network has it.`, ask, {
    least: 1,
    example: `/${names.split(" ")[0]} HELP`,
    group,
  });
}

command(
  "nick",
  "name",
  "Change your nickname.",
  (order) => {
    order.model.wanted = order.words[0];
    if (order.model.link.state === "online") order.send("NICK", order.words[0]);
    else order.tell(`Your nickname will be ${order.words[0]} once you are connected.`);
  },
  { least: 1, example: "/nick ada", group },
);
command(
  "whois wi wii",
  "[nick]",
  "Show information about somebody.",
  (order) => {
    order.online();
    order.effect("person", { nick: order.person() });
  },
  { example: "/whois bob", group },
);
command("whowas ww", "nick", "Show information about somebody who left.", (order) => order.send("WHOWAS", order.words[0]), {
  least: 1,
  example: "/whowas bob",
  group,
});
command(
  "who w",
  "[#channel or mask]",
  "List the people here with their hosts.",
  (order) => {
    if (!order.words.length) order.requireTalk();
    order.send("WHO", order.words[0] ?? order.buffer.name);
  },
  { example: "/who #tea", group },
);
command(
  "accept",
  "[nick or -nick...]",
  "Let someone write to you in spite of your mode +g; -nick removes them.",
  (order) => order.send("ACCEPT", order.words.join(",") || "*"),
  { example: "/accept bob", group },
);
command(
  "away",
  "[why]",
  "Mark yourself as away; without a reason, as back.",
  (order) => {
    const { model } = order;
    const reason = order.args.replace(/^-(all|one)\s*/, "");
    model.awayText = reason || (model.away ? "" : "away");
    order.send("AWAY", ...(model.awayText ? [model.awayText] : []));
  },
  { example: "/away lunch", group },
);
command(
  "back",
  "",
  "Mark yourself as back.",
  (order) => {
    order.model.awayText = "";
    order.send("AWAY");
  },
  { group },
);
command(
  "notify",
  "[nick]",
  "Be told when somebody comes online or goes offline, or show the list.",
  (order) => {
    const { model } = order;
    const nick = order.words.find((word) => !word.startsWith("-"));
    if (!nick) {
      for (const each of model.settings.watched) {
        const here = model.watched.get(model.fold(each));
        order.tell(`${each}: ${here === undefined ? "not known" : here ? "online" : "not online"}`);
      }
      if (!model.settings.watched.length) order.tell("Your notify list is empty. Add a nick with /notify nick.");
      return;
    }
    if (/[!@*?,]/.test(nick)) order.fail("The notify list takes nicknames only: /notify nick");
    model.settings.watched = [...without(model, nick), nick];
    order.effect("settings");
    if (model.link.state === "online") order.send("MONITOR", "+", nick);
    order.tell(`You will be told when ${nick} comes online or goes offline.`);
  },
  { example: "/notify bob", group },
);
command(
  "unnotify",
  "nick",
  "Remove somebody from the notify list.",
  (order) => {
    const { model } = order;
    const left = without(model, order.words[0]);
    if (left.length === model.settings.watched.length)
      order.fail(`${order.words[0]} is not on your notify list. /notify shows the list.`);
    model.settings.watched = left;
    order.effect("settings");
    if (model.link.state === "online") order.send("MONITOR", "-", order.words[0]);
    order.tell(`${order.words[0]} was removed from your notify list.`);
  },
  { least: 1, example: "/unnotify bob", group },
);

function message(order) {
  const [names, text] = splitFirst(order.args);
  const several = names.split(",").filter(Boolean);
  if (several.length > 1) {
    if (!text) order.fail("Usage: /msg bob,carol text");
    for (const name of several) {
      if (hides(name, text)) order.fail(`It may contain a password: send it to ${name} alone.`);
    }
    for (const name of several) say(order.model, order.model.open(name), text, "said", order.now);
    return;
  }
  const name = target(order, names);
  if (/serv$/i.test(name) && text) return toService(order, name, text);
  const buffer = order.model.open(name);
  order.model.show(buffer);
  order.effect("begun", { buffer });
  if (text) say(order.model, buffer, text, "said", order.now);
}

/** A service answers in the current buffer; a line that may have a password in it is not stored. */
function toService(order, service, text) {
  order.send("PRIVMSG", service, text);
  order.tell(
    hides(service, text)
      ? `Sent to ${service}; it is not stored here, since it may contain a password.`
      : `to ${service}: ${text}`,
  );
}

function ctcp(order, kind) {
  const [name, rest] = splitFirst(order.args);
  const [request, argument] = splitFirst(rest);
  order.send(kind, name, `\x01${request.toUpperCase()}${argument ? ` ${argument}` : ""}\x01`);
}

function everywhere(order, kind) {
  order.online();
  const channels = [...order.model.buffers.values()].filter((buffer) => buffer.kind === CHANNEL && buffer.joined);
  if (!channels.length) order.fail("You are in no channel. /join one first.");
  for (const buffer of channels) say(order.model, buffer, order.args, kind, order.now);
}

/** Return the target that irssi's signs stand for; any other name is returned unchanged. */
function target(order, name) {
  if (!["*", ",", "."].includes(name)) return name;
  if (name === "*") {
    order.requireTalk();
    return order.buffer.name;
  }
  const time = (buffer) =>
    buffer.lines.findLast((line) => TALK.has(line.kind) && line.own === (name === "."))?.time ?? 0;
  const conversations = [...order.model.buffers.values()].filter((buffer) => buffer.kind === PRIVATE && time(buffer));
  if (!conversations.length)
    throw new CommandError(name === "," ? "Nobody has written to you yet." : "You have written to nobody yet.");
  return conversations.reduce((a, b) => (time(b) > time(a) ? b : a)).name;
}

const without = (model, nick) => model.settings.watched.filter((each) => model.fold(each) !== model.fold(nick));
