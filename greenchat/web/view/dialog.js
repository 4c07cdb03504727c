// Dialogs: the browser's own dialog element, which keeps the focus inside and restores it.

import { button, h, iconButton } from "./dom.js";

/** Open a dialog; resolves to the value it was closed with, "" for Escape. `fill(close)` returns its content. */
export function openDialog(title, fill, { wide = false, label = "" } = {}) {
  return new Promise((resolve) => {
    let value = "";
    const before = document.activeElement;
    const close = (result = "") => {
      value = result;
      dialog.close();
    };
    const id = `title${(openDialog.count = (openDialog.count ?? 0) + 1)}`;
    const dialog = h(
      `dialog.dialog${wide ? ".wide" : ""}`,
      { "aria-labelledby": id, onclick: (event) => event.target === dialog && close() },
      h(
        "div.dialog-box",
        {},
        h(
          "header",
          {},
          h("h2", { id, dir: "auto" }, title),
          iconButton("close", "Close", () => close()),
        ),
        h("div.dialog-body", { tabIndex: -1 }, fill(close)),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      // Chromium restores the focus, but no keys, if a form in the dialog had a password: so focus once more
      const given = document.activeElement;
      if (given === before || given === document.body) {
        before?.blur();
        before?.focus({ preventScroll: true });
      }
      resolve(value);
    });
    if (label) dialog.setAttribute("aria-label", label);
    document.body.append(dialog);
    dialog.showModal();
    const body = dialog.querySelector(".dialog-body");
    if (body.scrollHeight > body.clientHeight) body.tabIndex = 0; // so that the keyboard can scroll it
    (
      dialog.querySelector("[autofocus]") ??
      body.querySelector("input:not([readonly]):not(:disabled), textarea") ??
      body
    ).focus();
  });
}

/** Make a labelled field. */
export function field(label, input, hint = "") {
  const id = `field${(field.count = (field.count ?? 0) + 1)}`;
  input.id = id;
  if (hint) input.setAttribute("aria-describedby", `${id}-hint`);
  return h("div.labelled", {}, h("label", { for: id }, label), input, hint && h("p.hint", { id: `${id}-hint` }, hint));
}

/** Make a hidden field with the account's name, for password managers. */
export const userName = (value) =>
  h("input", { type: "text", autocomplete: "username", value, hidden: true, readonly: true });

export const password = (name, more = {}) =>
  h("input", { type: "password", autocomplete: name, required: true, ...more });

/** Make a field for the code of an authenticator app, or a recovery code. */
export const codeField = (required) =>
  h("input", { type: "text", autocomplete: "one-time-code", autocapitalize: "off", spellcheck: "false", required });

/** Make a labelled switch. */
export function toggle(label, checked, onchange, hint = "") {
  const box = h("input", { type: "checkbox", checked, role: "switch", onchange: () => onchange(box.checked, box) });
  return h("label.switch", {}, box, h("span", {}, label, hint && h("small", {}, hint)));
}

/** Make a form with one button; `run` returns an error text, or "" to close the dialog. */
export function form(fields, label, run, close, more = []) {
  const error = h("p.form-error", { role: "alert", hidden: true });
  const send = h("button.primary", { type: "submit" }, label);
  return h(
    "form.stack",
    {
      onsubmit: async (event) => {
        event.preventDefault();
        send.disabled = true;
        const words = await run();
        send.disabled = false;
        error.hidden = !words;
        error.textContent = words;
        if (!words) close("done");
      },
    },
    fields,
    error,
    h(
      "div.buttons",
      {},
      more,
      button("Cancel", () => close()),
      send,
    ),
  );
}
