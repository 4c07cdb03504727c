// Modes: which letters of a MODE line take an argument, and a description of each.

/** Descriptions of a channel's flags; the server's help has more. */
export const FLAGS = {
  i: "invite only",
  m: "only voiced members can write",
  n: "only members can write",
  s: "not in the channel list",
  t: "only operators set the topic",
  p: "private",
  k: "requires a key",
  l: "limited number of members",
  f: "forwards if it is full",
  c: "no colours",
  C: "no CTCP",
  H: "no history for new members",
  K: "knocking is disabled",
  M: "only people with an account can write",
  O: "server operators only",
  R: "only people with an account can join",
  T: "no notices",
  U: "only operators read members without a rank",
  u: "members without a rank are hidden",
  z: "encrypted connections only",
};

export const RANKS = { q: "owner", a: "admin", o: "operator", h: "half-operator", v: "voice" };

/** Parse a MODE line's parameters: [{sign, letter, argument}]. chanmodes: ISUPPORT's four groups; prefixes: rank letters. */
export function changes(words, chanmodes, prefixes) {
  const [letters = "", ...rest] = words;
  const parsed = [];
  let sign = "+";
  for (const letter of letters) {
    if (letter === "+" || letter === "-") {
      sign = letter;
      continue;
    }
    const always = prefixes.includes(letter) || chanmodes[0]?.includes(letter) || chanmodes[1]?.includes(letter);
    const takes = always || (sign === "+" && chanmodes[2]?.includes(letter));
    parsed.push({ sign, letter, argument: takes ? (rest.shift() ?? "") : "" });
  }
  return parsed;
}

/** Return a change as text, as an action of a user. */
export function describeChange({ sign, letter, argument }) {
  const on = sign === "+";
  if (RANKS[letter] && argument) {
    if (letter === "v") return on ? `gave ${argument} a voice` : `took ${argument}'s voice`;
    return on
      ? `made ${argument} ${/^[aeio]/.test(RANKS[letter]) ? "an" : "a"} ${RANKS[letter]}`
      : `took ${argument}'s rank of ${RANKS[letter]}`;
  }
  if (letter === "b" && argument) return on ? `banned ${argument}` : `removed the ban on ${argument}`;
  if (letter === "e" && argument) return on ? `exempted ${argument} from bans` : `removed the ban exemption of ${argument}`;
  if (letter === "I" && argument) return on ? `invited ${argument} permanently` : `no longer invites ${argument}`;
  if (letter === "k") return on ? "set a key" : "removed the key";
  if (letter === "l") return on ? `limited the channel to ${argument} people` : "lets in any number of people";
  if (FLAGS[letter]) return on ? `set: ${FLAGS[letter]}` : `lifted: ${FLAGS[letter]}`;
  return `${on ? "set" : "removed"} mode ${letter}${argument ? ` ${argument}` : ""}`;
}
