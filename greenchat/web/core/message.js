// Parsing and formatting a line of IRC, without knowledge of the chat. https://modern.ircdocs.horse/#message-format,
// https://ircv3.net/specs/extensions/message-tags

const ESCAPES = { ":": ";", s: " ", "\\": "\\", r: "\r", n: "\n" };
const ESCAPED = { ";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n" };

/** Return {tags, source, nick, user, host, command, params} of a line without its line break; null for a blank one. */
export function parse(line) {
  const tags = Object.create(null);
  let rest = line;
  if (rest.startsWith("@")) {
    const [head, tail] = cut(rest.slice(1));
    for (const item of head.split(";")) {
      const at = item.indexOf("=");
      const name = at < 0 ? item : item.slice(0, at);
      if (name) tags[name] = at < 0 ? "" : unescapeTag(item.slice(at + 1));
    }
    rest = tail;
  }
  let source = "";
  if (rest.startsWith(":")) [source, rest] = cut(rest.slice(1));
  const params = [];
  while (rest) {
    if (rest.startsWith(":") && params.length) {
      params.push(rest.slice(1));
      break;
    }
    const [word, tail] = cut(rest);
    if (word) params.push(word);
    rest = tail;
  }
  if (!params.length) return null;
  const command = params.shift().toUpperCase();
  return { tags, source, ...parseSource(source), command, params };
}

/** Return the line of a message. Raises Error if it would become two lines or other parameters. */
export function format({ tags = {}, command, params = [] }) {
  const words = Object.entries(tags).map(([name, value]) => (value === "" ? name : `${name}=${escapeTag(value)}`));
  const head = words.length ? `@${words.join(";")} ` : "";
  const middle = params.slice(0, -1).map(String);
  const last = params.length ? String(params.at(-1)) : null;
  if ([command, ...middle].some((word) => word === "" || word.startsWith(":") || /[ \r\n\0]/.test(word)))
    throw new Error("A parameter is empty or contains a space.");
  if (last !== null && /[\r\n\0]/.test(last)) throw new Error("A line break can't be sent inside a line.");
  const plain = last !== null && last !== "" && !last.startsWith(":") && !last.includes(" ");
  return head + [command, ...middle, ...(last === null ? [] : [plain ? last : `:${last}`])].join(" ");
}

/** Return {nick, user, host} of `nick!user@host`; a server's name is a nick without a host. */
export function parseSource(source) {
  const [, nick, user, host] = /^([^!@]*)(?:!([^@]*))?(?:@(.*))?$/s.exec(source) ?? ["", source, "", ""];
  return { nick, user: user ?? "", host: host ?? "" };
}

/** "The server-time tag's value is in the format YYYY-MM-DDThh:mm:ss.sssZ": return milliseconds, or `otherwise`. */
export function timeOf(message, otherwise) {
  const time = Date.parse(message.tags.time ?? "");
  return Number.isNaN(time) ? otherwise : time;
}

export const timestamp = (milliseconds) => `timestamp=${new Date(milliseconds).toISOString()}`;

function unescapeTag(value) {
  return value.replace(/\\(.?)/gs, (_, letter) => ESCAPES[letter] ?? letter);
}

function escapeTag(value) {
  return String(value).replace(/[; \\\r\n]/g, (letter) => ESCAPED[letter]);
}

function cut(text) {
  const at = text.indexOf(" ");
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at).replace(/^ +/, "")];
}
