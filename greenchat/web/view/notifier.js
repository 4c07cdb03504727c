// Being called while one looks elsewhere: the title, the icon of the tab, and the desktop, where that was allowed.

import { stripped } from "../core/format.js";
import { shortened } from "../core/text.js";

const LONGEST = 160; // characters of a notification

export class Notifier {
  constructor(ui) {
    this.ui = ui;
    this.icon = document.querySelector("link[rel=icon]");
    this.shown = "";
    this.asked = false;
  }

  allowed() {
    return globalThis.Notification?.permission === "granted";
  }

  /** Why there are none, in words. */
  words() {
    if (!globalThis.Notification || !globalThis.isSecureContext)
      return "This browser allows notifications only on pages that come by https://.";
    if (Notification.permission === "denied")
      return "The browser is told not to show notifications of this page; its own settings change that.";
    return "";
  }

  /** Ask the browser; whether it allows. */
  async ask() {
    if (!globalThis.Notification || !globalThis.isSecureContext) return false;
    return (await Notification.requestPermission()) === "granted";
  }

  /** Somebody called the user, who does not look. */
  called(buffer, line) {
    const { ui } = this;
    if (ui.model.settings.notifications && this.allowed()) this.show(buffer, line);
    else if (
      !this.asked &&
      globalThis.Notification?.permission === "default" &&
      globalThis.isSecureContext &&
      !ui.stored.get("no notifications")
    ) {
      this.asked = true; // in context: now it is clear what they are for
      ui.offer(`${line.nick} called you. Would you like a notification the next time?`, [
        [
          "Yes, notify me",
          async () => {
            ui.model.settings.notifications = await this.ask();
            ui.saveSettings();
          },
        ],
        ["No", () => ui.stored.put("no notifications", true)],
      ]);
    }
  }

  show(buffer, line) {
    const title = buffer.kind === "private" ? line.nick : `${line.nick} in ${buffer.name}`;
    try {
      const shown = new Notification(title, {
        body: shortened(stripped(line.text), LONGEST),
        tag: buffer.key,
        icon: this.ui.asset("icons/icon.svg"),
      });
      shown.onclick = () => {
        window.focus();
        this.ui.open(buffer);
        shown.close();
      };
    } catch {
      // phones have none from a page; the title and the icon tell
    }
  }

  /** Tell in the title and the icon how much waits. */
  count() {
    const { model } = this.ui;
    const all = [...model.buffers.values()];
    const called = all.reduce((sum, buffer) => sum + buffer.mentions, 0);
    const unread = all.some((buffer) => buffer.unread);
    const place = model.current.kind === "status" ? "" : `${model.current.name} – `;
    const title = `${called ? `(${called}) ` : unread ? "• " : ""}${place}${this.ui.config.title || "greenchat"}`;
    if (document.title !== title) document.title = title;
    const name = called > 9 ? "9plus" : called ? String(called) : unread ? "unread" : "icon";
    if (name === this.shown) return;
    this.shown = name;
    this.icon.href = this.ui.asset(`icons/${name}.svg`);
    navigator.setAppBadge?.(called).catch(() => {});
  }
}
