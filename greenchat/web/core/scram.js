// The client's side of SCRAM-SHA-256, by WebCrypto: the password is never sent. https://www.rfc-editor.org/rfc/rfc5802,
// https://www.rfc-editor.org/rfc/rfc7677

const encoder = new TextEncoder();
const FEWEST = 4096;
const MOST = 2_000_000; // iterations that a server may require

/** Whether WebCrypto is available: browsers have it only for a secure connection or this machine. */
export const canProve = () => Boolean(globalThis.crypto?.subtle);

/** One exchange. Each step raises Error with a text if the server can't prove that it knows the password. */
export class Scram {
  constructor(account, password, nonce = newNonce()) {
    this.password = password.normalize("NFKC");
    this.nonce = nonce;
    this.bare = `n=${account.normalize("NFKC").replace(/=/g, "=3D").replace(/,/g, "=2C")},r=${nonce}`;
    this.signature = null;
  }

  first() {
    return `n,,${this.bare}`;
  }

  async final(challenge) {
    const fields = attributes(challenge);
    const iterations = Number(fields.i);
    if (fields.m !== undefined || !fields.r?.startsWith(this.nonce) || fields.r === this.nonce || !fields.s) {
      throw new Error("The server's login answer is not valid.");
    }
    if (!(iterations >= FEWEST && iterations <= MOST))
      throw new Error("The server's login is not safe: too few iterations.");
    const key = await crypto.subtle.importKey("raw", encoder.encode(this.password), "PBKDF2", false, ["deriveBits"]);
    const derivation = { name: "PBKDF2", hash: "SHA-256", salt: fromBase64(fields.s), iterations };
    const salted = new Uint8Array(await crypto.subtle.deriveBits(derivation, key, 256));
    const clientKey = await hmac(salted, "Client Key");
    const storedKey = new Uint8Array(await crypto.subtle.digest("SHA-256", clientKey));
    const last = `c=biws,r=${fields.r}`;
    const all = `${this.bare},${challenge},${last}`;
    const proof = await hmac(storedKey, all);
    this.signature = toBase64(await hmac(await hmac(salted, "Server Key"), all));
    return `${last},p=${toBase64(clientKey.map((byte, at) => byte ^ proof[at]))}`;
  }

  check(last) {
    const fields = attributes(last);
    if (fields.e) throw new Error(`The server refused the login: ${fields.e}`);
    if (!this.signature || fields.v !== this.signature)
      throw new Error("This server does not know your account's password.");
  }
}

/** Return the parameters of AUTHENTICATE for a text: 400 characters each, and a "+" where the last is full or there is none. */
export function chunks(text) {
  const coded = toBase64(encoder.encode(text));
  const chunks = coded.match(/.{1,400}/g) ?? [];
  return chunks.length === 0 || chunks.at(-1).length === 400 ? [...chunks, "+"] : chunks;
}

export const plain = (account, password) => `\0${account}\0${password}`;

export const toBase64 = (data) => btoa(String.fromCharCode(...data));
export const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
export const decoded = (text) => new TextDecoder().decode(fromBase64(text));

const attributes = (text) => Object.fromEntries(text.split(",").map((each) => [each[0], each.slice(2)]));

async function hmac(key, data) {
  const made = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", made, typeof data === "string" ? encoder.encode(data) : data));
}

function newNonce() {
  return [...crypto.getRandomValues(new Uint8Array(18))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
