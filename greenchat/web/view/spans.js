// Texts as nodes: formatting, links, channel links, and mentions of the user.

import { PALETTE, spans } from "../core/format.js";
import { h } from "./dom.js";

const CHANNEL = /(^|[\s(,])(#[\p{L}\p{N}_][^\s,:;!?()"']*)/gu;

/** Return the nodes of a text. ui: for channel links; null without links. */
export function drawText(text, ui = null) {
  return spans(text).map((span) => look(span, span.href ? [drawLink(span)] : drawPlain(span.text, ui)));
}

function drawLink({ href }) {
  // the URL itself is shown, so a link never leads elsewhere than its text says
  return h("a", { href, target: "_blank", rel: "noopener noreferrer nofollow", dir: "ltr" }, href);
}

function drawPlain(text, ui) {
  if (!ui || !text.includes("#")) return [text];
  const parts = [];
  let at = 0;
  for (const match of text.matchAll(CHANNEL)) {
    const name = match[2].replace(/[.*_~]+$/, "");
    const from = match.index + match[1].length;
    if (!/\p{L}/u.test(name)) continue; // #12 is a number
    parts.push(text.slice(at, from), h("button.link", { type: "button", onclick: () => ui.goTo(name) }, name));
    at = from + name.length;
  }
  return [...parts, text.slice(at)];
}

function look(span, children) {
  const classes = ["bold", "italic", "underline", "strike", "mono", "reverse"].filter((name) => span[name]);
  if (!classes.length && span.fg === undefined && span.bg === undefined) return children;
  for (const name of ["fg", "bg"]) if (span[name] >= 0 && span[name] < 16) classes.push(`${name}${span[name]}`);
  const made = h(span.mono ? "code" : "span", {}, children);
  made.className = classes.join(" ");
  for (const [name, property] of [
    ["fg", "color"],
    ["bg", "backgroundColor"],
  ]) {
    const colour = span[name];
    if (typeof colour === "string") made.style[property] = colour;
    else if (colour >= 16) made.style[property] = PALETTE[colour - 16] ?? "";
  }
  return made;
}
