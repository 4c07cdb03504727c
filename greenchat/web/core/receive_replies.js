// Numerics and other answers: those with a view of their own (WHOIS, LIST, bans, MONITOR), and all others as text.

import { askTargets } from "./history.js";
import { refuse } from "./speak.js";

const SILENT = new Set([
  "002",
  "003",
  "004",
  "007",
  "250",
  "251",
  "252",
  "253",
  "254",
  "255",
  "265",
  "266",
  "315",
  "321",
  "365",
  "396",
]);

/** Reasons why a JOIN was refused, and what can be done. */
const CLOSED = {
  403: () => "There is no such channel.",
  405: () => "You are in too many channels: leave one first.",
  471: () => "The channel is full. Try again later.",
  473: () => "The channel is invite-only. Ask for an invitation with /knock.",
  474: () => "You are banned from this channel.",
  475: () => "The channel requires a key.",
  476: () => "That is not a channel name: it must begin with # and can't contain spaces.",
  477: () => "Only people with an account can join: register your name first (/register).",
  489: () => "This channel requires an encrypted connection: open the page with https://.",
};

export const REPLIES = {
  301(model, { params }, now) {
    model.tell(`${params[1]} is away: ${params[2]}`, "info", model.find(params[1]) ?? model.current, now);
  },
  470(model, { params: [, from, to] }, now) {
    const shown = model.showOnJoin.delete(model.fold(from));
    model.autojoin.delete(model.fold(from));
    if (shown) model.showOnJoin.add(model.fold(to));
    model.tell(`${from} forwarded you to ${to}.`, "info", model.current, now);
  },
  305: (model, message, now) => setAway(model, null, message, now),
  306: (model, message, now) => setAway(model, "away", message, now),
  221(model, { params }, now) {
    model.umodes = (params[1] ?? "").replace("+", "");
    model.tell(`Your modes: ${params[1]}`, "info", model.current, now);
  },
  341: (model, { params }, now) => model.tell(`You invited ${params[1]} to ${params[2]}.`, "info", model.current, now),
  375: motd,
  372: motd,
  376: (model, message, now) => askTargets(model, now),
  422: (model, message, now) => askTargets(model, now),
  730: (model, message, now) => watched(model, message, true, now),
  731: (model, message, now) => watched(model, message, false, now),
  401(model, message, now) {
    const [, nick] = message.params;
    error(model, message, `${nick} is not online.`, now, model.find(nick));
  },
  421: (model, message, now) => error(model, message, `This server has no command ${message.params[1]}.`, now),
  404(model, message, now) {
    error(model, message, message.params.at(-1), now, model.find(message.params[1]));
  },
};
for (const [number, words] of Object.entries(CLOSED)) {
  REPLIES[number] = (model, message, now) => {
    const name = message.params[1];
    model.autojoin.delete(model.fold(name));
    if (refuse(model, message.tags.label, message.params.at(-1))) return;
    if (number === "475") model.effects.push({ kind: "key wanted", channel: name });
    else model.tell(`${name}: ${words()}`, "error", model.current, now);
  };
}

/** A line without a handler: the text of a numeric, in the current buffer. */
export function unknown(model, message, now) {
  const { command, params, tags } = message;
  if (SILENT.has(command)) return;
  if (/^[45]\d\d$/.test(command)) return error(model, message, params.slice(1).join(" "), now);
  if (/^\d{3}$/.test(command)) model.tell(params.slice(1).join(" "), "info", model.current, now);
  else if (command !== "ACK" && command !== "METADATA" && command !== "761" && !tags.batch)
    model.tell([command, ...params].join(" "), "info", model.status, now);
}

/** Return the answer to a WHOIS as a profile: {nick, user, host, realname, channels, idle, since, account, away, more}. */
export function profile(messages) {
  const person = { nick: "", channels: [], more: [] };
  for (const { command, params } of messages) {
    const [, nick, ...rest] = params;
    if (command === "311") Object.assign(person, { nick, user: rest[0], host: rest[1], realname: rest[3] ?? "" });
    else if (command === "319") person.channels.push(...rest[0].split(" ").filter(Boolean));
    else if (command === "317") Object.assign(person, { idle: Number(rest[0]), since: Number(rest[1]) * 1000 });
    else if (command === "330") person.account = rest[0];
    else if (command === "301") person.away = rest[0];
    else if (command === "401" || command === "402") person.missing = true; // 402: the nick is queried as a server, too
    else if (["313", "335", "671", "276"].includes(command)) person.more.push(rest.at(-1));
  }
  return person.nick || person.missing ? person : null;
}

function error(model, { tags }, words, now, buffer = null) {
  if (!refuse(model, tags.label, words)) model.tell(words, "error", buffer ?? model.current, now);
}

function setAway(model, away, message, now) {
  model.away = away && (model.awayText || away);
  model.tell(away ? `You are away: ${model.away}` : "You are no longer marked as away.", "info", model.current, now);
  model.change("head", "members");
}

function motd(model, { command, params }, now) {
  const text = command === "375" ? "Message of the day:" : params.at(-1).replace(/^- ?/, "");
  const line = model.line({ time: now, kind: "info", text });
  model.status.lines.push(line);
  model.status.version += 1;
}

function watched(model, { params }, online, now) {
  for (const source of params.at(-1).split(",")) {
    const nick = source.split("!")[0];
    const before = model.watched.get(model.fold(nick));
    model.watched.set(model.fold(nick), online);
    if (before !== online && (before !== undefined || online)) {
      model.tell(`${nick} is ${online ? "online" : "no longer online"}.`, "info", model.current, now);
    }
  }
}
