// Logging in by SASL: SCRAM-SHA-256 where the browser can, a password in the clear only where nobody can listen.
// https://ircv3.net/specs/extensions/sasl-3.2

import { Scram, canProve, chunks, decoded, plain } from "./scram.js";

const LONGEST = 16_384; // characters that a server's challenge may have

/** Whether nobody can listen on the way to a server: TLS, or this machine. location: the page's. */
export function isPrivate(location) {
  const host = location.hostname;
  return (
    location.protocol === "https:" ||
    host === "localhost" ||
    host.endsWith(".localhost") ||
    host === "[::1]" ||
    /^127\./.test(host)
  );
}

export const UNSAFE =
  "This page was not loaded over https://, so your password could be read by others. Open it with https:// to log in.";

/** One try to log in. code: of an authenticator app, for which SCRAM has no place. lines: what is to be sent, as parameters of AUTHENTICATE. */
export class Login {
  constructor({ account, password, code = "", isBrowser = false }, offered, location) {
    this.account = account;
    this.password = code ? `${password} ${code}` : password;
    const known = offered ? offered.toUpperCase().split(",") : ["SCRAM-SHA-256", "PLAIN"];
    const usable = isBrowser ? ["EXTERNAL"] : []; // the cookie of a browser that stays signed in
    if (!isBrowser && !code && canProve()) usable.push("SCRAM-SHA-256");
    if (!isBrowser && isPrivate(location)) usable.push("PLAIN");
    this.mechanism = usable.find((each) => known.includes(each)) ?? "";
    this.exchange = null;
    this.step = 0;
    this.heard = "";
  }

  /** The first line. Raises Error, in words, where there is no safe way. */
  start() {
    if (!this.mechanism) throw new Error(this.password ? UNSAFE : "This browser is no longer signed in.");
    return this.mechanism;
  }

  /** The answer to a piece of what the server says, [] while more of it is to come. Raises Error, in words. */
  async feed(chunk) {
    if (chunk !== "+") this.heard += chunk;
    if (this.heard.length > LONGEST) throw new Error("The server's login answer is too long.");
    if (chunk.length === 400) return [];
    const challenge = decoded(this.heard);
    this.heard = "";
    this.step += 1;
    return chunks(await this.#answer(challenge));
  }

  async #answer(challenge) {
    if (this.mechanism === "EXTERNAL") return "";
    if (this.mechanism === "PLAIN") return plain(this.account, this.password);
    if (this.step === 1) {
      this.exchange = new Scram(this.account, this.password);
      return this.exchange.first();
    }
    if (this.step === 2) return this.exchange.final(challenge);
    this.exchange.check(challenge);
    return "";
  }
}
