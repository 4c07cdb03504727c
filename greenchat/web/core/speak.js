// Sending messages: none is lost, and none is sent twice. A text waits in its
// buffer until its echo arrives, matched by label. A text that still waits when the connection breaks, or the page is
// reloaded, is sent again with the same id (+greenchat/id), by which the server recognizes what it has already.
// https://ircv3.net/specs/extensions/labeled-response, https://ircv3.net/specs/extensions/multiline

import { typed } from "./format.js";
import { CHANNEL, STATUS } from "./state.js";
import { bytes, splitBytes } from "./text.js";

export const CLIENT_ID = "+greenchat/id";
const BODY = 512;
const LONGEST_HOST = 63;
const CONCAT = "draft/multiline-concat";
const HIDDEN =
  /^\s*(identify|register|login|passwd|totp|drop|email|set\s+(password|email)|resetpass|setpass|saregister|ghost|regain|recover|release|group)\b/i;
const CHANNEL_ONLY = /^\s*\w+\s+[#&]\S*\s*$/;
const SERVICES = new Set(["nickserv", "ns", "chanserv", "cs", "authserv", "q", "userserv"]);

/** Whether a text to a service may contain a password. */
export function hides(target, text) {
  const service = target.split("@")[0].toLowerCase();
  if ((service === "chanserv" || service === "cs") && CHANNEL_ONLY.test(text)) return false;
  return SERVICES.has(service) && HIDDEN.test(text);
}

/** Send a text in a buffer, at once or once connected. kind: said or action. */
export function say(model, buffer, text, kind = "said", now = Date.now(), plain = false) {
  const coded = plain ? text : typed(text);
  for (const piece of pieces(model, buffer, coded, kind)) {
    buffer.waiting.push({ id: newId(), text: piece, kind, time: now, label: "", reply: buffer.replyTo, failed: "" });
    buffer.replyTo = "";
  }
  buffer.mark = 0;
  model.change("lines", "composer");
  model.effects.push({ kind: "keep" });
  flush(model, buffer);
}

/** Send the waiting texts of a buffer, if its target can be written to now. */
export function flush(model, buffer) {
  if (buffer.kind === STATUS || model.link.state !== "online" || (buffer.kind === CHANNEL && !buffer.joined)) return;
  for (const waiting of buffer.waiting) {
    if (waiting.label || waiting.failed) continue;
    waiting.label = model.newLabel();
    const tags = { label: waiting.label };
    if (!isDenied(model, CLIENT_ID)) tags[CLIENT_ID] = waiting.id;
    if (waiting.reply) tags["+draft/reply"] = waiting.reply;
    const parts = cut(waiting.text, room(model, buffer, waiting.kind));
    if (waiting.kind === "action") {
      model.sendTagged(tags, "PRIVMSG", buffer.name, `\x01ACTION ${waiting.text}\x01`);
    } else if (parts.length === 1) {
      model.sendTagged(tags, "PRIVMSG", buffer.name, waiting.text);
    } else {
      const reference = waiting.label;
      model.sendTagged(tags, "BATCH", `+${reference}`, "draft/multiline", buffer.name);
      for (const part of parts) {
        const inside = { batch: reference, ...(part.joined ? { [CONCAT]: "" } : {}) };
        model.sendTagged(inside, "PRIVMSG", buffer.name, part.text);
      }
      model.send("BATCH", `-${reference}`);
    }
    model.effects.push({ kind: "expect" });
  }
  model.effects.push({ kind: "keep" });
}

/** Remove a waiting text: the server has echoed, or knows, this label or id. */
export function confirm(model, buffer, label, id) {
  const at = buffer.waiting.findIndex((waiting) => (label && waiting.label === label) || (id && waiting.id === id));
  if (at < 0) return null;
  const [confirmed] = buffer.waiting.splice(at, 1);
  model.change("lines");
  model.effects.push({ kind: "keep" });
  return confirmed;
}

/** Mark the text with this label as refused, with the reason. Returns whether there was one. */
export function refuse(model, label, words) {
  for (const buffer of model.buffers.values()) {
    const refused = buffer.waiting.find((waiting) => label && waiting.label === label);
    if (!refused) continue;
    refused.label = "";
    refused.failed = words;
    buffer.version += 1;
    model.change("lines");
    model.effects.push({ kind: "keep" });
    return true;
  }
  return false;
}

/** Send a refused text again, or discard it. */
export function resend(model, buffer, waiting) {
  waiting.failed = "";
  flush(model, buffer);
  model.change("lines");
}

export function discard(model, buffer, waiting) {
  buffer.waiting = buffer.waiting.filter((each) => each !== waiting);
  model.effects.push({ kind: "keep" });
  model.change("lines");
}

/** Return what must survive a reload: [{buffer, id, text, kind, time, reply, failed}]; no text to a service. */
export function unsent(model) {
  return [...model.buffers.values()].flatMap((buffer) =>
    buffer.waiting
      .filter(() => !/serv$/i.test(buffer.name))
      .map(({ id, text, kind, time, reply, failed }) => ({ buffer: buffer.name, id, text, kind, time, reply, failed })),
  );
}

/** Restore what was stored. */
export function restore(model, kept) {
  for (const { buffer: name, ...rest } of kept) {
    const buffer = model.open(String(name));
    if (!buffer.waiting.some((each) => each.id === rest.id)) buffer.waiting.push({ ...rest, label: "" });
  }
}

/** Whether the server relays a client-only tag: ISUPPORT's CLIENTTAGDENY. */
export function isDenied(model, tag) {
  const denied = (model.isupport.get("CLIENTTAGDENY") ?? "").split(",").filter(Boolean);
  const name = tag.replace(/^\+/, "");
  if (denied[0] === "*") return !denied.includes(`-${name}`);
  return denied.includes(name);
}

/** Return how many bytes of text fit into a line that the server relays with our hostmask. */
function room(model, buffer, kind) {
  const mask = bytes(model.user + model.host) || Number(model.isupport.get("USERLEN") ?? 18) + LONGEST_HOST;
  const head = `:${model.nick}!@ PRIVMSG ${buffer.name} :`;
  return Math.max(64, BODY - 2 - mask - 1 - bytes(head) - (kind === "action" ? 9 : 0));
}

/** Return the messages of a text. */
function pieces(model, buffer, text, kind) {
  const size = room(model, buffer, kind);
  const lines = text.replace(/\r\n?/g, "\n").replace(/\0/g, "").split("\n");
  if (kind === "action" || !model.caps.has("draft/multiline")) {
    return lines.filter((line) => line.trim()).flatMap((line) => splitBytes(line, size));
  }
  const limits = new Map((model.offered.get("draft/multiline") ?? "").split(",").map((each) => each.split("=")));
  return within(lines, size, Number(limits.get("max-bytes")) || 4096, Number(limits.get("max-lines")) || 24);
}

/** Split a text that is too long for a message, between lines if possible. */
function within(lines, size, mostBytes, mostLines) {
  const texts = [];
  let kept = [];
  let [length, count] = [0, 0];
  const end = () => {
    const text = kept.join("\n").replace(/^\n+|\n+$/g, "");
    if (text.trim()) texts.push(text); // "Clients MUST NOT send messages consisting entirely of blank lines."
    kept = [];
    length = count = 0;
  };
  for (const line of lines) {
    for (const [at, piece] of splitBytes(line, Math.min(mostBytes, size * mostLines) >> 1).entries()) {
      const [more, parts] = [bytes(piece) + 1, splitBytes(piece, size).length + (at ? 1 : 0)];
      if (kept.length && (length + more > mostBytes || count + parts > mostLines)) end();
      if (at && kept.length)
        kept.push(kept.pop() + piece); // the same line continues
      else kept.push(piece);
      length += more;
      count += parts;
    }
  }
  end();
  return texts;
}

function cut(text, size) {
  return text.split("\n").flatMap((line) => splitBytes(line, size).map((part, at) => ({ text: part, joined: at > 0 })));
}

function newId() {
  const random = crypto.getRandomValues(new Uint32Array(4));
  return [...random].map((each) => each.toString(36)).join("");
}
