// Modes: which of a MODE line's letters take an argument, and all of them in words.

/** What a channel's flags mean; the server's own help says more. */
export const FLAGS = {
  i: "only who is invited may come in",
  m: "only those with a voice may speak",
  n: "only members may write to it",
  s: "it is in no list of channels",
  t: "only operators change the topic",
  p: "it is private",
  k: "it has a key",
  l: "it takes only so many people",
  f: "who finds it full is sent on",
  c: "no colours",
  C: "no CTCP",
  H: "newcomers don't see what was said before",
  K: "nobody may knock",
  M: "only the logged-in may speak",
  O: "server operators only",
  R: "only the logged-in may come in",
  T: "no notices",
  U: "operators see first what newcomers write",
  u: "members can't see each other",
  z: "encrypted connections only",
};

export const RANKS = { q: "owner", a: "admin", o: "operator", h: "half-operator", v: "voice" };

/** [{sign, letter, argument}] of a MODE line's parameters. chanmodes: ISUPPORT's four groups; prefixes: rank letters. */
export function changes(words, chanmodes, prefixes) {
  const [letters = "", ...rest] = words;
  const found = [];
  let sign = "+";
  for (const letter of letters) {
    if (letter === "+" || letter === "-") {
      sign = letter;
      continue;
    }
    const always = prefixes.includes(letter) || chanmodes[0]?.includes(letter) || chanmodes[1]?.includes(letter);
    const takes = always || (sign === "+" && chanmodes[2]?.includes(letter));
    found.push({ sign, letter, argument: takes ? (rest.shift() ?? "") : "" });
  }
  return found;
}

/** One change in words, as something that somebody did. */
export function told({ sign, letter, argument }) {
  const on = sign === "+";
  if (RANKS[letter] && argument) {
    if (letter === "v") return on ? `gave ${argument} a voice` : `took ${argument}'s voice`;
    return on
      ? `made ${argument} ${/^[aeio]/.test(RANKS[letter]) ? "an" : "a"} ${RANKS[letter]}`
      : `took ${argument}'s rank of ${RANKS[letter]}`;
  }
  if (letter === "b" && argument) return on ? `banned ${argument}` : `lifted the ban on ${argument}`;
  if (letter === "e" && argument) return on ? `let no ban hold for ${argument}` : `let bans hold for ${argument}`;
  if (letter === "I" && argument) return on ? `invited ${argument} for good` : `no longer invites ${argument}`;
  if (letter === "k") return on ? "set a key" : "removed the key";
  if (letter === "l") return on ? `lets in ${argument} people at most` : "lets in any number of people";
  if (FLAGS[letter]) return on ? `set: ${FLAGS[letter]}` : `lifted: ${FLAGS[letter]}`;
  return `${on ? "set" : "removed"} mode ${letter}${argument ? ` ${argument}` : ""}`;
}
