// The browser's storage: per tab what survives a reload, for all tabs the settings. A browser may refuse to store
// anything, which must harm nothing.

function storageOf(area) {
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
        // private windows, or no room: nothing is stored
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

export const ofTab = storageOf(() => sessionStorage);
export const ofBrowser = storageOf(() => localStorage);
