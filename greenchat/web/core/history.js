// Inserting history among the present lines: without duplicates, and with a mark where something
// may be missing. A line's `gap` says that the server may have more before it; a page fills it from one side.
//
// A page ends when it is full, maybe among hundreds of lines of one millisecond, so each query names the line that it
// continues from by its msgid, never by its time. https://ircv3.net/specs/extensions/chathistory

import { timestamp } from "./message.js";
import { CHANNEL, STATUS } from "./state.js";

export const PAGE = 100; // lines of a query
export const FURTHER = 300; // while reading on: fewer queries, and the present lines are sorted less often
const UNREAD = 7 * 86_400_000; // milliseconds to look back for unread private conversations
const SKEW = 60_000; // how much the server's clock may be behind ours

/** Whether the history of a buffer can be queried now. */
export function canAsk(model, buffer) {
  const here = buffer.kind !== STATUS && (buffer.kind !== CHANNEL || buffer.joined);
  const service = buffer.kind !== CHANNEL && /serv$/i.test(buffer.name);
  return here && !service && model.link.state === "online" && model.caps.has("draft/chathistory");
}

/** Query the newest lines, or those since the newest one here. */
export function askLatest(model, buffer) {
  if (!canAsk(model, buffer)) return false;
  buffer.begun = true;
  const since = buffer.newestKnown;
  return ask(model, buffer, "LATEST", [since ? reference(since) : "*"], { since });
}

/** Query lines before the oldest one. False if there are none. */
export function askOlder(model, buffer) {
  const oldest = buffer.lines.find((line) => line.id);
  if (buffer.complete || !oldest || !canAsk(model, buffer)) return false;
  return ask(model, buffer, "BEFORE", [reference(oldest.id)], {});
}

/** Query missing lines before a line with a gap, from the newer end, or (forward) from the older one. */
export function askGap(model, buffer, line, forward = false) {
  const at = buffer.lines.indexOf(line);
  const before = buffer.lines.slice(0, at).findLast((each) => each.id);
  if (!line.gap || !before || !canAsk(model, buffer)) return false;
  const [newer, older] = [reference(line.id), reference(before.id)];
  return ask(model, buffer, "BETWEEN", forward ? [older, newer] : [newer, older], { forward, line, before });
}

/** Query which private conversations have continued meanwhile: unread ones get a window. now: milliseconds. */
export function askTargets(model, now) {
  const { lostAt } = model.link;
  model.link.lostAt = 0;
  const since = lostAt || (model.account ? now - UNREAD : 0);
  if (!since || !canAsk(model, { kind: "private", name: "" })) return;
  const take = (messages) => {
    for (const { command, params } of messages) {
      const [what, name, time] = params;
      if (command !== "CHATHISTORY" || what !== "TARGETS" || model.isChannel(name) || /serv$/i.test(name)) continue;
      askRead(model, name, Date.parse(time), since);
    }
  };
  model.ask(take, "CHATHISTORY", "TARGETS", timestamp(since - SKEW), timestamp(now + SKEW), String(PAGE));
}

/** Query the read mark of a conversation; newer messages are shown. */
function askRead(model, name, newest, since) {
  const known = model.find(name);
  if (known) return void askLatest(model, known);
  const take = (messages) => {
    const value = messages.find((each) => each.command === "MARKREAD")?.params[1] ?? "";
    const readAt = Date.parse(value.replace("timestamp=", "")) || since;
    if (newest <= readAt) return;
    const buffer = model.open(name);
    buffer.readAt = Math.max(buffer.readAt, readAt);
    askLatest(model, buffer);
  };
  if (model.caps.has("draft/read-marker")) model.ask(take, "MARKREAD", name);
  else take([]);
}

/** Query the messages around a search result. */
export function askAround(model, buffer, id, then) {
  if (!canAsk(model, buffer)) return false;
  return ask(model, buffer, "AROUND", [reference(id)], { then });
}

const reference = (id) => `msgid=${id}`;

function ask(model, buffer, command, references, more) {
  const what = [command, ...(command === "BETWEEN" ? [more.line.n] : command === "AROUND" ? references : [])].join(" ");
  if (buffer.asking.has(what)) return false;
  buffer.asking.set(what, true);
  const wanted = command === "BEFORE" || command === "BETWEEN" ? FURTHER : PAGE;
  const limit = Math.min(wanted, Number(model.isupport.get("CHATHISTORY")) || wanted);
  const page = { command, limit, what, ...more };
  const take = (messages) => model.effects.push({ kind: "page", buffer, page, messages });
  model.ask(take, "CHATHISTORY", command, buffer.name, ...references, String(limit));
  model.change("lines");
  return true;
}

/** Insert a page of lines into a buffer; return the new ones. */
export function merge(buffer, lines, page) {
  const sorted = [...lines].sort(order);
  const full = lines.length >= page.limit;
  const fresh = [];
  const placed = [];
  for (const line of sorted) {
    const known = buffer.ids.get(line.id);
    if (!known && line.id) {
      fresh.push(line);
      buffer.ids.set(line.id, line);
    }
    placed.push(known ?? line);
  }
  const fromHere = new Set(fresh);
  buffer.lines = merged(buffer.lines, fresh);
  note(buffer, page, placed, fromHere, full);
  if (page.command === "BEFORE" && (!full || !fresh.length)) buffer.complete = true;
  if (page.command === "LATEST" && !full && buffer.lines.every((line) => !line.id || placed.includes(line))) {
    buffer.complete = true;
  }
  if (page.command === "LATEST") {
    buffer.stale = false;
    buffer.newestKnown = "";
  }
  buffer.version += 1;
  return fresh;
}

/** Mark where lines may still be missing, and unmark where none are. */
function note(buffer, page, placed, fresh, full) {
  const [first, last] = [placed[0], placed.at(-1)];
  for (const line of placed.slice(1)) line.gap = false; // a page has no gaps
  const at = first ? buffer.lines.indexOf(first) : -1;
  const before = at > 0 && buffer.lines.slice(0, at).some((line) => line.id);
  const after = last ? nextKnown(buffer, last) : null;
  if (page.command === "LATEST") {
    // everything after the page's first line, or after what was here, is here now; also what arrived meanwhile
    const known = first ? at : buffer.lines.indexOf(buffer.ids.get(page.since));
    for (const line of buffer.lines.slice(known + 1)) line.gap = false;
    if (first && fresh.has(first)) first.gap = full && before;
    else if (first && !full) first.gap = false;
  } else if (page.command === "BEFORE") {
    if (after && fresh.size) after.gap = false;
  } else if (page.command === "BETWEEN") {
    if (page.forward) {
      if (!full || !fresh.size) page.line.gap = false;
      else if (first && fresh.has(first)) first.gap = false;
      if (full && fresh.size && after && fresh.has(last)) after.gap = true;
    } else {
      page.line.gap = false;
      if (full && first && fresh.has(first)) first.gap = true;
      if (!fresh.size && full) page.line.gap = false;
    }
  } else if (page.command === "AROUND") {
    if (first && fresh.has(first)) first.gap = before;
    if (after && fresh.has(last)) after.gap = true;
    if (first && fresh.has(first) && !before) buffer.complete = false;
  }
}

function nextKnown(buffer, line) {
  const at = buffer.lines.indexOf(line);
  return buffer.lines.slice(at + 1).find((each) => each.id) ?? null;
}

/** Merge two sorted lists; equal times are ordered by id. */
function merged(old, fresh) {
  const result = [];
  let at = 0;
  for (const line of old) {
    while (at < fresh.length && order(fresh[at], line) < 0) result.push(fresh[at++]);
    result.push(line);
  }
  return result.concat(fresh.slice(at));
}

function order(a, b) {
  if (a.time !== b.time) return a.time - b.time;
  if (!a.id || !b.id || a.id === b.id) return 0;
  return a.id.length - b.id.length || (a.id < b.id ? -1 : 1);
}
