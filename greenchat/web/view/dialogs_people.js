// Dialogs about users: a profile with actions, and writing a private message.

import { maskOf } from "../core/commands_channels.js";
import { profile } from "../core/receive_replies.js";
import { field, form, openDialog } from "./dialog.js";
import { button, h, refill } from "./dom.js";
import { avatar } from "./message_rows.js";
import { brief, duration } from "./times.js";

/** Show a profile: at once what is known, then the answer to WHOIS. */
export function person(ui, nick) {
  const { model, chat } = ui;
  const buffer = model.current;
  const facts = h("dl.facts", {}, h("dt", {}, "…"), h("dd", {}, "Asking the server"));
  chat.ask("WHOIS", nick, nick).then((messages) => refill(facts, known(ui, nick, profile(messages))));
  return openDialog(nick, (close) => {
    const then = (run) => () => {
      close();
      run();
      chat.turn();
    };
    const isMe = model.isMe(nick);
    return [
      h("div.person", {}, avatar(nick), h("div", {}, h("bdi.large", {}, nick), isMe && h("small", {}, " you"))),
      facts,
      h(
        "div.buttons.start",
        {},
        !isMe &&
          button(
            "Message",
            then(() => ui.open(model.open(nick))),
            { look: "primary", autofocus: true },
          ),
        !isMe &&
          button(
            "Mention",
            then(() => ui.composer.insert(`${nick}: `)),
          ),
        !isMe && ignoring(ui, nick, then),
        isMe &&
          button(
            "Your account",
            then(() => ui.dialogs.account()),
            { look: "primary" },
          ),
      ),
      buffer.kind === "channel" &&
        buffer.members.has(model.fold(nick)) &&
        !isMe &&
        ui.actions.isOperator(buffer) &&
        order(ui, buffer, nick, then),
    ];
  });
}

function known(ui, nick, person) {
  if (!person) return [h("dt", {}, "Not known"), h("dd", {}, "The server could not be asked.")];
  if (person.missing) return [h("dt", {}, "Not here"), h("dd", {}, `${nick} is not online.`)];
  const rows = [
    ["Account", person.account ?? "a guest, not logged in"],
    ["Real name", person.realname],
    ["Away", person.away],
    ["Channels", person.channels.join(" ")],
    ["Idle for", person.idle > 60 ? duration(person.idle) : ""],
    ["Online since", person.since ? brief(person.since) : ""],
    ["Address", person.host ? `${person.user}@${person.host}` : ""],
    ["Also", person.more.join("; ")],
  ];
  return rows.filter(([, value]) => value).map(([name, value]) => [h("dt", {}, name), h("dd", { dir: "auto" }, value)]);
}

function ignoring(ui, nick, then) {
  const { settings, fold } = ui.model;
  const ignored = settings.ignored.some((each) => fold(each) === fold(nick));
  return button(
    ignored ? "Stop ignoring" : "Ignore",
    then(() => {
      settings.ignored = ignored
        ? settings.ignored.filter((each) => fold(each) !== fold(nick))
        : [...settings.ignored, nick];
      ui.saveSettings();
      ui.toast(ignored ? `${nick} is no longer ignored.` : `${nick} is ignored.`);
    }),
  );
}

/** Make the moderation actions on a member. */
function order(ui, buffer, nick, then) {
  const { model } = ui;
  const { prefixes } = buffer.members.get(model.fold(nick));
  const mode = (change, ...rest) => then(() => model.send("MODE", buffer.name, change, ...rest));
  const reason = h("input", { type: "text", maxlength: 300, placeholder: "Why (may be empty)", "aria-label": "Why" });
  const kick = () => model.send("KICK", buffer.name, nick, ...(reason.value ? [reason.value] : []));
  const mask = maskOf(model, buffer.name, nick);
  return h(
    "section.order",
    {},
    h("h3", {}, "In ", h("bdi", {}, buffer.name)),
    h(
      "div.buttons.start",
      {},
      prefixes.includes("@")
        ? button("Remove operator", mode("-o", nick))
        : button("Make operator", mode("+o", nick)),
      prefixes.includes("+") ? button("Remove voice", mode("-v", nick)) : button("Give voice", mode("+v", nick)),
    ),
    h(
      "div.buttons.start",
      {},
      reason,
      button("Remove", then(kick), { look: "danger" }),
      button(
        "Ban",
        then(() => {
          model.send("MODE", buffer.name, "+b", mask);
          kick();
        }),
        { look: "danger", title: `Keeps ${mask} out` },
      ),
    ),
  );
}

/** Ask for a nick to write to. */
export function writeTo(ui) {
  const input = h("input", { type: "text", autocomplete: "off", autofocus: true, required: true, list: "" });
  const names = new Set(
    [...ui.model.buffers.values()].flatMap((buffer) => [...buffer.members.values()].map((member) => member.nick)),
  );
  const list = h(
    "datalist",
    { id: "people-here" },
    [...names]
      .sort()
      .slice(0, 500)
      .map((nick) => h("option", { value: nick })),
  );
  input.setAttribute("list", "people-here");
  return openDialog("Write to somebody", (close) =>
    form(
      [field("Their nickname", input), list],
      "Write",
      () => {
        const nick = input.value.trim();
        if (!nick || /[\s,!@*#]/.test(nick)) return "That is not a valid nickname.";
        ui.open(ui.model.open(nick));
        return "";
      },
      close,
    ),
  );
}
