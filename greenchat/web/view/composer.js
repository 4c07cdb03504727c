// The input field: several lines, completion while typing, pasting, replies, and who is typing.

import { runCommand } from "../core/commands.js";
import { accept, complete } from "../core/complete.js";
import { replaced } from "../core/emoji.js";
import { stripped } from "../core/format.js";
import { isDenied, say } from "../core/speak.js";
import { listed, shortened } from "../core/text.js";
import { h, icon, iconButton, refill } from "./dom.js";
import { Uploads } from "./upload.js";

const PASTED_LINES = 6; // lines from which on a paste has to be confirmed
const AGAIN = 3000; // milliseconds between two typing notifications
const MOST_REMEMBERED = 100;

export class Composer {
  constructor(ui) {
    this.ui = ui;
    this.buffer = null;
    this.typed = []; // sent texts, for the arrow keys
    this.at = 0;
    this.completion = null;
    this.chosen = 0;
    this.field = h("textarea", {
      id: "composer",
      rows: 1,
      autocomplete: "off",
      autocapitalize: "sentences",
      spellcheck: "true",
      enterkeyhint: "send",
      dir: "auto",
      "aria-autocomplete": "list",
      "aria-controls": "completion",
      "aria-haspopup": "listbox",
      oninput: () => this.changed(),
      onkeydown: (event) => this.pressed(event),
      onpaste: (event) => this.pasted(event),
      onblur: () => this.ui.afterFocusChange(() => this.close()),
    });
    this.popup = h("ul.completion", { id: "completion", role: "listbox", "aria-label": "Suggestions", hidden: true });
    this.replying = h("div.replying", { hidden: true });
    this.uploads = new Uploads(ui);
    this.clip = iconButton("clip", "Upload files", () => this.uploads.picker.click());
    this.typing = h("p.typing", { role: "status" });
    this.send = h("button.send", { type: "submit", "aria-label": "Send", title: "Send" }, icon("send"));
    this.form = h(
      "form.composer",
      { onsubmit: (event) => this.submit(event) },
      this.popup,
      this.replying,
      this.uploads.element,
      this.uploads.picker,
      h(
        "div.field",
        {},
        this.field,
        this.clip,
        iconButton("smile", "Insert an emoji", () => this.ui.dialogs.emoji((sign) => this.insert(`${sign} `))),
        this.send,
      ),
    );
    this.element = h("div.composer-area", {}, this.typing, this.form);
  }

  draw() {
    const { model } = this.ui;
    const buffer = model.current;
    if (buffer !== this.buffer) {
      if (this.buffer) this.buffer.draft = this.field.value;
      this.buffer = buffer;
      this.field.value = buffer.draft;
      this.close();
      this.grow();
    }
    this.clip.hidden = !this.uploads.offered || buffer.kind === "status";
    const prompt = buffer.kind === "status" ? "Try /help" : `Message ${buffer.name}`;
    const left = buffer.kind === "channel" && !buffer.joined && model.link.state === "online";
    this.field.placeholder = left ? `You are not in ${buffer.name}` : prompt;
    this.field.setAttribute("aria-label", prompt);
    this.drawReply();
    this.drawTyping();
  }

  drawReply() {
    const { replyTo } = this.ui.model.current;
    this.replying.hidden = !replyTo;
    if (!replyTo) return;
    const line = this.buffer.ids.get(replyTo);
    refill(
      this.replying,
      icon("reply"),
      h(
        "span",
        { dir: "auto" },
        "Replying to ",
        h("b", {}, h("bdi", {}, line?.nick ?? "an earlier message")),
        line && `: ${shortened(stripped(line.text).replace(/\s+/g, " "), 80)}`,
      ),
      iconButton("close", "Don't reply", () => this.ui.actions.reply(this.buffer, null)),
    );
  }

  /** Draw who is typing; again when the first notification expires. */
  drawTyping() {
    const now = Date.now();
    const { typing } = this.ui.model.current;
    for (const [nick, until] of typing) if (until <= now) typing.delete(nick);
    const nicks = [...typing.keys()];
    this.typing.textContent = nicks.length ? `${listed(nicks)} ${nicks.length === 1 ? "is" : "are"} typing…` : "";
    clearTimeout(this.timer);
    this.timer = nicks.length ? setTimeout(() => this.drawTyping(), Math.min(...typing.values()) - now + 50) : 0;
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  insert(text) {
    const { selectionStart, selectionEnd } = this.field;
    this.field.setRangeText(text, selectionStart, selectionEnd, "end");
    this.focus();
    this.changed();
  }

  submit(event) {
    event.preventDefault();
    const text = replaced(this.field.value);
    if (!text.trim()) return;
    const { model, chat } = this.ui;
    const buffer = model.current;
    if (text.startsWith("/") && !text.startsWith("//") && !/^\/\S*\//.test(text)) {
      this.clear();
      this.remember(text);
      runCommand(model, text);
    } else if (buffer.kind === "status") {
      model.tell("This window has no recipient. Join a channel first: /join #name", "error");
    } else if (buffer.kind === "channel" && !buffer.joined && model.link.state === "online") {
      model.tell(`You are not in ${buffer.name}. Use /join ${buffer.name}.`, "error");
    } else {
      this.clear();
      this.remember(text);
      this.toldTyping = 0;
      say(model, buffer, text.startsWith("//") ? text.slice(1) : text);
    }
    this.ui.messages.list.follows = true;
    chat.turn();
  }

  clear() {
    this.field.value = "";
    this.buffer.draft = "";
    this.close();
    this.grow();
  }

  remember(text) {
    if (/^\/(ns|cs|msg\s+\w*serv|oper|login|raw)\b/i.test(text)) return; // it may contain a password
    this.typed = [...this.typed.filter((each) => each !== text), text].slice(-MOST_REMEMBERED);
    this.at = this.typed.length;
  }

  changed() {
    this.grow();
    this.buffer.draft = this.field.value;
    this.suggest(false);
    this.tellTyping();
  }

  grow() {
    this.field.style.height = "auto";
    this.field.style.height = `${this.field.scrollHeight}px`;
  }

  /** Send typing notifications, not too often, and not for commands. */
  tellTyping() {
    const { model, chat } = this.ui;
    const { buffer } = this;
    const here = buffer.kind === "private" || (buffer.kind === "channel" && buffer.joined);
    if (
      !here ||
      !model.settings.typing ||
      model.link.state !== "online" ||
      isDenied(model, "+typing") ||
      !model.caps.has("message-tags")
    )
      return;
    const text = this.field.value;
    const now = Date.now();
    if (text && !text.startsWith("/")) {
      if (now - (this.toldTyping ?? 0) < AGAIN) return;
      this.toldTyping = now;
      model.sendTagged({ "+typing": "active" }, "TAGMSG", buffer.name);
    } else if (this.toldTyping && !text) {
      this.toldTyping = 0;
      model.sendTagged({ "+typing": "done" }, "TAGMSG", buffer.name);
    } else return;
    chat.turn();
  }

  pressed(event) {
    if (event.isComposing) return;
    if (this.completion && this.pressedInPopup(event)) return;
    const { key } = event;
    if (key === "Enter" && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.form.requestSubmit();
    } else if (key === "Tab" && !event.shiftKey && this.suggest(true)) {
      event.preventDefault();
      if (this.completion.items.length === 1) this.accept();
    } else if (key === "Tab" && event.shiftKey) this.ui.messages.focusLast(event);
    else if (
      key === "ArrowUp" &&
      !this.field.value.includes("\n") &&
      (this.at < this.typed.length || !this.field.value)
    )
      this.recall(event, -1);
    else if (key === "ArrowDown" && this.at < this.typed.length) this.recall(event, 1);
    else if (key === "Escape" && this.buffer.replyTo) this.ui.actions.reply(this.buffer, null);
    else if ((event.ctrlKey || event.metaKey) && (key === "b" || key === "i"))
      this.wrap(event, key === "b" ? "**" : "*");
  }

  pressedInPopup(event) {
    const { key } = event;
    const count = this.completion.items.length;
    if (key === "ArrowDown" || key === "ArrowUp")
      this.choose((this.chosen + (key === "ArrowDown" ? 1 : count - 1)) % count);
    else if (key === "Tab" && !event.shiftKey) this.accept();
    else if (key === "Enter" && !event.shiftKey && this.acceptsOnEnter()) this.accept();
    else if (key === "Escape") this.close();
    else return false;
    event.preventDefault();
    event.stopPropagation();
    return true;
  }

  /** Whether Enter accepts the suggestion: not if the word is complete. */
  acceptsOnEnter() {
    const item = this.completion.items[this.chosen];
    const word = this.field.value.slice(this.completion.from, this.completion.to);
    return item.insert.trim() !== word.trim() && (this.moved || !word.startsWith("/"));
  }

  recall(event, by) {
    if (!this.typed.length) return;
    event.preventDefault();
    this.at = Math.max(0, Math.min(this.typed.length, this.at + by));
    this.field.value = this.typed[this.at] ?? "";
    this.grow();
  }

  wrap(event, sign) {
    event.preventDefault();
    const { selectionStart: from, selectionEnd: to, value } = this.field;
    this.field.setRangeText(sign + value.slice(from, to) + sign, from, to, "end");
    if (from === to) this.field.setSelectionRange(from + sign.length, from + sign.length);
    this.changed();
  }

  suggest(asked) {
    const { value, selectionStart, selectionEnd } = this.field;
    this.completion = selectionStart === selectionEnd ? complete(this.ui.model, value, selectionStart, asked) : null;
    this.moved = asked;
    if (!this.completion) {
      this.close();
      return false;
    }
    refill(
      this.popup,
      this.completion.items.map((item, at) =>
        h(
          "li",
          {
            role: "option",
            id: `option${at}`,
            onpointerdown: (event) => {
              event.preventDefault();
              this.chosen = at;
              this.accept();
            },
          },
          h("span", { dir: "auto" }, item.label),
          item.hint && h("small", { dir: "auto" }, item.hint),
        ),
      ),
    );
    this.popup.hidden = false;
    this.choose(0, false);
    return true;
  }

  choose(at, moved = true) {
    this.chosen = at;
    this.moved ||= moved;
    [...this.popup.children].forEach((item, nth) => item.setAttribute("aria-selected", String(nth === at)));
    this.popup.children[at]?.scrollIntoView({ block: "nearest" });
    this.field.setAttribute("aria-activedescendant", `option${at}`);
  }

  accept() {
    const { text, cursor } = accept(this.field.value, this.completion, this.completion.items[this.chosen]);
    this.field.value = text;
    this.field.setSelectionRange(cursor, cursor);
    this.close();
    this.buffer.draft = text;
    this.grow();
    this.focus();
  }

  close() {
    this.completion = null;
    this.popup.hidden = true;
    this.field.removeAttribute("aria-activedescendant");
  }

  /** Upload pasted files; ask before sending many lines. */
  async pasted(event) {
    const { files } = event.clipboardData ?? {};
    if (files?.length && this.uploads.offered) {
      event.preventDefault();
      return this.uploads.add(files);
    }
    const text = event.clipboardData?.getData("text/plain") ?? "";
    const lines = text.replace(/\s+$/, "").split("\n");
    if (lines.length < PASTED_LINES) return;
    event.preventDefault();
    if (await this.ui.dialogs.confirmPaste(lines)) this.insert(lines.join("\n"));
  }
}
