// The header: name and topic of the conversation, and the state of the connection.

import { STATUS } from "../core/state.js";
import { button, h, icon, iconButton, refill } from "./dom.js";
import { drawText } from "./spans.js";

export class Header {
  constructor(ui) {
    this.ui = ui;
    this.title = h("h1");
    this.topic = h("div.topic", { dir: "auto" });
    this.count = h("span");
    this.menu = iconButton("menu", "Conversations", () => ui.drawer("sidebar"), {
      class: "icon-button only-narrow menu-button",
      "aria-controls": "sidebar",
    });
    this.badge = h("span.badge", { hidden: true });
    this.menu.append(this.badge);
    this.people = h(
      "button.icon-button.people-button",
      { type: "button", title: "Members", "aria-controls": "members", onclick: () => ui.toggleMembers() },
      icon("people"),
      this.count,
    );
    this.info = iconButton("info", "About this channel", () => this.about());
    this.banner = h("div.banner", { role: "status", hidden: true });
    this.element = h("header.top", {}, this.menu, h("div.where", {}, this.title, this.topic), this.people, this.info);
  }

  about() {
    const buffer = this.ui.model.current;
    if (buffer.kind === "channel") this.ui.dialogs.channel(buffer);
    else if (buffer.kind === "private") this.ui.dialogs.person(buffer.name);
    else this.ui.dialogs.help();
  }

  draw() {
    const { model } = this.ui;
    const buffer = model.current;
    const isChannel = buffer.kind === "channel";
    refill(this.title, h("bdi", {}, buffer.kind === STATUS ? model.network : buffer.name));
    refill(
      this.topic,
      isChannel
        ? buffer.topic
          ? drawText(buffer.topic, this.ui)
          : button("Add a topic", () => this.ui.dialogs.channel(buffer), { look: "link" })
        : buffer.kind === STATUS
          ? "Messages from the server"
          : presenceText(model, buffer),
    );
    this.topic.title = isChannel ? buffer.topic : "";
    this.people.hidden = !isChannel;
    this.count.textContent = buffer.members.size || "";
    this.people.setAttribute("aria-label", `Members: ${buffer.members.size}`);
    this.people.setAttribute("aria-expanded", String(this.ui.membersShown()));
    this.info.setAttribute(
      "aria-label",
      isChannel ? "About this channel" : buffer.kind === STATUS ? "Help" : `About ${buffer.name}`,
    );
    this.info.title = this.info.getAttribute("aria-label");
    const others = [...model.buffers.values()].filter((each) => each !== buffer);
    const [unread, called] = [others.some((each) => each.unread), others.some((each) => each.mentions)];
    this.badge.hidden = !unread;
    this.badge.classList.toggle("called", called);
    this.menu.setAttribute(
      "aria-label",
      `Conversations${called ? ", some are for you" : unread ? ", some are unread" : ""}`,
    );
  }

  /** Show the state of the connection, with a countdown only while an attempt is pending. */
  drawLink() {
    const { link } = this.ui.model;
    clearTimeout(this.timer);
    const states = {
      online: () => null,
      connecting: () => [h("span", {}, link.returning ? "Reconnecting…" : "Connecting…")],
      entering: () => [h("span", {}, "Connecting…")],
      offline: () => [
        h("span", { dir: "auto" }, link.words || "Not connected."),
        button("Connect", () => this.ui.rejoin()),
      ],
      waiting: () => {
        const seconds = Math.max(1, Math.ceil((link.retryAt - Date.now()) / 1000));
        this.timer = setTimeout(() => this.drawLink(), 1000);
        return [
          h("span", { dir: "auto" }, `${link.words} Trying again in ${seconds} s. What you write is kept.`),
          button("Try now", () => this.ui.chat.retryNow()),
        ];
      },
    };
    const content = states[link.state]?.() ?? null;
    this.banner.hidden = !content;
    const text = content ? content.map((each) => each.textContent).join() : "";
    if (text === this.shownText) return;
    this.shownText = text;
    const focused = this.banner.contains(document.activeElement);
    refill(this.banner, content);
    if (focused) this.banner.querySelector("button")?.focus();
    this.banner.className = `banner ${link.state}`;
  }
}

function presenceText(model, buffer) {
  for (const other of model.buffers.values()) {
    const member = other.members.get(model.fold(buffer.name));
    if (member)
      return member.away ? "away" : member.account ? `logged in as ${member.account}` : "a guest, not logged in";
  }
  return "A private chat";
}
