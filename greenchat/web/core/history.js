// What was said before we came, put among the lines that are here: without doubles, and with a mark where something
// may be missing. A line's `gap` says that the server may know more before it; a page fills it from one side.
//
// A page ends where it is full, maybe between two lines of one millisecond, so each question includes the time of the
// line that it goes on from. https://ircv3.net/specs/extensions/chathistory

import { timestamp } from "./message.js";
import { CHANNEL, STATUS } from "./state.js";

export const PAGE = 100; // lines asked for at once

/** Whether the history of a buffer can be asked for now. */
export function canAsk(model, buffer) {
  const here = buffer.kind !== STATUS && (buffer.kind !== CHANNEL || buffer.joined);
  const service = buffer.kind !== CHANNEL && /serv$/i.test(buffer.name);
  return here && !service && model.link.state === "online" && model.caps.has("draft/chathistory");
}

/** The newest lines, or those since the newest that we have. */
export function askLatest(model, buffer) {
  if (!canAsk(model, buffer)) return false;
  buffer.begun = true;
  return ask(model, buffer, "LATEST", [buffer.knownUntil ? timestamp(buffer.knownUntil - 1) : "*"], {});
}

/** What comes before the oldest line. False where there is nothing to ask for. */
export function askOlder(model, buffer) {
  const oldest = buffer.lines.find((line) => line.id);
  if (buffer.complete || !oldest || !canAsk(model, buffer)) return false;
  return ask(model, buffer, "BEFORE", [timestamp(oldest.time + 1)], {});
}

/** What is missing before a line with a gap, from its newer end, or (forward) from the older one. */
export function askGap(model, buffer, line, forward = false) {
  const at = buffer.lines.indexOf(line);
  const before = buffer.lines.slice(0, at).findLast((each) => each.id);
  if (!line.gap || !before || !canAsk(model, buffer)) return false;
  const [newer, older] = [timestamp(line.time + 1), timestamp(before.time - 1)];
  return ask(model, buffer, "BETWEEN", forward ? [older, newer] : [newer, older], { forward, line, before });
}

/** What was said around a message that a search has found. */
export function askAround(model, buffer, id, then) {
  if (!canAsk(model, buffer)) return false;
  return ask(model, buffer, "AROUND", [`msgid=${id}`], { then });
}

function ask(model, buffer, command, references, more) {
  const what = [command, ...(command === "BETWEEN" ? [more.line.n] : command === "AROUND" ? references : [])].join(" ");
  if (buffer.asking.has(what)) return false;
  buffer.asking.set(what, true);
  const limit = Math.min(PAGE, Number(model.isupport.get("CHATHISTORY")) || PAGE);
  const page = { command, limit, what, ...more };
  const take = (messages) => model.effects.push({ kind: "page", buffer, page, messages });
  model.ask(take, "CHATHISTORY", command, buffer.name, ...references, String(limit));
  model.change("lines");
  return true;
}

/** Put a page of lines among those of a buffer; returns those that were not here. */
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
    buffer.knownUntil = 0;
  }
  buffer.version += 1;
  return fresh;
}

/** Say where something may still be missing, and where nothing is any more. */
function note(buffer, page, placed, fresh, full) {
  const [first, last] = [placed[0], placed.at(-1)];
  for (const line of placed.slice(1)) line.gap = false; // a page has no holes
  const at = first ? buffer.lines.indexOf(first) : -1;
  const before = at > 0 && buffer.lines.slice(0, at).some((line) => line.id);
  const after = last ? nextKnown(buffer, last) : null;
  if (page.command === "LATEST") {
    // all behind the page's first line is here, what came while we asked, too
    for (const line of buffer.lines.slice(at + 1)) line.gap = false;
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

/** Two lists in order become one; of two lines of one time, the ids tell which came first. */
function merged(old, fresh) {
  const whole = [];
  let at = 0;
  for (const line of old) {
    while (at < fresh.length && order(fresh[at], line) < 0) whole.push(fresh[at++]);
    whole.push(line);
  }
  return whole.concat(fresh.slice(at));
}

function order(a, b) {
  if (a.time !== b.time) return a.time - b.time;
  if (!a.id || !b.id || a.id === b.id) return 0;
  return a.id.length - b.id.length || (a.id < b.id ? -1 : 1);
}
