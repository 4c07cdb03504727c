// The lines of a buffer as rows: dates, the "new" line, JOINs and PARTs combined, and waiting texts. Pure.

import { TALK } from "../core/state.js";
import { listed } from "../core/text.js";
import { dayNumber } from "./times.js";

const TOGETHER = 300_000; // milliseconds within which messages of one author are grouped

/** Return [{key, type, ...}] of a buffer. types: start, more, gap, day, new, talk, events, event, info, error, waiting. */
export function rowsOf(buffer, showsPassing) {
  const rows = [];
  const hasHistory = buffer.kind !== "status";
  if (hasHistory && buffer.begun)
    rows.push(buffer.complete ? { key: "start", type: "start" } : { key: "more", type: "more" });
  let [before, day, isMarked] = [null, 0, !buffer.mark];
  for (const line of buffer.lines) {
    if (line.time <= buffer.clearedAt || line.kind === "none") {
      if (line.gap) rows.push({ key: `gap${line.n}`, type: "gap", line });
      continue;
    }
    if (line.gap) {
      rows.push({ key: `gap${line.n}`, type: "gap", line });
      before = null;
    }
    if (dayNumber(line.time) !== day) {
      day = dayNumber(line.time);
      rows.push({ key: `day${day}-${line.n}`, type: "day", time: line.time });
      before = null;
    }
    if (!isMarked && line.time > buffer.mark && TALK.has(line.kind) && !line.own) {
      isMarked = true;
      rows.push({ key: "new", type: "new" });
      before = null;
    }
    before = place(rows, line, before, showsPassing);
  }
  for (const waiting of buffer.waiting) {
    rows.push({
      key: `waiting${waiting.id}`,
      type: "waiting",
      waiting,
      first: !isFollowing(before, { ...waiting, nick: "", own: true }),
    });
    before = { ...waiting, own: true, nick: "", reply: "" };
  }
  return rows;
}

/** Add a line's row; return the line after which one of the same author needs no header. */
function place(rows, line, before, showsPassing) {
  if (TALK.has(line.kind)) {
    const first = !isFollowing(before, line);
    rows.push({ key: `l${line.n}`, type: "talk", line, first });
    return line;
  }
  if (line.kind === "event" && line.passing) {
    if (!showsPassing) return before;
    const last = rows.at(-1);
    if (last?.type === "events") last.lines.push(line);
    else rows.push({ key: `e${line.n}`, type: "events", lines: [line] });
    return null;
  }
  rows.push({ key: `l${line.n}`, type: line.kind, line });
  return null;
}

function isFollowing(before, line) {
  if (!before || line.reply || before.kind !== "said" || line.kind !== "said") return false;
  const same = before.own && line.own ? true : before.nick === line.nick && before.own === line.own;
  return (
    same && line.time - before.time < TOGETHER && !line.bot === !before.bot && (before.to ?? "") === (line.to ?? "")
  );
}

/** Return JOINs and PARTs as one sentence. */
export function presenceSentence(lines) {
  const state = new Map(); // nick -> {came, went}
  const renamed = [];
  for (const { nick, passing: how, after } of lines) {
    if (how === "name") {
      renamed.push(`${nick} is now ${after}`);
      continue;
    }
    const known = state.get(nick) ?? { came: false, went: false, last: "" };
    known[how === "in" ? "came" : "went"] = true;
    known.last = how;
    state.set(nick, known);
  }
  const nicksWhere = (test) => [...state].filter(([, each]) => test(each)).map(([nick]) => nick);
  const parts = [
    [nicksWhere((each) => each.came && !each.went), "joined"],
    [nicksWhere((each) => each.went && !each.came), "left"],
    [nicksWhere((each) => each.came && each.went && each.last === "out"), "came and went"],
    [nicksWhere((each) => each.came && each.went && each.last === "in"), "left and came back"],
  ];
  return [
    ...parts.filter(([nicks]) => nicks.length).map(([nicks, what]) => `${listed(nicks, 5)} ${what}`),
    ...renamed,
  ].join(" · ");
}
