// Dialogs about the account: registering, logging in and out, the password. A password is in a field, then on
// its way to the server; it is not stored.

import { UNSAFE, isPrivate } from "../core/login.js";
import { codeField, field, form, openDialog, password, toggle, userName } from "./dialog.js";
import { LOST, askNickServ, devices } from "./dialogs_devices.js";
import { provider } from "./dialogs_provider.js";
import { secondFactor } from "./dialogs_totp.js";
import { button, h } from "./dom.js";

export function account(ui) {
  const { model, chat } = ui;
  const nick = h("input", {
    type: "text",
    value: model.nick || model.wanted,
    autocomplete: "nickname",
    maxlength: Number(model.isupport.get("NICKLEN")) || 32,
    dir: "auto",
  });
  const rename = form(
    [field("Your name", nick)],
    "Change name",
    async () => {
      const wanted = nick.value.trim();
      if (wanted === model.nick) return "";
      if (!wanted || /\s/.test(wanted)) return "A name can't contain spaces.";
      const answers = await chat.ask("NICK", wanted);
      return answers.find((each) => /^4\d\d$/.test(each.command))?.params.at(-1) ?? "";
    },
    () => {},
  );
  rename.querySelector(".buttons button:not(.primary)").remove();
  return openDialog("Your account", (close) => {
    const go = (run) => () => {
      close();
      run(ui);
    };
    return [
      h(
        "section",
        {},
        rename,
        h(
          "div.buttons.start",
          {},
          model.away
            ? button(
                "I am back",
                go(() => order(ui, "AWAY")),
              )
            : button(
                "I am away",
                go(() => away(ui)),
              ),
        ),
      ),
      model.account
        ? h(
            "section",
            {},
            h("h3", {}, "Logged in as ", h("bdi", {}, model.account)),
            h("p.hint", {}, "The name is yours: nobody else can take it."),
            h(
              "div.buttons.start",
              {},
              button("Change password", go(changePassword)),
              button("Log out", go(logOut), { look: "danger" }),
            ),
          )
        : h(
            "section",
            {},
            h("h3", {}, "You are a guest"),
            h(
              "p.hint",
              {},
              "An account protects your name and gives you the history on every device.",
            ),
            h(
              "div.buttons.start",
              {},
              button("Register this name", go(register), { look: "primary" }),
              button("Log in", go(logIn)),
            ),
          ),
      model.account && secondFactor(ui),
      model.account && provider(ui),
      model.account && devices(ui),
      ui.session.section(),
      h(
        "section",
        {},
        h(
          "div.buttons.start",
          {},
          button(
            "Leave greenchat",
            go(() => ui.leave()),
            { look: "danger" },
          ),
        ),
      ),
    ];
  });
}

function order(ui, ...message) {
  ui.model.send(...message);
  ui.chat.turn();
}

function away(ui) {
  const reason = h("input", {
    type: "text",
    value: "away",
    maxlength: Number(ui.model.isupport.get("AWAYLEN")) || 200,
    autofocus: true,
    dir: "auto",
  });
  return openDialog("You are away", (close) =>
    form(
      [field("Why", reason)],
      "Tell the others",
      () => {
        ui.model.awayText = reason.value.trim() || "away";
        order(ui, "AWAY", ui.model.awayText);
        return "";
      },
      close,
    ),
  );
}

export function register(ui, email = "") {
  const { model, chat } = ui;
  const offered = model.offered.get("draft/account-registration") ?? "";
  const needsEmail = offered.split(",").includes("email-required");
  const shortest = ui.config.password_least;
  const [first, again] = [password("new-password", { minlength: shortest, autofocus: true }), password("new-password")];
  const address = h("input", { type: "email", autocomplete: "email", value: email, required: needsEmail });
  return openDialog(`Register the name ${model.nick}`, (close) =>
    form(
      [
        userName(model.nick),
        field("Password", first, `At least ${shortest} characters.`),
        field("Repeat the password", again),
        field(needsEmail ? "Email" : "Email (may be empty)", address, "Only for a code, if this server sends one."),
        ui.session.choice(),
      ],
      "Register",
      async () => {
        if (!isPrivate(ui.location)) return UNSAFE;
        if (first.value !== again.value) return "The passwords differ.";
        const [answer] = await chat.ask("REGISTER", "*", address.value || "*", first.value);
        if (!answer) return LOST;
        if (answer.command === "FAIL" || /^4\d\d$/.test(answer.command)) return answer.params.at(-1);
        model.credentials = { account: answer.params[1] ?? model.nick, password: first.value };
        if (answer.params[0] === "VERIFICATION_REQUIRED")
          ui.later(() => verify(ui, answer.params[1], answer.params.at(-1)));
        else {
          ui.toast(`The account ${answer.params[1]} is yours now.`);
          ui.session.begin();
          ui.push.follow();
        }
        return "";
      },
      close,
    ),
  );
}

function verify(ui, name, words) {
  const code = h("input", { type: "text", autocomplete: "one-time-code", required: true, autofocus: true });
  return openDialog("One more step", (close) =>
    form(
      [h("p", { dir: "auto" }, words), field("The code", code)],
      "Confirm",
      async () => {
        const [answer] = await ui.chat.ask("VERIFY", name, code.value.trim());
        return !answer ? LOST : answer.command === "FAIL" ? answer.params.at(-1) : "";
      },
      close,
    ),
  );
}

export function logIn(ui, name = "") {
  const { model, chat } = ui;
  const who = h("input", {
    type: "text",
    autocomplete: "username",
    required: true,
    value: name || model.wanted || model.nick,
    dir: "auto",
  });
  const secret = password("current-password", { autofocus: true });
  const code = codeField(false);
  const second = field("Code of your authenticator app", code);
  second.hidden = true;
  return openDialog("Log in", (close) =>
    form(
      [field("Account", who), field("Password", secret), second, ui.session.choice()],
      "Log in",
      async () => {
        model.wanted = who.value.trim();
        const problem = await chat.logIn(who.value.trim(), secret.value, code.value.trim());
        if (model.link.wantsCode) second.hidden = false;
        if (!problem) {
          ui.session.begin();
          ui.push.follow();
        }
        return problem;
      },
      close,
    ),
  );
}

export async function logOut(ui) {
  const { model, chat } = ui;
  model.credentials = null;
  await ui.session.forget();
  if (model.account) await chat.ask("PRIVMSG", "NickServ", "LOGOUT");
  model.account = "";
  model.change("all");
  ui.toast("You are logged out, and your password was removed from this browser.");
  chat.turn();
}

function changePassword(ui) {
  const { model } = ui;
  const shortest = ui.config.password_least;
  const [old, first, again] = [
    password("current-password", { autofocus: true }),
    password("new-password", { minlength: shortest }),
    password("new-password"),
  ];
  return openDialog("Change your password", (close) =>
    form(
      [
        userName(model.account),
        field("Current password", old),
        field("New password", first, `At least ${shortest} characters.`),
        field("Repeat the password", again),
      ],
      "Change",
      async () => {
        if (!isPrivate(ui.location)) return UNSAFE;
        if (first.value !== again.value) return "The passwords differ.";
        if (/\s/.test(first.value + old.value)) return "A password with a space can't be changed here.";
        const words = (await askNickServ(ui, `PASSWD ${old.value} ${first.value}`)).join(" ");
        if (!/changed/i.test(words)) return words || LOST;
        model.credentials = { account: model.account, password: first.value };
        ui.toast(words);
        return "";
      },
      close,
    ),
  );
}

export function operate(ui, name) {
  const secret = password("off", { autofocus: true });
  return openDialog(`Become the operator ${name}`, (close) =>
    form(
      [userName(name), field("Password", secret)],
      "Continue",
      async () => {
        if (!isPrivate(ui.location)) return UNSAFE;
        const answers = await ui.chat.ask("OPER", name, secret.value);
        const refusal = answers.find((each) => /^4\d\d$/.test(each.command));
        if (!refusal) ui.toast("You are an operator of the server.");
        return refusal?.params.at(-1) ?? "";
      },
      close,
    ),
  );
}

export function settings(ui) {
  const { settings: chosen } = ui.model;
  const set = (name) => (value) => {
    chosen[name] = value;
    ui.saveSettings();
  };
  const theme = h(
    "select",
    { onchange: () => set("theme")(theme.value) },
    [
      ["system", "As the system"],
      ["light", "Light"],
      ["dark", "Dark"],
    ].map(([value, label]) => h("option", { value, selected: chosen.theme === value }, label)),
  );
  const words = (name) =>
    h("input", {
      type: "text",
      value: chosen[name].join(" "),
      dir: "auto",
      onchange: (event) => set(name)(event.target.value.split(/\s+/).filter(Boolean)),
    });
  const notify = toggle(
    "Notify me of mentions and private messages",
    chosen.notifications && ui.notifier.allowed(),
    async (wanted, box) => {
      box.checked = wanted && (await ui.notifier.ask());
      set("notifications")(box.checked);
    },
    ui.notifier.words(),
  );
  return openDialog("Settings", () => [
    h(
      "section.stack",
      {},
      field("Colours", theme),
      notify,
      toggle("Show joins and parts", chosen.passing, set("passing")),
      toggle("Tell others that I am typing", chosen.typing, set("typing")),
      toggle("Times with seconds", chosen.seconds, set("seconds")),
    ),
    h(
      "section.stack",
      {},
      field("Highlight words, besides your name", words("highlights"), "Separated by spaces."),
      field(
        "Ignored people",
        words("ignored"),
        "Names, or masks like *!*@spam.example, separated by spaces.",
      ),
    ),
  ]);
}

export function keyWanted(ui, name) {
  const key = h("input", { type: "password", autocomplete: "off", required: true, autofocus: true });
  return openDialog(`${name} requires a key`, (close) =>
    form(
      [userName(name), field("The key", key)],
      "Join",
      () => {
        const { model } = ui;
        model.autojoin.set(model.fold(name), { name, key: key.value });
        model.showOnJoin.add(model.fold(name));
        order(ui, "JOIN", name, key.value);
        return "";
      },
      close,
    ),
  );
}

export async function invited(ui, by, name) {
  const answer = await openDialog(`${by} invites you to ${name}`, (close) =>
    h(
      "div.buttons",
      {},
      button("Not now", () => close()),
      button("Join", () => close("go"), { look: "primary", autofocus: true }),
    ),
  );
  if (answer === "go") ui.join(name);
}
