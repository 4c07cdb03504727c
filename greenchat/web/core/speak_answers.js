// The server has done what was said without telling anybody: that was a command for a service.

import { confirm, hides } from "./speak.js";

/** All of the answer to a label has come: what still waits under it has arrived. */
export function answered(model, label, now) {
  for (const buffer of model.buffers.values()) {
    const waiting = buffer.waiting.find((each) => each.label === label);
    if (!waiting) continue;
    confirm(model, buffer, label, "");
    if (!hides(buffer.name, waiting.text)) {
      model.append(buffer, { time: now, kind: waiting.kind, text: waiting.text, nick: model.nick, own: true });
    }
  }
}
