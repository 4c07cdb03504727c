// All dialogs of the page, and the small ones without a file of their own.

import { EMOJI, QUICK } from "../core/emoji.js";
import { shortened } from "../core/text.js";
import { groups } from "../core/commands_general.js";
import { account, invited, keyWanted, logIn, logOut, operate, register, settings } from "./dialogs_account.js";
import { channel, channels, maskDialog } from "./dialogs_channel.js";
import { person, writeTo } from "./dialogs_people.js";
import { openDialog } from "./dialog.js";
import { search } from "./dialogs_search.js";
import { button, h, refill } from "./dom.js";

const KEYS = [
  ["Enter", "send"],
  ["Shift Enter", "a new line"],
  ["Tab", "complete a name, a command, a channel"],
  ["@ # / :", "suggest people, channels, commands, emoji"],
  ["↑", "in an empty field: earlier input"],
  ["Ctrl B, Ctrl I", "bold, italic; also **bold**, *italic*, `code`"],
  ["Ctrl K", "search, or go to a conversation"],
  ["Alt ↑, Alt ↓", "the conversation above, below"],
  ["Alt Shift ↑, Alt Shift ↓", "the one with something unread above, below"],
  ["Alt 1 … Alt 9", "the first to ninth conversation"],
  ["Shift Tab", "from the text field to the messages"],
  ["↑, ↓", "among messages"],
  ["R, E, C, Delete", "on a message: reply, react, copy, delete"],
  ["Page Up, Page Down", "scroll"],
  ["Ctrl End", "to the newest"],
  ["Escape", "close, or back to the text field"],
  ["?", "this list"],
];

/** Open a dialog by name, for its page. */
export function makeDialogs(ui) {
  const bound =
    (open) =>
    (...rest) =>
      open(ui, ...rest);
  const all = {
    account,
    channel,
    channels,
    confirmPaste,
    emoji,
    help,
    invited,
    keyWanted,
    logIn,
    logOut,
    maskDialog,
    operate,
    person,
    register,
    search,
    settings,
    writeTo,
  };
  return Object.fromEntries(Object.entries(all).map(([name, open]) => [name, bound(open)]));
}

function help(ui, part = "") {
  const keys = h(
    "dl.keys",
    {},
    KEYS.map(([key, what]) => [
      h(
        "dt",
        {},
        key
          .split(", ")
          .map((each, at) => [
            at ? ", " : "",
            each.split(" ").map((one) => h("kbd", {}, ui.isMac ? one.replace("Ctrl", "⌘").replace("Alt", "⌥") : one)),
          ]),
      ),
      h("dd", {}, what),
    ]),
  );
  const commands = Object.entries(groups()).map(([name, rows]) =>
    h(
      "details",
      { open: part === "all" },
      h("summary", {}, name),
      h(
        "dl.commands",
        {},
        rows.map((row) => [h("dt", {}, h("code", {}, `/${row.name} ${row.usage}`.trim())), h("dd", {}, row.summary)]),
      ),
    ),
  );
  const sections = [
    h("section", {}, h("h3", {}, "Keys"), keys),
    h(
      "section",
      {},
      h("h3", {}, "Commands"),
      h("p.hint", {}, "Type them in the text field; they are those of the terminal client."),
      commands,
    ),
  ];
  return openDialog("Help", () => (part === "all" ? sections.reverse() : sections), { wide: true });
}

async function confirmPaste(ui, lines) {
  const answer = await openDialog(`Paste ${lines.length} lines?`, (close) => [
    h("pre.preview", { dir: "auto" }, shortened(lines.slice(0, 12).join("\n"), 1500)),
    h("p.hint", {}, "They go into the text field; nothing is sent before you press Enter."),
    h(
      "div.buttons",
      {},
      button("Cancel", () => close()),
      button("Paste", () => close("yes"), { look: "primary", autofocus: true }),
    ),
  ]);
  return answer === "yes";
}

/** Choose an emoji by name; Enter takes the first. */
function emoji(ui, take) {
  const grid = h("div.emoji-grid", { role: "group", "aria-label": "Emoji" });
  let close;
  const choose = (sign) => {
    close();
    take(sign);
  };
  const show = (wanted) => {
    const matches = wanted
      ? EMOJI.filter(({ names }) => names.some((name) => name.includes(wanted)))
      : [...QUICK.map((sign) => EMOJI.find((each) => each.sign === sign)), ...EMOJI];
    refill(
      grid,
      matches.length
        ? [...new Set(matches)].map(({ sign, names }) =>
            h(
              "button",
              {
                type: "button",
                title: names[0],
                "aria-label": names[0].replace(/_/g, " "),
                onclick: () => choose(sign),
              },
              sign,
            ),
          )
        : h("p.hint", {}, "No emoji has that in its name."),
    );
  };
  const input = h("input", {
    type: "text",
    role: "searchbox",
    placeholder: "Search by name",
    "aria-label": "Search emoji",
    autofocus: true,
    oninput: () => show(input.value.trim().toLowerCase()),
  });
  show("");
  return openDialog("Choose an emoji", (closing) => {
    close = closing;
    return [
      h(
        "form",
        {
          onsubmit: (event) => {
            event.preventDefault();
            grid.querySelector("button")?.click();
          },
        },
        input,
      ),
      grid,
    ];
  });
}
