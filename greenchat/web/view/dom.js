// Making elements. Text becomes text nodes, and an attribute is never code: texts of strangers can't become markup.

const PROPERTIES = new Set(
  "value checked disabled hidden tabIndex type autofocus indeterminate inert returnValue".split(" "),
);

/** Make an element: h("button.primary", {onclick, "aria-label": "Send"}, "text", child, [more], null). */
export function h(name, props = {}, ...children) {
  const [tag, ...classes] = name.split(".");
  const made = document.createElement(tag || "div");
  if (classes.length) made.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value === undefined || value === null || (value === false && !key.startsWith("aria-"))) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (PROPERTIES.has(key)) made[key] = value;
    else made.setAttribute(key, value === true && !key.startsWith("aria-") ? "" : String(value));
  }
  put(made, children);
  return made;
}

/** Append children: nodes, texts, lists of them; null and false are left out. */
export function put(parent, children) {
  for (const child of [children].flat(Infinity)) {
    if (child === null || child === undefined || child === false || child === "") continue;
    parent.append(child instanceof Node ? child : String(child));
  }
  return parent;
}

/** Replace all children. */
export function refill(parent, ...children) {
  parent.replaceChildren();
  return put(parent, children);
}

const NAMESPACE = "http://www.w3.org/2000/svg";

const PATHS = {
  menu: "M4 6h16M4 12h16M4 18h16",
  search: "M11 4a7 7 0 1 0 0 14a7 7 0 0 0 0-14M16.5 16.5L21 21",
  people:
    "M9 11a4 4 0 1 0 0-8a4 4 0 0 0 0 8M2 21v-1a6 6 0 0 1 6-6h2a6 6 0 0 1 6 6v1M16 3.5a4 4 0 0 1 0 7.5M22 21v-1a6 6 0 0 0-4-5.6",
  plus: "M12 5v14M5 12h14",
  close: "M6 6l12 12M18 6L6 18",
  reply: "M9 7l-5 5l5 5M4 12h10a6 6 0 0 1 6 6v1",
  smile: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M8.5 14.5a4.5 4.5 0 0 0 7 0M9 9.5h.01M15 9.5h.01",
  trash: "M4 7h16M9 7V4h6v3M6 7l1 13h10l1-13",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  settings: "M4 7h9M19 7h1M16 4.5v5M4 17h1M11 17h9M8 14.5v5",
  send: "M4 12l16-8l-5 16l-4-7zM11 13l9-9",
  bell: "M6 10a6 6 0 0 1 12 0c0 6 2 7 2 7H4s2-1 2-7M10 20a2 2 0 0 0 4 0",
  down: "M12 5v14M6 13l6 6l6-6",
  copy: "M9 9h11v11H9zM5 15H4V4h11v1",
  info: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M12 11v5M12 8h.01",
  link: "M10 14a4 4 0 0 0 6 0l3-3a4 4 0 0 0-6-6l-1 1M14 10a4 4 0 0 0-6 0l-3 3a4 4 0 0 0 6 6l1-1",
  clip: "M20 11l-8.5 8.5a5 5 0 0 1-7-7l9-9a3.4 3.4 0 0 1 4.8 4.8l-9 9a1.7 1.7 0 0 1-2.4-2.4l8-8",
  help: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18M9.5 9.5a2.5 2.5 0 1 1 3.5 2.3c-.7.4-1 .9-1 1.7M12 17h.01",
};

/** Make an icon without a label: its parent has one. */
export function icon(name) {
  const made = document.createElementNS(NAMESPACE, "svg");
  const path = document.createElementNS(NAMESPACE, "path");
  for (const [key, value] of Object.entries({
    viewBox: "0 0 24 24",
    class: "icon",
    "aria-hidden": "true",
    focusable: "false",
  }))
    made.setAttribute(key, value);
  path.setAttribute("d", PATHS[name]);
  made.append(path);
  return made;
}

/** Make a path in a square picture of so many units, for the QR code. */
export function square(units, path, label) {
  const made = document.createElementNS(NAMESPACE, "svg");
  const drawn = document.createElementNS(NAMESPACE, "path");
  made.setAttribute("viewBox", `0 0 ${units} ${units}`);
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", label);
  made.setAttribute("shape-rendering", "crispEdges");
  drawn.setAttribute("d", path);
  made.append(drawn);
  return made;
}

export const button = (label, onclick, props = {}) =>
  h(props.look ? `button.${props.look}` : "button", { type: "button", onclick, ...props, look: null }, label);

export const iconButton = (name, label, onclick, props = {}) =>
  h("button.icon-button", { type: "button", "aria-label": label, title: label, onclick, ...props }, icon(name));
