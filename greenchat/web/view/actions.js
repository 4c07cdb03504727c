// Actions of buttons and keys on messages.

import { CHANNEL } from "../core/state.js";
import { discard, isDenied, resend } from "../core/speak.js";
import { openDialog } from "./dialog.js";
import { button, h } from "./dom.js";

export class Actions {
  constructor(ui) {
    this.ui = ui;
  }

  canTag(buffer) {
    const { model } = this.ui;
    const here = buffer.kind !== "status" && (buffer.kind !== CHANNEL || buffer.joined);
    return here && model.link.state === "online" && model.caps.has("message-tags") && !isDenied(model, "+draft/react");
  }

  /** Whether redacting is offered: for own messages, and to channel operators; the server decides. */
  canRedact(buffer, line) {
    const { model } = this.ui;
    return model.caps.has("draft/message-redaction") && (line.own || this.isOperator(buffer));
  }

  /** Whether the user may moderate a channel. */
  isOperator(buffer) {
    const me = buffer.members.get(this.ui.model.fold(this.ui.model.nick));
    return /[~&@%]/.test(me?.prefixes ?? "");
  }

  reply(buffer, line) {
    buffer.replyTo = line?.id ?? "";
    this.ui.composer.drawReply();
    this.ui.composer.focus();
  }

  /** React; the same reaction again removes it. */
  react(buffer, line, sign) {
    if (!line.id || !this.canTag(buffer)) return;
    const { model, chat } = this.ui;
    const given = buffer.reactions
      .get(line.id)
      ?.get(sign)
      ?.some((nick) => model.isMe(nick));
    model.sendTagged(
      { [given ? "+draft/unreact" : "+draft/react"]: sign, "+draft/reply": line.id },
      "TAGMSG",
      buffer.name,
    );
    chat.turn();
  }

  async redact(buffer, line) {
    const sure = await openDialog("Delete this message?", (close) => [
      h("p", {}, "It is removed for everybody, and from the history. Others may have read it already."),
      h(
        "div.buttons",
        {},
        button("Cancel", () => close()),
        button("Delete", () => close("yes"), { look: "danger", autofocus: true }),
      ),
    ]);
    if (sure !== "yes") return;
    const [answer] = await this.ui.chat.ask("REDACT", buffer.name, line.id);
    if (answer?.command === "FAIL") this.ui.toast(answer.params.at(-1));
    else if (!buffer.redacted.has(line.id) && answer?.command === "REDACT") this.ui.removed(buffer, answer);
  }

  resend(buffer, held) {
    resend(this.ui.model, buffer, held);
    this.ui.chat.turn();
  }

  discard(buffer, held) {
    discard(this.ui.model, buffer, held);
    this.ui.chat.turn();
  }

  close(buffer) {
    const { model, chat } = this.ui;
    if (buffer.kind === CHANNEL && buffer.joined && model.link.state === "online") model.send("PART", buffer.name);
    model.close(buffer);
    model.effects.push({ kind: "keep" });
    this.ui.showAddress();
    chat.turn();
  }

  async copy(text, confirmation) {
    try {
      await navigator.clipboard.writeText(text);
      this.ui.toast(confirmation);
    } catch {
      this.ui.toast("The browser does not let this page copy. Select the text and copy it with the keyboard.");
    }
  }

  /** Save the messages as a file. */
  export(buffer) {
    const lines = buffer.lines.filter((line) => line.kind !== "none" && !buffer.redacted.has(line.id)).map(written);
    const address = URL.createObjectURL(new Blob([lines.join("\n"), "\n"], { type: "text/plain;charset=utf-8" }));
    h("a", { href: address, download: `${buffer.name || "server"}.txt` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }
}

function written(line) {
  const when = new Date(line.time).toISOString().slice(0, 19).replace("T", " ");
  if (line.kind === "action") return `${when} * ${line.nick} ${line.text}`;
  return line.nick && line.kind !== "event" ? `${when} <${line.nick}> ${line.text}` : `${when} ${line.text}`;
}
