// config.json of the server: where the page connects, its default channel, and what it offers.

const PATIENCE = 5000; // milliseconds that a user who wants to join waits for the configuration

/** Load the page's configuration, which says where to connect. */
export async function configure(ui) {
  const aborter = new AbortController();
  const timer = setTimeout(() => aborter.abort(), PATIENCE);
  try {
    const response = await fetch(ui.asset("config.json"), { signal: aborter.signal });
    ui.config = { ...ui.config, ...(await response.json()) };
  } catch {
    // the server is unreachable: the page came from the service worker, and the connection will report it
  }
  clearTimeout(timer);
  ui.chat.env.url = new URL(ui.config.websocket, ui.asset("")).href.replace(/^http/, "ws");
}
