// Which channel an address of the page names, and the address of a channel.

/** The channel of /#dev, /##dev or /join/dev; "" for none. location: {pathname, hash}. */
export function channelOf({ pathname, hash }) {
  const joined = /\/join\/([^/]+)\/?$/.exec(pathname)?.[1];
  const text = decoded(hash.length > 1 ? hash : joined ? `#${joined}` : "");
  const name = text.startsWith("#") ? text : text && `#${text}`;
  return /^#[^\s,\u0000-\u001f]+$/u.test(name) ? name : "";
}

/** Where a channel is found. base: the page's own address, with its slash. */
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
