// The result: categories, decision, remarks.
import { $, announce, element, visible } from "./dom.js";
import { messageOf, renderError } from "./error.js";
import { renderExplanation } from "./explanation.js";
import { currentLanguage, list, percent, share } from "./format.js";
import { texts } from "./language.js";
import { currentAnswer, ranked, state } from "./state.js";

const PROBABLE = 0.1; // from which a category is shown before all are asked for
const TITLE = 140; // characters

// Shows that the model is at work, an error, an answer, or (by default) none of them.
export function show({ busy = false, error = null, answer = false }) {
  state.error = error;
  $("busy").hidden = !busy;
  $("busy-text").textContent = texts().reading;
  if (!busy) $("answer").hidden = !answer; // meanwhile the previous answer stays, so that nothing jumps
  $("empty").hidden = !$("answer").hidden || Boolean(error);
  $("answer").inert = $("empty").inert = busy;
  $("result").setAttribute("aria-busy", String(busy));
  renderError();
  announce(busy ? texts().reading : "");
  if (answer) {
    renderAnswer();
    announceAnswer();
  }
  const { top } = $("result").getBoundingClientRect();
  if ((answer || error) && (top < 0 || top > innerHeight / 2)) $("result").scrollIntoView();
}

export function announceAnswer() {
  announce(texts().result($("names").textContent, $("advice").textContent));
}

export function renderAnswer() {
  const answer = currentAnswer();
  const ofFile = state.answers.length > 1;
  $("articles").hidden = !ofFile;
  if (ofFile) renderArticles();
  renderDecision(answer);
  renderCategories();
  renderWhy(answer);
  $("rejected").hidden = !state.rejected.length;
  $("rejected-title").textContent = texts().rejected(state.rejected.length);
  $("rejects").replaceChildren(...state.rejected.map((fault) => element("li", {}, messageOf(fault))));
}

export function categoryName(id) {
  return state.categories.get(id)?.[currentLanguage()] ?? id;
}

export const categoryNames = (ids) => ids.map(categoryName).join(", ") || texts().noCategory;

export function titleOf(answer, text = "") {
  const start = answer.title || (answer.explanation ? answer.explanation.parts.slice(0, 200).join("") : text);
  return start.trim().split("\n", 1)[0].slice(0, TITLE);
}

function renderArticles() {
  const options = state.answers.map((answer, n) => {
    const title = visible(titleOf(answer) || answer.id);
    return element("option", { value: n }, `${n + 1}. ${categoryNames(answer.categories)} — ${title}`);
  });
  $("article-label").textContent = texts().articlesOf(visible(state.fileName), options.length);
  $("article").replaceChildren(...options);
  $("article").value = String(state.index);
}

function renderDecision(answer) {
  const kind = answer.decision === "needs review" ? "review" : answer.decision;
  const advice = kind === "review" && !answer.categories.length ? "unsure" : kind;
  $("decision").className = `decision ${kind}`;
  $("sign").textContent = { accepted: "✓", review: "?", none: "–" }[kind] ?? "";
  const names = answer.categories.map(categoryName);
  $("names").textContent = names.length ? list(names) : texts().noCategory;
  $("advice").textContent = texts().advice[advice] ?? answer.decision;
  $("note").hidden = !answer.note;
  $("note").textContent = answer.note.split("; ").map(remark).join(" ");
}

const DAMAGE = [
  [/^its letters were/, "mojibake"],
  [/^it held HTML:/, "tags"],
  [/^it held HTML entities/, "entities"],
  [/^words broken/, "broken"],
  [/^accents seem lost|^some letters|^\d+ characters? lost/, "lost"],
];

// The words of the page for a remark of the service.
function remark(note) {
  const foreign = /^(\d+)% of its letters/.exec(note);
  if (foreign) return texts().foreign(share(Number(foreign[1]) / 100));
  const assumed = /^(\S+) assumed( without)?/.exec(note);
  if (assumed) return (assumed[2] ? texts().unsureEncoding : texts().encoding)(assumed[1]);
  const damage = DAMAGE.find(([pattern]) => pattern.test(note));
  if (damage) return texts().damage[damage[1]];
  return note.startsWith("empty after cleaning") ? texts().bare : note;
}

export function renderCategories() {
  const answer = currentAnswer();
  const all = ranked(answer);
  const probable = all.filter(
    ([id, p]) => p >= PROBABLE || answer.categories.includes(id) || id === state.category,
  );
  const shown = state.showAll ? all : probable;
  $("tick").hidden = state.choice !== "multiple";
  $("choices").replaceChildren(...shown.map(([id, p]) => categoryChoice(id, p, answer)));
  $("more").hidden = all.length <= probable.length;
  $("more").textContent = state.showAll ? texts().showFewer : texts().showAll(all.length);
  $("more").setAttribute("aria-expanded", String(state.showAll));
}

function categoryChoice(id, p, answer) {
  const predicted = answer.categories.includes(id);
  const field = element("input", { type: "radio", name: "category", value: id });
  field.checked = id === state.category;
  field.onchange = () => {
    state.category = id;
    renderWhy(currentAnswer());
  };
  const threshold = state.choice === "multiple" ? state.categories.get(id)?.threshold : undefined;
  const hasThreshold = threshold > 0 && threshold < 1;
  const hint = predicted ? texts().predicted : hasThreshold ? texts().threshold(percent(threshold)) : "";
  return element(
    "label",
    { class: predicted ? "choice predicted" : "choice", title: hint },
    field,
    element("span", { class: "name" }, categoryName(id), element("span", { class: "unseen" }, hint && `, ${hint}`)),
    bar(p, hasThreshold ? threshold : null),
    element("span", { class: "percent" }, percent(p)),
  );
}

// A probability as a bar, with a line at the threshold.
function bar(p, threshold) {
  const svg = (name, attributes) => {
    const shape = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) shape.setAttribute(key, value);
    return shape;
  };
  const drawing = svg("svg", { class: "bar", viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" });
  drawing.append(svg("rect", { class: "track", y: 3, width: 100, height: 8 }));
  drawing.append(svg("rect", { class: "fill", y: 3, width: Math.max(100 * p, 0.6), height: 8 }));
  if (threshold !== null) {
    drawing.append(svg("line", { class: "threshold", x1: 100 * threshold, x2: 100 * threshold, y1: 0, y2: 14 }));
  }
  return drawing;
}

function renderWhy(answer) {
  renderExplanation(answer.explanation, state.category, categoryName(state.category));
}
