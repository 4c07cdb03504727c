// Formatting: mIRC codes to spans, links in texts, and typed **bold**, *italic*, `code` to mIRC codes.
// https://modern.ircdocs.horse/formatting. Every text parses; a span is data, drawn by view/spans.js.

const TOGGLES = {
  "\x02": "bold",
  "\x1d": "italic",
  "\x1f": "underline",
  "\x1e": "strike",
  "\x11": "mono",
  "\x16": "reverse",
};
const CODES = /[\x02\x03\x04\x0f\x11\x16\x1d\x1e\x1f]/;
const LINK =
  /\b(?:https?|ftps?|ircs?|gemini|mailto):(?:\/\/)?[^\s<>"`{}|\\^\u0000-\u0020\u007f-\u009f\u2028\u2029]+/giu;
const PAIRS = { ")": "(", "]": "[" };
// characters that change the direction of text, or are invisible: not drawn
const CONTROLS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g;

/** Return [{text, bold, italic, underline, strike, mono, reverse, fg, bg, href}] of a text with mIRC codes. */
export function spans(text) {
  const pieces = [];
  let look = {};
  let rest = text;
  while (rest) {
    const at = rest.search(CODES);
    const piece = at < 0 ? rest : rest.slice(0, at);
    if (piece) pieces.push({ ...look, text: piece });
    if (at < 0) break;
    const code = rest[at];
    rest = rest.slice(at + 1);
    if (code === "\x0f") look = {};
    else if (TOGGLES[code]) look = toggled(look, TOGGLES[code]);
    else [look, rest] = coloured(look, rest, code);
  }
  return pieces.flatMap(withLinks);
}

/** Return the text without its codes. */
export const stripped = (text) =>
  spans(text)
    .map((span) => span.text)
    .join("");

/** Return the URLs in a text, each with its start and end. */
export function links(text) {
  const ranges = [];
  for (const match of text.matchAll(LINK)) {
    const link = trimmed(match[0]);
    if (/^(?:[a-z]+:\/\/[^/]|mailto:[^@]+@[^@]+)/i.test(link))
      ranges.push({ from: match.index, to: match.index + link.length });
  }
  return ranges;
}

/** Replace typed *, ** and ` with codes that other clients show, too. A backslash escapes a sign. */
export function typed(text) {
  const kept = [];
  const keep = (piece) => `\uE000${kept.push(piece) - 1}\uE001`;
  let work = text.replace(/[\uE000\uE001]/g, "");
  for (const { from, to } of links(work).reverse())
    work = work.slice(0, from) + keep(work.slice(from, to)) + work.slice(to);
  work = work.replace(/\\([*`\\])/g, (_, sign) => keep(sign));
  work = work.replace(/`([^`\n]+)`/g, (_, code) => keep(`\x11${code}\x11`));
  work = work.replace(/(?<![\p{L}\p{N}*])\*\*(?=[^\s*])([^\n]*?[^\s*])\*\*(?![\p{L}\p{N}*])/gu, "\x02$1\x02");
  work = work.replace(/(?<![\p{L}\p{N}*])\*(?=[^\s*])([^*\n]*?[^\s*]|[^\s*])\*(?![\p{L}\p{N}*])/gu, "\x1d$1\x1d");
  const back = (piece) => piece.replace(/\uE000(\d+)\uE001/g, (_, number) => back(kept[number]));
  return back(work);
}

function toggled(look, name) {
  const changed = { ...look, [name]: true };
  if (look[name]) delete changed[name];
  return changed;
}

function coloured(look, rest, code) {
  const pattern = code === "\x03" ? /^(?:(\d{1,2})(?:,(\d{1,2}))?)?/ : /^(?:([\da-f]{6})(?:,([\da-f]{6}))?)?/i;
  const [whole, fg, bg] = pattern.exec(rest);
  const changed = { ...look };
  if (fg === undefined) {
    delete changed.fg;
    delete changed.bg;
  } else {
    set(changed, "fg", fg, code);
    if (bg !== undefined) set(changed, "bg", bg, code);
  }
  return [changed, rest.slice(whole.length)];
}

function set(look, name, digits, code) {
  if (code === "\x04") look[name] = `#${digits.toLowerCase()}`;
  else if (Number(digits) === 99) delete look[name];
  else look[name] = Number(digits);
}

function withLinks(span) {
  const clean = (text) => text.replace(CONTROLS, "");
  const pieces = [];
  let at = 0;
  for (const { from, to } of links(span.text)) {
    if (from > at) pieces.push({ ...span, text: clean(span.text.slice(at, from)) });
    const address = clean(span.text.slice(from, to));
    pieces.push({ ...span, text: address, href: address });
    at = to;
  }
  if (at < span.text.length) pieces.push({ ...span, text: clean(span.text.slice(at)) });
  return pieces.filter((piece) => piece.text);
}

/** Strip the punctuation of the sentence around a URL; a closing bracket belongs to it if it was opened in it. */
function trimmed(link) {
  while (link) {
    const last = link.at(-1);
    const count = (sign) => link.split(sign).length - 1;
    if (!".,;:!?'\"*_~".includes(last) && !(PAIRS[last] && count(last) > count(PAIRS[last]))) break;
    link = link.slice(0, -1);
  }
  return link;
}

/** The colours 16 to 98 of mIRC, https://modern.ircdocs.horse/formatting#colors-16-98; 0 to 15 are the style sheet's. */
export const PALETTE = `
470000 472100 474700 324700 004700 00472c 004747 002747 000047 2e0047 470047 47002a
740000 743a00 747400 517400 007400 007449 007474 004074 000074 4b0074 740074 740045
b50000 b56300 b5b500 7db500 00b500 00b571 00b5b5 0063b5 0000b5 7500b5 b500b5 b5006b
ff0000 ff8c00 ffff00 b2ff00 00ff00 00ffa0 00ffff 008cff 0000ff a500ff ff00ff ff0098
ff5959 ffb459 ffff71 cfff60 6fff6f 65ffc9 6dffff 59b4ff 5959ff c459ff ff66ff ff59bc
ff9c9c ffd39c ffff9c e2ff9c 9cff9c 9cffdb 9cffff 9cd3ff 9c9cff dc9cff ff9cff ff94d3
000000 131313 282828 363636 4d4d4d 656565 818181 9f9f9f bcbcbc e2e2e2 ffffff`
  .trim()
  .split(/\s+/)
  .map((digits) => `#${digits}`);
