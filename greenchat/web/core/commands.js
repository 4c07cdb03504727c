// Slash commands: one table, with the names of the curses client.
// /help and completion are made from the table. A command changes the model and its effects; what only the page can do
// (a dialog, a file) is an effect, too.

import { CHANNEL, PRIVATE, STATUS } from "./state.js";

export class CommandError extends Error {}

export const TABLE = new Map(); // name -> {name, aliases, usage, least, example, summary, group, run}
const ALIASES = new Map();

/** Commands of the curses client that a page can't have, or doesn't need, with the reason. */
export const ELSEWHERE = {
  bind: "The keys of the page are fixed: press ? outside of the text field, or /help keys, to see them.",
  bouncer: "A web page can't reach a bouncer. This server stores the messages that you miss.",
  dcc: "A web page can't fetch files from other people's machines.",
  exec: "A web page can't run programs of your machine.",
  import: "A web page can't read the files of other programs.",
  key: "The keys of the page are fixed: press ? outside of the text field, or /help keys, to see them.",
  mouse: "Mouse support is always on.",
  network: "The page connects only to its own server.",
  networks: "The page connects only to its own server.",
  picture: "Uploaded pictures are shown in the chat; other links open in the browser.",
  plugin: "A web page can't load plugins.",
  reload: "The page has no settings file: use /set.",
  save: "Settings are saved automatically.",
  server: "The page connects only to its own server.",
  split: "The page shows one window at a time. Open a second tab to see two.",
  tour: "The first steps are in /help.",
  unsplit: "The page shows one window at a time.",
  upload: "Use the paper clip, or paste or drop a file, if the server accepts files.",
  vsplit: "The page shows one window at a time. Open a second tab to see two.",
};

/** Declare a command. names: its name, then its aliases. */
export function command(names, usage, summary, run, { least = 0, example = "", group = "" } = {}) {
  const [name, ...aliases] = names.split(" ");
  TABLE.set(name, { name, aliases, usage, least, example: example || `/${name}`, summary, group, run });
  for (const alias of aliases) ALIASES.set(alias, name);
}

/** Return the command of a name, an alias, or an unambiguous beginning. Raises CommandError. */
export function find(name) {
  const lowered = name.toLowerCase();
  const exact = TABLE.get(ALIASES.get(lowered) ?? lowered);
  if (exact) return exact;
  if (Object.hasOwn(ELSEWHERE, lowered)) throw new CommandError(ELSEWHERE[lowered]);
  const begun = [...TABLE.keys()].filter((known) => known.startsWith(lowered));
  if (begun.length === 1) return TABLE.get(begun[0]);
  if (begun.length) throw new CommandError(`/${name} could be ${begun.map((each) => `/${each}`).join(", ")}`);
  throw new CommandError(
    `There is no command /${name}. ${suggestion(lowered)}/help lists them all, /raw sends one to the server.`,
  );
}

/** Return suggestions for a mistyped name as a sentence with a trailing space, or "", as the curses client does. */
function suggestion(name) {
  const least = Math.max(2, name.length - 2); // a shorter one is too far away, and a pasted word may be very long
  const known = [...TABLE.keys(), ...ALIASES.keys()].filter((each) => each.length >= least);
  const ranked = known.map((each) => [editDistance(name, each), each]);
  ranked.sort(([one, first], [other, second]) => one - other || (first < second ? -1 : 1));
  const short = name.length < 5;
  const close = ranked.filter(([count]) => count <= (short ? 1 : 2)).map(([, each]) => each);
  const samePrefix = ranked.filter(([, each]) => TABLE.has(each) && each.slice(0, 2) === name.slice(0, 2));
  const all = [...new Set([...close, ...(short ? samePrefix.map(([, each]) => each) : [])])].slice(0, 3);
  const named = all.map((each) => `/${each}`).join(", ");
  return named ? `Did you mean ${named.replace(/, (?!.*, )/, " or ")}? ` : "";
}

/** Return the number of letters that are missing, extra, wrong, or swapped with the next one. */
function editDistance(typed, name) {
  let before = [];
  let last = [...Array(name.length + 1).keys()];
  for (let row = 1; row <= typed.length; row++) {
    const current = [row];
    for (let column = 1; column <= name.length; column++) {
      const differs = typed[row - 1] !== name[column - 1];
      let fewest = Math.min(last[column] + 1, current[column - 1] + 1, last[column - 1] + differs);
      const exchanged = row > 1 && typed[row - 1] === name[column - 2] && typed[row - 2] === name[column - 1];
      if (exchanged) fewest = Math.min(fewest, before[column - 2] + 1);
      current.push(fewest);
    }
    [before, last] = [last, current];
  }
  return last[name.length];
}

/** Run `/command arguments`; errors are shown in the current buffer. */
export function runCommand(model, text, now = Date.now()) {
  const [name, rest] = splitFirst(expanded(model, text.slice(1)));
  try {
    const known = find(name);
    const order = new Order(model, rest, now);
    if (order.words.length < known.least) throw new CommandError(`Usage: /${known.name} ${known.usage}`);
    known.run(order);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    model.tell(error.message, "error", model.current, now);
  }
}

/** A command with its arguments and its buffer. */
export class Order {
  constructor(model, args, now) {
    this.model = model;
    this.args = args.trim();
    this.now = now;
  }

  get words() {
    return this.args.split(/\s+/).filter(Boolean);
  }

  get buffer() {
    return this.model.current;
  }

  /** Return the channel and the rest: the first word if it is a channel's name, otherwise the current channel. */
  channelFirst() {
    const [first, rest] = splitFirst(this.args);
    if (this.model.isChannel(first)) return [first, rest];
    if (this.buffer.kind !== CHANNEL)
      throw new CommandError("This is not a channel. Name one, or go to its window.");
    return [this.buffer.name, this.args];
  }

  /** Return a nick and the rest of the line; in a private conversation its nick if none is given. */
  person() {
    const [nick] = this.words;
    if (nick) return nick;
    return this.buffer.kind === PRIVATE ? this.buffer.name : this.model.nick;
  }

  online() {
    if (this.model.link.state !== "online") throw new CommandError("Not connected. Use /connect to try now.");
    return this.model;
  }

  send(name, ...params) {
    this.online().send(name, ...params);
  }

  tell(text, kind = "info") {
    this.model.tell(text, kind, this.model.current, this.now);
  }

  /** Request an effect of the page. */
  effect(kind, values = {}) {
    this.model.effects.push({ kind, ...values });
  }

  requireTalk() {
    if (this.buffer.kind === STATUS) throw new CommandError("This window has no recipient. /join a channel first.");
  }

  fail(text) {
    throw new CommandError(text);
  }
}

/** Return the line with its alias expanded; /2 is /window 2. */
function expanded(model, text) {
  const [name, rest] = splitFirst(text);
  if (/^\d+$/.test(name)) return `window ${name}`;
  const replacement = Object.hasOwn(model.settings.aliases, name.toLowerCase())
    ? model.settings.aliases[name.toLowerCase()]
    : null;
  if (typeof replacement !== "string") return text;
  const words = rest.trim().split(/\s+/);
  const pattern = /\$([1-9*])/g;
  const filled = pattern.test(replacement) ? replacement : `${replacement} $*`;
  return filled.replace(pattern, (_, sign) => (sign === "*" ? rest.trim() : (words[Number(sign) - 1] ?? "")));
}

export function splitFirst(text) {
  const [, first, rest] = /^(\S*)\s*([\s\S]*)$/.exec(text);
  return [first, rest];
}
