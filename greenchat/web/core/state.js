// The model: one network, its buffers, the current one, and texts and effects that wait. Pure state: it
// draws and sends nothing. Effects wait in `model.effects`; parts to draw again are in
// `model.changed`.

import { folder, hash, isCalled } from "./text.js";
import { stripped } from "./format.js";

export const STATUS = "status";
export const CHANNEL = "channel";
export const PRIVATE = "private";
export const TALK = new Set(["said", "action", "notice"]);

const SYMBOLS = "~&@%+";
const MOST_LINES = 20_000; // of one buffer

/** One window: of a channel, a private conversation, or the server. */
export class Buffer {
  constructor(key, name, kind) {
    this.key = key;
    this.name = name;
    this.kind = kind;
    this.joined = false;
    this.topic = "";
    this.topicBy = "";
    this.topicAt = 0;
    this.modes = "";
    this.members = new Map(); // folded nick -> member
    this.lines = []; // by time
    this.ids = new Map(); // msgid -> line
    this.reactions = new Map(); // msgid -> Map(reaction -> [nick])
    this.redacted = new Map(); // msgid -> {by, why}
    this.waiting = []; // our texts, until the server has echoed them
    this.typing = new Map(); // nick -> when it expires
    this.unread = 0;
    this.mentions = 0;
    this.readAt = 0; // milliseconds; up to when the user has read
    this.mark = 0; // the "new" line stands before the first line after this time; 0 for none
    this.complete = false; // whether the oldest line is the first one of the history
    this.stale = false; // whether the connection was lost since the newest line
    this.newestKnown = ""; // the id of the newest line before that
    this.asking = new Map(); // queries of history under way -> true
    this.isKnown = false; // whether away members were queried
    this.begun = false; // whether history was queried at all
    this.replyTo = "";
    this.draft = "";
    this.toldTyping = 0;
    this.version = 0; // counts changes of the rows
  }

  /** Return members by rank, then by nick. */
  get ranked() {
    const place = (member) => (member.prefixes ? SYMBOLS.indexOf(member.prefixes[0]) : SYMBOLS.length);
    return [...this.members.values()].sort(
      (a, b) => place(a) - place(b) || a.nick.localeCompare(b.nick, undefined, { sensitivity: "base" }),
    );
  }
}

/** The whole state. settings: see settings.js. */
export class Model {
  constructor(settings) {
    this.settings = settings;
    this.effects = []; // to be run outside, in order
    this.changed = new Set(["all"]); // parts to draw again
    this.serial = 0;
    this.wanted = ""; // the nick that the user wants
    this.nick = "";
    this.user = "";
    this.host = "";
    this.account = "";
    this.away = null;
    this.elsewhere = false; // whether our last message was sent on another device
    this.umodes = "";
    this.credentials = null; // {account, password}; stored nowhere else
    this.token = ""; // lets a guest resume; stored in this tab
    this.link = { state: "offline", words: "", tries: 0, retryAt: 0 };
    this.network = "greenchat";
    this.offered = new Map(); // capability -> value
    this.caps = new Set();
    this.isupport = new Map();
    this.fold = folder();
    this.prefixes = "qaohv";
    this.symbols = SYMBOLS;
    this.chantypes = "#";
    this.chanmodes = ["beI", "k", "fl", "imnst"];
    this.buffers = new Map(); // folded name -> Buffer
    this.status = this.open("", STATUS);
    this.current = this.status;
    this.previous = this.status;
    this.focused = true;
    this.atBottom = true;
    this.autojoin = new Map(); // folded -> {name, key}: channels to rejoin after a lost connection
    this.showOnJoin = new Set();
    this.batches = new Map();
    this.labels = 0;
    this.asked = new Map(); // label -> {then, messages}
    this.directory = { rows: [] }; // the last LIST of the server
    this.watched = new Map(); // folded nick -> online?
  }

  isChannel(name) {
    return Boolean(name) && this.chantypes.includes(name[0]);
  }

  isMe(nick) {
    return this.fold(nick) === this.fold(this.nick);
  }

  find(name) {
    return this.buffers.get(this.fold(name));
  }

  /** Return the buffer of a name; make it if there is none. */
  open(name, kind = this.isChannel(name) ? CHANNEL : PRIVATE) {
    const key = this.fold(name);
    let buffer = this.buffers.get(key);
    if (!buffer) {
      buffer = new Buffer(key, name, kind);
      this.buffers.set(key, buffer);
      this.change("buffers");
    }
    return buffer;
  }

  /** Show a buffer; the "new" line stands at the read mark. */
  show(buffer) {
    if (buffer === this.current) return;
    this.current.mark = 0;
    this.previous = this.current;
    this.current = buffer;
    this.atBottom = true;
    buffer.mark = buffer.unread ? buffer.readAt || 1 : 0;
    this.effects.push({ kind: "shown", buffer });
    this.change("all");
    this.look();
  }

  close(buffer) {
    if (buffer === this.status) return;
    this.buffers.delete(buffer.key);
    this.autojoin.delete(buffer.key);
    this.change("buffers");
    if (buffer === this.current) {
      const next = this.buffers.has(this.previous.key) && this.previous !== buffer ? this.previous : this.ordered[0];
      this.show(next ?? this.status);
    }
  }

  /** Return buffers in the order of the list: channels by name, then private conversations by name, then the server. */
  get ordered() {
    const rank = { [CHANNEL]: 0, [PRIVATE]: 1, [STATUS]: 2 };
    return [...this.buffers.values()].sort((a, b) => rank[a.kind] - rank[b.kind] || a.key.localeCompare(b.key));
  }

  /** The end of the current buffer is visible: mark it as read. */
  look() {
    const buffer = this.current;
    if (!this.focused || !this.atBottom) return;
    if (buffer.unread || buffer.mentions) this.change("buffers");
    buffer.unread = buffer.mentions = 0;
    const newest = buffer.lines.findLast((line) => line.id && TALK.has(line.kind));
    if (newest && newest.time > buffer.readAt) {
      buffer.readAt = newest.time;
      if (buffer.kind !== STATUS) this.effects.push({ kind: "read", buffer });
    }
  }

  focus(focused) {
    if (focused === this.focused) return;
    this.focused = focused;
    if (focused) this.look();
    else if (!this.current.unread) this.current.mark = this.current.lines.at(-1)?.time ?? 0;
  }

  /** Request drawing of a part: "all", "buffers", "lines", "members", "head", "typing", "link", "dialog". */
  change(...parts) {
    for (const part of parts) this.changed.add(part);
  }

  /** Send a message, once connected. */
  send(command, ...params) {
    this.effects.push({ kind: "send", message: { command, params } });
  }

  sendTagged(tags, command, ...params) {
    this.effects.push({ kind: "send", message: { tags, command, params } });
  }

  /** Send a command and call `then` with all messages of its answer. */
  ask(then, command, ...params) {
    const label = this.newLabel();
    this.asked.set(label, then);
    this.sendTagged({ label }, command, ...params);
    return label;
  }

  newLabel() {
    this.labels += 1;
    return `w${this.labels.toString(36)}`;
  }

  /** Add an informational line to a buffer, by default the current one. */
  tell(text, kind = "info", buffer = this.current, time = Date.now()) {
    this.append(buffer, { time, kind, text });
  }

  /** Add a line at the end of a buffer. */
  append(buffer, line) {
    const entry = line.n ? line : this.line(line);
    const last = buffer.lines.at(-1);
    if (entry.id && buffer.ids.has(entry.id)) return null;
    if (last && last.time > entry.time) {
      const at = buffer.lines.findLastIndex((each) => each.time <= entry.time) + 1;
      buffer.lines.splice(at, 0, entry);
    } else buffer.lines.push(entry);
    if (entry.id) buffer.ids.set(entry.id, entry);
    if (buffer.stale && entry.id) {
      entry.gap = buffer.lines[0] !== entry;
      buffer.stale = false;
    }
    buffer.version += 1;
    if (buffer.lines.length > MOST_LINES) this.forget(buffer);
    if (buffer === this.current) this.change("lines");
    return entry;
  }

  /** Drop the oldest lines: a page open for weeks must not grow for ever. They can be queried again. */
  forget(buffer) {
    if (buffer === this.current && !this.atBottom) return; // lines are kept while the user reads them
    for (const line of buffer.lines.splice(0, MOST_LINES / 4)) buffer.ids.delete(line.id);
    buffer.complete = false;
    if (buffer.lines[0]) buffer.lines[0].gap = false;
  }

  line(values) {
    this.serial += 1;
    const filled = { n: this.serial, id: "", nick: "", account: "", own: false, reply: "", gap: false, ...values };
    filled.mention = !filled.own && TALK.has(filled.kind) && this.isHighlight(filled.text);
    return filled;
  }

  /** Whether a text mentions the user, by the nick or a highlight word. */
  isHighlight(text) {
    const words = [this.nick, ...this.settings.highlights].map((word) => word.toLowerCase());
    const plain = stripped(text).toLowerCase();
    return words.some((word) => isCalled(plain, word));
  }

  /** Whether a window has an override: a word of OVERRIDES in settings.js. */
  overrides(buffer, word) {
    const { overrides } = this.settings;
    const chosen = Object.hasOwn(overrides, buffer.key) ? overrides[buffer.key] : overrides["*"];
    return Array.isArray(chosen) && chosen.includes(word);
  }

  /** Count unread lines again, after history has arrived or another device has read. */
  recount(buffer) {
    const unread = buffer.lines.filter(
      (line) =>
        line.time > buffer.readAt && TALK.has(line.kind) && line.id && !line.own && !buffer.redacted.has(line.id),
    );
    const looking = buffer === this.current && this.focused && this.atBottom;
    if (looking) buffer.unread = buffer.mentions = 0;
    else if (buffer.readAt && !this.overrides(buffer, "mute")) {
      buffer.unread = unread.length;
      buffer.mentions = unread.filter((line) => line.mention || buffer.kind === PRIVATE).length;
    }
    if (looking && buffer.readAt && unread.length && !buffer.mark) buffer.mark = buffer.readAt;
    this.change("buffers");
    if (looking) this.look();
  }

  ignores({ nick, user, host }) {
    const mask = `${nick}!${user}@${host}`.toLowerCase();
    return this.settings.ignored.some((pattern) => wild(pattern).test(mask));
  }

  /** Reset everything that a new connection starts without. */
  disconnected() {
    this.caps.clear();
    this.offered.clear();
    this.batches.clear();
    this.asked.clear();
    this.account = "";
    this.watched.clear();
    for (const buffer of this.buffers.values()) {
      buffer.joined = buffer.kind === PRIVATE;
      buffer.stale = buffer.lines.length > 0;
      buffer.newestKnown ||= buffer.lines.findLast((line) => line.id && TALK.has(line.kind))?.id ?? "";
      buffer.asking.clear();
      buffer.typing.clear();
      buffer.begun = false;
      buffer.members.clear();
      for (const waiting of buffer.waiting) waiting.label = "";
    }
    this.change("all");
  }
}

/** Return a mask with * and ? as a pattern; a bare nick means that nick. */
function wild(pattern) {
  const mask = /[!@]/.test(pattern) ? pattern : `${pattern}!*`;
  const escaped = mask.toLowerCase().replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\*/g, ".*").replace(/\?/g, ".")}$`, "s");
}

/** Return the colour of a nick, 0 to 15, the same in every window. */
export const colourOf = (nick) => hash(nick.toLowerCase().replace(/[_`|]+$/, "")) % 16;
