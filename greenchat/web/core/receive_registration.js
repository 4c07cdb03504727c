// Registration: capabilities, logging in, the welcome, and errors, as text.
// https://ircv3.net/specs/extensions/capability-negotiation

import { refuse } from "./speak.js";
import { folder } from "./text.js";

/** The capabilities that the page requests. */
export const WANTED = new Set(
  `account-notify account-tag away-notify batch cap-notify chghost echo-message extended-join extended-monitor
  invite-notify labeled-response message-tags multi-prefix sasl server-time setname standard-replies userhost-in-names
  draft/account-registration draft/channel-rename draft/chathistory draft/event-playback draft/extended-isupport
  draft/message-redaction draft/multiline draft/read-marker draft/webpush
  greenchat/resume soju.im/search`.split(/\s+/),
);

const JOINED = 5; // channels in one line, which then fits

const NOT_IN = {
  432: "nick",
  433: "taken",
  436: "taken",
  437: "taken",
};

export const REGISTRATION = {
  CAP(model, { params: [, verb, ...rest] }) {
    const words = rest.at(-1)?.split(" ").filter(Boolean) ?? [];
    if (verb === "LS" || verb === "NEW") {
      for (const word of words) {
        const [name, ...value] = word.split("=");
        model.offered.set(name, value.join("="));
      }
      if (verb === "LS" && rest[0] === "*" && rest.length > 1) return; // more lines follow
      request(model, verb === "LS");
    } else if (verb === "ACK") {
      for (const word of words) {
        if (word.startsWith("-")) model.caps.delete(word.slice(1));
        else model.caps.add(word);
      }
      model.link.requested -= 1;
      negotiated(model);
    } else if (verb === "NAK") {
      model.link.requested -= 1;
      negotiated(model);
    } else if (verb === "DEL") {
      for (const word of words) {
        model.caps.delete(word);
        model.offered.delete(word);
      }
    }
    model.change("head");
  },
  AUTHENTICATE(model, { params }) {
    model.effects.push({ kind: "sasl", chunk: params[0] ?? "+" });
  },
  900(model, { params: [, , account] }) {
    model.account = account;
    model.change("all");
  },
  901(model) {
    model.account = "";
    model.change("all");
  },
  903: (model) => loginEnded(model, ""),
  902: (model, { params }) => loginEnded(model, params.at(-1)),
  904: (model, { params }) => loginEnded(model, params.at(-1)),
  905: (model, { params }) => loginEnded(model, params.at(-1)),
  906: (model) => loginEnded(model, ""),
  907: (model) => loginEnded(model, ""),
  908() {}, // the list of mechanisms; 904 follows
  "001"(model, { params, source }) {
    model.nick = params[0];
    model.server = source;
    model.link.state = "online";
    model.link.words = "";
    model.link.tries = 0;
    model.token = "";
    model.change("all");
    model.effects.push({ kind: "welcome" });
    rejoin(model);
    if (model.settings.watched.length) model.send("MONITOR", "+", model.settings.watched.join(","));
  },
  "005"(model, { params }) {
    for (const word of params.slice(1, -1)) {
      const [name, ...value] = word.split("=");
      if (name.startsWith("-")) model.isupport.delete(name.slice(1));
      else model.isupport.set(name, unescaped(value.join("=")));
    }
    const known = model.isupport;
    const [, letters, symbols] = /^\((.*)\)(.*)$/.exec(known.get("PREFIX") ?? "") ?? ["", "qaohv", "~&@%+"];
    [model.prefixes, model.symbols] = [letters, symbols];
    model.chantypes = known.get("CHANTYPES") ?? "#";
    model.chanmodes = (known.get("CHANMODES") ?? "beI,k,fl,imnst").split(",");
    model.network = known.get("NETWORK") ?? model.network;
    refold(model, folder(known.has("UTF8MAPPING") ? "rfc8265" : known.get("CASEMAPPING")));
    model.change("head", "buffers");
  },
  RESUME(model, { params }) {
    model.token = params[0] ?? "";
    model.effects.push({ kind: "keep" });
  },
  PING(model, { params }) {
    model.send("PONG", ...params);
  },
  PONG() {},
  ERROR(model, { params }) {
    if (!model.link.banned) model.link.lastWords = params.at(-1) ?? "";
  },
  465(model, { params }) {
    model.link.lastWords = params.at(-1);
    model.link.banned = true;
  },
  FAIL(model, message, now) {
    const [command, code, ...rest] = message.params;
    if (command === "AUTHENTICATE") {
      model.link.wantsCode = code.startsWith("CODE_"); // of an authenticator app; the numeric that follows has the text
      return;
    }
    if (code === "ACCOUNT_REQUIRED") model.link.lastWords = rest.at(-1);
    failed(model, message, now);
  },
  WARN: (model, { params }, now) => model.tell(params.at(-1), "info", model.current, now),
  NOTE: (model, { params }, now) => model.tell(params.at(-1), "info", model.current, now),
};
for (const [number, why] of Object.entries(NOT_IN)) {
  REGISTRATION[number] = (model, { params }, now) => {
    const words = params.at(-1);
    if (model.link.state === "online") model.tell(`${params[1]}: ${words}`, "error", model.current, now);
    else model.effects.push({ kind: "refused", why, nick: params[1], words, owned: /account|registered/i.test(words) });
  };
}

function failed(model, { params, tags }, now) {
  const words = params.at(-1);
  if (refuse(model, tags.label, words)) return;
  if (params[0] === "*" && model.link.state !== "online") model.link.lastWords = words;
  model.tell(words, "error", model.current, now);
}

/** Rejoin channels, in as few lines as possible. */
function rejoin(model) {
  const wanted = [...model.autojoin.values()].sort((a, b) => Boolean(b.key) - Boolean(a.key)); // those with keys first
  for (let at = 0; at < wanted.length; at += JOINED) {
    const portion = wanted.slice(at, at + JOINED);
    const keys = portion.map(({ key }) => key).filter(Boolean);
    model.send("JOIN", portion.map(({ name }) => name).join(","), ...(keys.length ? [keys.join(",")] : []));
  }
}

function request(model, first) {
  const names = [...model.offered.keys()].filter((name) => WANTED.has(name) && !model.caps.has(name));
  model.link.requested = 0;
  for (let at = 0; at < names.length; at += 12) {
    model.send("CAP", "REQ", names.slice(at, at + 12).join(" "));
    model.link.requested += 1;
  }
  if (first) {
    model.link.negotiating = true;
    negotiated(model);
  }
}

function negotiated(model) {
  if (!model.link.negotiating || model.link.requested > 0) return;
  model.link.negotiating = false;
  if (model.credentials && model.caps.has("sasl")) {
    model.link.proving = true;
    model.effects.push({ kind: "login" });
  } else model.send("CAP", "END");
}

function loginEnded(model, why) {
  const first = model.link.proving;
  model.link.proving = false;
  model.effects.push({ kind: "login ended", why, first });
  if (first && !why) model.send("CAP", "END");
}

function refold(model, fold) {
  const before = model.fold;
  model.fold = fold;
  if (before("[A") === fold("[A") && before("Ä") === fold("Ä")) return;
  const again = (map, name) => new Map([...map.values()].map((each) => [fold(name(each)), each]));
  model.buffers = again(model.buffers, (buffer) => buffer.name);
  for (const buffer of model.buffers.values()) {
    buffer.key = fold(buffer.name);
    buffer.members = again(buffer.members, (member) => member.nick);
  }
  model.autojoin = again(model.autojoin, (each) => each.name);
}

const unescaped = (text) => text.replace(/\\x([\da-f]{2})/gi, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
