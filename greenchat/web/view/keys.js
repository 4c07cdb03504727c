// Keys that work everywhere on the page; those of the input field and of messages are in their files.

export function listenToKeys(ui) {
  document.addEventListener("keydown", (event) => {
    if (ui.room.hidden || event.isComposing) return;
    const inDialog = document.querySelector("dialog[open]");
    const command = event.ctrlKey || event.metaKey;
    const { key } = event;
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (command && !event.shiftKey && !event.altKey && key.toLowerCase() === "k")
      return take(event, () => inDialog || ui.dialogs.search());
    if (inDialog) return;
    if (command && key === "End") return take(event, () => ui.messages.toEnd());
    if (event.altKey && !command) {
      if (key === "ArrowUp" || key === "ArrowDown")
        return take(event, () => move(ui, key === "ArrowUp" ? -1 : 1, event.shiftKey));
      if (/^Digit[1-9]$/.test(event.code)) return take(event, () => pick(ui, Number(event.code.at(-1))));
      return;
    }
    if (command) return;
    if (key === "?" && !typing) return take(event, () => ui.dialogs.help());
    if (key === "PageUp" || key === "PageDown") return take(event, () => scroll(ui, key === "PageUp" ? -1 : 1));
    if (key === "Escape") {
      if (ui.wasOpen) return take(event, () => ui.drawer(""));
      if (!typing) return take(event, () => ui.composer.focus());
      if (!ui.messages.list.follows) return take(event, () => ui.messages.toEnd());
    }
    // typing goes to the input field
    if (!typing && key.length === 1 && document.activeElement === document.body) ui.composer.focus();
  });
}

function take(event, run) {
  event.preventDefault();
  run();
}

function move(ui, by, unread) {
  const all = ui.model.ordered;
  const at = all.indexOf(ui.model.current);
  for (let step = 1; step <= all.length; step += 1) {
    const next = all[(at + by * step + all.length * step) % all.length];
    if (!unread || next.unread) return ui.open(next);
  }
}

function pick(ui, number) {
  const buffer = ui.model.ordered[number - 1];
  if (buffer) ui.open(buffer);
}

function scroll(ui, by) {
  const { scroller } = ui.messages;
  scroller.scrollTop += by * scroller.clientHeight * 0.85;
}
