// A list with only its visible rows in the document, so that ten thousand scroll like ten. Heights are measured
// when rows are drawn, and estimated before; the visible rows stay in place while others change around them.

const OVERSCAN = 600; // pixels drawn above and below the visible part
const AT_END = 40; // pixels from the end within which the list follows new rows

export class VirtualList {
  /** scroller: the element that scrolls; content: its child. draw(row) returns an element, signature(row) what it is made of. */
  constructor(scroller, content, { draw, signature, guess, onMove }) {
    Object.assign(this, { scroller, content, draw, signature, guess, onMove });
    this.rows = [];
    this.tops = [0];
    this.heights = new Map(); // key -> pixels
    this.drawn = new Map(); // key -> {element, signature}
    this.follows = true; // whether the list is scrolled to the end
    this.width = 0;
    scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    new ResizeObserver(() => this.resized()).observe(scroller);
  }

  /** Show other rows; `follow` scrolls to their end. edge: the end of the visible part that stays in place. */
  setRows(rows, { follow = this.follows, edge = "top" } = {}) {
    const anchor = follow ? null : this.anchor(edge);
    this.rows = rows;
    this.measureTops();
    this.follows = follow;
    this.layout(anchor);
  }

  /** Scroll to a row; return false if there is none. */
  show(key) {
    const at = this.rows.findIndex((row) => row.key === key);
    if (at < 0) return false;
    this.follows = false;
    this.scroller.scrollTop = Math.max(0, this.tops[at] - this.scroller.clientHeight / 3);
    this.layout({ key, offset: this.tops[at] - this.scroller.scrollTop });
    return true;
  }

  toEnd() {
    this.follows = true;
    this.layout(null);
  }

  elementOf(key) {
    return this.drawn.get(key)?.element ?? null;
  }

  /** Return the first (or last) visible message row, and its position. */
  anchor(edge = "top") {
    const [top, bottom] = [this.scroller.scrollTop, this.scroller.scrollTop + this.scroller.clientHeight];
    const inSight = [];
    for (let at = this.find(top); at < this.rows.length && this.tops[at] < bottom; at += 1) inSight.push(at);
    const messageRows = inSight.filter((at) => this.rows[at].type === "talk" && this.tops[at] >= top - 400);
    const at = (edge === "top" ? (messageRows[0] ?? inSight[0]) : (messageRows.at(-1) ?? inSight.at(-1))) ?? 0;
    return this.rows[at] ? { key: this.rows[at].key, offset: this.tops[at] - top } : null;
  }

  scrolled() {
    if (this.moving) return;
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.follows = scrollHeight - scrollTop - clientHeight < AT_END;
    this.layout(this.follows ? null : this.anchor(), true);
    this.onMove();
  }

  resized() {
    const width = this.scroller.clientWidth;
    if (!this.scroller.clientHeight) return;
    const anchor = this.follows ? null : this.anchor();
    if (width !== this.width) {
      this.width = width;
      this.heights.clear();
      this.measureTops();
    }
    this.layout(anchor);
  }

  measureTops() {
    const tops = new Array(this.rows.length + 1);
    tops[0] = 0;
    for (let at = 0; at < this.rows.length; at += 1) {
      const row = this.rows[at];
      tops[at + 1] = tops[at] + (this.heights.get(row.key) ?? this.guess(row, this.width));
    }
    this.tops = tops;
  }

  /** Return the row at a height. */
  find(pixels) {
    let [low, high] = [0, this.rows.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.tops[middle + 1] <= pixels) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Draw the visible rows. anchor: the row that stays in place; null for the end. */
  layout(anchor, scrolling = false) {
    const { scroller, content } = this;
    this.moving = true;
    for (let turn = 0; turn < 4; turn += 1) {
      const wanted = this.wantedTop(anchor);
      const last = this.find(wanted + scroller.clientHeight + OVERSCAN);
      const first = this.find(Math.max(0, wanted - OVERSCAN));
      this.place(first, Math.min(last + 1, this.rows.length));
      content.style.paddingTop = `${this.tops[first] ?? 0}px`;
      content.style.paddingBottom = `${this.tops[this.rows.length] - this.tops[Math.min(last + 1, this.rows.length)]}px`;
      if (!this.measure(first, Math.min(last + 1, this.rows.length))) break;
      this.measureTops();
      content.style.paddingTop = `${this.tops[first] ?? 0}px`;
    }
    const top = this.wantedTop(anchor);
    if (!scrolling || Math.abs(scroller.scrollTop - top) > 1) scroller.scrollTop = top;
    this.moving = false;
  }

  wantedTop(anchor) {
    const end = Math.max(0, this.tops[this.rows.length] + this.margin() - this.scroller.clientHeight);
    if (!anchor) return end;
    const at = this.rows.findIndex((row) => row.key === anchor.key);
    return at < 0 ? Math.min(this.scroller.scrollTop, end) : Math.min(end, Math.max(0, this.tops[at] - anchor.offset));
  }

  margin() {
    return 12; // the content's padding below its last row, see style.css
  }

  place(first, end) {
    const rows = this.rows.slice(first, end);
    const keys = new Set(rows.map((row) => row.key));
    for (const [key, { element }] of this.drawn) {
      if (keys.has(key)) continue;
      if (element.contains(document.activeElement)) this.content.closest("[tabindex]")?.focus({ preventScroll: true });
      element.remove();
      this.drawn.delete(key);
    }
    let next = this.content.firstElementChild;
    for (const row of rows) {
      const signature = this.signature(row);
      let known = this.drawn.get(row.key);
      if (!known || known.signature !== signature) {
        const element = this.draw(row);
        if (known) {
          if (known.element === next) next = element;
          const hadFocus = known.element === document.activeElement;
          known.element.replaceWith(element);
          if (hadFocus) element.focus({ preventScroll: true });
        }
        this.heights.delete(row.key);
        known = { element, signature };
        this.drawn.set(row.key, known);
      }
      if (known.element === next) next = next.nextElementSibling;
      else this.content.insertBefore(known.element, next);
    }
  }

  /** Whether a height differs from the estimate. */
  measure(first, end) {
    let changed = false;
    for (let at = first; at < end; at += 1) {
      const { key } = this.rows[at];
      const height = this.drawn.get(key).element.getBoundingClientRect().height;
      if (Math.abs((this.heights.get(key) ?? -1) - height) < 0.5) continue;
      const before = this.tops[at + 1] - this.tops[at];
      this.heights.set(key, height);
      changed ||= Math.abs(before - height) >= 0.5;
    }
    return changed;
  }
}
