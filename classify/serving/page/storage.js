// Text that the browser stores; where it stores nothing, text lasts until the page is closed.

const memory = new Map();

// window[name] throws where storage is switched off.
export function load(name, key) {
  try {
    return window[name].getItem(key);
  } catch {
    return memory.get(key) ?? null;
  }
}

export function save(name, key, text) {
  try {
    window[name].setItem(key, text);
  } catch {
    memory.set(key, text);
  }
}

export function remove(name, key) {
  try {
    window[name].removeItem(key);
  } catch {
    memory.delete(key);
  }
}
