// What the user chose, kept in the browser. A broken or foreign value falls back to the default.

export const DEFAULTS = Object.freeze({
  theme: "system", // or light, dark
  notifications: false,
  passing: true, // show who comes and goes
  seconds: false,
  typing: true, // tell others that one types
  highlights: [],
  ignored: [],
  watched: [],
  aliases: {},
  overrides: {}, // a window's name in small letters, or * for all: words of OVERRIDES
});

export const OVERRIDES = ["mute", "notify", "no-highlight", "hide-joins"];
export const THEMES = ["system", "light", "dark"];

/** The settings in a JSON text, each of the right kind. */
export function parseSettings(text) {
  let kept;
  try {
    kept = JSON.parse(text ?? "{}");
  } catch {
    kept = {};
  }
  const found = structuredClone({ ...DEFAULTS });
  for (const [name, value] of Object.entries(DEFAULTS))
    if (kindOf(kept?.[name]) === kindOf(value)) found[name] = kept[name];
  for (const name of ["highlights", "ignored", "watched"])
    found[name] = found[name].filter((each) => typeof each === "string");
  if (!THEMES.includes(found.theme)) found.theme = DEFAULTS.theme;
  return found;
}

const kindOf = (value) => (Array.isArray(value) ? "array" : value === null ? "null" : typeof value);
