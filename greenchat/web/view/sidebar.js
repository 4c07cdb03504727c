// The list of channels and private conversations with unread counts, and the user.

import { STATUS } from "../core/state.js";
import { button, h, icon, iconButton, refill } from "./dom.js";
import { avatar } from "./message_rows.js";

export class Sidebar {
  constructor(ui) {
    this.ui = ui;
    this.name = h("strong", { dir: "auto" });
    this.channels = h("ul.buffers");
    this.talks = h("ul.buffers");
    this.other = h("ul.buffers");
    this.me = h("button.me", { type: "button", onclick: () => ui.dialogs.account() });
    this.element = h(
      "nav.sidebar",
      { id: "sidebar", "aria-label": "Conversations" },
      h(
        "div.sidebar-head",
        {},
        this.name,
        iconButton("close", "Close the list", () => ui.drawer(""), { class: "icon-button only-narrow" }),
      ),
      h(
        "button.search-button",
        { type: "button", onclick: () => ui.dialogs.search() },
        icon("search"),
        h("span", {}, "Search"),
        h("kbd", {}, ui.isMac ? "⌘K" : "Ctrl K"),
      ),
      h(
        "div.lists",
        {},
        h(
          "div.list-head",
          {},
          h("h2", {}, "Channels"),
          iconButton("plus", "Find or create a channel", () => ui.dialogs.channels()),
        ),
        this.channels,
        h(
          "div.list-head",
          {},
          h("h2", {}, "People"),
          iconButton("plus", "Write to somebody", () => ui.dialogs.writeTo()),
        ),
        this.talks,
        this.other,
      ),
      h(
        "div.sidebar-foot",
        {},
        this.me,
        iconButton("settings", "Settings", () => ui.dialogs.settings()),
        iconButton("help", "Help and keys", () => ui.dialogs.help()),
      ),
    );
  }

  draw() {
    const { model } = this.ui;
    this.name.textContent = this.ui.config.title || model.network;
    const all = model.ordered;
    const kinds = [
      [this.channels, "channel"],
      [this.talks, "private"],
      [this.other, STATUS],
    ];
    for (const [list, kind] of kinds) {
      const items = all.filter((buffer) => buffer.kind === kind).map((buffer) => this.item(buffer));
      const focused = [...list.querySelectorAll("button")].findIndex((each) => each === document.activeElement);
      refill(list, items.length ? items : kind === "channel" ? h("li.empty", {}, "No channel yet") : []);
      if (focused >= 0) list.querySelectorAll("button")[focused]?.focus({ preventScroll: true });
    }
    const nick = model.nick || model.wanted || "?";
    const words = model.account ? `logged in as ${model.account}` : "guest";
    refill(
      this.me,
      avatar(nick),
      h("span.sr-only", {}, "Your account: "),
      h("span.who", {}, h("bdi", {}, nick), h("small", {}, model.away ? `away: ${model.away}` : words)),
    );
  }

  item(buffer) {
    const { model } = this.ui;
    const isCurrent = buffer === model.current;
    const name = buffer.kind === STATUS ? "Server" : buffer.kind === "channel" ? buffer.name.slice(1) : buffer.name;
    const { unread, mentions } = buffer;
    const away = buffer.kind === "private" && isAway(model, buffer.name);
    const classes = [
      unread ? "unread" : "",
      mentions ? "called" : "",
      buffer.kind === "channel" && !buffer.joined ? "out" : "",
      away ? "away" : "",
    ].filter(Boolean);
    const made = h(
      "button",
      { type: "button", "aria-current": isCurrent ? "page" : null, onclick: () => this.ui.open(buffer) },
      h("span.kind", { "aria-hidden": "true" }, buffer.kind === "channel" ? "#" : buffer.kind === STATUS ? "≡" : "@"),
      h("bdi.name", {}, name),
      unread > 0 && h("span.count", { "aria-hidden": "true" }, unread > 99 ? "99+" : unread),
      unread > 0 && h("span.sr-only", {}, `, ${unread} unread${mentions ? `, ${mentions} for you` : ""}`),
    );
    made.classList.add(...classes);
    const close =
      buffer.kind !== STATUS &&
      h(
        "button.close",
        {
          type: "button",
          tabIndex: -1,
          "aria-label": `Close ${buffer.name}`,
          title: buffer.kind === "channel" ? "Leave" : "Close",
          onclick: () => this.ui.actions.close(buffer),
        },
        icon("close"),
      );
    return h("li", {}, made, close);
  }
}

function isAway(model, nick) {
  for (const buffer of model.buffers.values()) if (buffer.members.get(model.fold(nick))?.away) return true;
  return false;
}

/** The members of a channel by rank. */
export class Members {
  constructor(ui) {
    this.ui = ui;
    this.title = h("h2");
    this.list = h("div.member-lists");
    this.element = h(
      "aside.members",
      { id: "members", "aria-label": "Members" },
      h(
        "div.sidebar-head",
        {},
        this.title,
        iconButton("close", "Close the member list", () => ui.toggleMembers()),
      ),
      this.list,
    );
  }

  draw() {
    const { model } = this.ui;
    const buffer = model.current;
    if (buffer.kind !== "channel") return;
    const ranked = buffer.ranked;
    this.title.textContent = ranked.length ? `${ranked.length} ${ranked.length === 1 ? "person" : "people"}` : "Members";
    const groups = new Map();
    for (const member of ranked) {
      const rank = member.prefixes[0] ?? "";
      groups.set(rank, [...(groups.get(rank) ?? []), member]);
    }
    const top = this.list.scrollTop;
    refill(
      this.list,
      [...groups].map(([rank, members]) => [
        h("h3", {}, `${RANKS[rank] ?? "People"} — ${members.length}`),
        h(
          "ul",
          {},
          members.slice(0, this.ui.mostMembers).map((member) => this.item(member)),
        ),
        members.length > this.ui.mostMembers &&
          button(
            `Show ${members.length - this.ui.mostMembers} more`,
            () => {
              this.ui.mostMembers = Infinity;
              this.draw();
            },
            { look: "quiet" },
          ),
      ]),
    );
    this.list.scrollTop = top;
  }

  item(member) {
    return h(
      "li",
      {},
      h(
        `button${member.away ? ".away" : ""}`,
        { type: "button", onclick: () => this.ui.dialogs.person(member.nick) },
        avatar(member.nick),
        h("bdi.name", {}, member.nick),
        member.bot && h("span.tag", {}, "bot"),
        member.away && h("small", {}, "away"),
        this.ui.model.isMe(member.nick) && h("small", {}, "you"),
      ),
    );
  }
}

const RANKS = {
  "~": "Owners",
  "&": "Admins",
  "@": "Operators",
  "%": "Half-operators",
  "+": "Voiced",
  "": "People",
};
