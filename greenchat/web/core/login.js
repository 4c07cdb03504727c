// Logging in by SASL: SCRAM-SHA-256 where the browser supports it, PLAIN only over a secure connection.
// https://ircv3.net/specs/extensions/sasl-3.2

import { Scram, canProve, chunks, decoded, plain } from "./scram.js";

const LONGEST = 16_384; // characters of a server's challenge at most

/** Whether the connection to a server is secure: TLS, or this machine. location: the page's. */
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

/** One attempt to log in. code: of an authenticator app. lines: parameters of AUTHENTICATE to send. */
export class Login {
  constructor({ account, password, code = "", isBrowser = false }, offered, location) {
    this.account = account;
    this.password = code ? `${password} ${code}` : password;
    const known = offered ? offered.toUpperCase().split(",") : ["SCRAM-SHA-256", "PLAIN"];
    const usable = isBrowser ? ["EXTERNAL"] : []; // the cookie of a signed-in browser
    if (!isBrowser && !code && canProve()) usable.push("SCRAM-SHA-256");
    if (!isBrowser && isPrivate(location)) usable.push("PLAIN");
    this.mechanism = usable.find((each) => known.includes(each)) ?? "";
    this.exchange = null;
    this.step = 0;
    this.received = "";
  }

  /** Return the first line. Raises Error with a text where there is no secure mechanism. */
  start() {
    if (!this.mechanism) throw new Error(this.password ? UNSAFE : "This browser is no longer signed in.");
    return this.mechanism;
  }

  /** Return the answer to a chunk of the server's, [] while more chunks follow. Raises Error with a text. */
  async feed(chunk) {
    if (chunk !== "+") this.received += chunk;
    if (this.received.length > LONGEST) throw new Error("The server's login answer is too long.");
    if (chunk.length === 400) return [];
    const challenge = decoded(this.received);
    this.received = "";
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
