// The words that counted for and against a category.
import { $, element, visible } from "./dom.js";
import { signed } from "./format.js";
import { texts } from "./language.js";

const LEVELS = [0.12, 0.3, 0.6]; // shares of the largest contribution, as in the exported explanations
const LARGEST_AT_LEAST = 0.05; // log-odds; below, nothing is marked strongly
const LISTED = 8; // words in a list
const WORD = /[\p{L}\p{N}_]/u;

export function renderExplanation(explanation, category, name) {
  const contributions = explanation?.contributions[category];
  $("why").hidden = !contributions && Boolean(explanation);
  for (const part of [$("marked"), $("word-lists"), $("why-title")]) part.hidden = !contributions;
  $("method").textContent = explanation ? texts().methods[explanation.method] : texts().unexplained;
  if (!contributions) return;
  $("why-title").textContent = texts().why(name);
  const [wordsFor, wordsAgainst] = strongestWords(explanation.parts, contributions);
  renderWords("for", wordsFor);
  renderWords("against", wordsAgainst);
  $("marked").replaceChildren(markText(explanation.parts, contributions));
}

function renderWords(id, words) {
  const entries = words.map(({ part, sum }) => {
    const word = visible(part.replace(/\s+/g, " "));
    const mark = element("mark", { class: `${id} l2`, lang: "fr" }, word);
    return element("li", {}, mark, " ", element("small", {}, signed(sum)));
  });
  const none = element("li", {}, element("small", {}, texts().noWord));
  $(id).replaceChildren(...(entries.length ? entries : [none]));
}

// How strongly to mark each part: from -3 (against) to 3 (for); 0: not at all.
function levels(contributions) {
  let largest = LARGEST_AT_LEAST;
  for (const contribution of contributions) largest = Math.max(largest, Math.abs(contribution));
  return contributions.map((contribution) => {
    const share = Math.abs(contribution) / largest;
    return Math.sign(contribution) * LEVELS.filter((level) => share >= level).length;
  });
}

// The words that count most for a category and most against it, with the sum of their occurrences.
function strongestWords(parts, contributions) {
  const sums = new Map();
  parts.forEach((part, n) => {
    if (!WORD.test(part)) return;
    const key = part.toLowerCase();
    const entry = sums.get(key) ?? { part, sum: 0 };
    entry.sum += contributions[n];
    sums.set(key, entry);
  });
  const words = [...sums.values()];
  const strengths = levels(words.map((word) => word.sum));
  const sorted = words.filter((_, n) => strengths[n]).sort((a, b) => b.sum - a.sum);
  const wordsFor = sorted.filter((word) => word.sum > 0);
  const wordsAgainst = sorted.filter((word) => word.sum < 0).reverse();
  return [wordsFor.slice(0, LISTED), wordsAgainst.slice(0, LISTED)];
}

function markText(parts, contributions) {
  const fragment = document.createDocumentFragment();
  const strengths = levels(contributions);
  let plain = "";
  parts.forEach((part, n) => {
    const level = strengths[n];
    if (!level || !part.trim()) {
      plain += part;
      return;
    }
    if (plain) fragment.append(visible(plain));
    plain = "";
    const css = `${level > 0 ? "for" : "against"} l${Math.abs(level)}`;
    fragment.append(element("mark", { class: css, title: signed(contributions[n]) }, visible(part)));
  });
  if (plain) fragment.append(visible(plain));
  return fragment;
}
