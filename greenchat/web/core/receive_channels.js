// Membership: JOIN, PART and QUIT, ranks, topics, and the lists of members.

import { askLatest } from "./history.js";
import { timeOf } from "./message.js";
import { changes, describeChange } from "./modes.js";
import { flush } from "./speak.js";
import { CHANNEL, PRIVATE } from "./state.js";

const WHOX = "%tcuhnfar,604";

export const CHANNELS = {
  JOIN(model, message, now) {
    const [name, account = "", realname = ""] = message.params;
    const buffer = model.open(name, CHANNEL);
    if (model.isMe(message.nick)) joined(model, buffer, message);
    else event(model, buffer, message, now);
    buffer.members.set(model.fold(message.nick), {
      nick: message.nick,
      prefixes: "",
      user: message.user,
      host: message.host,
      account: account === "*" ? "" : account,
      realname,
      away: false,
    });
    model.change("members", "buffers");
  },
  PART(model, message, now) {
    const buffer = model.find(message.params[0]);
    if (!buffer) return;
    event(model, buffer, message, now);
    removeMember(model, buffer, message.nick);
  },
  KICK(model, message, now) {
    const [name, nick] = message.params;
    const buffer = model.find(name);
    if (!buffer) return;
    event(model, buffer, message, now);
    removeMember(model, buffer, nick);
    if (model.isMe(nick))
      model.tell(`${message.nick} removed you from ${name}. /join ${name} to come back.`, "error", buffer, now);
  },
  QUIT(model, message, now) {
    for (const buffer of model.buffers.values()) {
      if (!buffer.members.has(model.fold(message.nick))) continue;
      event(model, buffer, message, now);
      removeMember(model, buffer, message.nick);
    }
  },
  NICK(model, message, now) {
    const [before, after] = [message.nick, message.params[0]];
    const me = model.isMe(before);
    for (const buffer of [...model.buffers.values()]) {
      const member = buffer.members.get(model.fold(before));
      if (member) {
        buffer.members.delete(model.fold(before));
        buffer.members.set(model.fold(after), { ...member, nick: after });
        event(model, buffer, message, now);
      }
      if (buffer.typing.delete(before)) model.change("typing");
    }
    const privateChat = model.find(before);
    if (privateChat?.kind === PRIVATE && !me && !model.find(after)) {
      model.buffers.delete(privateChat.key);
      [privateChat.name, privateChat.key] = [after, model.fold(after)];
      model.buffers.set(privateChat.key, privateChat);
    }
    if (me) {
      model.nick = after;
      model.effects.push({ kind: "renamed" });
    }
    model.change("members", "buffers", "head");
  },
  MODE(model, message, now) {
    const [target, ...words] = message.params;
    if (!model.isChannel(target)) {
      if (model.isMe(target)) model.umodes = userModes(model.umodes, words[0] ?? "");
      return;
    }
    const buffer = model.find(target);
    if (!buffer) return;
    event(model, buffer, message, now);
    for (const change of changes(words, model.chanmodes, model.prefixes)) {
      apply(model, buffer, change);
      const wanted = model.autojoin.get(buffer.key);
      if (change.letter === "k" && wanted && change.argument !== "*")
        wanted.key = change.sign === "+" ? change.argument : "";
    }
    model.change("members", "head");
  },
  TOPIC(model, message, now) {
    const buffer = model.find(message.params[0]);
    if (!buffer) return;
    event(model, buffer, message, now);
    [buffer.topic, buffer.topicBy, buffer.topicAt] = [message.params[1] ?? "", message.nick, timeOf(message, now)];
    model.change("head");
  },
  INVITE(model, { nick, params: [who, name] }, now) {
    if (!model.isMe(who)) {
      const buffer = model.find(name);
      if (buffer) model.append(buffer, { time: now, kind: "event", text: `${nick} invites ${who}` });
      return;
    }
    model.effects.push({ kind: "invited", by: nick, channel: name });
  },
  AWAY(model, { nick, params }) {
    each(model, nick, (member) => (member.away = params.length > 0 && params[0] !== ""));
    if (model.isMe(nick)) model.away = params[0] || null;
    model.change("members", "head");
  },
  ACCOUNT(model, { nick, params: [account] }) {
    each(model, nick, (member) => (member.account = account === "*" ? "" : account));
    if (model.isMe(nick)) model.account = account === "*" ? "" : account;
    model.change("members", "head");
  },
  CHGHOST(model, { nick, params: [user, host] }) {
    each(model, nick, (member) => Object.assign(member, { user, host }));
    if (model.isMe(nick)) [model.user, model.host] = [user, host];
  },
  SETNAME(model, { nick, params: [realname] }) {
    each(model, nick, (member) => (member.realname = realname));
    model.change("members");
  },
  RENAME(model, message, now) {
    const [before, after] = message.params;
    const buffer = model.find(before);
    if (!buffer) return;
    model.buffers.delete(buffer.key);
    const wanted = model.autojoin.get(buffer.key);
    model.autojoin.delete(buffer.key);
    [buffer.name, buffer.key] = [after, model.fold(after)];
    model.buffers.set(buffer.key, buffer);
    if (wanted) model.autojoin.set(buffer.key, { ...wanted, name: after });
    event(model, buffer, message, now);
    model.change("all");
  },
  331: (model, { params }) => topic(model, params[1], ""),
  332: (model, { params }) => topic(model, params[1], params[2]),
  333(model, { params: [, name, by, at] }) {
    const buffer = model.find(name);
    if (buffer) [buffer.topicBy, buffer.topicAt] = [by.split("!")[0], Number(at) * 1000];
  },
  324(model, { params: [, name, ...words] }, now) {
    const buffer = model.find(name);
    if (buffer) buffer.modes = words.join(" ");
    if (model.showModes) {
      model.showModes = false;
      model.tell(`Modes of ${name}: ${words.join(" ")}`, "info", model.current, now);
    }
    model.change("head", "dialog");
  },
  329() {},
  353(model, { params }) {
    const buffer = model.find(params[2]);
    if (!buffer) return;
    buffer.naming ??= new Map();
    for (const word of params[3].split(" ").filter(Boolean)) {
      const prefixes = /^[~&@%+!.]*/
        .exec(word)[0]
        .split("")
        .filter((sign) => model.symbols.includes(sign));
      const [nick, user = "", host = ""] = word.slice(prefixes.length).split(/[!@]/);
      const key = model.fold(nick);
      const known = buffer.members.get(key) ?? { account: "", realname: "", away: false };
      buffer.naming.set(key, { ...known, nick, user, host, prefixes: prefixes.join("") });
    }
  },
  366(model, { params: [, name] }) {
    const buffer = model.find(name);
    if (!buffer?.naming) return;
    buffer.members = buffer.naming;
    buffer.naming = null;
    const me = buffer.members.get(model.fold(model.nick));
    if (me) [model.user, model.host] = [me.user || model.user, me.host || model.host];
    model.change("members", "head");
  },
};

/** Return an event of a channel as text; null for other messages. */
export function eventLine(model, { command, nick, params }) {
  const suffix = (why) => (why ? ` (${why})` : "");
  const texts = {
    JOIN: () => [`${nick} joined`, "in"],
    PART: () => [`${nick} left${suffix(params[1])}`, "out"],
    QUIT: () => [`${nick} left${suffix(params[0])}`, "out"],
    KICK: () => [`${nick} removed ${params[1]}${suffix(params[2])}`, ""],
    NICK: () => [`${nick} is now known as ${params[0]}`, "name"],
    TOPIC: () => [params[1] ? `${nick} set the topic: ${params[1]}` : `${nick} removed the topic`, ""],
    RENAME: () => [`${nick} renamed ${params[0]} to ${params[1]}${suffix(params[2])}`, ""],
    MODE: () => {
      const described = changes(params.slice(1), model.chanmodes, model.prefixes).map(describeChange);
      return [`${nick} ${described.join(", ")}`, ""];
    },
  };
  const event = texts[command]?.();
  return event
    ? { kind: "event", text: event[0], passing: event[1], nick, after: command === "NICK" ? params[0] : "" }
    : null;
}

function event(model, buffer, message, now) {
  const line = eventLine(model, message);
  if (line) model.append(buffer, { ...line, time: timeOf(message, now), id: message.tags.msgid ?? "" });
}

function joined(model, buffer, { user, host }) {
  [model.user, model.host] = [user, host];
  buffer.joined = true;
  buffer.members.clear();
  const wanted = model.autojoin.get(buffer.key);
  model.autojoin.set(buffer.key, { name: buffer.name, key: wanted?.key ?? "" });
  model.effects.push({ kind: "keep" });
  if (model.showOnJoin.delete(buffer.key) || model.current === model.status) model.show(buffer);
  if (!askLatest(model, buffer)) flush(model, buffer);
  buffer.isKnown = false;
  if (buffer === model.current) queryDetails(model, buffer);
  model.change("all");
}

/** Query what only the shown channel needs: away members, and modes. Servers limit the queries of newcomers. */
export function queryDetails(model, buffer) {
  if (buffer.kind !== CHANNEL || !buffer.joined || buffer.isKnown || model.link.state !== "online") return;
  buffer.isKnown = true;
  model.ask((messages) => here(model, buffer, messages), "WHO", buffer.name, WHOX);
  model.send("MODE", buffer.name);
}

/** The answer to WHO with our fields: away and account. https://ircv3.net/specs/extensions/whox */
function here(model, buffer, messages) {
  for (const { command, params } of messages) {
    if (command !== "354" || params[1] !== "604") continue;
    const [, , , user, host, nick, flags, account, realname] = params;
    const member = buffer.members.get(model.fold(nick));
    if (!member) continue;
    Object.assign(member, { user, host, account: account === "0" ? "" : account, realname });
    member.away = flags.startsWith("G");
    member.bot = flags.includes(model.isupport.get("BOT") ?? "\0");
  }
  model.change("members");
}

function removeMember(model, buffer, nick) {
  buffer.members.delete(model.fold(nick));
  if (buffer.typing.delete(nick)) model.change("typing");
  if (model.isMe(nick)) {
    buffer.joined = false;
    buffer.members.clear();
    model.autojoin.delete(buffer.key);
    model.effects.push({ kind: "keep" });
    model.change("all");
  }
  model.change("members", "buffers");
}

function apply(model, buffer, { sign, letter, argument }) {
  const symbol = model.symbols[model.prefixes.indexOf(letter)];
  const member = buffer.members.get(model.fold(argument));
  if (symbol && member) {
    const held = new Set(member.prefixes);
    if (sign === "+") held.add(symbol);
    else held.delete(symbol);
    member.prefixes = [...model.symbols].filter((each) => held.has(each)).join("");
  } else if (!symbol && !model.chanmodes[0].includes(letter)) {
    const [letters = "", ...values] = buffer.modes.replace(/^\+/, "").split(" ");
    const valued = [...letters].filter((each) => (model.chanmodes[1] + model.chanmodes[2]).includes(each));
    const table = new Map([...letters].map((each) => [each, values[valued.indexOf(each)] ?? ""]));
    if (sign === "+") table.set(letter, argument);
    else table.delete(letter);
    const inOrder = [...table].filter(([, value]) => value).map(([, value]) => value);
    buffer.modes = [
      `+${[...table]
        .sort((a, b) => Boolean(a[1]) - Boolean(b[1]))
        .map(([each]) => each)
        .join("")}`,
      ...inOrder,
    ].join(" ");
  }
}

function each(model, nick, change) {
  for (const buffer of model.buffers.values()) {
    const member = buffer.members.get(model.fold(nick));
    if (member) change(member);
  }
}

function topic(model, name, text) {
  const buffer = model.find(name);
  if (buffer) buffer.topic = text;
  model.change("head");
}

function userModes(before, letters) {
  const held = new Set(before);
  let sign = "+";
  for (const letter of letters) {
    if ("+-".includes(letter)) sign = letter;
    else if (sign === "+") held.add(letter);
    else held.delete(letter);
  }
  return [...held].sort().join("");
}
