// Texts: equal names, lengths in bytes, and splitting.

const encoder = new TextEncoder();
const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Return the length of a text in bytes of UTF-8. */
export const bytes = (text) => encoder.encode(text).length;

/** Return a function that maps equal names to one spelling. mapping: ISUPPORT's CASEMAPPING. */
export function folder(mapping = "rfc1459") {
  if (mapping === "ascii") return (name) => name.replace(/[A-Z]+/g, (some) => some.toLowerCase());
  if (mapping === "rfc1459" || mapping === "strict-rfc1459") {
    const lowerSigns = { "[": "{", "]": "}", "\\": "|", "~": "^" };
    return (name) => name.replace(/[A-Z[\]\\~]/g, (letter) => lowerSigns[letter] ?? letter.toLowerCase());
  }
  const width = (name) => name.replace(/[\uff01-\uffee]+/g, (some) => some.normalize("NFKC"));
  return (name) => width(name).toLowerCase().normalize("NFC"); // https://www.rfc-editor.org/rfc/rfc8265#section-3.3
}

/** Split a text into pieces of at most `room` bytes, between graphemes, at a space if one is near. */
export function splitBytes(text, room) {
  if (bytes(text) <= room) return [text];
  const pieces = [];
  let piece = "";
  let size = 0;
  for (const { segment } of graphemes.segment(text)) {
    for (const part of bytes(segment) > room ? segment : [segment]) {
      const length = bytes(part);
      if (size + length > room) {
        const blank = piece.lastIndexOf(" ");
        const cut = blank > piece.length / 2 ? blank + 1 : piece.length;
        pieces.push(piece.slice(0, cut));
        piece = piece.slice(cut);
        size = bytes(piece);
      }
      piece += part;
      size += length;
    }
  }
  return piece ? [...pieces, piece] : pieces;
}

/** Return the first graphemes of a text, with an ellipsis if there are more. */
export function shortened(text, most) {
  const first = [];
  for (const { segment } of graphemes.segment(text)) {
    if (first.length === most) return `${first.join("")}…`;
    first.push(segment);
  }
  return text;
}

/** Whether a text is one to three emoji and nothing else: it is drawn larger. */
export function isOnlyEmoji(text) {
  if (text.length > 40) return false;
  const signs = [...graphemes.segment(text.trim())].map((each) => each.segment).filter((each) => each !== " ");
  return (
    signs.length > 0 && signs.length <= 3 && signs.every((each) => /\p{Extended_Pictographic}|\p{RI}{2}/u.test(each))
  );
}

/** Return a stable number for a name, for its colour. */
export function hash(name) {
  let value = 0;
  for (const letter of name) value = (Math.imul(value, 31) + letter.codePointAt(0)) >>> 0;
  return value;
}

/** Whether a text contains `word` as a whole word. Both folded. */
export function isCalled(text, word) {
  if (!word) return false;
  const edge = /[\p{L}\p{N}_\-[\]\\`^{}|]/u;
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = text.slice(0, at).match(/.$/u)?.[0] ?? " ";
    const after = text.slice(at + word.length).match(/^./u)?.[0] ?? " ";
    if (!edge.test(before) && !edge.test(after)) return true;
  }
  return false;
}

/** "ada", "ada and bob", "ada, bob and 3 others". */
export function listed(names, most = 3) {
  if (names.length < 2) return names.join("");
  if (names.length <= most) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  return `${names.slice(0, most - 1).join(", ")} and ${names.length - most + 1} others`;
}
