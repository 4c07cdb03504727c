// The channel in a URL of the page, and the URL of a channel.

/** Return the channel of /#dev, /##dev or /join/dev; "" for none. location: {pathname, hash}. */
export function channelOf({ pathname, hash }) {
  const joined = /\/join\/([^/]+)\/?$/.exec(pathname)?.[1];
  const text = decoded(hash.length > 1 ? hash : joined ? `#${joined}` : "");
  const name = text.startsWith("#") ? text : text && `#${text}`;
  return /^#[^\s,\u0000-\u001f]+$/u.test(name) ? name : "";
}

/** Return the URL of a channel. base: the page's own URL, with its slash. */
export function addressOf(base, name) {
  const [, signs, rest] = /^(#*)(.*)$/s.exec(name);
  return base + signs + encodeURIComponent(rest);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
