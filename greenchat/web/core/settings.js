// The user's settings, stored in the browser. An invalid value falls back to the default.

export const DEFAULTS = Object.freeze({
  theme: "system", // or light, dark
  notifications: false,
  passing: true, // show JOIN, PART and QUIT
  seconds: false,
  typing: true, // send typing notifications
  highlights: [],
  ignored: [],
  watched: [],
  aliases: {},
  overrides: {}, // a window's name in lower case, or * for all: words of OVERRIDES
});

export const OVERRIDES = ["mute", "notify", "no-highlight", "hide-joins"];
export const THEMES = ["system", "light", "dark"];

/** Return the settings of a JSON text, each of the right type. */
export function parseSettings(text) {
  let kept;
  try {
    kept = JSON.parse(text ?? "{}");
  } catch {
    kept = {};
  }
  const settings = structuredClone({ ...DEFAULTS });
  for (const [name, value] of Object.entries(DEFAULTS))
    if (kindOf(kept?.[name]) === kindOf(value)) settings[name] = kept[name];
  for (const name of ["highlights", "ignored", "watched"])
    settings[name] = settings[name].filter((each) => typeof each === "string");
  if (!THEMES.includes(settings.theme)) settings.theme = DEFAULTS.theme;
  return settings;
}

const kindOf = (value) => (Array.isArray(value) ? "array" : value === null ? "null" : typeof value);
