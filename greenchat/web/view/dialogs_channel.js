// Dialogs about channels: topic, invitations, modes in words, bans; and the list of channels.

import { generate } from "../vendor/lean-qr.js";
import { stripped } from "../core/format.js";
import { FLAGS } from "../core/modes.js";
import { field, form, openDialog, toggle } from "./dialog.js";
import { button, h, refill, square } from "./dom.js";
import { drawText } from "./spans.js";

const SWITCHES = ["i", "m", "t", "n", "s", "R", "M"];
const TITLES = {
  i: "Invite only",
  m: "Moderated",
  t: "Only operators set the topic",
  n: "Only members can write",
  s: "Secret",
  R: "Only accounts can join",
  M: "Only accounts can write",
};
const MOST_LISTED = 300;
const UNREGISTERED = "This channel is not registered: it ends when the last member leaves.";

export function channel(ui, buffer) {
  const { model, chat } = ui;
  const isOperator = ui.actions.isOperator(buffer);
  const link = ui.addressOf(buffer.name);
  const owner = h("p.hint", {}, "…");
  const bans = h("div");
  chat.ask("PRIVMSG", "ChanServ", `INFO ${buffer.name}`).then((messages) => {
    const words = messages.filter((each) => each.command === "NOTICE").map((each) => each.params.at(-1));
    const isUnregistered = words.length === 1 && /no such registered channel/i.test(words[0]);
    const info = words.join(" ") || "It is not known whether this channel is registered.";
    refill(owner, isUnregistered ? UNREGISTERED : drawText(info));
  });
  if (isOperator) masks(ui, buffer.name, "b").then((rows) => refill(bans, banned(ui, buffer, rows)));
  const topic = h("textarea", { rows: 2, maxlength: Number(model.isupport.get("TOPICLEN")) || 390, dir: "auto" });
  topic.value = buffer.topic;
  const mayTopic = isOperator || !buffer.modes.split(" ")[0].includes("t");
  return openDialog(
    buffer.name,
    (close) => [
      h(
        "section",
        {},
        mayTopic
          ? form(
              [field("Topic", topic)],
              "Save topic",
              async () => {
                const answer = (await chat.ask("TOPIC", buffer.name, topic.value.replace(/\s*\n\s*/g, " "))).find(
                  (each) => /^[45]\d\d$/.test(each.command),
                );
                return answer?.params.at(-1) ?? "";
              },
              close,
            )
          : h("p", { dir: "auto" }, drawText(buffer.topic || "No topic.")),
        buffer.topicBy && h("p.hint", {}, `Set by ${buffer.topicBy}`),
      ),
      h(
        "section",
        {},
        h("h3", {}, "Invite people"),
        h(
          "div.invite",
          {},
          h(
            "div",
            {},
            h("p", {}, "Anyone who opens this link joins, with nothing to install."),
            h("input.copy-field", {
              type: "text",
              readonly: true,
              value: link,
              "aria-label": "Invite link",
              onfocus: (event) => event.target.select(),
            }),
            h(
              "div.buttons.start",
              {},
              button("Copy the link", () => ui.actions.copy(link, "The link is copied."), { look: "primary" }),
            ),
          ),
          h("div.qr", {}, qr(link)),
        ),
      ),
      h(
        "section",
        {},
        h("h3", {}, "Rules"),
        h(
          "div.switches",
          {},
          SWITCHES.filter((letter) => model.chanmodes.join().includes(letter)).map((letter) =>
            rule(ui, buffer, letter, isOperator),
          ),
        ),
      ),
      h(
        "section",
        {},
        h("h3", {}, "Registration"),
        owner,
        isOperator &&
          h(
            "div.buttons.start",
            {},
            button("Register the channel", () => register(ui, buffer, owner)),
          ),
      ),
      isOperator && h("section", {}, h("h3", {}, "Bans"), bans),
      h(
        "section",
        {},
        h("h3", {}, "For you"),
        toggle(
          "Mute",
          model.overrides(buffer, "mute"),
          (wanted) => mute(ui, buffer, wanted),
          "never marked as unread, no notifications",
        ),
      ),
      h(
        "div.buttons.start",
        {},
        buffer.joined
          ? button(
              "Leave the channel",
              () => {
                close();
                ui.actions.close(buffer);
              },
              { look: "danger" },
            )
          : button(
              "Join",
              () => {
                close();
                ui.join(buffer.name);
              },
              { look: "primary" },
            ),
        button("Save the history as a file", () => ui.actions.export(buffer)),
      ),
    ],
    { wide: true },
  );
}

/** Make the switch of a mode; the server decides. */
function rule(ui, buffer, letter, isOperator) {
  const on = buffer.modes.split(" ")[0].includes(letter);
  const made = toggle(
    TITLES[letter],
    on,
    async (wanted, box) => {
      const answers = await ui.chat.ask("MODE", buffer.name, `${wanted ? "+" : "-"}${letter}`);
      const refusal = answers.find((each) => /^[45]\d\d$/.test(each.command));
      if (refusal) ui.toast(refusal.params.at(-1));
      box.checked = buffer.modes.split(" ")[0].includes(letter);
    },
    FLAGS[letter],
  );
  made.querySelector("input").disabled = !isOperator;
  return made;
}

function mute(ui, { key }, wanted) {
  const { [key]: before = [], ...others } = ui.model.settings.overrides;
  const words = [...before.filter((word) => word !== "mute"), ...(wanted ? ["mute"] : [])];
  ui.model.settings.overrides = words.length ? { ...others, [key]: words } : others;
  ui.saveSettings();
}

async function register(ui, buffer, owner) {
  if (!ui.model.account) return void ui.dialogs.account();
  const messages = await ui.chat.ask("PRIVMSG", "ChanServ", `REGISTER ${buffer.name}`);
  refill(
    owner,
    messages
      .filter((each) => each.command === "NOTICE")
      .map((each) => each.params.at(-1))
      .join(" "),
  );
}

/** Query a mask list of a channel: [{mask, by}]. */
export async function masks(ui, name, letter) {
  const messages = await ui.chat.ask("MODE", name, `+${letter}`);
  return messages
    .filter((each) => ["367", "348", "346", "728"].includes(each.command))
    .map(({ command, params }) => {
      const [mask, by = ""] = params.slice(command === "728" ? 3 : 2);
      return { mask, by: by.split("!")[0] };
    });
}

function banned(ui, buffer, rows) {
  if (!rows.length) return h("p.hint", {}, "Nobody is banned.");
  return h(
    "ul.masks",
    {},
    rows.map(({ mask, by }) => {
      const item = h(
        "li",
        {},
        h("code", { dir: "ltr" }, mask),
        by && h("small", {}, `by ${by}`),
        button("Remove ban", async () => {
          await ui.chat.ask("MODE", buffer.name, "-b", mask);
          item.remove();
        }),
      );
      return item;
    }),
  );
}

/** Show a list requested by a command. */
export async function maskDialog(ui, name, letter) {
  const titles = { b: "Banned from", e: "Exempt from bans in", I: "Always invited to", q: "Silenced in" };
  const rows = await masks(ui, name, letter);
  return openDialog(`${titles[letter] ?? "List of"} ${name}`, () =>
    rows.length
      ? h(
          "ul.masks",
          {},
          rows.map(({ mask, by }) => h("li", {}, h("code", { dir: "ltr" }, mask), by && h("small", {}, `by ${by}`))),
        )
      : h("p.hint", {}, "Nobody."),
  );
}

/** Show all channels of the server, filtered while typing; an unknown name creates a channel. */
export function channels(ui, pattern = "") {
  const { model, chat } = ui;
  let rows = null;
  const list = h("ul.channel-list", { "aria-label": "Channels" });
  const count = h("p.hint", { role: "status" }, "Asking the server…");
  const input = h("input", {
    type: "text",
    role: "searchbox",
    placeholder: "Name or topic",
    "aria-label": "Search channels, or a new name",
    value: pattern.replace(/\*/g, ""),
    autofocus: true,
    oninput: () => show(),
  });
  let close;
  const go = (name) => {
    close();
    ui.join(name);
  };
  const show = () => {
    if (!rows) return;
    const wanted = input.value.trim().toLowerCase();
    const matches = rows
      .filter((row) => `${row.name} ${row.topic}`.toLowerCase().includes(wanted))
      .sort((a, b) => b.people - a.people || a.name.localeCompare(b.name));
    count.textContent = matches.length
      ? `${matches.length} ${matches.length === 1 ? "channel" : "channels"}`
      : "No channel matches.";
    const name = wanted && (model.isChannel(wanted) ? input.value.trim() : `#${input.value.trim()}`);
    const isNew = name && !/[\s,]/.test(name) && !rows.some((row) => model.fold(row.name) === model.fold(name));
    refill(
      list,
      isNew &&
        h(
          "li",
          {},
          h(
            "button.make",
            { type: "button", onclick: () => go(name) },
            h("bdi.name", {}, `Make ${name}`),
            h("small", {}, "a new channel, with you as operator"),
          ),
        ),
      matches
        .slice(0, MOST_LISTED)
        .map((row) =>
          h(
            "li",
            {},
            h(
              "button",
              { type: "button", onclick: () => go(row.name) },
              h("bdi.name", {}, row.name),
              h("span.people", {}, `${row.people} ${row.people === 1 ? "person" : "people"}`),
              h("small", { dir: "auto" }, stripped(row.topic)),
            ),
          ),
        ),
    );
  };
  chat.ask("LIST").then((messages) => {
    rows = messages
      .filter((each) => each.command === "322")
      .map(({ params }) => ({ name: params[1], people: Number(params[2]), topic: params[3] ?? "" }));
    model.directory.rows = rows;
    show();
  });
  return openDialog(
    "Channels",
    (closing) => {
      close = closing;
      return [
        h(
          "form",
          {
            onsubmit: (event) => {
              event.preventDefault();
              list.querySelector("button")?.click();
            },
          },
          input,
        ),
        count,
        list,
      ];
    },
    { wide: true },
  );
}

export function qr(text, words = "The invite link as a QR code") {
  const code = generate(text);
  let path = "";
  for (let y = 0; y < code.size; y += 1)
    for (let x = 0; x < code.size; x += 1) if (code.get(x, y)) path += `M${x + 2} ${y + 2}h1v1h-1z`;
  return square(code.size + 4, path, words);
}
