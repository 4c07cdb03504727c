// Where the account is in use: connections, signed-in browsers, programs. Each can be ended.

import { secretOf, sessionsOf, tokensOf } from "../core/devices.js";
import { field, form, openDialog } from "./dialog.js";
import { button, h, refill } from "./dom.js";

export const LOST = "The connection was lost. Try again.";
const LONGEST_LABEL = 50; // characters
const MAY = [
  ["read,say", "read and write"],
  ["read", "read only"],
];

/** Make two sections of the account's dialog. */
export function devices(ui) {
  const [here, programs] = [h("div"), h("div")];
  const show = () => {
    showSessions(ui, here, show);
    showTokens(ui, programs);
  };
  show();
  return [
    h("section", {}, h("h3", {}, "Where you are logged in"), here),
    h("section", {}, h("h3", {}, "Who can log in without the password"), programs),
  ];
}

/** Send NickServ a command; resolves to its lines, [] if the connection was lost. */
export async function askNickServ(ui, words) {
  const messages = await ui.chat.ask("PRIVMSG", "NickServ", words);
  return messages.filter((each) => each.command === "NOTICE").map((each) => each.params.at(-1));
}

async function showSessions(ui, place, again) {
  refill(place, h("p.hint", {}, "Asking the server…"));
  const rows = sessionsOf(await askNickServ(ui, "SESSIONS"));
  const others = rows.filter((row) => !row.own);
  const end = async (which) => {
    ui.toast((await askNickServ(ui, `LOGOUT ${which}`)).join(" ") || LOST);
    await ui.session.renew();
    again();
  };
  refill(
    place,
    h(
      "ul.masks",
      {},
      rows.map((row) =>
        h(
          "li",
          {},
          h("span", { dir: "auto" }, row.own && h("strong", {}, "This one: "), row.words),
          !row.own && button("End", () => end(row.number), { "aria-label": `End ${row.words}` }),
        ),
      ),
    ),
    others.length > 1 &&
      h(
        "div.buttons.start",
        {},
        button("End all others", () => end("OTHERS"), { look: "danger" }),
      ),
  );
}

async function showTokens(ui, place) {
  refill(place, h("p.hint", {}, "Asking the server…"));
  const rows = tokensOf(await askNickServ(ui, "TOKEN LIST"));
  const revoke = async (id) => {
    ui.toast((await askNickServ(ui, `TOKEN REVOKE ${id}`)).join(" ") || LOST);
    showTokens(ui, place);
  };
  refill(
    place,
    h(
      "ul.masks",
      {},
      rows.map((row) =>
        h(
          "li",
          {},
          h("span", { dir: "auto" }, row.words),
          button("Revoke", () => revoke(row.id), { "aria-label": `Revoke: ${row.words}` }),
        ),
      ),
    ),
    !rows.length && h("p.hint", {}, "Nobody but you."),
    h(
      "div.buttons.start",
      {},
      button("Create an API token", () => create(ui, () => showTokens(ui, place))),
    ),
  );
}

/** Show a new token for a program, which is shown once. */
function create(ui, then) {
  const label = h("input", { type: "text", maxlength: LONGEST_LABEL, required: true, autofocus: true, dir: "auto" });
  const may = h(
    "select",
    {},
    MAY.map(([value, words]) => h("option", { value }, words)),
  );
  return openDialog("Create an API token", (close) =>
    form(
      [
        field("What it is for", label),
        field("It may", may, "It reads what you may read, and speaks as you, by the HTTP API."),
      ],
      "Create token",
      async () => {
        const texts = await askNickServ(ui, `TOKEN CREATE BOT ${may.value} ${label.value.trim()}`);
        const secret = secretOf(texts);
        if (!secret) return texts.join(" ") || LOST;
        ui.later(() => show(ui, secret).then(then));
        return "";
      },
      close,
    ),
  );
}

function show(ui, secret) {
  const text = h("input", { type: "text", readonly: true, value: secret, dir: "ltr" });
  return openDialog("The token", (close) => [
    field("It is shown only once", text, "Programs send it with each request: Authorization: Bearer …"),
    h(
      "div.buttons",
      {},
      button("Copy", () => ui.actions.copy(secret, "The token is copied."), { autofocus: true }),
      button("Done", () => close(), { look: "primary" }),
    ),
  ]);
}
