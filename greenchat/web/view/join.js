// The join form: one field and one button; and one question if the nick is taken or belongs to an account.

import { UNSAFE, isPrivate } from "../core/login.js";
import { button, h, refill } from "./dom.js";
import { ofTab } from "./storage.js";

export class Join {
  constructor(ui) {
    this.ui = ui;
    this.box = h("div.join-box");
    this.element = h("main.join", { hidden: true }, this.box);
  }

  /** Ask for the nick. */
  ask(words = "") {
    const { ui } = this;
    const input = this.nameField(ui.stored.get("name") ?? "", "Your name");
    this.fill(
      h(
        "form.stack",
        { onsubmit: (event) => this.enter(event, input) },
        words && h("p.notice", { role: "alert", dir: "auto" }, words),
        h("label", { for: input.id }, "Your name"),
        input,
        h("button.primary.large", { type: "submit" }, "Join"),
        h("p.hint", {}, "Any name that you like. Nothing to install, no account needed."),
        this.atProvider(),
      ),
    );
    input.focus();
  }

  /** Ask one question about a refused nick. effect: the reason, see connection.js. */
  question({ why, nick, words, owned }) {
    const { ui } = this;
    const mayBeOwn = why === "password" || why === "signed out" || owned;
    const secret = h("input", { type: "password", id: "password", autocomplete: "current-password", required: true });
    const other = this.nameField(why === "nick" ? cleaned(nick) : suggested(nick), "Another name");
    const own = h(
      "form.stack",
      {
        onsubmit: (event) => {
          event.preventDefault();
          ui.enter(nick, secret.value);
        },
      },
      h("input", { type: "text", autocomplete: "username", value: nick, hidden: true, readonly: true }),
      h("label", { for: "password" }, "Is it yours? Its password"),
      secret,
      ui.session.choice(),
      h("button.primary.large", { type: "submit" }, "Log in"),
      this.atProvider(),
    );
    const another = h(
      "form.stack",
      { onsubmit: (event) => this.enter(event, other) },
      h("label", { for: other.id }, mayBeOwn ? "Or another name" : "Another name"),
      other,
      h(`button.${mayBeOwn ? "secondary" : "primary"}.large`, { type: "submit" }, "Join"),
    );
    const titles = {
      password: "Wrong password.",
      "signed out": "This browser is no longer signed in.",
      nick: "That is not a valid name.",
      unsafe: "A password is not safe here.",
      taken: owned ? "This name belongs to an account." : "This name is in use.",
    };
    this.fill(
      h(
        "div.stack",
        { role: "alert" },
        h("p.question", {}, h("bdi", {}, nick), h("span", {}, titles[why] ?? titles.taken)),
        why === "nick" || why === "unsafe" ? h("p.hint", { dir: "auto" }, words) : null,
      ),
      mayBeOwn
        ? [own, h("hr"), another]
        : [
            another,
            why === "taken" &&
              button("It is mine: log in", () => this.question({ why, nick, words, owned: true }), { look: "quiet" }),
          ],
    );
    (mayBeOwn ? secret : other).focus();
    if (!mayBeOwn) other.select();
  }

  /** Ask for a code: the password was right, and the account has a second factor. */
  askCode({ nick, password, words }) {
    const code = h("input", {
      type: "text",
      id: "code",
      autocomplete: "one-time-code",
      autocapitalize: "off",
      spellcheck: "false",
      required: true,
    });
    this.fill(
      h(
        "form.stack",
        {
          onsubmit: (event) => {
            event.preventDefault();
            this.ui.enter(nick, password, false, code.value.trim());
          },
        },
        h("p.notice", { role: "alert", dir: "auto" }, isPrivate(this.ui.location) ? words : UNSAFE),
        h("label", { for: "code" }, "The code that your authenticator app shows"),
        code,
        h("p.hint", {}, "Or one of your recovery codes."),
        this.ui.session.choice(),
        h("button.primary.large", { type: "submit" }, "Log in"),
        button("Another name", () => this.ask(), { look: "quiet" }),
      ),
    );
    code.focus();
  }

  /** Show the progress of connecting. */
  wait() {
    this.state = h("div.stack", { role: "status" });
    this.fill(this.state);
    this.shownText = "";
    this.drawLink();
  }

  drawLink() {
    const { link } = this.ui.model;
    clearTimeout(this.timer);
    if (!this.state?.isConnected) return;
    const seconds = Math.max(1, Math.ceil((link.retryAt - Date.now()) / 1000));
    const words =
      { waiting: `${link.words} Trying again in ${seconds} s.`, offline: link.words }[link.state] || "Connecting…";
    if (link.state === "waiting") this.timer = setTimeout(() => this.drawLink(), 1000);
    if (words === this.shownText) return;
    this.shownText = words;
    const stuck = link.state === "waiting" || (link.state === "offline" && link.words);
    refill(
      this.state,
      h("p.notice", { dir: "auto" }, words),
      stuck &&
        h(
          "div.buttons",
          {},
          button("Another name", () => {
            this.ui.chat.quit();
            this.ask();
          }),
          button("Try now", () => this.ui.rejoin(), { look: "primary" }),
        ),
    );
  }

  fill(...content) {
    const { config, channel } = this.ui;
    const joining = channel || config.default_channel || "";
    refill(
      this.box,
      h(
        "div.logo",
        { "aria-hidden": "true" },
        h("img", { src: this.ui.asset("icons/icon.svg"), alt: "", width: 56, height: 56 }),
      ),
      h("h1", {}, config.title || "greenchat"),
      joining && h("p.where", {}, "You will be in ", h("bdi", {}, joining)),
      content,
    );
  }

  /** Make a link to the identity provider, which redirects back to the page without a channel. */
  atProvider() {
    const { config, channel } = this.ui;
    const keep = () => ofTab.put("bound", channel);
    const href = this.ui.asset("oidc/login");
    return config.provider && h("a.button.large", { href, onclick: keep }, `Log in at ${config.provider}`);
  }

  nameField(value, label) {
    return h("input", {
      type: "text",
      id: label === "Your name" ? "name" : "other-name",
      value,
      required: true,
      maxlength: 64,
      autocomplete: "nickname",
      autocapitalize: "off",
      spellcheck: "false",
      dir: "auto",
    });
  }

  enter(event, input) {
    event.preventDefault();
    const name = input.value.trim().replace(/\s+/g, "_");
    if (name) this.ui.enter(name);
  }
}

/** Return the valid part of a refused nick: letters of any script, digits and some signs, not a digit first. */
function cleaned(nick) {
  return nick.replace(/[^\p{L}\p{M}\p{N}[\]\\`_^{|}-]/gu, "").replace(/^[\p{M}\p{N}-]+/u, "");
}

/** Return the next variant: Ada, ada2, ada3. */
function suggested(nick) {
  const [, name, number] = /^(.*?)(\d*)$/.exec(nick);
  return `${name}${Number(number || 1) + 1}`;
}
