// The second factor of the account: a code of an authenticator app beside the password, by NickServ TOTP.

import { UNSAFE, isPrivate } from "../core/login.js";
import { codeField, field, form, openDialog, password, userName } from "./dialog.js";
import { qr } from "./dialogs_channel.js";
import { LOST, askNickServ } from "./dialogs_devices.js";
import { button, h, refill } from "./dom.js";

/** Make a section of the account's dialog. */
export function secondFactor(ui) {
  const place = h("div.stack");
  show(ui, place);
  return h("section", {}, h("h3", {}, "Second factor"), place);
}

async function show(ui, place) {
  const [state = ""] = await askNickServ(ui, "TOTP");
  const isOn = / is on; /.test(state);
  refill(
    place,
    h("p.hint", {}, isOn ? `${state}.` : "Protects your account with codes of an app on your phone, in addition to the password."),
    h(
      "div.buttons.start",
      {},
      isOn
        ? [
            button("New recovery codes", () => prove(ui, "CODES", place)),
            button("Switch off", () => prove(ui, "OFF", place), { look: "danger" }),
          ]
        : button("Switch on", () => prove(ui, "ON", place)),
    ),
  );
}

/** Ask for the password, and for the code if the second factor is on, then continue. */
function prove(ui, action, place) {
  const secret = password("current-password", { autofocus: true });
  const code = codeField(action !== "ON");
  const titles = { ON: "Switch on the second factor", OFF: "Switch off the second factor", CODES: "New codes" };
  return openDialog(titles[action], (close) =>
    form(
      [userName(ui.model.account), field("Password", secret), action !== "ON" && field("Code of your authenticator app", code)],
      "Continue",
      async () => {
        if (!isPrivate(ui.location)) return UNSAFE;
        const lines = await askNickServ(ui, `TOTP ${action} ${secret.value}${action === "ON" ? "" : ` ${code.value.trim()}`}`);
        const address = lines.find((line) => line.startsWith("otpauth://"));
        if (action === "ON" && address) ui.later(() => confirm(ui, address, place));
        else if (action === "CODES" && lines.length > 2) ui.later(() => codes(lines));
        else if (action !== "OFF" || !/ is off$/.test(lines[0])) return lines.join(" ") || LOST;
        show(ui, place);
        return "";
      },
      close,
    ),
  );
}

function confirm(ui, address, place) {
  const code = codeField(true);
  return openDialog("Your authenticator app", (close) =>
    form(
      [
        h("p", {}, "Scan this with the app, or type the secret into it:"),
        h("div.qr", {}, qr(address, "The secret as a QR code")),
        h("code", {}, new URL(address).searchParams.get("secret")),
        field("Current code", code),
      ],
      "Switch on",
      async () => {
        const lines = await askNickServ(ui, `TOTP CONFIRM ${code.value.trim()}`);
        if (lines.length < 3) return lines.join(" ") || LOST;
        ui.later(() => codes(lines));
        show(ui, place);
        return "";
      },
      close,
    ),
  );
}

function codes(lines) {
  const recoveryCodes = lines.filter((line) => /^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/.test(line));
  return openDialog("Recovery codes", (close) => [
    h("p", {}, "Each is for one login without the app. They are shown only once: print them or write them down."),
    h("pre", { tabIndex: 0 }, recoveryCodes.join("\n")),
    h("div.buttons", {}, button("Done", () => close(), { look: "primary" })),
  ]);
}
