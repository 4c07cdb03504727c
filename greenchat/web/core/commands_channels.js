// Commands about channels: joining and parting, the topic, members, and moderation.

import { command, splitFirst } from "./commands.js";
import { CHANNEL } from "./state.js";

const group = "channels";

command(
  "join j wjoin",
  "[#channel [key]]",
  "Join a channel; a new name creates one.",
  (order) => {
    const { model } = order;
    order.online();
    if (!order.words.length) return order.effect("channels");
    const [names, keys = ""] = order.words;
    const wanted = names
      .split(",")
      .filter(Boolean)
      .map((name) => (model.isChannel(name) ? name : model.chantypes[0] + name));
    wanted.forEach((name, at) => {
      const buffer = model.find(name);
      if (buffer?.joined) return model.show(buffer);
      const key = keys.split(",")[at] ?? "";
      model.showOnJoin.add(model.fold(name));
      if (key) model.autojoin.set(model.fold(name), { name, key });
      order.send("JOIN", name, ...(key ? [key] : []));
    });
  },
  { example: "/join #tea", group },
);
command(
  "part leave p",
  "[#channel] [why]",
  "Leave a channel. Its window stays until /close.",
  (order) => {
    const [channel, reason] = order.channelFirst();
    order.send("PART", channel, ...(reason ? [reason] : []));
  },
  { example: "/part #tea See you", group },
);
command(
  "cycle rejoin",
  "[#channel]",
  "Leave a channel and join it again.",
  (order) => {
    const [channel] = order.channelFirst();
    order.send("PART", channel);
    order.send("JOIN", channel);
  },
  { group },
);
command(
  "topic t",
  "[#channel] [new topic]",
  "Show or set the topic.",
  (order) => {
    const [channel, text] = order.channelFirst();
    if (text) return order.send("TOPIC", channel, text);
    const topic = order.model.find(channel)?.topic;
    order.tell(topic ? `Topic of ${channel}: ${topic}` : `${channel} has no topic.`);
  },
  { example: "/topic Tea at five", group },
);
command(
  "names n users",
  "[#channel]",
  "List the members of the channel.",
  (order) => {
    const [channel] = order.channelFirst();
    const buffer = order.model.find(channel);
    if (!buffer?.joined) return order.send("NAMES", channel);
    const names = buffer.ranked.map(
      (member) => member.prefixes.slice(0, 1) + member.nick + (member.away ? " (away)" : ""),
    );
    order.tell(`${names.length} in ${buffer.name}: ${names.join(" ")}`);
  },
  { group },
);
command(
  "list l",
  "[pattern]",
  "List the server's channels.",
  (order) => {
    order.online();
    order.effect("channels", { pattern: order.words[0] ?? "" });
  },
  { example: "/list *tea*", group },
);
command(
  "invite i inv",
  "nick [#channel]",
  "Invite someone to the channel.",
  (order) => {
    const [nick, channel = order.buffer.kind === CHANNEL ? order.buffer.name : ""] = order.words;
    if (!order.model.isChannel(channel)) order.fail("Name the channel: /invite nick #channel");
    order.send("INVITE", nick, channel);
  },
  { least: 1, example: "/invite bob", group },
);
command(
  "kick k",
  "[#channel] nick [why]",
  "Kick someone from the channel.",
  (order) => {
    const [channel, rest] = order.channelFirst();
    const [nick, reason] = splitFirst(rest);
    if (!nick) order.fail("Name a nick: /kick nick [why]");
    order.send("KICK", channel, nick, ...(reason ? [reason] : []));
  },
  { least: 1, example: "/kick bob Enough for today", group },
);
command(
  "ban b bans banlist",
  "[#channel] [nick or mask]",
  "Ban someone from the channel, or list the bans.",
  (order) => maskOrList(order, "b"),
  { example: "/ban *!*@spam.example", group },
);
command(
  "unban ub",
  "[#channel] nick or mask",
  "Remove a ban.",
  (order) => {
    const [channel, nick] = order.channelFirst();
    order.send("MODE", channel, "-b", maskOf(order.model, channel, nick));
  },
  { least: 1, example: "/unban *!*@spam.example", group },
);
command(
  "exemptlist",
  "[#channel]",
  "List the ban exceptions.",
  (order) => list(order, order.channelFirst()[0], "e"),
  { group },
);
command(
  "invitelist",
  "[#channel]",
  "List the invite exceptions.",
  (order) => list(order, order.channelFirst()[0], "I"),
  { group },
);
command(
  "kickban kb",
  "[#channel] nick [why]",
  "Kick and ban someone.",
  (order) => {
    const [channel, rest] = order.channelFirst();
    const [nick, reason] = splitFirst(rest);
    if (!nick) order.fail("Name a nick: /kickban nick [why]");
    order.send("MODE", channel, "+b", maskOf(order.model, channel, nick));
    order.send("KICK", channel, nick, ...(reason ? [reason] : []));
  },
  { least: 1, example: "/kickban bob Spam", group },
);
command("quiet mute", "[#channel] [nick or mask]", "Mute someone.", (order) => quiet(order, "+"), {
  example: "/quiet bob",
  group,
});
command("unquiet unmute", "[#channel] nick or mask", "Unmute someone.", (order) => quiet(order, "-"), {
  least: 1,
  example: "/unquiet bob",
  group,
});
const RANKS = [
  ["op o", "+", "o", "Make someone a channel operator."],
  ["deop d", "-", "o", "Remove channel operator status."],
  ["voice v", "+", "v", "Give someone voice: they can write in a moderated channel."],
  ["devoice", "-", "v", "Remove voice."],
  ["halfop hop", "+", "h", "Make someone a half-operator."],
  ["dehalfop dehop", "-", "h", "Remove half-operator status."],
];
for (const [names, sign, letter, summary] of RANKS) {
  const give = (order) => {
    const [channel, rest] = order.channelFirst();
    const nicks = splitFirst(rest)[0] ? rest.trim().split(/\s+/) : [];
    if (!nicks.length) order.fail(`Name a nick: /${names.split(" ")[0]} nick`);
    order.send("MODE", channel, sign + letter.repeat(nicks.length), ...nicks);
  };
  command(names, "nick ...", summary, give, { least: 1, example: `/${names.split(" ")[0]} bob`, group });
}
command(
  "mode",
  "[#channel or your nick] [modes]",
  "Show or change modes of a channel or of yourself.",
  (order) => {
    const { words, buffer, model } = order;
    if (!words.length || "+-".includes(words[0][0])) words.unshift(buffer.kind === CHANNEL ? buffer.name : model.nick);
    if (words.length === 1) model.showModes = true;
    order.send("MODE", ...words);
  },
  { example: "/mode #tea +i", group },
);
command(
  "umode",
  "[modes]",
  "Show or change your own modes.",
  (order) => order.send("MODE", order.model.nick, ...order.words),
  {
    example: "/umode +i",
    group,
  },
);

/** Return the ban mask of a user, by the host if it is known: a nick is easily changed. */
export function maskOf(model, channel, nick) {
  if (/[!@*]/.test(nick)) return nick;
  const member = model.find(channel)?.members.get(model.fold(nick));
  return member?.host ? `*!*@${member.host}` : `${nick}!*@*`;
}

function maskOrList(order, letter) {
  const [channel, nick] = order.channelFirst();
  if (nick) order.send("MODE", channel, `+${letter}`, maskOf(order.model, channel, nick));
  else list(order, channel, letter);
}

function list(order, channel, letter) {
  order.online();
  order.effect("masks", { channel, letter });
}

function quiet(order, sign) {
  const [channel, nick] = order.channelFirst();
  if (!order.model.chanmodes[0].includes("q")) {
    // as an extended ban where the server supports it: https://ircv3.net/specs/extensions/account-extban defines the form
    const [prefix, kinds = ""] = (order.model.isupport.get("EXTBAN") ?? "").split(",");
    if (!kinds.includes("m")) order.fail("This server has no quiets. With /mode +m only voiced members can speak.");
    if (!nick) return list(order, channel, "b");
    order.send("MODE", channel, `${sign}b`, `${prefix}m:${maskOf(order.model, channel, nick)}`);
    return;
  }
  if (!nick) return list(order, channel, "q");
  order.send("MODE", channel, `${sign}q`, maskOf(order.model, channel, nick));
}
