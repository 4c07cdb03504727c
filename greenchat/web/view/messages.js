// The message list: a virtual list of rows, actions on a message, and the log for screen readers.

import { askAround, askGap, askLatest, askOlder, canAsk } from "../core/history.js";
import { stripped } from "../core/format.js";
import { QUICK } from "../core/emoji.js";
import { h, iconButton } from "./dom.js";
import { drawRow, guess, signature } from "./message_rows.js";
import { rowsOf } from "./rows.js";
import { VirtualList } from "./virtual.js";

const MOST_LOGGED = 20; // lines that the live region holds
const CLOSE = 500; // pixels from a gap at which it is filled

export class Messages {
  constructor(ui) {
    this.ui = ui;
    this.buffer = null;
    this.places = new WeakMap(); // buffer -> scroll position
    this.content = h("div.rows", { role: "list" });
    this.scroller = h("div.talk-scroller", { tabIndex: 0, role: "region" }, this.content);
    this.end = h("button.to-end", { type: "button", hidden: true, onclick: () => this.toEnd() });
    this.log = h("div.sr-only", { role: "log", "aria-live": "polite", "aria-label": "New messages" });
    this.element = h("div.talk-area", {}, this.scroller, this.end, this.log);
    this.tools = this.makeTools();
    this.list = new VirtualList(this.scroller, this.content, {
      draw: (row) => this.drawRow(row),
      signature: (row) => `${this.buffer.name}|${signature(ui, this.buffer, row)}`, // keys like "start" are in each buffer
      guess,
      onMove: () => this.moved(),
    });
    this.content.addEventListener("pointerover", (event) => this.offerTools(event.target));
    this.content.addEventListener("focusin", (event) => this.offerTools(event.target));
    this.scroller.addEventListener("keydown", (event) => this.pressed(event));
    this.scroller.addEventListener(
      "pointerleave",
      () => this.tools.contains(document.activeElement) || this.tools.remove(),
    );
  }

  /** Draw what changed. */
  draw() {
    const { model } = this.ui;
    const buffer = model.current;
    const isOther = buffer !== this.buffer;
    const passes = model.settings.passing && !model.overrides(buffer, "hide-joins");
    if (isOther && this.buffer) this.places.set(this.buffer, this.list.follows ? null : this.list.anchor());
    this.buffer = buffer;
    const label = buffer.kind === "status" ? `Messages of ${model.network}` : `Messages in ${buffer.name}`;
    this.content.setAttribute("aria-label", label);
    this.scroller.setAttribute("aria-label", label);
    if (isOther) {
      this.tools.remove();
      this.log.replaceChildren();
      if (buffer.kind !== "status" && !buffer.begun && canAsk(model, buffer))
        this.ui.later(() => askLatest(model, buffer));
      const place = this.places.get(buffer);
      this.list.setRows(rowsOf(buffer, passes), { follow: !place });
      if (place) this.list.layout(place);
      else if (buffer.mark) this.showNew();
    } else this.list.setRows(rowsOf(buffer, passes), { edge: this.edge ?? "top" });
    this.edge = null;
    this.showPosition();
    this.ui.later(() => this.fill());
  }

  /** Begin at the first unread row if there are many. */
  showNew() {
    const at = this.list.rows.findIndex((row) => row.type === "new");
    if (at >= 0 && this.list.tops.at(-1) - this.list.tops[at] > this.scroller.clientHeight) this.list.show("new");
  }

  drawRow(row) {
    const made = drawRow(this.ui, this.buffer, row);
    if (row.key === this.flashed) made.classList.add("flash");
    return made;
  }

  moved() {
    const { model } = this.ui;
    if (model.atBottom !== this.list.follows) {
      model.atBottom = this.list.follows;
      if (model.atBottom) {
        model.look();
        this.ui.chat.turn();
      }
    }
    this.showPosition();
    this.fill();
  }

  /** Show how much is below the visible part. */
  showPosition() {
    this.ui.model.atBottom = this.list.follows;
    const unread = this.buffer.unread;
    this.end.hidden = this.list.follows;
    this.end.textContent = unread ? `${unread} new below` : "To the newest";
  }

  toEnd() {
    this.list.toEnd();
    this.moved();
    this.ui.composer.focus();
  }

  /** Query missing lines near the visible part. */
  fill() {
    const { list, scroller, buffer } = this;
    if (!buffer || buffer !== this.ui.model.current || buffer.asking.size || buffer.kind === "status") return;
    const [top, bottom] = [scroller.scrollTop - CLOSE, scroller.scrollTop + scroller.clientHeight + CLOSE];
    const inSight = [];
    for (let at = list.find(Math.max(0, top)); at < list.rows.length && list.tops[at] < bottom; at += 1) {
      const row = list.rows[at];
      if (row.type === "gap" || (row.type === "more" && list.tops[at + 1] > top)) inSight.push({ row, at });
    }
    const middle = scroller.scrollTop + scroller.clientHeight / 2;
    const nearest = inSight.sort((a, b) => Math.abs(list.tops[a.at] - middle) - Math.abs(list.tops[b.at] - middle))[0];
    if (nearest) this.load(nearest.row, list.tops[nearest.at] > middle);
  }

  load(row, forward = false) {
    const { model, chat } = this.ui;
    if (row.type === "more") {
      if (this.buffer.lines.some((line) => line.id)) askOlder(model, this.buffer);
      else return;
    } else {
      this.edge = forward ? "top" : "bottom";
      askGap(model, this.buffer, row.line, forward);
    }
    chat.turn();
  }

  /** Scroll to a message, wherever it is in the history. */
  jump(id, buffer = this.ui.model.current) {
    const { model, chat } = this.ui;
    model.show(buffer);
    this.ui.drawNow();
    const line = buffer.ids.get(id);
    if (line) return this.flash(`l${line.n}`);
    const asked = askAround(model, buffer, id, (lines) => {
      const target = buffer.ids.get(id);
      if (!lines || !target) return this.ui.toast("This message can't be found any more.");
      this.ui.afterDraw(() => this.flash(`l${target.n}`));
    });
    if (!asked) this.ui.toast("This message can't be read now.");
    chat.turn();
  }

  flash(key) {
    this.flashed = key;
    this.list.show(key);
    const element = this.list.elementOf(key);
    element?.classList.add("flash");
    element?.focus({ preventScroll: true });
    this.moved();
    element?.addEventListener("animationend", () => (this.flashed = null), { once: true });
  }

  /** Add a new line to the log for screen readers. */
  say(line) {
    const words =
      line.kind === "action" ? `${line.nick} ${stripped(line.text)}` : `${line.nick}: ${stripped(line.text)}`;
    this.log.append(h("p", {}, words));
    while (this.log.childElementCount > MOST_LOGGED) this.log.firstElementChild.remove();
  }

  makeTools() {
    const act = (run) => () => {
      const line = this.toolLine();
      if (line) run(line);
    };
    this.quick = QUICK.slice(0, 3).map((sign) =>
      h(
        "button.icon-button",
        {
          type: "button",
          "aria-label": `React with ${sign}`,
          title: `React with ${sign}`,
          onclick: act((line) => this.ui.actions.react(this.buffer, line, sign)),
        },
        sign,
      ),
    );
    this.takeBack = iconButton(
      "trash",
      "Delete",
      act((line) => this.ui.actions.redact(this.buffer, line)),
    );
    return h(
      "div.tools",
      { role: "toolbar", "aria-label": "Actions for this message" },
      this.quick,
      iconButton(
        "smile",
        "React with another emoji",
        act((line) => this.ui.dialogs.emoji((sign) => this.ui.actions.react(this.buffer, line, sign))),
      ),
      iconButton(
        "reply",
        "Reply",
        act((line) => this.ui.actions.reply(this.buffer, line)),
      ),
      iconButton(
        "copy",
        "Copy the text",
        act((line) => this.ui.actions.copy(stripped(line.text), "The message is copied.")),
      ),
      this.takeBack,
    );
  }

  toolLine() {
    const key = this.tools.closest(".row")?.dataset.key;
    return this.list.rows.find((row) => row.key === key)?.line;
  }

  offerTools(target) {
    const element = target.closest?.(".row.talk:not(.waiting)");
    if (!element || element.contains(this.tools)) return;
    const line = this.list.rows.find((row) => row.key === element.dataset.key)?.line;
    if (!line?.id || this.buffer.redacted.has(line.id) || !this.ui.actions.canTag(this.buffer)) return;
    if (this.tools.contains(document.activeElement)) return;
    this.takeBack.hidden = !this.ui.actions.canRedact(this.buffer, line);
    element.append(this.tools);
  }

  /** Handle keys among messages: up and down, reply, react, redact. */
  pressed(event) {
    const row = event.target.closest?.(".row.talk[data-key]");
    const { key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (!row && (key === "ArrowUp" || key === "ArrowDown") && event.target === this.scroller)
      return this.focusLast(event);
    if (!row) return;
    // from a link, a reaction or an action the arrow keys move among messages
    if (event.target !== row && key !== "ArrowUp" && key !== "ArrowDown") return;
    const line = this.list.rows.find((each) => each.key === row.dataset.key)?.line;
    const actions = {
      ArrowUp: () => this.step(row, -1),
      ArrowDown: () => this.step(row, 1),
      Escape: () => this.ui.composer.focus(),
      r: () => this.ui.actions.reply(this.buffer, line),
      e: () => this.ui.dialogs.emoji((sign) => this.ui.actions.react(this.buffer, line, sign)),
      c: () => this.ui.actions.copy(stripped(line.text), "The message is copied."),
      Delete: () => this.ui.actions.canRedact(this.buffer, line) && this.ui.actions.redact(this.buffer, line),
      Enter: () => this.tools.querySelector("button:not([hidden])")?.focus(),
    };
    if (!actions[key]) return;
    event.preventDefault();
    actions[key]();
  }

  step(row, by) {
    const talk = this.list.rows.filter((each) => each.type === "talk");
    const next = talk[talk.findIndex((each) => each.key === row.dataset.key) + by];
    if (!next) return by > 0 ? this.ui.composer.focus() : undefined;
    if (!this.inSight(next.key)) this.list.show(next.key);
    this.list.elementOf(next.key)?.focus({ preventScroll: true });
    this.moved();
  }

  inSight(key) {
    const element = this.list.elementOf(key);
    if (!element) return false;
    const [box, frame] = [element.getBoundingClientRect(), this.scroller.getBoundingClientRect()];
    return box.top >= frame.top && box.bottom <= frame.bottom;
  }

  /** Focus the newest visible message. */
  focusLast(event = null) {
    const last = this.list.rows.findLast((row) => row.type === "talk" && this.inSight(row.key));
    if (!last) return;
    event?.preventDefault();
    this.list.elementOf(last.key).focus({ preventScroll: true });
  }
}
