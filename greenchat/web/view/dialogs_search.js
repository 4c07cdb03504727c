// Search: conversations by name while typing, and the server's history, each result with a link to its place.

import { stripped } from "../core/format.js";
import { timeOf } from "../core/message.js";
import { colourOf } from "../core/state.js";
import { openDialog } from "./dialog.js";
import { h, refill } from "./dom.js";
import { brief } from "./times.js";

const MOST = 50;
const PAUSE = 250; // milliseconds after the last key before the server is queried
const WITH_CONTEXT = 6; // results for which the lines before and after are queried
const CONTEXT_LINES = 9; // lines, some of which are not messages

export function search(ui, text = "") {
  const { model } = ui;
  let close;
  let timer = 0;
  let turn = 0;
  const places = h("ul.found-places", { "aria-label": "Conversations" });
  const results = h("ul.found", { "aria-label": "Messages" });
  const status = h("p.hint", { role: "status" });
  const here = h("input", { type: "checkbox", onchange: () => ask() });
  const goTo = (buffer) => {
    close();
    ui.open(buffer);
  };
  const showPlaces = (wanted) => {
    const all = model.ordered.filter(
      (buffer) => buffer.kind !== "status" && buffer.name.toLowerCase().includes(wanted),
    );
    const ranked = wanted ? all : all.filter((buffer) => buffer.unread).concat(all.filter((buffer) => !buffer.unread));
    refill(
      places,
      ranked
        .slice(0, 6)
        .map((buffer) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", onclick: () => goTo(buffer) },
              h("bdi.name", {}, buffer.name),
              buffer.unread > 0 && h("span.count", {}, buffer.unread),
            ),
          ),
        ),
    );
  };
  const ask = async () => {
    const text = input.value.trim();
    turn += 1;
    const mine = turn;
    if (text.length < 2) {
      refill(results);
      status.textContent = text ? "Type at least two letters." : "";
      return;
    }
    if (!model.caps.has("soju.im/search")) {
      status.textContent = "This server can't search.";
      return;
    }
    status.textContent = "Searching…";
    const attributes = [`text=${tagged(text)}`, `limit=${MOST}`];
    if (here.checked && model.current.kind !== "status") attributes.push(`in=${tagged(model.current.name)}`);
    const messages = await ui.chat.ask("SEARCH", attributes.join(";"));
    if (mine !== turn) return;
    const failure = messages.find((each) => each.command === "FAIL");
    const rows = messages.filter((each) => each.command === "PRIVMSG" || each.command === "NOTICE").reverse();
    status.textContent = failure
      ? failure.params.at(-1)
      : rows.length
        ? `${rows.length}${rows.length >= MOST ? " newest" : ""} found`
        : "Nothing found.";
    const drawn = rows.map((message) => result(ui, message, text, () => close()));
    refill(
      results,
      drawn.map((each) => h("li", {}, each)),
    );
    for (const [at, message] of rows.slice(0, WITH_CONTEXT).entries()) {
      const around = await context(ui, message);
      if (mine !== turn) return;
      if (around.before) drawn[at].firstElementChild.after(neighbour(around.before));
      if (around.after) drawn[at].append(neighbour(around.after));
    }
  };
  const input = h("input", {
    type: "text",
    role: "searchbox",
    placeholder: "Search messages, or a conversation",
    "aria-label": "Search messages, or a conversation",
    autofocus: true,
    autocomplete: "off",
    value: text,
    oninput: () => {
      showPlaces(input.value.trim().toLowerCase());
      clearTimeout(timer);
      timer = setTimeout(ask, PAUSE);
    },
  });
  showPlaces(text.toLowerCase());
  if (text) ask();
  return openDialog(
    "Search",
    (closing) => {
      close = closing;
      const first = () => (places.querySelector("button") ?? results.querySelector("button"))?.click();
      return h(
        "div.search",
        { onkeydown: (event) => step(event) },
        h(
          "form",
          {
            onsubmit: (event) => {
              event.preventDefault();
              first();
            },
          },
          input,
        ),
        places,
        model.current.kind !== "status" &&
          h("label.switch.small", {}, here, h("span", {}, "Messages in ", h("bdi", {}, model.current.name), " only")),
        status,
        results,
      );
    },
    { wide: true },
  ).finally(() => clearTimeout(timer));
}

/** Return the conversation of a message: a channel, or the other nick. */
const targetOf = (model, { nick, params: [target] }) =>
  model.isChannel(target) || model.isMe(nick) ? target : nick;

const wordsOf = (message) => stripped(message.params[1].replace(/^\x01ACTION (.*)\x01$/s, "$1"));

/** Return the messages before and after a result: {before, after}, each null if there is none. */
async function context(ui, message) {
  const { msgid } = message.tags;
  const target = targetOf(ui.model, message);
  const messages = await ui.chat.ask("CHATHISTORY", "AROUND", target, `msgid=${msgid}`, String(CONTEXT_LINES));
  const talk = messages.filter((each) => each.command === "PRIVMSG");
  const at = talk.findIndex((each) => each.tags.msgid === msgid);
  return { before: talk[at - 1] ?? null, after: at < 0 ? null : (talk[at + 1] ?? null) };
}

const neighbour = (message) =>
  h("span.near", { dir: "auto" }, h("bdi", {}, message.nick), ": ", wordsOf(message).slice(0, 120));

function result(ui, message, text, close) {
  const { model } = ui;
  const target = targetOf(model, message);
  const words = wordsOf(message);
  const jump = () => {
    close();
    ui.messages.jump(message.tags.msgid, model.open(target));
    ui.showAddress();
  };
  return h(
    "button.result",
    { type: "button", onclick: jump },
    h(
      "span.head",
      {},
      h(`bdi.nick.c${colourOf(message.nick)}`, {}, message.nick),
      " in ",
      h("bdi", {}, target),
      " ",
      h("time", {}, brief(timeOf(message, Date.now()))),
    ),
    h("span.words", { dir: "auto" }, marked(words, text)),
  );
}

/** Return a text with the match marked; only the part around it if it is long. */
function marked(words, text) {
  const wanted = text.toLowerCase().split(/\s+/)[0];
  const at = words.toLowerCase().indexOf(wanted);
  if (at < 0) return words.slice(0, 200);
  const from = at > 100 ? at - 60 : 0;
  return [
    from ? "…" : "",
    words.slice(from, at),
    h("mark", {}, words.slice(at, at + wanted.length)),
    words.slice(at + wanted.length, at + 200),
  ];
}

/** Move through the results by arrow keys. */
function step(event) {
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const all = [...event.currentTarget.querySelectorAll("input[role=searchbox], li button")];
  const at = all.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  if (!all[at]) return;
  event.preventDefault();
  all[at].focus();
}

const tagged = (text) => text.replace(/[\\;\s]/g, (sign) => ({ "\\": "\\\\", ";": "\\:" })[sign] ?? "\\s");
