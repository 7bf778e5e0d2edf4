// Recent articles, which the browser stores and nobody else.
import { $, element, visible } from "./dom.js";
import { moment } from "./format.js";
import { categoryNames, titleOf } from "./result.js";
import { load, remove, save } from "./storage.js";

const STORED = ["localStorage", "classify.recent"];
const RECENT = 12; // articles
const LONGEST = 100_000; // characters of an article that is stored

function recentArticles() {
  try {
    const entries = JSON.parse(load(...STORED) ?? "[]");
    return Array.isArray(entries) ? entries.filter(isValid) : [];
  } catch {
    return [];
  }
}

const isValid = (entry) =>
  typeof entry?.text === "string" && Array.isArray(entry.names) && Number.isFinite(entry.when);

export function remember(answer, sentText) {
  const text = sentText || (answer.explanation?.parts ?? []).join("");
  if (!text.trim() || text.length > LONGEST) return;
  const earlier = recentArticles().filter((entry) => entry.text !== text);
  const entry = { text, title: titleOf(answer, text), names: answer.categories, when: Date.now() };
  save(...STORED, JSON.stringify([entry, ...earlier].slice(0, RECENT)));
}

export const forgetAll = () => remove(...STORED);

// open: called with the text of the article that is chosen.
export function renderRecent(open) {
  const entries = recentArticles();
  $("recent").hidden = !entries.length;
  $("recents").replaceChildren(
    ...entries.map(({ text, title, names, when }) => {
      const about = element("span", {}, `${categoryNames(names)} · ${moment(when)}`);
      const button = element("button", { type: "button" }, element("b", { lang: "fr" }, visible(title || "…")), about);
      button.onclick = () => open(text);
      return element("li", {}, button);
    }),
  );
}
