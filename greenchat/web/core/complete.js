// Completion while typing: nicks after an @ (or for any word on Tab), channels, commands, emoji.

import { TABLE } from "./commands.js";
import { named } from "./emoji.js";
import { CHANNEL } from "./state.js";

const MOST = 8;
const LEAST_EMOJI = 2;

/**
 * Return the completions of the word before the cursor: {from, to, items: [{insert, label, hint}]}, or null.
 * asked: Tab was pressed, so any word may be a nick.
 */
export function complete(model, text, cursor, asked = false) {
  const before = text.slice(0, cursor);
  const from = before.search(/\S*$/);
  const word = before.slice(from);
  const items = candidates(model, text, from, word, asked).slice(0, MOST);
  return items.length ? { from, to: cursor, items } : null;
}

/** Replace the word with an item; return {text, cursor}. */
export function accept(text, { from, to }, item) {
  const after = text.slice(to);
  const insert = after.startsWith(" ") ? item.insert.trimEnd() : item.insert;
  const extra = after.startsWith(" ") ? 1 : 0;
  return { text: text.slice(0, from) + insert + after, cursor: from + insert.length + extra };
}

function candidates(model, text, from, word, asked) {
  if (from === 0 && /^\/[a-z]*$/i.test(word)) return commands(model, word.slice(1).toLowerCase(), asked);
  if (word.startsWith("@") && word.length > 1) return nicks(model, word.slice(1), from === 0, "");
  if (word.startsWith("@") && asked) return nicks(model, "", from === 0, "");
  if (model.isChannel(word)) return channels(model, word);
  const emoji = /^:([a-z0-9_+-]+)$/i.exec(word);
  if (emoji && emoji[1].length >= LEAST_EMOJI) {
    return named(emoji[1], MOST).map(({ sign, name }) => ({
      insert: `${sign} `,
      label: `${sign} :${name}:`,
      hint: "",
    }));
  }
  return asked && word ? nicks(model, word, from === 0, text) : [];
}

function nicks(model, beginning, first, text) {
  const wanted = model.fold(beginning);
  const buffer = model.current;
  const spoke = new Map();
  for (const line of buffer.lines.slice(-500)) spoke.set(model.fold(line.nick), line.time);
  const members = buffer.kind === CHANNEL ? [...buffer.members.values()].map((member) => member.nick) : [buffer.name];
  const isCommand = text.startsWith("/");
  return members
    .filter((nick) => model.fold(nick).startsWith(wanted) && !model.isMe(nick))
    .sort((a, b) => (spoke.get(model.fold(b)) ?? 0) - (spoke.get(model.fold(a)) ?? 0) || a.localeCompare(b))
    .map((nick) => ({ insert: first && !isCommand ? `${nick}: ` : `${nick} `, label: nick, hint: "" }));
}

function channels(model, beginning) {
  const wanted = model.fold(beginning);
  const known = [...model.buffers.values()].filter((buffer) => buffer.kind === CHANNEL).map((buffer) => buffer.name);
  const listed = model.directory.rows.map((row) => row.name);
  return [...new Set([...known, ...listed])]
    .filter((name) => model.fold(name).startsWith(wanted) && name !== beginning)
    .sort((a, b) => a.localeCompare(b))
    .map((name) => ({ insert: `${name} `, label: name, hint: model.find(name)?.topic ?? "" }));
}

function commands(model, beginning, asked) {
  if (!beginning && !asked) {
    const basics = ["join", "msg", "me", "topic", "nick", "away", "list", "help"];
    return basics.map((name) => row(TABLE.get(name)));
  }
  const own = Object.keys(model.settings.aliases).map((name) => ({
    name,
    usage: "",
    summary: model.settings.aliases[name],
  }));
  return [...TABLE.values(), ...own]
    .filter(({ name }) => name.startsWith(beginning))
    .sort((a, b) => a.name.length - b.name.length || a.name.localeCompare(b.name))
    .map(row);
}

const row = ({ name, usage, summary }) => ({ insert: `/${name} `, label: `/${name} ${usage}`.trim(), hint: summary });
