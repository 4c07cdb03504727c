// The connection to the server: a WebSocket, reconnecting with back-off and explanations, and the model's effects.
// Everything of the browser is passed in (`env`), so that tests run it with a clock of their own.
// https://ircv3.net/specs/extensions/websocket

import { FORBIDDEN, reason, refusal } from "./ending.js";
import { UNSAFE, Login, isPrivate } from "./login.js";
import { format, timestamp } from "./message.js";
import { receive } from "./receive.js";
import { queryDetails } from "./receive_channels.js";
import { restore, unsent } from "./speak.js";
import { CHANNEL, STATUS } from "./state.js";

const SUBPROTOCOL = "text.ircv3.net";
const WAITS = [1, 2, 3, 5, 10, 20, 30]; // seconds before the next try
const PATIENCE = 10_000; // milliseconds for the server to confirm a message
const NICK_TRIES = 4; // while our old connection may still have the nick
const WORDS = { offline: "Not connected.", connecting: "Connecting…", entering: "Connecting…" };

/**
 * env: {WebSocket, url, why, location, storage, now, setTimeout, clearTimeout, random}. `onChange` is called after each change of
 * the model, `onEvent` with effects of the page: {kind: "heard" | "refused" | "invited" | ...}.
 */
export class Connection {
  constructor(model, env) {
    this.model = model;
    this.env = env;
    this.socket = null;
    this.login = null;
    this.retry = null;
    this.patience = null;
    this.reading = null;
    this.promises = new Set();
    this.onChange = () => {};
    this.onEvent = () => {};
  }

  /** Connect with a nick. password: "" for none. isBrowser: log in by the browser's cookie, to the account of this name. */
  join(nick, password = "", isBrowser = false, code = "") {
    const { model } = this;
    model.wanted = nick;
    model.credentials = password || isBrowser ? { account: nick, password, isBrowser, code } : null;
    if (password && !isPrivate(this.env.location) && !globalThis.crypto?.subtle) {
      this.onEvent({ kind: "refused", why: "unsafe", nick, words: UNSAFE });
      return;
    }
    model.link.banned = model.link.leaving = false;
    model.link.tries = 0;
    this.connect();
  }

  connect() {
    const { model, env } = this;
    this.#drop();
    env.clearTimeout(this.retry);
    this.retry = null;
    model.nick = model.wanted;
    model.link = {
      ...model.link,
      state: "connecting",
      words: WORDS.connecting,
      retryAt: 0,
      requested: 0,
      lastWords: "",
      entered: false,
      refused: false,
      wantsCode: false,
    };
    model.change("link");
    const socket = new env.WebSocket(env.url, [SUBPROTOCOL]);
    this.socket = socket;
    socket.onopen = () => {
      if (this.socket !== socket) return;
      model.link.state = "entering";
      model.link.words = WORDS.entering;
      this.#write({ command: "CAP", params: ["LS", "302"] });
      if (model.token && !model.credentials) this.#write({ command: "RESUME", params: [model.token] });
      this.#write({ command: "NICK", params: [model.wanted] });
      this.#write({ command: "USER", params: [userName(model.wanted), "0", "*", model.wanted] });
      this.#turn();
    };
    socket.onmessage = ({ data }) => {
      if (this.socket !== socket || typeof data !== "string") return;
      this.#clearPatience();
      receive(model, data, env.now());
      this.#turn();
    };
    socket.onclose = (event) => {
      if (this.socket === socket) this.#lost(event);
    };
    this.#turn();
  }

  /** Try again now, if an attempt is pending. */
  retryNow = () => this.model.link.state === "waiting" && this.connect();

  /** Drop the connection without waiting for its end: the page is closed, or cached until the user comes back. */
  suspend() {
    this.keep();
    if (!this.socket) return;
    this.#drop();
    this.#ended("waiting", "Not connected.");
  }

  /** Disconnect for good. */
  quit(why = "") {
    this.model.link.leaving = true;
    if (this.model.link.state === "online") this.#write({ command: "QUIT", params: why ? [why] : [] });
    this.model.autojoin.clear();
    this.model.credentials = null;
    this.model.token = "";
    this.env.storage.forget("here");
    this.#drop();
    this.#ended("offline", "You have left.");
  }

  /** Run the model's effects; then have the changes drawn. */
  turn() {
    this.#turn();
  }

  /** Send a command; resolves to the messages of the answer, [] if the connection was lost. */
  ask(command, ...params) {
    return new Promise((resolve) => {
      if (this.model.link.state !== "online") return resolve([]);
      this.promises.add(resolve);
      this.model.ask(
        (messages) => {
          this.promises.delete(resolve);
          resolve(messages);
        },
        command,
        ...params,
      );
      this.#turn();
    });
  }

  /** Log in while connected: resolves to the error, "" on success. */
  logIn(account, password, code = "") {
    const { model } = this;
    return new Promise((resolve) => {
      if (!model.caps.has("sasl")) return resolve("This server knows no accounts.");
      model.credentials = { account, password, code };
      this.loggedIn = resolve;
      this.#login();
    });
  }

  /** Check whether the connection still works: after sleep it may be lost without an event. */
  check() {
    if (this.model.link.state === "waiting") return this.connect();
    if (this.model.link.state !== "online" || this.patience) return;
    this.#write({ command: "PING", params: ["still-there"] });
    this.#expect();
  }

  #turn() {
    const { model } = this;
    while (model.effects.length) this.#do(model.effects.shift());
    this.onChange();
  }

  #do(effect) {
    const { model } = this;
    if (effect.kind === "send") this.#write(effect.message);
    else if (effect.kind === "login") this.#login();
    else if (effect.kind === "sasl") this.#sasl(effect.chunk);
    else if (effect.kind === "login ended") this.#loginEnded(effect);
    else if (effect.kind === "refused") this.#refused(effect);
    else if (effect.kind === "read") this.#read();
    else if (effect.kind === "expect") this.#expect();
    else if (effect.kind === "keep") this.keep();
    else if (effect.kind === "shown") queryDetails(model, effect.buffer);
    else if (effect.kind === "welcome") {
      model.link.entered = true;
      this.keep();
      this.onEvent(effect);
    } else if (effect.kind === "renamed") {
      model.wanted = model.nick;
      this.keep();
    } else this.onEvent(effect);
  }

  #write(message) {
    if (this.socket?.readyState !== 1) return;
    try {
      this.socket.send(format(message));
    } catch (error) {
      this.model.tell(`Not sent: ${error.message}`, "error");
    }
  }

  async #login() {
    const { model } = this;
    this.login = new Login(model.credentials, model.offered.get("sasl"), this.env.location);
    try {
      this.#write({ command: "AUTHENTICATE", params: [this.login.start()] });
    } catch (error) {
      this.#loginEnded({ why: error.message, first: model.link.proving });
    }
  }

  async #sasl(chunk) {
    const { login, socket } = this;
    if (!login) return;
    try {
      const answer = await login.feed(chunk);
      if (this.login !== login || this.socket !== socket) return;
      for (const line of answer) this.#write({ command: "AUTHENTICATE", params: [line] });
    } catch (error) {
      this.login = null;
      this.#write({ command: "AUTHENTICATE", params: ["*"] });
      this.#loginEnded({ why: error.message, first: this.model.link.proving });
      this.#turn();
    }
  }

  #loginEnded({ why, first }) {
    const { model } = this;
    this.login = null;
    const callback = this.loggedIn;
    this.loggedIn = null;
    if (!why) {
      if (model.credentials) model.credentials.code = ""; // valid once
      if (model.link.state === "online" && model.wanted !== model.nick)
        this.#write({ command: "NICK", params: [model.wanted] });
      this.onEvent({ kind: "logged in" });
    } else {
      const { isBrowser, password } = model.credentials ?? {};
      const cause = model.link.wantsCode ? "code" : isBrowser ? "signed out" : "password";
      model.credentials = null;
      if (first) this.#refused({ why: cause, nick: model.wanted, words: why, password, kind: "refused" });
    }
    callback?.(why);
  }

  /** The server refuses the nick: ask one question, unless our own old connection has it. */
  #refused(effect) {
    const { model } = this;
    if (model.link.refused) return;
    if (effect.why === "taken" && !effect.owned && model.link.returning && model.link.tries < NICK_TRIES) {
      model.link.lastWords = "Your name is still in use, maybe by your last connection.";
      this.socket?.close();
      return;
    }
    model.link.refused = true;
    model.token = "";
    this.#drop();
    this.#ended("offline", effect.words);
    this.onEvent(effect);
  }

  #lost(event) {
    const { model, env } = this;
    const { link } = model;
    const words = reason(link, event);
    if (link.state === "connecting" && !link.leaving && !link.lastWords) this.#askWhy();
    if (link.banned || link.leaving) return this.#ended("offline", words);
    const wait = WAITS[Math.min(link.tries, WAITS.length - 1)] * (0.8 + 0.4 * env.random());
    this.#ended("waiting", words);
    link.tries += 1;
    link.retryAt = env.now() + wait * 1000;
    this.retry = env.setTimeout(() => this.connect(), wait * 1000);
    this.onChange();
  }

  /** Browsers don't tell why a WebSocket was refused: ask by HTTP. env.why: resolves to {status, words}. */
  async #askWhy() {
    const { model, env } = this;
    const answer = await env.why().catch(() => ({ status: 0, words: "" }));
    if (model.link.state !== "waiting") return;
    model.link.words = refusal(answer) || model.link.words;
    if (answer.status === FORBIDDEN) {
      model.link.banned = true;
      this.#ended("offline", model.link.words);
    }
    model.change("link");
    this.onChange();
  }

  #ended(state, words) {
    const { model, env } = this;
    this.socket = null;
    for (const timer of ["patience", "reading", "retry"]) {
      env.clearTimeout(this[timer]);
      this[timer] = null;
    }
    if (model.link.entered) model.link.returning = true;
    if (model.link.entered && !model.link.lostAt) model.link.lostAt = env.now();
    this.loggedIn?.("The connection was lost.");
    this.loggedIn = null;
    model.disconnected();
    model.link.state = state;
    model.link.words = words;
    for (const resolve of this.promises) resolve([]);
    this.promises.clear();
    this.keep();
    this.onChange();
  }

  #drop() {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }

  #expect() {
    this.patience ??= this.env.setTimeout(() => {
      this.patience = null;
      this.model.link.lastWords = "The server does not answer.";
      const socket = this.socket;
      this.socket = null;
      socket?.close();
      this.#lost({});
    }, PATIENCE);
  }

  #clearPatience() {
    this.env.clearTimeout(this.patience);
    this.patience = null;
  }

  /** Send the read mark, at most once a second. */
  #read() {
    if (this.reading) return;
    const { model, env } = this;
    this.reading = env.setTimeout(() => {
      this.reading = null;
      for (const buffer of model.buffers.values()) {
        if (buffer.kind === STATUS || (buffer.kind === CHANNEL && !buffer.joined)) continue;
        if (buffer.readAt > (buffer.toldReadAt ?? 0) && model.caps.has("draft/read-marker")) {
          buffer.toldReadAt = buffer.readAt;
          this.#write({ command: "MARKREAD", params: [buffer.name, timestamp(buffer.readAt)] });
        }
      }
      this.keep();
    }, 1000);
  }

  /** Store what must survive a reload, in this tab only: the token is secret. */
  keep() {
    const { model } = this;
    const { storage } = this.env;
    storage.put("unsent", unsent(model));
    if (!model.link.entered && !model.link.returning) return;
    if (model.link.leaving) return;
    const talks = [...model.buffers.values()]
      .filter((buffer) => buffer.kind === "private")
      .map((buffer) => buffer.name);
    storage.put("here", {
      nick: model.nick || model.wanted,
      account: model.account,
      token: model.token,
      at: this.env.now(),
      channels: [...model.autojoin.values()],
      talks,
      current: model.current.name,
      read: [...model.buffers.values()].map((buffer) => [buffer.name, buffer.readAt]),
      drafts: [...model.buffers.values()].filter((buffer) => buffer.draft).map((buffer) => [buffer.name, buffer.draft]),
    });
  }

  /** Restore what was stored; return the nick to connect with, "" if there was nothing. */
  resume() {
    const { model } = this;
    const here = this.env.storage.get("here");
    restoreSafely(model, this.env.storage.get("unsent"));
    if (!here || typeof here.nick !== "string" || !Array.isArray(here.channels)) return "";
    for (const { name, key } of here.channels) {
      if (typeof name !== "string" || !model.isChannel(name)) continue;
      model.autojoin.set(model.fold(name), { name, key: String(key ?? "") });
      model.open(name);
    }
    for (const name of here.talks ?? []) model.open(String(name));
    for (const [name, time] of here.read ?? []) {
      const buffer = model.find(String(name));
      if (buffer) buffer.readAt = Number(time) || 0;
    }
    for (const [name, text] of here.drafts ?? []) {
      const buffer = model.find(String(name));
      if (buffer) buffer.draft = String(text);
    }
    const shown = model.find(String(here.current ?? ""));
    if (shown) model.show(shown);
    model.link.returning = true;
    model.link.lostAt = Number(here.at) || 0;
    model.token = typeof here.token === "string" ? here.token : "";
    return here.nick;
  }
}

function restoreSafely(model, kept) {
  if (Array.isArray(kept))
    restore(
      model,
      kept.filter((each) => typeof each?.text === "string" && typeof each?.id === "string"),
    );
}

const userName = (nick) => nick.replace(/[^A-Za-z0-9_-]/g, "").slice(0, 12) || "web";
