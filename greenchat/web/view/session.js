// "Stay signed in": a token that the server gives and can take back, in a cookie that no script can read. The page holds
// nothing. Where the server has no such thing (config.json does not say `sessions`), the password is asked for again.

import { button, h } from "./dom.js";

export class Session {
  constructor(ui) {
    this.ui = ui;
  }

  get known() {
    return Boolean(this.ui.config.sessions);
  }

  /** After a login: stay signed in on this device? */
  offer() {}

  section() {
    return null;
  }

  async list() {
    return null;
  }

  async forget() {}
}

export { button, h };
