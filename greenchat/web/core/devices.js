// NickServ's lists of connections and tokens, as rows that can be ended one by one.

const SESSION = /^#(\d+)( \(this one\))? {2}(\S+|\(not yet registered\)) from (.+)$/;
const TOKEN = /^(\S+) {2}(bot|hook|session)\b(.*)$/;
const KINDS = { bot: "A program", hook: "A hook", session: "A browser that stays signed in" };

/** Parse the answers to SESSIONS: [{number, own, words}]. */
export function sessionsOf(texts) {
  return texts.map((text) => SESSION.exec(text)).filter(Boolean).map(([, number, own, source, where]) => ({
    number,
    own: Boolean(own),
    words: `${source.split("!")[0]} from ${where}`,
  }));
}

/** Parse the answers to TOKEN LIST: [{id, kind, words}]. */
export function tokensOf(texts) {
  return texts.map((text) => TOKEN.exec(text)).filter(Boolean).map(([, id, kind, rest]) => ({ id, kind, words: KINDS[kind] + rest }));
}

/** Return the secret in the answer to TOKEN CREATE; "" if it was refused. */
export const secretOf = (texts) => /(?:again|once\)): (\S+)$/.exec(texts[0] ?? "")?.[1] ?? "";
