// Confirmations of texts that are not echoed: commands to a service.

import { confirm, hides } from "./speak.js";

/** The answer to a label is complete: a text that still waits with it has arrived. */
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
