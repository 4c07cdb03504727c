// Shared by the tests of the page's core: a connected model, and a connection to a server that is an array.

import { webcrypto } from "node:crypto";
globalThis.crypto ??= webcrypto; // node 18
import { Connection } from "../../../greenchat/web/core/connection.js";
import { format } from "../../../greenchat/web/core/message.js";
import { receive } from "../../../greenchat/web/core/receive.js";
import { WANTED } from "../../../greenchat/web/core/receive_registration.js";
import { parseSettings } from "../../../greenchat/web/core/settings.js";
import { Model } from "../../../greenchat/web/core/state.js";

export const NOW = Date.parse("2026-05-04T12:00:00.000Z");

/** Return a model that is in #tea as ada, on a server like ours. */
export function world() {
  const model = new Model(parseSettings("{}"));
  model.wanted = model.nick = "ada";
  for (const name of WANTED) {
    model.caps.add(name);
    model.offered.set(name, name === "draft/multiline" ? "max-bytes=4096,max-lines=32" : "");
  }
  hear(
    model,
    ":irc.test 001 ada :Welcome",
    ":irc.test 005 ada CASEMAPPING=ascii CHATHISTORY=500 PREFIX=(qaohv)~&@%+ :are",
  );
  hear(
    model,
    ":ada!a@host JOIN #tea * :Ada",
    ":irc.test 353 ada = #tea :@ada!a@host bob!b@far",
    ":irc.test 366 ada #tea :End",
  );
  model.asks = sent(model); // what a client asks when it comes into a channel
  answer(
    model,
    model.asks.find((line) => line.includes("CHATHISTORY")),
  );
  return model;
}

/** Receive these lines from the server. */
export function hear(model, ...lines) {
  for (const line of lines) receive(model, line, NOW);
}

/** Return the lines that the model sends; its other effects stay. */
export function sent(model) {
  const found = model.effects.filter((effect) => effect.kind === "send").map((effect) => format(effect.message));
  model.effects = model.effects.filter((effect) => effect.kind !== "send");
  return found;
}

export const labelOf = (line) => /label=(\w+)/.exec(line)[1];

/** Answer a query with a batch of lines. */
export function answer(model, asked, ...lines) {
  const label = labelOf(asked);
  hear(model, `@label=${label} :irc.test BATCH +h${label} chathistory #tea`);
  for (const line of lines) hear(model, line.replace(/^@/, `@batch=h${label};`));
  hear(model, `:irc.test BATCH -h${label}`);
}

/** Return a line of history: the nth message, sent at second n. */
export function history(n, text = `line ${n}`, nick = "bob") {
  const time = new Date(NOW - 3_600_000 + n * 1000).toISOString();
  return `@time=${time};msgid=m${String(n).padStart(5, "0")} :${nick}!b@far PRIVMSG #tea :${text}`;
}

/** A browser's environment, with a clock that is moved by hand. */
export class Surroundings {
  constructor(kept = {}) {
    this.kept = kept;
    this.why = { status: 426, words: "" };
    this.sockets = [];
    this.timers = [];
    this.time = NOW;
    const surroundings = this;
    this.env = {
      WebSocket: class {
        constructor(url, protocols) {
          Object.assign(this, { url, protocols, readyState: 0, lines: [] });
          surroundings.sockets.push(this);
        }
        send(line) {
          this.lines.push(line);
        }
        close() {
          this.readyState = 3;
        }
      },
      url: "ws://localhost/ws",
      why: async () => this.why,
      location: { protocol: "http:", hostname: "localhost" },
      storage: {
        get: (name) => (name in kept ? JSON.parse(kept[name]) : null),
        put: (name, value) => (kept[name] = JSON.stringify(value)),
        forget: (name) => delete kept[name],
      },
      now: () => this.time,
      setTimeout: (run, wait) => {
        const timer = { run, at: this.time + wait };
        this.timers.push(timer);
        return timer;
      },
      clearTimeout: (timer) => (this.timers = this.timers.filter((each) => each !== timer)),
      random: () => 0.5,
    };
    this.model = new Model(parseSettings("{}"));
    this.chat = new Connection(this.model, this.env);
    this.events = [];
    this.chat.onEvent = (event) => this.events.push(event);
  }

  get socket() {
    return this.sockets.at(-1);
  }

  open() {
    this.socket.readyState = 1;
    this.socket.onopen();
  }

  hear(...lines) {
    for (const data of lines) this.socket.onmessage({ data });
  }

  lose(event = {}) {
    this.socket.readyState = 3;
    this.socket.onclose(event);
  }

  advance(milliseconds) {
    this.time += milliseconds;
    const due = this.timers.filter((timer) => timer.at <= this.time);
    this.timers = this.timers.filter((timer) => timer.at > this.time);
    for (const timer of due) timer.run();
  }

  /** Return the lines sent since the last call. */
  lines() {
    return this.socket.lines.splice(0);
  }

  /** Register and join #tea. */
  enter(nick = "ada") {
    this.chat.join(nick);
    this.open();
    this.welcome(nick);
    this.hear(`:${nick}!a@host JOIN #tea * :Ada`);
    this.lines();
  }

  welcome(nick = "ada") {
    this.hear(
      `:irc.test CAP * LS :${[...WANTED].join(" ")}`,
      `:irc.test CAP ${nick} ACK :${[...WANTED].slice(0, 12).join(" ")}`,
      `:irc.test CAP ${nick} ACK :${[...WANTED].slice(12, 24).join(" ")}`,
      `:irc.test CAP ${nick} ACK :${[...WANTED].slice(24).join(" ")}`,
      `:irc.test 001 ${nick} :Welcome`,
      `:irc.test 005 ${nick} CASEMAPPING=ascii CHATHISTORY=500 PREFIX=(qaohv)~&@%+ CHANTYPES=# :are`,
    );
  }
}
