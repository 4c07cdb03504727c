// The page: connects the core, the connection and the views.

import { addressOf, channelOf } from "./core/address.js";
import { Connection } from "./core/connection.js";
import { askLatest } from "./core/history.js";
import { isForUser } from "./core/receive_talk.js";
import { parseSettings } from "./core/settings.js";
import { Model } from "./core/state.js";
import "./core/commands_channels.js";
import "./core/commands_general.js";
import "./core/commands_settings.js";
import "./core/commands_talk.js";
import { Actions } from "./view/actions.js";
import { Composer } from "./view/composer.js";
import { configure } from "./view/configuration.js";
import { makeDialogs } from "./view/dialogs.js";
import { h, refill } from "./view/dom.js";
import { Frame } from "./view/frame.js";
import { Header } from "./view/header.js";
import { Join } from "./view/join.js";
import { listenToKeys } from "./view/keys.js";
import { Messages } from "./view/messages.js";
import { Notifier } from "./view/notifier.js";
import { Push } from "./view/push.js";
import { Session } from "./view/session.js";
import { Members, Sidebar } from "./view/sidebar.js";
import { ofBrowser, ofTab } from "./view/storage.js";

const BASE = new URL("./", document.querySelector("link[rel=manifest]").href).href;
const MEMBERS = 400; // members drawn at first

class Page extends Frame {
  constructor() {
    super();
    this.location = location;
    this.isMac = /Mac|iPhone|iPad/.test(navigator.platform);
    this.config = { title: "", default_channel: "", websocket: "ws", password_least: 8 };
    this.stored = ofBrowser;
    this.mostMembers = MEMBERS;
    this.model = new Model(parseSettings(JSON.stringify(ofBrowser.get("settings"))));
    this.channel = channelOf(location) || ofTab.get("bound") || ""; // back from the provider, see join.js
    ofTab.forget("bound");
    this.chat = new Connection(this.model, {
      WebSocket,
      url: "",
      why: () => this.whyNot(),
      location,
      storage: ofTab,
      random: Math.random,
      now: Date.now,
      setTimeout: (run, wait) => setTimeout(run, wait),
      clearTimeout: (timer) => clearTimeout(timer),
    });
    this.chat.onChange = () => this.drawSoon();
    this.chat.onEvent = (event) => this.runEffect(event);
    this.actions = new Actions(this);
    this.dialogs = makeDialogs(this);
    this.session = new Session(this);
    this.build();
    listenToKeys(this);
    this.listen();
  }

  build() {
    this.notifier = new Notifier(this);
    this.push = new Push(this);
    this.joinView = new Join(this);
    this.sidebar = new Sidebar(this);
    this.header = new Header(this);
    this.messages = new Messages(this);
    this.composer = new Composer(this);
    this.members = new Members(this);
    this.offers = h("div.offers", { role: "region", "aria-label": "Questions" });
    this.toasts = h("div.toasts", { role: "status" });
    this.shade = h("div.shade", { hidden: true, onclick: () => this.drawer("") });
    this.main = h(
      "main.main",
      {},
      this.header.element,
      this.header.banner,
      this.offers,
      this.messages.element,
      this.composer.element,
    );
    this.room = h(
      "div.room",
      { hidden: true },
      h(
        "a.skip",
        {
          href: "#composer",
          onclick: (event) => {
            event.preventDefault();
            this.composer.focus();
          },
        },
        "To the text field",
      ),
      this.sidebar.element,
      this.main,
      this.members.element,
      this.shade,
    );
    refill(document.body, this.joinView.element, this.room, this.toasts);
    this.applySettings();
    this.fit();
  }

  listen() {
    const updateFocus = () => {
      const wasFocused = this.model.focused;
      this.model.focus(document.visibilityState === "visible" && document.hasFocus());
      if (!wasFocused && this.model.focused) this.chat.check();
      this.chat.turn();
    };
    for (const event of ["focus", "blur"]) window.addEventListener(event, updateFocus);
    document.addEventListener("visibilitychange", updateFocus);
    window.addEventListener("online", () => this.chat.check());
    window.addEventListener("pagehide", () => this.chat.suspend());
    window.addEventListener(
      "pageshow",
      (event) => event.persisted && this.model.link.state === "waiting" && this.chat.connect(),
    );
    window.addEventListener("hashchange", () => {
      const name = channelOf(location);
      if (name) this.goTo(name);
    });
    window.addEventListener("beforeunload", (event) => {
      if ([...this.model.buffers.values()].some((buffer) => buffer.waiting.some((waiting) => !waiting.label)))
        event.preventDefault();
    });
  }

  /** Start: rejoin where this tab was, or ask for the nick. */
  async start() {
    const nick = this.chat.resume();
    if (nick) this.showRoom();
    else {
      this.joinView.element.hidden = false;
      this.joinView.ask();
    }
    const session = this.session.load();
    this.configured = configure(this);
    await this.configured;
    const account = await session;
    // a signed-in browser uses the account's name; a guest of this tab stays the same guest
    if (account && (!nick || nick.toLowerCase() === account.toLowerCase() || this.wasAccount()))
      this.enter(account, "", true);
    else if (nick) this.enter(nick);
    else if (!this.model.link.entered && this.model.link.state === "offline") {
      const typed = this.joinView.box.querySelector("input")?.value;
      this.joinView.ask();
      if (typed) this.joinView.box.querySelector("input").value = typed;
    }
    this.notifier.count();
    if (globalThis.isSecureContext) navigator.serviceWorker?.register(`${BASE}sw.js`).catch(() => {});
  }

  /** Return the HTTP answer in the place of a WebSocket: {status, words}. */
  async whyNot() {
    const response = await fetch(this.chat.env.url.replace(/^ws/, "http"), { cache: "no-store" });
    const isText = response.headers.get("Content-Type")?.startsWith("text/plain");
    return { status: response.status, words: isText ? (await response.text()).trim() : "" };
  }

  /** Whether this tab was logged in before the reload. */
  wasAccount() {
    return Boolean(ofTab.get("here")?.account);
  }

  /** Join with a nick, in the channel of the address or the server's default. */
  async enter(nick, password = "", isBrowser = false, code = "") {
    const { model, chat } = this;
    ofBrowser.put("name", nick);
    if (this.room.hidden) this.joinView.wait();
    await this.configured; // a user may be faster
    const wanted = this.channel || (model.autojoin.size ? "" : this.config.default_channel);
    if (wanted) {
      model.autojoin.set(model.fold(wanted), { name: wanted, key: model.autojoin.get(model.fold(wanted))?.key ?? "" });
      model.showOnJoin.add(model.fold(wanted));
    }
    this.channel = "";
    this.askedFor = wanted || this.askedFor;
    chat.join(nick, password, isBrowser, code);
    chat.turn();
  }

  /** Reconnect as the same user. */
  rejoin() {
    const { model } = this;
    this.enter(model.wanted, model.credentials?.password, model.credentials?.isBrowser);
  }

  leave() {
    this.chat.quit();
    this.channel = channelOf(location) || ofTab.get("bound") || ""; // back from the provider, see join.js
    ofTab.forget("bound");
    this.showJoin();
    this.joinView.ask("You left the chat.");
  }

  showRoom() {
    this.joinView.element.hidden = true;
    this.room.hidden = false;
    this.drawNow();
  }

  showJoin() {
    this.room.hidden = true;
    this.joinView.element.hidden = false;
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  }

  /** Run an effect that only the page can run. */
  runEffect(event) {
    const { model } = this;
    const actions = {
      welcome: () => {
        this.showRoom();
        if (model.account) this.session.begin();
        this.push.follow();
        this.later(() => document.querySelector("dialog") || this.composer.focus());
      },
      refused: () => {
        this.channel = this.channel || this.askedFor || "";
        this.showJoin();
        if (event.why === "code") this.joinView.askCode(event);
        else this.joinView.question(event);
      },
      heard: () => this.heard(event),
      "logged in": () => model.change("all"),
      invited: () => this.dialogs.invited(event.by, event.channel),
      "key wanted": () => this.dialogs.keyWanted(event.channel),
      person: () => this.dialogs.person(event.nick),
      channels: () => this.dialogs.channels(event.pattern),
      masks: () => this.dialogs.maskDialog(event.channel, event.letter),
      register: () => this.dialogs.register(event.email),
      "log in": () => this.dialogs.logIn(event.account),
      "log out": () => this.dialogs.logOut(),
      oper: () => this.dialogs.operate(event.name),
      search: () => this.dialogs.search(event.text),
      settings: () => this.saveSettings(),
      "settings wanted": () => this.dialogs.settings(),
      help: () => this.dialogs.help(event.part),
      begun: () => !event.buffer.begun && askLatest(model, event.buffer),
      clear: () => {
        event.buffer.clearedAt = Date.now();
        event.buffer.version += 1;
        model.change("lines");
      },
      export: () => this.actions.export(event.buffer),
      quit: () => this.leave(),
      reconnect: () => this.chat.connect(),
    };
    actions[event.kind]?.();
  }

  heard({ buffer, line }) {
    if (buffer === this.model.current) this.messages.say(line);
    // a user who looks at the page sees the marks in the list
    if (isForUser(this.model, buffer, line) && !this.model.focused) this.notifier.called(buffer, line);
  }

  /** Show a buffer, and write it into the address. */
  open(buffer) {
    this.model.show(buffer);
    this.drawer("");
    this.showAddress();
    this.chat.keep();
    this.chat.turn();
    this.composer.focus();
  }

  join(name) {
    const { model, chat } = this;
    const buffer = model.find(name);
    if (buffer?.joined) return this.open(buffer);
    model.showOnJoin.add(model.fold(name));
    model.send("JOIN", name);
    this.drawer("");
    chat.turn();
  }

  /** Go to a channel whose name was pressed or is in the address, at once or as soon as possible. */
  goTo(name) {
    const { model } = this;
    if (model.link.state === "online") return this.join(name);
    this.channel = name;
    if (!this.room.hidden) model.autojoin.set(model.fold(name), { name, key: "" });
    else if (this.joinView.box.querySelector("#name")) this.joinView.ask();
  }

  addressOf(name) {
    return addressOf(BASE, name);
  }

  showAddress() {
    const { current } = this.model;
    history.replaceState(null, "", current.kind === "channel" ? this.addressOf(current.name) : BASE);
  }

  asset(path) {
    return BASE + path;
  }

  removed(buffer, message) {
    buffer.redacted.set(message.params[1], { by: message.nick, why: message.params[2] ?? "" });
    buffer.version += 1;
    this.model.change("lines");
    this.drawSoon();
  }

  saveSettings() {
    this.push.follow();
    ofBrowser.put("settings", this.model.settings);
    this.applySettings();
    this.model.change("all");
    this.drawSoon();
  }

  applySettings() {
    const { theme } = this.model.settings;
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }

  // drawing: once for all changes

  drawSoon() {
    this.notifier?.count();
    if (this.drawing) return;
    this.drawing = true;
    const run = () => {
      this.drawing = false;
      this.drawNow();
    };
    if (document.visibilityState === "visible") requestAnimationFrame(run);
    else setTimeout(run, 200);
  }

  drawNow() {
    const { model } = this;
    if (this.room.hidden) return this.joinView.drawLink();
    if (!model.changed.size) return;
    const has = (...parts) => model.changed.has("all") || parts.some((part) => model.changed.has(part));
    const [buffers, members, head, lines, link, typing, composer] = [
      has("buffers", "head"),
      has("members"),
      has("head", "members", "buffers"),
      has("lines"),
      has("link", "head"),
      has("typing"),
      has("composer", "head"),
    ];
    model.changed.clear();
    if (buffers) this.sidebar.draw();
    if (members) {
      this.members.element.hidden = !this.membersWanted || model.current.kind !== "channel";
      if (!this.members.element.hidden) this.members.draw();
      if (this.wasOpen === "members" && !model.current.members.size) this.drawer(""); // it is a channel without us now
    }
    if (head) this.header.draw();
    if (link || head) this.header.drawLink();
    if (composer) this.composer.draw();
    if (typing) this.composer.drawTyping();
    if (lines) this.messages.draw();
    const after = this.waiting ?? [];
    this.waiting = [];
    for (const run of after) run();
    if (model.current !== this.addressed && !this.room.hidden) {
      this.addressed = model.current;
      this.showAddress();
    }
  }

  afterDraw(run) {
    this.waiting = [...(this.waiting ?? []), run];
    this.drawSoon();
    this.model.change("lines");
  }

  /** Run a function once the browser has finished its present work. */
  later(run) {
    setTimeout(() => {
      run();
      this.chat.turn();
    }, 0);
  }

  afterFocusChange(run) {
    setTimeout(run, 150);
  }
}

const page = new Page();
page.start();
