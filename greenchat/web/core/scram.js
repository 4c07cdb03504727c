// The client's side of SCRAM-SHA-256, by WebCrypto: the password is never sent. https://www.rfc-editor.org/rfc/rfc5802,
// https://www.rfc-editor.org/rfc/rfc7677

const encoder = new TextEncoder();
const FEWEST = 4096;
const MOST = 2_000_000; // iterations that a server may have us do

/** Whether this page may do it: browsers have WebCrypto only where the way to the server is safe, or none. */
export const canProve = () => Boolean(globalThis.crypto?.subtle);

/** One exchange. Each step raises Error, in words, where the server is not who it should be. */
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
    const told = attributes(challenge);
    const iterations = Number(told.i);
    if (told.m !== undefined || !told.r?.startsWith(this.nonce) || told.r === this.nonce || !told.s) {
      throw new Error("The server's login answer is not valid.");
    }
    if (!(iterations >= FEWEST && iterations <= MOST))
      throw new Error("The server's login is not safe: too few iterations.");
    const key = await crypto.subtle.importKey("raw", encoder.encode(this.password), "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: fromBase64(told.s), iterations };
    const salted = new Uint8Array(await crypto.subtle.deriveBits(how, key, 256));
    const clientKey = await hmac(salted, "Client Key");
    const storedKey = new Uint8Array(await crypto.subtle.digest("SHA-256", clientKey));
    const last = `c=biws,r=${told.r}`;
    const all = `${this.bare},${challenge},${last}`;
    const proof = await hmac(storedKey, all);
    this.signature = toBase64(await hmac(await hmac(salted, "Server Key"), all));
    return `${last},p=${toBase64(clientKey.map((byte, at) => byte ^ proof[at]))}`;
  }

  check(last) {
    const told = attributes(last);
    if (told.e) throw new Error(`The server refused the login: ${told.e}`);
    if (!this.signature || told.v !== this.signature)
      throw new Error("This server does not know your account's password.");
  }
}

/** AUTHENTICATE's parameters for a text: 400 characters each, and a "+" where the last is full or there is none. */
export function chunks(text) {
  const coded = toBase64(encoder.encode(text));
  const found = coded.match(/.{1,400}/g) ?? [];
  return found.length === 0 || found.at(-1).length === 400 ? [...found, "+"] : found;
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
