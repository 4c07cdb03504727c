// The frame of the page: the lists, which cover the messages on narrow screens, and short notices and questions.
// The page is a frame that contains the views.

import { button, h } from "./dom.js";
import { ofBrowser } from "./storage.js";

const NARROW = matchMedia("(max-width: 760px)");
const TOAST = 6000; // milliseconds

export class Frame {
  /** Show the lists where there is room for them. */
  fit() {
    const fit = () => {
      this.drawer("");
      this.showMembers(!NARROW.matches && (ofBrowser.get("members") ?? true), false);
    };
    NARROW.addEventListener("change", fit);
    fit();
  }

  /** Open the list of conversations ("sidebar") or of members over the messages, or close both (""). */
  drawer(name) {
    const { element } = this.sidebar;
    const open = NARROW.matches ? name : "";
    if (NARROW.matches && name !== "members") this.showMembers(false, false);
    element.classList.toggle("open", open === "sidebar");
    element.inert = NARROW.matches && open !== "sidebar";
    this.shade.hidden = !open;
    this.main.inert = Boolean(open);
    if (open === "sidebar") element.querySelector("button")?.focus();
    else if (!open && this.wasOpen) this.composer.focus();
    this.wasOpen = open;
  }

  membersShown() {
    return !this.members.element.hidden;
  }

  toggleMembers() {
    const shown = !this.membersShown();
    if (NARROW.matches) {
      this.drawer(shown ? "members" : "");
      this.showMembers(shown, false);
      if (shown) this.members.element.querySelector("button")?.focus();
    } else this.showMembers(shown);
  }

  /** keep: store the choice. */
  showMembers(shown, keep = true) {
    this.membersWanted = shown;
    if (keep) ofBrowser.put("members", shown);
    this.members.element.hidden = !shown || this.model.current.kind !== "channel";
    if (shown) this.members.draw();
    this.header.draw();
  }

  /** Show a notice for a moment. */
  toast(text) {
    const made = h("p.toast", { dir: "auto" }, text);
    this.toasts.append(made);
    setTimeout(() => made.remove(), TOAST);
  }

  /** Ask a question that can wait, above the messages. answers: [label, action], the likely one first. */
  offer(text, answers) {
    const made = h("div.offer", {}, h("span", { dir: "auto" }, text));
    answers.forEach(([label, run], at) => {
      const answer = () => {
        made.remove();
        run();
      };
      made.append(button(label, answer, { look: at ? "quiet" : "primary" }));
    });
    this.offers.append(made);
  }
}
