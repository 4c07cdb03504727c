// A row of the message list as an element.

import { stripped } from "../core/format.js";
import { colourOf } from "../core/state.js";
import { isOnlyEmoji, listed, shortened } from "../core/text.js";
import { button, h, icon } from "./dom.js";
import { presenceSentence } from "./rows.js";
import { drawText } from "./spans.js";
import { brief, clock, dayName, exact, shortClock } from "./times.js";
import { pictures } from "./upload.js";

/** Return what a row's element is made of: it is drawn again when this changes. */
export function signature(ui, buffer, row) {
  const { line, waiting } = row;
  const { settings } = ui.model;
  if (row.type === "talk") {
    const reactions = buffer.reactions.get(line.id);
    const given = reactions ? [...reactions].map(([sign, nicks]) => sign + nicks.join()).join() : "";
    const parent = line.reply ? `${buffer.ids.has(line.reply)}${buffer.redacted.has(line.reply)}` : "";
    return [row.first, buffer.redacted.has(line.id), given, parent, settings.seconds, ui.model.nick].join("|");
  }
  if (row.type === "waiting") return [row.first, waiting.label, waiting.failed, ui.model.link.state].join("|");
  if (row.type === "events") return `${row.lines.length}`;
  if (row.type === "more" || row.type === "gap") return buffer.asking.size ? "asking" : ui.model.link.state;
  if (row.type === "day") return dayName(row.time);
  return "";
}

/** Estimate the height of a row that was not drawn yet, in pixels. */
export function guess(row, width) {
  if (row.type !== "talk") return { day: 44, new: 30, more: 44, gap: 44, start: 130, waiting: 30 }[row.type] ?? 30;
  const text = row.line.text;
  const lines = text.split("\n").length + Math.floor((text.length * 8) / Math.max(200, width - 90));
  return (row.first ? 34 : 6) + lines * 22 + (row.line.reply ? 24 : 0);
}

export function drawRow(ui, buffer, row) {
  return DRAW[row.type]?.(ui, buffer, row) ?? plain(ui, buffer, row);
}

const DRAW = { start, more, gap: more, day, new: newLine, talk, events, waiting };

function start(ui, buffer) {
  const channel = buffer.kind === "channel";
  return h(
    "div.row.start",
    { role: "listitem" },
    h("h2", {}, channel ? ["Welcome to ", h("bdi", {}, buffer.name)] : ["You and ", h("bdi", {}, buffer.name)]),
    h(
      "p",
      {},
      channel
        ? "This is the beginning of the channel."
        : "This is the beginning of your private chat. Only the two of you can read it.",
    ),
    channel && button("Invite people", () => ui.dialogs.channel(buffer), { look: "secondary" }),
  );
}

function more(ui, buffer, row) {
  const asking = buffer.asking.size > 0;
  const words =
    ui.model.link.state !== "online"
      ? "Earlier messages can be loaded once you are connected."
      : asking
        ? "Loading…"
        : "Load earlier messages";
  const load = () => ui.messages.load(row);
  return h(
    "div.row.more",
    { role: "listitem" },
    asking || ui.model.link.state !== "online" ? h("span", {}, words) : button(words, load, { look: "quiet" }),
  );
}

function day(ui, buffer, { time }) {
  return h("div.row.day", { role: "listitem" }, h("span", {}, dayName(time)));
}

function newLine() {
  return h("div.row.new", { role: "listitem" }, h("span", {}, "New"));
}

function events(ui, buffer, { lines }) {
  return h(
    "div.row.event",
    { role: "listitem" },
    h("span", { dir: "auto" }, presenceSentence(lines)),
    time(ui, lines.at(-1).time),
  );
}

function plain(ui, buffer, { type, line }) {
  return h(
    `div.row.${type}`,
    { role: "listitem" },
    type === "error" && h("span.sign", { "aria-hidden": "true" }, "!"),
    h("span.words", { dir: "auto" }, drawText(line.text, ui)),
    time(ui, line.time),
  );
}

function talk(ui, buffer, { line, first }) {
  const redaction = buffer.redacted.get(line.id);
  const classes = [first ? "first" : "", line.mention ? "mention" : "", line.own ? "own" : "", line.kind]
    .filter(Boolean)
    .join(".");
  const made = h(
    `div.row.talk.${classes}`,
    { role: "listitem", tabIndex: -1, "data-key": `l${line.n}`, "aria-label": accessibleText(line, redaction) },
    line.reply && quote(ui, buffer, line.reply),
    h("div.gutter", {}, first && line.kind !== "action" ? avatar(line.nick) : time(ui, line.time, shortClock)),
    h(
      "div.body",
      {},
      first && line.kind !== "action" && head(ui, buffer, line),
      redaction ? h("p.text.gone", {}, redactionText(redaction, line)) : text(ui, line),
      !redaction && pictures(ui, line.text),
      !redaction && reactions(ui, buffer, line),
    ),
  );
  return made;
}

function head(ui, buffer, line) {
  return h(
    "div.head",
    {},
    h(
      `button.nick.c${colourOf(line.nick)}`,
      { type: "button", tabIndex: -1, onclick: () => ui.dialogs.person(line.nick) },
      h("bdi", {}, line.nick),
    ),
    line.bot && h("span.tag", {}, "bot"),
    line.kind === "notice" && h("span.tag", {}, "notice"),
    line.to && h("span.tag", {}, `to ${line.to}`),
    time(ui, line.time),
  );
}

function text(ui, line) {
  const large = line.kind === "said" && isOnlyEmoji(line.text) ? ".large" : "";
  const nick = line.kind === "action" && h("bdi", { class: `nick c${colourOf(line.nick)}` }, line.nick);
  return h(`div.text${large}`, { dir: "auto" }, nick, nick && " ", drawText(line.text, ui));
}

function quote(ui, buffer, id) {
  const parent = buffer.ids.get(id);
  const known = parent && !buffer.redacted.has(id);
  const words = known ? shortened(stripped(parent.text).replace(/\s+/g, " "), 120) : "an earlier message";
  return h(
    "button.quote",
    {
      type: "button",
      tabIndex: -1,
      onclick: () => ui.messages.jump(id),
      "aria-label": `Go to the message that this replies to`,
    },
    icon("reply"),
    known && h("bdi", { class: `nick c${colourOf(parent.nick)}` }, parent.nick),
    h("span", { dir: "auto" }, words),
  );
}

function reactions(ui, buffer, line) {
  const given = buffer.reactions.get(line.id);
  if (!given?.size) return null;
  return h(
    "div.reactions",
    {},
    [...given].slice(0, 30).map(([sign, nicks]) => {
      const mine = nicks.some((nick) => ui.model.isMe(nick));
      const label = `${sign} ${nicks.length}, ${listed(nicks, 6)}`;
      return h(
        `button.reaction${mine ? ".mine" : ""}`,
        {
          type: "button",
          title: label,
          "aria-label": label,
          "aria-pressed": mine,
          onclick: () => ui.actions.react(buffer, line, sign),
        },
        h("span.sign", {}, sign),
        " ",
        h("span", {}, nicks.length),
      );
    }),
  );
}

function waiting(ui, buffer, { waiting: held, first }) {
  const { failed } = held;
  const offline = ui.model.link.state !== "online";
  const state = failed ? `Not sent: ${failed}` : offline ? "Sent once you are connected" : "Sending…";
  return h(
    `div.row.talk.own.waiting${first ? ".first" : ""}${failed ? ".failed" : ""}`,
    { role: "listitem" },
    h("div.gutter", {}, first && held.kind !== "action" ? avatar(ui.model.nick || ui.model.wanted) : null),
    h(
      "div.body",
      {},
      first &&
        held.kind !== "action" &&
        h(
          "div.head",
          {},
          h("bdi", { class: `nick c${colourOf(ui.model.nick || ui.model.wanted)}` }, ui.model.nick || ui.model.wanted),
        ),
      text(ui, { ...held, nick: ui.model.nick || ui.model.wanted }),
      (failed || offline) &&
        h(
          "p.state",
          {},
          state,
          " ",
          failed && button("Try again", () => ui.actions.resend(buffer, held), { look: "link" }),
          " ",
          button("Discard", () => ui.actions.discard(buffer, held), { look: "link" }),
        ),
    ),
  );
}

export function avatar(nick) {
  return h(
    `span.avatar.c${colourOf(nick)}`,
    { "aria-hidden": "true" },
    shortened(nick.replace(/^[^\p{L}\p{N}]+/u, "") || nick, 1)
      .replace("…", "")
      .toUpperCase(),
  );
}

function time(ui, when, words = clock) {
  return h(
    "time",
    { datetime: new Date(when).toISOString(), title: exact(when) },
    words(when, ui.model.settings.seconds),
  );
}

function redactionText({ by, why }, line) {
  const who = !by || by === line.nick ? "This message was deleted" : `${by} removed this message`;
  return why ? `${who}: ${why}` : `${who}.`;
}

/** Return a message as text for screen readers. */
export function accessibleText(line, redaction = null) {
  const words = redaction ? redactionText(redaction, line) : stripped(line.text);
  return line.kind === "action"
    ? `${line.nick} ${words}, ${brief(line.time)}`
    : `${line.nick}: ${words}, ${brief(line.time)}`;
}
