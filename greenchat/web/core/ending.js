// Why there is no connection, or no longer one, as text.

export const FORBIDDEN = 403; // an HTTP status: trying again is useless
const HANDSHAKE_WANTED = 426;
const NO_WEBSOCKET = "The server answers, but this page can't connect: a proxy in between may not support WebSocket.";

/** Return why a connection ended. link: see state.js; event: of the WebSocket, when it closed. */
export function reason(link, event) {
  if (link.lastWords) return sentence(link.lastWords);
  if (event.reason) return sentence(event.reason);
  if (event.code === 1001) return "The server is shutting down.";
  if (event.code === 1013) return "The server is full.";
  return link.state === "connecting" ? "The server can't be reached." : "The server is gone.";
}

/** Return why a connection was refused, by the HTTP answer in its place; "" if that doesn't tell. */
export function refusal({ status, words }) {
  if (status === HANDSHAKE_WANTED) return NO_WEBSOCKET;
  return status >= 400 && words ? sentence(words) : "";
}

const sentence = (text) => {
  const inner = /^closing link:?.*?\((.*)\)$/i.exec(text)?.[1] || text.replace(/^closing link:? */i, "") || text;
  return /[.!?…]$/.test(inner) ? inner : `${inner}.`;
};
