// Notifications while the page is not in view: the title, the icon of the tab, and the desktop, if allowed.

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

  /** Return why there are none, as text. */
  words() {
    if (!globalThis.Notification || !globalThis.isSecureContext)
      return "This browser allows notifications only on pages opened with https://.";
    if (Notification.permission === "denied")
      return "Notifications of this page are blocked in this browser; its settings can allow them.";
    return "";
  }

  /** Ask the browser for permission; resolves to whether it was given. */
  async ask() {
    if (!globalThis.Notification || !globalThis.isSecureContext) return false;
    return (await Notification.requestPermission()) === "granted";
  }

  /** Notify the user, who is not looking at the page. */
  called(buffer, line) {
    const { ui } = this;
    if (ui.model.settings.notifications && this.allowed()) this.show(buffer, line);
    else if (
      !this.asked &&
      globalThis.Notification?.permission === "default" &&
      globalThis.isSecureContext &&
      !ui.stored.get("no notifications")
    ) {
      this.asked = true; // asked now, when it is clear what for
      ui.offer(`${line.nick} mentioned you. Would you like a notification the next time?`, [
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
      // phones show none of a page; the title and the icon do
    }
  }

  /** Show the number of unread messages in the title and the icon. */
  count() {
    const { model } = this.ui;
    const all = [...model.buffers.values()];
    const mentions = all.reduce((sum, buffer) => sum + buffer.mentions, 0);
    const unread = all.some((buffer) => buffer.unread);
    const place = model.current.kind === "status" ? "" : `${model.current.name} – `;
    const title = `${mentions ? `(${mentions}) ` : unread ? "• " : ""}${place}${this.ui.config.title || "greenchat"}`;
    if (document.title !== title) document.title = title;
    const name = mentions > 9 ? "9plus" : mentions ? String(mentions) : unread ? "unread" : "icon";
    if (name === this.shown) return;
    this.shown = name;
    this.icon.href = this.ui.asset(`icons/${name}.svg`);
    navigator.setAppBadge?.(mentions).catch(() => {});
  }
}
