// "Stay signed in": the server sets a token in a cookie that no script can read, and can revoke it. The page stores
// nothing: it requests a ticket on its WebSocket, exchanges it by HTTP, and the next WebSocket sends the cookie, which
// logs in by SASL EXTERNAL. If the server does not support it the page asks for the password again, and says so.

import { toggle } from "./dialog.js";
import { button, h } from "./dom.js";

export class Session {
  constructor(ui) {
    this.ui = ui;
    this.known = false; // whether the server supports it
    this.account = ""; // the account that this browser is signed in to
    this.wanted = false; // whether the user asked for it with the login under way
  }

  /** Ask the server whether this browser is signed in; resolves to the account's name, or "". */
  async load() {
    try {
      const response = await fetch(this.ui.asset("session"), { credentials: "same-origin", cache: "no-store" });
      this.known = response.ok;
      this.account = response.ok ? ((await response.json()).account ?? "") : "";
    } catch {
      this.known = false; // the server is unreachable; the connection reports it
    }
    return this.account;
  }

  /** Make the switch for login forms. */
  choice() {
    if (!this.known) return null;
    this.wanted = false;
    return toggle(
      "Stay signed in on this device",
      false,
      (wanted) => (this.wanted = wanted),
      "Not on a computer that others use, too.",
    );
  }

  /** After a login: stay signed in, if the user asked for it. */
  async begin() {
    if (!this.wanted) return;
    this.wanted = false;
    const answers = await this.ui.chat.ask("REMEMBER");
    const ticket = answers.find((each) => each.command === "REMEMBER")?.params.at(-1);
    if (!ticket)
      return this.ui.toast(
        answers.at(-1)?.params.at(-1) ?? "This browser could not be kept signed in: the connection was lost.",
      );
    const done = await this.call("POST", { ticket });
    if (done) this.account = this.ui.model.account;
    this.ui.toast(
      done
        ? "You stay signed in on this device for 30 days, or until you log out."
        : "This browser could not be kept signed in. Try again later.",
    );
  }

  /** Ending others signs all browsers out: sign this one in again, if it was. */
  async renew() {
    if (!this.account || (await this.load())) return;
    this.wanted = true;
    await this.begin();
  }

  /** Sign this browser out. */
  async forget() {
    if (!this.account) return true;
    const done = await this.call("DELETE");
    if (done) this.account = "";
    else this.ui.toast("The server could not be reached: this browser is still signed in.");
    return done;
  }

  async call(method, body = null) {
    try {
      const headers = body ? { "Content-Type": "application/json" } : {};
      return (
        await fetch(this.ui.asset("session"), {
          method,
          credentials: "same-origin",
          headers,
          body: body && JSON.stringify(body),
        })
      ).ok;
    } catch {
      return false;
    }
  }

  /** Return the text for the account's dialog. */
  section() {
    const { model } = this.ui;
    if (!model.account) return null;
    if (!this.known)
      return h(
        "p.hint",
        {},
        "This server can't keep you signed in: after closing the page, the password is asked for again.",
      );
    const words = h(
      "p.hint",
      {},
      this.account
        ? "This browser stays signed in until you log out. A new password signs all browsers out."
        : "This browser asks for the password when the page was closed.",
    );
    const change = this.account
      ? button(
          "Don't stay signed in",
          async () => (await this.forget()) && change.replaceWith(h("p", {}, "This browser is no longer signed in.")),
        )
      : button("Stay signed in on this device", async () => {
          this.wanted = true;
          await this.begin();
          if (this.account) change.remove();
        });
    return h("section", {}, h("h3", {}, "This browser"), words, h("div.buttons.start", {}, change));
  }
}
