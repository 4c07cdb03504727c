// Messages, tags, redactions, read marks, and pages of history.

import { askLatest, merge } from "./history.js";
import { timeOf } from "./message.js";
import { confirm, flush, hides, CLIENT_ID } from "./speak.js";
import { STATUS } from "./state.js";
import { eventLine } from "./receive_channels.js";

const TYPING_MILLISECONDS = 6000; // after which "active" expires
const LIVE_MILLISECONDS = 60_000; // older messages cause no automatic action
const ANSWER_MILLISECONDS = 2000; // between two answers to CTCP requests
const LONGEST_REACTION = 32;
const MOST_CALLED = 5; // members that one line can mention and still notify
const CONCAT = "draft/multiline-concat";

export const TALKING = {
  PRIVMSG: (model, message, now) => said(model, message, now),
  NOTICE: (model, message, now) => said(model, message, now),
  TAGMSG(model, message, now) {
    const buffer = bufferOf(model, message);
    if (!buffer || model.ignores(message)) return;
    react(model, buffer, message);
    const typing = message.tags["+typing"] ?? message.tags["+draft/typing"];
    if (!typing || model.isMe(message.nick)) return;
    if (typing === "active") buffer.typing.set(message.nick, now + TYPING_MILLISECONDS);
    else buffer.typing.delete(message.nick);
    if (buffer === model.current) model.change("typing");
  },
  REDACT(model, message) {
    const buffer = bufferOf(model, message);
    if (buffer) redact(model, buffer, message);
  },
  MARKREAD(model, { params: [name, value] }) {
    const buffer = model.find(name ?? "");
    const time = Date.parse((value ?? "").replace("timestamp=", ""));
    if (!buffer || !(time > buffer.readAt)) return;
    buffer.readAt = time;
    if (buffer !== model.current) buffer.mark = 0;
    model.recount(buffer);
  },
};

/** Return one message of a multi-line batch: its lines joined, with the tags of the batch. */
export function multiline({ message, messages }) {
  if (!messages.length) return [];
  const text = messages
    .map(({ params, tags }, at) => (at && !(CONCAT in tags) ? "\n" : "") + (params[1] ?? ""))
    .join("");
  const [first] = messages;
  const tags = { ...first.tags, ...message.tags };
  return [{ ...first, tags, params: [first.params[0], text] }];
}

/** A queried page of history has arrived. */
export function takePage(model, { buffer, page, messages }, now) {
  buffer.asking.delete(page.what);
  model.change("lines");
  if (messages.some((each) => each.command === "FAIL")) {
    if (page.command === "BEFORE") buffer.complete = true;
    if (page.line) page.line.gap = false;
    page.then?.(null);
    if (page.command === "LATEST") flush(model, buffer);
    return;
  }
  const lines = messages.map((message) => lineOf(model, buffer, message, now)).filter(Boolean);
  merge(buffer, lines, page);
  for (const line of lines) if (line.own && line.clientId) confirm(model, buffer, "", line.clientId);
  if (page.command === "LATEST") {
    model.recount(buffer);
    flush(model, buffer);
  }
  page.then?.(lines);
}

/** Return a message of the history as a line; others (redactions, reactions) change the present lines. */
export function lineOf(model, buffer, message, now) {
  const time = timeOf(message, now);
  const id = message.tags.msgid ?? "";
  const isTalk = ["PRIVMSG", "NOTICE", "TAGMSG"].includes(message.command);
  if (isTalk && !model.isMe(message.nick) && model.ignores(message)) return id ? model.line({ time, id, kind: "none", text: "" }) : null;
  if (message.command === "PRIVMSG" || message.command === "NOTICE") {
    if (/^\x01(?!ACTION\b)/.test(message.params[1] ?? ""))
      return id ? model.line({ time, id, kind: "none", text: "" }) : null;
    return calling(buffer, talkLine(model, message, now));
  }
  if (message.command === "TAGMSG") react(model, buffer, message);
  else if (message.command === "REDACT") redact(model, buffer, message);
  else {
    const event = eventLine(model, message);
    if (event) return model.line({ ...event, time, id });
  }
  return id ? model.line({ time, id, kind: "none", text: "" }) : null;
}

/** Whether a message notifies the user: a mention, or any private message. */
export function isForUser(model, buffer, line) {
  if (line.own || line.kind === "notice" || model.overrides(buffer, "mute")) return false;
  return line.mention || buffer.kind === "private" || model.overrides(buffer, "notify");
}

function said(model, message, now) {
  const { nick, tags, params } = message;
  const own = model.isMe(nick);
  if (!own && model.ignores(message)) return;
  const text = params[1] ?? "";
  const ctcp = /^\x01([^\s\x01]+) ?(.*?)\x01?$/s.exec(text);
  if (ctcp && ctcp[1].toUpperCase() !== "ACTION") return receiveCtcp(model, message, ctcp, now);
  if (own) {
    const held = [...model.buffers.values()].find((each) => confirm(model, each, tags.label, tags[CLIENT_ID]));
    const target = params[0].replace(new RegExp(`^[${escaped(model.symbols)}]+(?=[${escaped(model.chantypes)}])`), "");
    model.elsewhere = !held;
    if (hides(target, text)) return;
    if (!held && !model.isChannel(target) && /serv$/i.test(target)) return;
  }
  const buffer = bufferOf(model, message, true);
  buffer.typing.delete(nick);
  if (buffer === model.current) model.change("typing");
  const made = calling(buffer, talkLine(model, message, now));
  const isMuted = model.overrides(buffer, "mute");
  if (isMuted || model.overrides(buffer, "no-highlight")) made.mention = false;
  const line = model.append(buffer, made);
  if (!line) return;
  if (line.own) {
    if (line.time > buffer.readAt) buffer.readAt = line.time;
    return;
  }
  if (buffer.kind === "private" && !buffer.begun) askLatest(model, buffer);
  const looking = buffer === model.current && model.focused && model.atBottom;
  if (looking) model.look();
  else if (buffer.kind !== STATUS && line.time >= buffer.readAt && !isMuted) {
    buffer.unread += 1;
    if (line.mention || buffer.kind === "private") buffer.mentions += 1;
    if (buffer === model.current && !buffer.mark) buffer.mark = buffer.readAt || 1;
    model.change("buffers");
  }
  if (now - line.time < LIVE_MILLISECONDS) model.effects.push({ kind: "heard", buffer, line, looking });
}

/** A reply to our message notifies, too; a line that mentions many members does not. */
function calling(buffer, line) {
  if (!line.own && buffer.ids.get(line.reply)?.own) line.mention = true;
  if (line.mention && buffer.members.size > MOST_CALLED) {
    const words = new Set(line.text.toLowerCase().split(/[\s,:;]+/));
    const named = [...buffer.members.values()].filter((member) => words.has(member.nick.toLowerCase()));
    if (named.length > MOST_CALLED) line.mention = false;
  }
  return line;
}

function talkLine(model, { nick, user, host, tags, params, command, source }, now) {
  const text = params[1] ?? "";
  const action = /^\x01ACTION ?(.*?)\x01?$/s.exec(text);
  const status = new RegExp(`^[${escaped(model.symbols)}](?=[${escaped(model.chantypes)}])`).exec(params[0]);
  return model.line({
    time: timeOf({ tags }, now),
    id: tags.msgid ?? "",
    kind: action ? "action" : command === "NOTICE" ? "notice" : "said",
    text: action ? action[1] : text,
    nick: nick || source || model.network,
    mask: host ? `${user}@${host}` : "",
    account: tags.account ?? "",
    bot: "bot" in tags || "draft/bot" in tags,
    own: model.isMe(nick),
    reply: tags["+draft/reply"] ?? tags["+reply"] ?? "",
    clientId: tags[CLIENT_ID] ?? "",
    to: status ? status[0] : "",
  });
}

/** Return the buffer of a message. create: open a private conversation for it if there is none. */
function bufferOf(model, message, create = false) {
  const { nick, host, params, command } = message;
  const target = (params[0] ?? "").replace(
    new RegExp(`^[${escaped(model.symbols)}]+(?=[${escaped(model.chantypes)}])`),
    "",
  );
  if (model.isChannel(target)) return create ? model.open(target) : model.find(target);
  const other = model.isMe(nick) ? target : nick;
  if (!host && !model.isMe(nick)) return announces(model, message) ? model.current : model.status;
  if (!other || other === "*" || other.startsWith("$")) return model.status;
  const known = model.find(other);
  if (known || !create) return known ?? null;
  // answers of services, and notices of users without a conversation, go to the current buffer
  if (command === "NOTICE") return /serv$/i.test(other) ? serviceBuffer(model, other) : model.current;
  return model.open(other);
}

/** Whether a notice of the server is to be read now, as those of its operators; other notices begin with ***. */
function announces(model, { command, source, params }) {
  const isForUs = command === "NOTICE" && Boolean(source) && model.isMe(params[0] ?? "");
  return isForUs && !(params[1] ?? "").startsWith("***") && model.link.state === "online";
}

const serviceBuffer = (model, name) =>
  model.find(name) ?? (model.current.kind === STATUS ? model.status : model.current);

function react(model, buffer, { nick, tags }) {
  const parent = tags["+draft/reply"] ?? tags["+reply"];
  const added = tags["+draft/react"] ?? tags["+react"] ?? "";
  const removed = tags["+draft/unreact"] ?? tags["+unreact"] ?? "";
  if (!parent || (!added && !removed) || added.length > LONGEST_REACTION) return;
  const given = buffer.reactions.get(parent) ?? new Map();
  buffer.reactions.set(parent, given);
  const key = model.fold(nick);
  if (added) {
    const nicks = given.get(added) ?? [];
    if (!nicks.some((each) => model.fold(each) === key)) given.set(added, [...nicks, nick]);
  }
  if (removed && given.has(removed)) {
    const left = given.get(removed).filter((each) => model.fold(each) !== key);
    if (left.length) given.set(removed, left);
    else given.delete(removed);
  }
  buffer.version += 1;
  if (buffer === model.current) model.change("lines");
}

function redact(model, buffer, { nick, params }) {
  const line = buffer.ids.get(params[1]);
  buffer.redacted.set(params[1], { by: nick, why: params[2] ?? "" });
  if (line) line.text = "";
  buffer.reactions.delete(params[1]);
  buffer.version += 1;
  model.recount(buffer);
  if (buffer === model.current) model.change("lines");
}

function receiveCtcp(model, message, [, request, argument], now) {
  const { nick, command, params } = message;
  const name = request.toUpperCase();
  if (command === "NOTICE") {
    const result = name === "PING" && Number(argument) ? `${Math.max(0, now - Number(argument))} ms` : argument;
    model.tell(`${nick} answers ${name}: ${result}`, "info", model.current, now);
    return;
  }
  const isLive = Math.abs(now - timeOf(message, now)) < LIVE_MILLISECONDS;
  // of several devices the one used last answers
  if (model.isMe(nick) || model.isChannel(params[0]) || !isLive || model.elsewhere) return;
  if (now - (model.answeredAt ?? 0) < ANSWER_MILLISECONDS) return;
  model.answeredAt = now;
  if (name === "PING") model.send("NOTICE", nick, `\x01PING ${argument.slice(0, 100)}\x01`);
  else if (name === "VERSION") model.send("NOTICE", nick, "\x01VERSION greenchat, the web page\x01");
}

const escaped = (signs) => signs.replace(/[\\\]^-]/g, "\\$&");
