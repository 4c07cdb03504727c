// Commands about the settings: highlight words, ignored users, aliases.

import { command, splitFirst } from "./commands.js";
import { OVERRIDES } from "./settings.js";

command("set", "[setting [value]]", "Show or change the settings.", (order) => order.effect("settings wanted"), {
  group: "settings",
});
command(
  "toggle",
  "setting",
  "Switch a setting on or off.",
  (order) => {
    const [name] = order.words;
    const { settings } = order.model;
    if (typeof settings[name] !== "boolean" || !Object.hasOwn(settings, name))
      order.fail(`${name} can't be switched on and off. See /set.`);
    settings[name] = !settings[name];
    order.effect("settings");
    order.tell(`${name} is ${settings[name] ? "on" : "off"}.`);
  },
  { least: 1, example: "/toggle seconds", group: "settings" },
);
command(
  "unset reset",
  "setting",
  "Reset a setting to its default.",
  (order) => order.effect("settings wanted"),
  {
    least: 1,
    example: "/unset theme",
    group: "settings",
  },
);
command(
  "alias",
  "[name [command]]",
  "Define an alias. $1 to $9 are the arguments, $* all of them.",
  (order) => {
    const [name, replacement] = splitFirst(order.args);
    const { aliases } = order.model.settings;
    if (!replacement) {
      const shown = Object.entries(aliases).filter(([each]) => !name || each === name);
      for (const [each, text] of shown) order.tell(`/${each} is /${text}`);
      if (!shown.length) order.tell("There are no aliases. Example: /alias hug me hugs $1");
      return;
    }
    order.model.settings.aliases = { ...aliases, [name.replace(/^\//, "").toLowerCase()]: replacement.replace(/^\//, "") };
    order.effect("settings");
    order.tell(`/${name} is /${replacement}`);
  },
  { example: "/alias hug me hugs $1", group: "settings" },
);
command(
  "unalias",
  "name",
  "Remove an alias.",
  (order) => {
    const { [order.words[0].toLowerCase()]: gone, ...left } = order.model.settings.aliases;
    if (gone === undefined) order.fail(`There is no alias ${order.words[0]}.`);
    order.model.settings.aliases = left;
    order.effect("settings");
  },
  { least: 1, example: "/unalias hug", group: "settings" },
);
keptList(
  "highlight hilight hl",
  "dehighlight dehilight dhl",
  "highlights",
  "word",
  "cake",
  ["Highlight messages with a word, or list the words.", "Remove a highlight word."],
  "Only your nickname is highlighted.",
);
keptList(
  "ignore",
  "unignore",
  "ignored",
  "nick or mask",
  "*!*@spam.example",
  ["Ignore somebody, or show the ignore list.", "Stop ignoring somebody."],
  "Your ignore list is empty.",
);

command(
  "override",
  "[window [what ...]]",
  "Override settings for one window: mute, notify, no-highlight, hide-joins; `nothing` resets.",
  (order) => {
    const { settings, fold } = order.model;
    const [name, ...words] = order.words;
    if (!name) {
      for (const [each, chosen] of Object.entries(settings.overrides)) order.tell(`${each}: ${chosen.join(", ")}`);
      if (!Object.keys(settings.overrides).length)
        order.tell("There are no overrides. See /help override.");
      return;
    }
    const wrong = words.find((word) => !OVERRIDES.includes(word));
    if (wrong) order.fail(`There is no ${wrong}, only ${OVERRIDES.join(", ")}.`);
    const { [fold(name)]: before, ...others } = settings.overrides;
    settings.overrides = words.length ? { ...others, [fold(name)]: words } : others;
    order.effect("settings");
    order.tell(
      words.length
        ? `${name}: ${words.join(", ")}`
        : before
          ? `${name} has no overrides now.`
          : `${name} had no overrides.`,
    );
  },
  { example: "/override #busy mute hide-joins", group: "settings" },
);

function keptList(names, removing, key, what, example, [summary, summaryBack], empty) {
  const [add, remove] = [names.split(" ")[0], removing.split(" ")[0]];
  command(
    names,
    `[${what}]`,
    summary,
    (order) => {
      const { settings } = order.model;
      if (!order.args) return order.tell(settings[key].join(", ") || empty);
      settings[key] = [...settings[key].filter((each) => each.toLowerCase() !== order.args.toLowerCase()), order.args];
      order.effect("settings");
      order.tell(`${order.args}: added. To undo: /${remove} ${order.args}`);
    },
    { example: `/${add} ${example}`, group: key === "ignored" ? "people" : "settings" },
  );
  command(
    removing,
    what,
    summaryBack,
    (order) => {
      const { settings } = order.model;
      const left = settings[key].filter((each) => each.toLowerCase() !== order.args.toLowerCase());
      if (left.length === settings[key].length) order.fail(`${order.args} is not on the list. /${add} shows it.`);
      settings[key] = left;
      order.effect("settings");
    },
    { least: 1, example: `/${remove} ${example}`, group: key === "ignored" ? "people" : "settings" },
  );
}
