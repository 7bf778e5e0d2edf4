// The page at /. Articles and answers only ever become text nodes, and no other host is asked.
import { $, announce } from "./dom.js";
import { renderError } from "./error.js";
import { setLanguage } from "./format.js";
import { texts } from "./language.js";
import { forgetAll, remember, renderRecent } from "./recent.js";
import { announceAnswer, renderAnswer, renderCategories, show } from "./result.js";
import { Problem, request } from "./service.js";
import { showAnswer, state } from "./state.js";
import { load, save } from "./storage.js";

const EXAMPLE =
  "Dakar et Rabat tourneront leurs films ensemble\n\n" +
  "L’ambassadrice du Maroc et le ministre sénégalais de la Culture ont signé vendredi, en marge du " +
  "festival international du film de Dakar, un accord de coproduction. Les réalisateurs des deux pays " +
  "pourront mettre en commun leurs aides au tournage, et leurs longs métrages seront projetés dans les " +
  "salles de part et d’autre.\n\n" +
  "« Le cinéma est notre meilleure diplomatie », a déclaré le ministre, avant l’ouverture sur un " +
  "documentaire consacré aux pêcheurs de Saint-Louis.";
const EXPLAINED = 16; // articles of a file that the service explains, as in schemas.py
const SINGLE = /\.(txt|md|html?)$/i; // files that hold one article

// ---------------------------------------------------------------- asking

async function fetchCategories(signal) {
  const categories = await request("v1/categories", {}, signal);
  state.run = await request("v1/runs/current", {}, signal);
  state.categories = new Map(categories.categories.map((category) => [category.id, category]));
  state.choice = categories.choice;
  state.categoriesRun = categories.run;
  renderRun();
}

// Shows the answer to a request. text: what was sent, if known. fileName: of the file that was sent.
async function classify(ask, { text = "", fileName = "" } = {}) {
  state.call?.abort();
  const call = (state.call = new AbortController());
  state.retry = () => classify(ask, { text, fileName });
  show({ busy: true });
  try {
    const response = await ask(call.signal);
    if (response.run !== state.categoriesRun) await fetchCategories(call.signal);
    const { predictions: answers, rejected = [] } = response;
    if (!answers.length) throw new Problem("empty", "", rejected.slice(0, 1));
    Object.assign(state, { answers, rejected, fileName });
    showAnswer(0);
    if (answers.length === 1) {
      remember(answers[0], text);
      renderRecent(classifyRecent);
    }
    show({ answer: true });
  } catch (error) {
    if (call !== state.call) return; // another article has replaced it
    if (error.name === "AbortError") show({});
    else show({ error: error instanceof Problem ? error : new Problem("other", String(error)) });
  } finally {
    if (call === state.call) state.call = null;
  }
}

function sendText() {
  const text = $("text").value;
  if (!text.trim()) {
    show({ error: new Problem("blank") });
    $("text").focus();
    return;
  }
  const options = {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ text, explain: true, all: true }),
  };
  state.sentText = text;
  classify((signal) => request("v1/predict", options, signal), { text });
}

function sendFiles(files) {
  if (files.length > 1) show({ error: new Problem("files") });
  else if (files.length) sendFile(files[0]);
}

function sendFile(file, columns = "") {
  state.readColumns = (names) => sendFile(file, names);
  const ask = async (signal) => {
    const response = await askForFile(file, columns, signal);
    const { predictions } = response;
    showText(predictions.length === 1 ? predictions[0].explanation.parts.join("") : "");
    return response;
  };
  classify(ask, { fileName: file.name });
}

// Asks for explanations only if the file turns out to hold few articles.
async function askForFile(file, columns, signal) {
  const send = (explain) => {
    const body = new FormData();
    body.append("file", file, file.name);
    if (columns) body.append("text_columns", columns);
    body.append("explain", String(explain));
    body.append("all", "true");
    return request("v1/predict/file", { method: "POST", body }, signal);
  };
  const response = await send(SINGLE.test(file.name));
  const { predictions } = response;
  const few = predictions.length <= EXPLAINED;
  if (!few || predictions.every((answer) => answer.explanation)) return response;
  return send(true).catch((error) => {
    if (error.status === 422) return response; // together they are too long to be explained
    throw error;
  });
}

// Puts the text of a file in the field, unless somebody is writing there.
function showText(text) {
  const field = $("text");
  if (field.value.trim() && field.value !== state.sentText) return;
  field.value = state.sentText = text;
  countWords();
}

function classifyRecent(text) {
  $("text").value = text;
  countWords();
  $("result").focus({ preventScroll: true }); // the list, and its button, are about to be replaced
  sendText();
}

// ---------------------------------------------------------------- the page as a whole

function countWords() {
  const text = $("text").value;
  $("count").textContent = texts().words(text.trim() ? text.trim().split(/\s+/).length : 0);
  $("clear").hidden = !text;
  $("example").hidden = Boolean(text);
}

function renderRun() {
  $("run").textContent = state.run ? texts().run(state.run) : "";
  $("run").title = state.run ? state.run.run : "";
}

function switchTo(language) {
  setLanguage(language);
  document.documentElement.lang = language;
  document.title = `${texts().title} · classify`;
  for (const part of document.querySelectorAll("[data-text]")) part.textContent = texts()[part.dataset.text];
  for (const part of document.querySelectorAll("[data-label]")) {
    part.setAttribute("aria-label", texts()[part.dataset.label]);
  }
  $("text").placeholder = texts().placeholder;
  for (const id of ["fr", "en"]) $(id).setAttribute("aria-pressed", String(id === language));
  renderRun();
  countWords();
  renderRecent(classifyRecent);
  renderError();
  if (!$("answer").hidden) renderAnswer();
  if (!$("busy").hidden) $("busy-text").textContent = texts().reading;
}

function listen() {
  for (const language of ["fr", "en"]) {
    $(language).onclick = () => {
      save("localStorage", "classify.language", language);
      switchTo(language);
    };
  }
  listenToForm();
  $("cancel").onclick = startAgain;
  $("more").onclick = () => {
    state.showAll = !state.showAll;
    renderCategories();
  };
  $("article").onchange = () => {
    showAnswer(Number($("article").value));
    renderAnswer();
    announceAnswer();
  };
  $("forget").onclick = () => {
    forgetAll();
    renderRecent(classifyRecent);
    announce(texts().forgotten);
    $("text").focus();
  };
  listenToDrops();
}

function listenToForm() {
  $("form").onsubmit = (event) => {
    event.preventDefault();
    sendText();
  };
  $("text").oninput = countWords;
  $("text").onkeydown = (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      sendText();
    }
  };
  $("pick").onclick = () => $("file").click();
  $("file").onchange = () => {
    sendFiles([...$("file").files]);
    $("file").value = "";
  };
  $("clear").onclick = () => {
    $("text").value = "";
    countWords();
    startAgain();
  };
  $("example").onclick = () => {
    $("text").value = EXAMPLE;
    countWords();
    $("send").focus(); // this button disappears
    sendText();
  };
}

function startAgain() {
  state.call?.abort();
  show({});
  $("text").focus();
}

function listenToDrops() {
  const holdsFiles = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0; // dragenter and dragleave come for every element on the way
  const move = (change) => {
    depth = Math.max(depth + change, 0);
    document.body.classList.toggle("dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => holdsFiles(event) && move(1));
  addEventListener("dragleave", (event) => holdsFiles(event) && move(-1));
  addEventListener("dragover", (event) => holdsFiles(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    move(-depth);
    sendFiles([...event.dataTransfer.files]);
  });
}

async function start() {
  const language = load("localStorage", "classify.language") ?? navigator.language.slice(0, 2);
  listen();
  switchTo(language === "fr" ? "fr" : "en");
  try {
    await fetchCategories();
    switchTo(document.documentElement.lang);
  } catch (error) {
    if (error instanceof Problem && error.status !== 401) {
      state.retry = () => location.reload();
      show({ error });
    }
  }
}

start();
