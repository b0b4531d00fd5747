// What the page remembers, apart from what another page on the same host and port has left behind.
const PREFIX = 'hindsight:';

const own = () => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));

export const storage = {
  getItem: (key) => localStorage.getItem(PREFIX + key),
  setItem: (key, value) => localStorage.setItem(PREFIX + key, value),
  removeItem: (key) => localStorage.removeItem(PREFIX + key),
  clear: () => own().forEach((key) => localStorage.removeItem(key)),
  get length() {
    return own().length;
  },
};
