// What the page knows: one network, its buffers, which is shown, and what waits to be said or done. Pure state: it
// draws and sends nothing. What is to be done outside waits in `model.effects`; what is to be drawn anew stands in
// `model.changed`.

import { folder, hash, isCalled } from "./text.js";
import { stripped } from "./format.js";

export const STATUS = "status";
export const CHANNEL = "channel";
export const PRIVATE = "private";
export const TALK = new Set(["said", "action", "notice"]);

const SYMBOLS = "~&@%+";
const MOST_LINES = 20_000; // of one buffer

/** One window: what was said in a channel, with somebody, or by the server. */
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
    this.waiting = []; // ours, until the server has echoed them
    this.typing = new Map(); // nick -> until when we believe it
    this.unread = 0;
    this.mentions = 0;
    this.readAt = 0; // milliseconds; up to when the user has read
    this.mark = 0; // the "new" line stands before the first line after this time; 0 for none
    this.complete = false; // is the oldest line the first that there is?
    this.stale = false; // did we lose the connection since the newest line?
    this.newestKnown = ""; // the id of the newest line before we lost it
    this.asking = new Map(); // what of the history is asked for -> true
    this.isKnown = false; // did we ask who of its members is away?
    this.begun = false; // did we ask for the history at all?
    this.replyTo = "";
    this.draft = "";
    this.toldTyping = 0;
    this.version = 0; // counts what changes the rows
  }

  /** Members by rank, then by name. */
  get ranked() {
    const place = (member) => (member.prefixes ? SYMBOLS.indexOf(member.prefixes[0]) : SYMBOLS.length);
    return [...this.members.values()].sort(
      (a, b) => place(a) - place(b) || a.nick.localeCompare(b.nick, undefined, { sensitivity: "base" }),
    );
  }
}

/** All that is known. settings: what the user chose; see settings.js. */
export class Model {
  constructor(settings) {
    this.settings = settings;
    this.effects = []; // what is to be done outside, in order
    this.changed = new Set(["all"]); // what is to be drawn anew
    this.serial = 0;
    this.wanted = ""; // the nick that the user asked for
    this.nick = "";
    this.user = "";
    this.host = "";
    this.account = "";
    this.away = null;
    this.elsewhere = false; // did we speak last on another device?
    this.umodes = "";
    this.credentials = null; // {account, password}; nowhere but here
    this.token = ""; // proves to the server that a guest is the one who was here; this tab keeps it
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
    this.autojoin = new Map(); // folded -> {name, key}: where to be again after a lost connection
    this.showOnJoin = new Set();
    this.batches = new Map();
    this.labels = 0;
    this.asked = new Map(); // label -> {then, messages}
    this.directory = { rows: [] }; // the server's channels, as they were listed last
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

  /** The buffer of a name, a new one where there is none. */
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

  /** Show a buffer; "new" begins where the user had read up to. */
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

  /** Buffers as the list shows them: channels by name, then private talks by name, then the server. */
  get ordered() {
    const rank = { [CHANNEL]: 0, [PRIVATE]: 1, [STATUS]: 2 };
    return [...this.buffers.values()].sort((a, b) => rank[a.kind] - rank[b.kind] || a.key.localeCompare(b.key));
  }

  /** The user sees the end of the current buffer: it is read. */
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

  /** Something is to be drawn anew: "all", "buffers", "lines", "members", "head", "typing", "link", "dialog". */
  change(...parts) {
    for (const part of parts) this.changed.add(part);
  }

  /** Have a message sent, once there is a connection that can. */
  send(command, ...params) {
    this.effects.push({ kind: "send", message: { command, params } });
  }

  sendTagged(tags, command, ...params) {
    this.effects.push({ kind: "send", message: { tags, command, params } });
  }

  /** Send a command and have `then` called with all that the server answers to it. */
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

  /** A line that nobody said: told in a buffer, by default the one that is shown. */
  tell(text, kind = "info", buffer = this.current, time = Date.now()) {
    this.append(buffer, { time, kind, text });
  }

  /** A new line at the end of a buffer. */
  append(buffer, line) {
    const whole = line.n ? line : this.line(line);
    const last = buffer.lines.at(-1);
    if (whole.id && buffer.ids.has(whole.id)) return null;
    if (last && last.time > whole.time) {
      const at = buffer.lines.findLastIndex((each) => each.time <= whole.time) + 1;
      buffer.lines.splice(at, 0, whole);
    } else buffer.lines.push(whole);
    if (whole.id) buffer.ids.set(whole.id, whole);
    if (buffer.stale && whole.id) {
      whole.gap = buffer.lines[0] !== whole;
      buffer.stale = false;
    }
    buffer.version += 1;
    if (buffer.lines.length > MOST_LINES) this.forget(buffer);
    if (buffer === this.current) this.change("lines");
    return whole;
  }

  /** Let the oldest lines go: a page that stays open for weeks must not grow for ever. They can be asked for again. */
  forget(buffer) {
    if (buffer === this.current && !this.atBottom) return; // who reads back keeps what they read
    for (const line of buffer.lines.splice(0, MOST_LINES / 4)) buffer.ids.delete(line.id);
    buffer.complete = false;
    if (buffer.lines[0]) buffer.lines[0].gap = false;
  }

  line(values) {
    this.serial += 1;
    const filled = { n: this.serial, id: "", nick: "", account: "", own: false, reply: "", gap: false, ...values };
    filled.mention = !filled.own && TALK.has(filled.kind) && this.calls(filled.text);
    return filled;
  }

  /** Whether a text calls the user, by their nick or a word of theirs. */
  calls(text) {
    const words = [this.nick, ...this.settings.highlights].map((word) => word.toLowerCase());
    const plain = stripped(text).toLowerCase();
    return words.some((word) => isCalled(plain, word));
  }

  /** Whether a window is treated otherwise than the settings say: a word of settings.js's OVERRIDES. */
  overrides(buffer, word) {
    const { overrides } = this.settings;
    const chosen = Object.hasOwn(overrides, buffer.key) ? overrides[buffer.key] : overrides["*"];
    return Array.isArray(chosen) && chosen.includes(word);
  }

  /** Count again what is unread: after history came, or another device has read. */
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

  /** Everything that a new connection starts without. */
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

/** A mask with * and ? as a pattern; a bare nick means that nick. */
function wild(pattern) {
  const whole = /[!@]/.test(pattern) ? pattern : `${pattern}!*`;
  const escaped = whole.toLowerCase().replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replace(/\*/g, ".*").replace(/\?/g, ".")}$`, "s");
}

/** The colour of a nick, 0 to 15: the same in every window. */
export const colourOf = (nick) => hash(nick.toLowerCase().replace(/[_`|]+$/, "")) % 16;
