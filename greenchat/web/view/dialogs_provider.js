// Links between the account and an identity provider. NickServ PROVIDER lists and removes them; one is made by logging
// in there from a browser that is signed in here.

import { LOST, askNickServ } from "./dialogs_devices.js";
import { button, h, refill } from "./dom.js";

/** Make a section of the account's dialog, if the server has a provider. */
export function provider(ui) {
  if (!ui.config.provider || !ui.session.known) return null;
  const place = h("div.stack");
  show(ui, place);
  return h("section", {}, h("h3", {}, ui.config.provider), place);
}

async function show(ui, place) {
  const linked = (await askNickServ(ui, "PROVIDER LIST")).map((line) => /^(\d+): (.+)$/.exec(line)).filter(Boolean);
  const end = async (number) => {
    ui.toast((await askNickServ(ui, `PROVIDER DEL ${number}`)).join(" ") || LOST);
    show(ui, place);
  };
  refill(
    place,
    linked.length
      ? h(
          "ul.masks",
          {},
          linked.map(([, number, subject]) =>
            h("li", {}, h("bdi", {}, subject), button("End", () => end(number), { "aria-label": `End the link to ${subject}` })),
          ),
        )
      : [
          h("p.hint", {}, `Log in at ${ui.config.provider} instead of with a password.`),
          h("div.buttons.start", {}, button(`Link this account to ${ui.config.provider}`, () => link(ui))),
        ],
  );
}

/** Go to the provider. The browser's cookie tells the server which account to link. */
async function link(ui) {
  if (!ui.session.account) {
    ui.session.wanted = true;
    await ui.session.begin();
  }
  if (ui.session.account) ui.location.assign(ui.asset("oidc/login"));
}
