// Lines of the server change the model: one function per command, in a table. They change the model only; what
// is to be sent waits in its effects. Answers to `model.ask` go to its callback.

import { parse } from "./message.js";
import { CHANNELS } from "./receive_channels.js";
import { REGISTRATION } from "./receive_registration.js";
import { REPLIES, unknown } from "./receive_replies.js";
import { TALKING, multiline, takePage } from "./receive_talk.js";
import { answered } from "./speak_answers.js";

const STATE = new Set("900 901 ACCOUNT JOIN KICK MARKREAD MODE NICK PART TOPIC".split(" "));
// with fewer parameters a command is ignored
const FEWEST = {
  ...Object.fromEntries(
    "JOIN PART NICK TOPIC MODE ACCOUNT SETNAME PRIVMSG NOTICE TAGMSG MARKREAD 001 005 AUTHENTICATE"
      .split(" ")
      .map((name) => [name, 1]),
  ),
  ...Object.fromEntries(
    "KICK INVITE CHGHOST RENAME REDACT CAP FAIL WARN NOTE BATCH 331 324 366 401 404 221"
      .split(" ")
      .map((name) => [name, 2]),
  ),
  ...Object.fromEntries(
    "301 470 322 332 333 341 900 403 405 471 473 474 475 476 477 489".split(" ").map((name) => [name, 3]),
  ),
  333: 4,
  353: 4,
};
const HANDLERS = { ...REPLIES, ...CHANNELS, ...TALKING, ...REGISTRATION };

/** Handle a line of the server. now: milliseconds. */
export function receive(model, line, now) {
  const message = parse(line);
  if (!message) return;
  take(model, message, now);
  for (let at = 0; at < model.effects.length; at += 1) {
    if (model.effects[at].kind === "page") {
      const [page] = model.effects.splice(at, 1);
      takePage(model, page, now);
      at -= 1;
    }
  }
}

function take(model, message, now) {
  if (message.command === "BATCH") return batch(model, message, now);
  const inside = model.batches.get(message.tags.batch);
  if (inside) return void inside.messages.push(message);
  const label = message.tags.label;
  if (label && model.asked.has(label)) {
    answer(model, label, message.command === "ACK" ? [] : [message]);
    return changed(model, [message], now);
  }
  handle(model, message, now);
  if (label && message.command === "ACK") answered(model, label, now);
}

function handle(model, message, now) {
  const handler = HANDLERS[message.command];
  if (message.params.length < (FEWEST[message.command] ?? 0)) return;
  if (handler) handler(model, message, now);
  else unknown(model, message, now);
}

function batch(model, message, now) {
  const [reference, type, ...params] = message.params;
  const name = reference.slice(1);
  if (reference.startsWith("+")) {
    model.batches.set(name, { type, params, message, messages: [], parent: message.tags.batch ?? "" });
    return;
  }
  const ended = model.batches.get(name);
  if (!ended) return;
  model.batches.delete(name);
  // several lines are one message; other batches are handled line by line
  const messages = ended.type === "draft/multiline" ? multiline(ended) : ended.messages;
  const parent = model.batches.get(ended.parent);
  if (parent) return void parent.messages.push(...messages);
  const label = ended.message.tags.label;
  if (label && model.asked.has(label)) {
    answer(model, label, messages);
    if (ended.type === "labeled-response") changed(model, messages, now);
    return;
  }
  for (const each of messages) {
    if (label && ended.type === "labeled-response") each.tags.label = label;
    handle(model, each, now);
  }
  if (label) answered(model, label, now);
}

/** Lines that change the state do so even if they are an answer. */
function changed(model, messages, now) {
  for (const message of messages) if (STATE.has(message.command)) handle(model, message, now);
}

function answer(model, label, messages) {
  const then = model.asked.get(label);
  model.asked.delete(label);
  then(messages);
}
