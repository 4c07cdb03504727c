// "Stay signed in": the server gives a token in a cookie that no script can read, and can take it back. The page holds
// nothing: it asks for a ticket on its WebSocket, hands that in by HTTP, and the next WebSocket brings the cookie, which
// logs in by SASL EXTERNAL. Where the server has no such thing the password is asked for again, which the page says.

import { toggle } from "./dialog.js";
import { button, h } from "./dom.js";

export class Session {
  constructor(ui) {
    this.ui = ui;
    this.known = false; // does the server have it?
    this.account = ""; // as whom this browser stays signed in
    this.wanted = false; // did the user ask for it, with a login that is on its way?
  }

  /** Ask the server whether this browser is signed in; resolves to the account's name, or "". */
  async load() {
    try {
      const response = await fetch(this.ui.asset("session"), { credentials: "same-origin", cache: "no-store" });
      this.known = response.ok;
      this.account = response.ok ? ((await response.json()).account ?? "") : "";
    } catch {
      this.known = false; // the server is away; the connection says so
    }
    return this.account;
  }

  /** The switch for forms in which one logs in. */
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

  /** We are logged in: stay so, if that was asked for. */
  async begin() {
    if (!this.wanted) return;
    this.wanted = false;
    const answers = await this.ui.chat.ask("REMEMBER");
    const ticket = answers.find((each) => each.command === "REMEMBER")?.params.at(-1);
    if (!ticket)
      return this.ui.toast(
        answers.at(-1)?.params.at(-1) ?? "This browser could not be signed in for good: the connection was lost.",
      );
    const done = await this.call("POST", { ticket });
    if (done) this.account = this.ui.model.account;
    this.ui.toast(
      done
        ? "You stay signed in on this device for 30 days, or until you log out."
        : "This browser could not be signed in for good. Try again later.",
    );
  }

  /** Others were ended, which signs all browsers out: this one stays signed in, if it was. */
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

  /** What the account's dialog says of it. */
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
          "Stop staying signed in",
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
