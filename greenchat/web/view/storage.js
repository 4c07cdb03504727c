// What the browser keeps: for this tab what outlives a reload, for all tabs the settings. A browser may refuse to keep
// anything, which must harm nothing.

function through(area) {
  return {
    get(name) {
      try {
        return JSON.parse(area().getItem(`greenchat.${name}`) ?? "null");
      } catch {
        return null;
      }
    },
    put(name, value) {
      try {
        area().setItem(`greenchat.${name}`, JSON.stringify(value));
      } catch {
        // private windows, or no room: it is not kept, then
      }
    },
    forget(name) {
      try {
        area().removeItem(`greenchat.${name}`);
      } catch {
        // as above
      }
    },
  };
}

export const ofTab = through(() => sessionStorage);
export const ofBrowser = through(() => localStorage);
