// Files: dropped, pasted or chosen ones are uploaded, and their links put into the input field.

import { spans } from "../core/format.js";
import { button, h, refill } from "./dom.js";

const OURS = /^files\/[\w-]{22}(?=\.(?:jpg|png|gif|webp|avif)$)/;

export class Uploads {
  constructor(ui) {
    this.ui = ui;
    this.queue = [];
    this.bar = h("progress", { max: 1, "aria-label": "Upload" });
    this.name = h("span", { dir: "auto" });
    this.element = h("div.replying", { hidden: true });
    refill(this.element, this.name, this.bar, button("Cancel", () => this.cancel()));
    this.picker = h("input", { type: "file", multiple: true, hidden: true, onchange: () => this.picked() });
    for (const kind of ["dragover", "drop"]) document.addEventListener(kind, (event) => this.dropped(event));
  }

  /** Whether the server accepts files. */
  get offered() {
    return Boolean(this.ui.config.files);
  }

  picked() {
    this.add(this.picker.files);
    this.picker.value = "";
  }

  dropped(event) {
    if (!this.offered || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault(); // the browser would leave the page and show the file
    if (event.type === "drop") this.add(event.dataTransfer.files);
  }

  add(files) {
    const idle = !this.queue.length;
    this.queue.push(...files);
    if (idle && this.queue.length) this.run();
  }

  /** Upload files one after the other. */
  async run() {
    while (this.queue.length) {
      const [file] = this.queue;
      try {
        this.ui.composer.insert(`${await this.send(file)} `);
      } catch (error) {
        this.queue.length = 1;
        this.ui.toast(`${file.name}: ${error.message}`);
      }
      this.queue.shift();
    }
    this.element.hidden = true;
  }

  async send(file) {
    const { files } = this.ui.config;
    if (file.size > files.size) throw new Error(`a file can have at most ${Math.floor(files.size / 2 ** 20)} MiB`);
    const token = await this.token();
    this.name.textContent = file.name;
    this.bar.removeAttribute("value");
    this.element.hidden = false;
    return new Promise((resolve, reject) => {
      const request = (this.request = new XMLHttpRequest());
      request.open("POST", this.ui.asset("files"));
      if (token) request.setRequestHeader("Authorization", `Bearer ${token}`);
      const name = encodeURIComponent(file.name).replace(/['()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);
      request.setRequestHeader("Content-Disposition", `attachment; filename*=UTF-8''${name}`);
      request.upload.onprogress = ({ loaded, total }) => (this.bar.value = loaded / total);
      request.onload = () => {
        if (request.status !== 201) return reject(new Error(request.responseText.trim() || "the server refused it"));
        resolve(new URL(request.getResponseHeader("Location"), this.ui.asset("")).href);
      };
      request.onerror = () => reject(new Error("the connection was lost"));
      request.onabort = () => reject(new Error("cancelled"));
      request.send(file);
    });
  }

  /** Return the authorization for an upload: "" for guests, if they may upload. */
  async token() {
    const { model, chat, config } = this.ui;
    if (!model.account && config.files.guests) return "";
    const answers = await chat.ask("FILEHOST", "TOKEN");
    const token = answers.find(({ command }) => command === "FILEHOST")?.params.at(-1);
    if (!token) throw new Error(answers.at(-1)?.params.at(-1) ?? "you are not connected");
    return token;
  }

  cancel() {
    this.request?.abort();
  }
}

/** Return the links of a text to pictures on this server. */
export function pictures(ui, text) {
  const places = [ui.config.files?.url, ui.asset("")].filter(Boolean);
  const drawn = [];
  for (const { href } of ui.config.files ? spans(text) : []) {
    const place = places.find((each) => href?.startsWith(each));
    const path = place && OURS.exec(href.slice(place.length))?.[0];
    if (path) drawn.push(shown(ui, href, path));
  }
  return drawn.length > 0 && h("div.pictures", {}, drawn);
}

function shown(ui, href, path) {
  const picture = h("img", { src: ui.asset(`${path}/thumbnail`), alt: "Picture", onerror: () => link.remove() });
  const link = h("a", { href, target: "_blank", rel: "noopener noreferrer" }, picture);
  return link;
}
