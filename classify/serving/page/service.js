// Requests to the service: asks for the key when one is required, and waits while the service is busy.
import { $, announce } from "./dom.js";
import { texts } from "./language.js";
import { load, remove, save } from "./storage.js";

const ATTEMPTS = 5; // while the service is busy
const KEY = ["sessionStorage", "classify.key"];

// status: of HTTP, or one of the names in texts().errors. retryAfter: seconds.
export class Problem extends Error {
  constructor(status, detail = "", errors = [], retryAfter = 0) {
    super(detail);
    Object.assign(this, { status, detail, errors, retryAfter });
  }
}

// Returns the answer of the service, however often it has to be asked.
export async function request(path, options, signal) {
  let keyWasWrong = Boolean(load(...KEY));
  for (let attempt = 1; ; ) {
    try {
      return await requestOnce(path, { ...options, signal });
    } catch (error) {
      if (error.status === 401) {
        await askForKey(keyWasWrong);
        keyWasWrong = true;
      } else if (error.status === 503) {
        if (attempt > ATTEMPTS) throw new Problem("busy");
        await pause(Math.min(error.retryAfter, 30), attempt, signal);
        attempt += 1;
      } else throw error;
    }
  }
}

async function requestOnce(path, options) {
  const key = load(...KEY);
  const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  const response = await unlessUnreachable(
    fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" }),
  );
  if (response.ok) return unlessUnreachable(response.json());
  const problem = await response.json().catch(() => ({}));
  const retryAfter = Number(response.headers.get("Retry-After")) || 2;
  throw new Problem(response.status, String(problem.detail ?? ""), problem.errors ?? [], retryAfter);
}

async function unlessUnreachable(promise) {
  try {
    return await promise;
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("unreachable");
  }
}

async function pause(seconds, attempt, signal) {
  announce(texts().retrying(Math.ceil(seconds), attempt, ATTEMPTS));
  for (let left = Math.ceil(seconds); left > 0; left -= 1) {
    $("busy-text").textContent = texts().retrying(left, attempt, ATTEMPTS);
    await new Promise((resolve) => {
      setTimeout(resolve, 1000);
      signal?.addEventListener("abort", resolve, { once: true });
    });
    signal?.throwIfAborted();
  }
  $("busy-text").textContent = texts().reading;
}

// ---------------------------------------------------------------- the key

let keyDialog = null; // a promise while the dialog is open

// Resolves once a key is entered, and rejects if the dialog is cancelled.
function askForKey(wasWrong) {
  keyDialog ??= new Promise((resolve, reject) => {
    const dialog = $("key-dialog");
    $("key-wrong").textContent = wasWrong ? texts().keyWrong : "";
    const close = () => {
      keyDialog = null;
      $("key").value = "";
      dialog.close();
    };
    $("key-form").onsubmit = (event) => {
      event.preventDefault();
      const key = $("key").value.trim();
      if (!/^[!-~]+$/.test(key)) { // no other character can be part of a key, or of a header
        $("key-wrong").textContent = key ? texts().keyWrong : "";
        return;
      }
      save(...KEY, key);
      close();
      resolve();
    };
    $("key-cancel").onclick = dialog.oncancel = (event) => {
      event.preventDefault();
      remove(...KEY);
      close();
      reject(new DOMException("no key", "AbortError"));
    };
    dialog.showModal();
    $("key").focus();
  });
  return keyDialog;
}
