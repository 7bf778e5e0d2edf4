// The page at /. Articles and answers only ever become text nodes; nothing is asked of another host.
"use strict";

const SAID = {
  fr: {
    page: "De quoi parle cet article ?",
    skip: "Aller au résultat",
    language: "Langue",
    title: "De quoi parle cet article ?",
    standfirst: "Collez-le : le modèle dit ses catégories, à quel point il en est sûr, et quels mots ont compté.",
    article: "Article",
    placeholder: "Collez le texte ici, ou déposez un fichier.",
    keys: "Ctrl + Entrée classe l’article.",
    files: "Fichiers : .txt .md .html .jsonl .csv .tsv .parquet.",
    send: "Classer l’article",
    pick: "Choisir un fichier…",
    clear: "Effacer",
    example: "Essayer un exemple",
    recent: "Récents",
    forget: "Tout oublier",
    forgotten: "Les articles récents sont oubliés.",
    private: "Gardés dans ce navigateur, nulle part ailleurs.",
    cancel: "Annuler",
    "empty-title": "Le résultat s’affichera ici.",
    "empty-1": "Les catégories",
    "empty-1-why": "Chacune avec sa probabilité, calibrée : sur dix annonces à 70 %, sept sont justes.",
    "empty-2": "La décision",
    "empty-2-why": "Sûre, à relire, ou aucune catégorie.",
    "empty-3": "Les mots",
    "empty-3-why": "Ceux qui ont parlé",
    "for-word": "pour",
    and: "et",
    "against-word": "contre",
    "empty-3-end": "chaque catégorie.",
    which: (file, n) => `Les ${number(n)} articles de « ${file} »`,
    choose: "Choisissez une catégorie pour voir ses mots.",
    tick: "Le trait d’une barre marque son seuil.",
    for: "Pour",
    against: "Contre",
    "key-title": "Ce service demande une clé",
    "key-why": "Demandez-la à qui l’a installé. Elle est oubliée dès que vous fermez cet onglet.",
    key: "Clé d’accès",
    "key-send": "Continuer",
    "key-wrong": "Cette clé n’est pas la bonne.",
    words: (n) => (n ? `${number(n)} mot${n > 1 ? "s" : ""}` : ""),
    run: (run) => `${run.kind}\u00a0· ${number(run.articles)}\u00a0articles\u00a0appris\u00a0· ${day(run.created)}`,
    reading: "Le modèle lit l’article…",
    again: (left, n, most) => `Le service est occupé. Nouvel essai dans ${left}\u00a0s (${n} sur ${most}).`,
    nothing: "Aucune catégorie",
    plain: {
      accepted: "Le modèle est assez sûr : l’article peut être classé sans relecture.",
      none: "Le modèle est sûr qu’aucune catégorie ne s’applique.",
      review: "À relire : le modèle propose cela, sans en être assez sûr.",
      unsure: "À relire : rien ne se dégage, mais le modèle n’est pas sûr qu’aucune catégorie ne s’applique.",
    },
    foreign: (share) => `${share} des lettres ne sont pas latines ; le modèle ne lit guère celles-là.`,
    bare: "Il ne reste rien de ce texte une fois ôtés les caractères invisibles et les crédits.",
    codec: (name) => `Encodage supposé : ${name}.`,
    "unsure-codec": (name) => `Encodage supposé sans certitude : ${name}. Vérifiez les accents.`,
    held: "retenue",
    from: (p) => `seuil ${p}`,
    every: (n) => `Voir les ${n} catégories`,
    fewer: "Ne voir que les plus probables",
    why: (name) => `Ce qui a compté pour « ${name} »`,
    "no-word": "rien de notable",
    methods: {
      exact: "Chaque mot ajoute ou retire aux log-cotes de la catégorie ; avec le point de départ, leur somme est le score.",
      occlusion: "Pour chaque passage : ce que perdent les log-cotes de la catégorie quand on l’ôte du texte.",
    },
    result: (names, plain) => `Résultat : ${names}. ${plain}`,
    unexplained: "Les mots qui ont compté ne sont montrés que pour 16 articles au plus, de 200 000 caractères en tout.",
    rejected: (n) => (n > 1 ? `${n} enregistrements n’ont pas pu être lus` : "Un enregistrement n’a pas pu être lu"),
    retry: "Réessayer",
    columns: "Colonnes du texte, séparées par des virgules",
    "columns-send": "Lire ces colonnes",
    told: "Le service dit :",
    errors: {
      blank: "Collez d’abord un article.",
      one: "Un seul fichier à la fois, s’il vous plaît.",
      empty: "Ce fichier ne contient aucun article lisible.",
      gone: "Le service ne répond pas. Il est peut-être arrêté, ou le réseau coupé.",
      full: "Le service reste occupé. Réessayez dans une minute.",
      408: "L’envoi a pris trop de temps. Réessayez.",
      413: "C’est trop long pour être classé ici. Pour de gros fichiers, prenez la commande classify predict.",
      415: "Ce type de fichier n’est pas lu ici.",
      422: "Le service n’a pas pu lire cela.",
      other: "Le service a rencontré une erreur.",
    },
  },
  en: {
    page: "What is this article about?",
    skip: "Go to the result",
    language: "Language",
    title: "What is this article about?",
    standfirst: "Paste it: the model gives its categories, says how sure it is, and shows which words counted.",
    article: "Article",
    placeholder: "Paste the text here, or drop a file.",
    keys: "Ctrl + Enter classifies the article.",
    files: "Files: .txt .md .html .jsonl .csv .tsv .parquet.",
    send: "Classify the article",
    pick: "Choose a file…",
    clear: "Clear",
    example: "Try an example",
    recent: "Recent",
    forget: "Forget all",
    forgotten: "Recent articles are forgotten.",
    private: "Kept in this browser, nowhere else.",
    cancel: "Cancel",
    "empty-title": "The result will appear here.",
    "empty-1": "The categories",
    "empty-1-why": "Each with its probability, calibrated: of ten said with 70%, seven are right.",
    "empty-2": "The decision",
    "empty-2-why": "Sure, to be reviewed, or no category.",
    "empty-3": "The words",
    "empty-3-why": "Those that spoke",
    "for-word": "for",
    and: "and",
    "against-word": "against",
    "empty-3-end": "each category.",
    which: (file, n) => `The ${number(n)} articles of “${file}”`,
    choose: "Choose a category to see its words.",
    tick: "The line on a bar marks its threshold.",
    for: "For",
    against: "Against",
    "key-title": "This service wants a key",
    "key-why": "Ask whoever installed it. It is forgotten as soon as you close this tab.",
    key: "Access key",
    "key-send": "Continue",
    "key-wrong": "That is not the right key.",
    words: (n) => (n ? `${number(n)} word${n > 1 ? "s" : ""}` : ""),
    run: (run) => `${run.kind}\u00a0· learned\u00a0from\u00a0${number(run.articles)}\u00a0articles\u00a0· ${day(run.created)}`,
    reading: "The model is reading the article…",
    again: (left, n, most) => `The service is busy. Trying again in ${left} s (${n} of ${most}).`,
    nothing: "No category",
    plain: {
      accepted: "The model is sure enough: the article can be filed without review.",
      none: "The model is sure that no category applies.",
      review: "To be reviewed: this is what the model suggests, without being sure enough.",
      unsure: "To be reviewed: nothing stands out, but the model is not sure that no category applies.",
    },
    foreign: (share) => `${share} of the letters are not Latin; the model hardly reads those.`,
    bare: "Nothing is left of this text once invisible characters and credits are taken off.",
    codec: (name) => `Encoding assumed: ${name}.`,
    "unsure-codec": (name) => `Encoding assumed without being sure: ${name}. Check the accents.`,
    held: "holds",
    from: (p) => `threshold ${p}`,
    every: (n) => `Show all ${n} categories`,
    fewer: "Show the most probable only",
    why: (name) => `What counted for “${name}”`,
    "no-word": "nothing that counts",
    methods: {
      exact: "Each word adds to the category’s log-odds or takes away; with where they start, all words sum to the score.",
      occlusion: "For each passage: what the category’s log-odds lose when it is left out of the text.",
    },
    result: (names, plain) => `Result: ${names}. ${plain}`,
    unexplained: "The words that counted are shown for 16 articles at most, of 200,000 characters in all.",
    rejected: (n) => (n > 1 ? `${n} records could not be read` : "One record could not be read"),
    retry: "Try again",
    columns: "Columns of the text, with commas between",
    "columns-send": "Read these columns",
    told: "The service says:",
    errors: {
      blank: "Paste an article first.",
      one: "One file at a time, please.",
      empty: "There is no readable article in this file.",
      gone: "The service does not answer. It may have stopped, or the network is down.",
      full: "The service is still busy. Try again in a minute.",
      408: "Sending took too long. Try again.",
      413: "This is too long to be classified here. For large files, use the command classify predict.",
      415: "This kind of file is not read here.",
      422: "The service could not read this.",
      other: "The service had an error.",
    },
  },
};
// What the service says of a file, in English -> the same in French.
const KINDS = {
  "a PDF document": "un document PDF",
  "a Word document (.docx)": "un document Word",
  "an old Office document (.doc, .xls)": "un ancien document Office",
  "an OpenDocument text (.odt)": "un document OpenDocument",
  "an RTF document": "un document RTF",
  "an Excel workbook (.xlsx)": "un classeur Excel",
  "an OpenDocument spreadsheet (.ods)": "un classeur OpenDocument",
  "a PNG image": "une image",
  "a JPEG image": "une image",
  "a GIF image": "une image",
  "a zip archive": "une archive zip",
};
const COLUMNS = /^has no column (.+); its columns are (.+)\. Name the right ones\b/;
const FRENCH = [
  [/^(is empty|holds nothing but white space)\b/, () => "C’est vide."],
  [/^is (an? .+), not text\b/, (kind) => KINDS[kind] && `C’est ${KINDS[kind]}, pas du texte. Enregistrez d’abord son texte en .txt ou .csv.`],
  [/^is binary\b/, () => "Ce n’est pas du texte. Donnez un fichier de texte."],
  [/^is in an encoding that could not be recognised\b/, () => "L’encodage n’est pas reconnu. Enregistrez le fichier en UTF-8."],
  [/^is JSON\b/, () => "C’est du JSON. Enregistrez-le en .jsonl, un objet par ligne."],
  [/^has .+, more than the .+ one article may have\b/, () => "C’est plus long que ne peut l’être un article."],
  [/^holds no text that reads like an article\b/, () => "On n’y trouve pas d’article. Enregistrez le texte même en .txt."],
  [COLUMNS, (_lack, there) => `Aucune de ses colonnes n’est reconnue comme le texte ; elles s’appellent ${there}.`],
];
const EXAMPLE =
  "Dakar et Rabat tourneront leurs films ensemble\n\n" +
  "L’ambassadrice du Maroc et le ministre sénégalais de la Culture ont signé vendredi, en marge du " +
  "festival international du film de Dakar, un accord de coproduction. Les réalisateurs des deux pays " +
  "pourront mettre en commun leurs aides au tournage, et leurs longs métrages seront projetés dans les " +
  "salles de part et d’autre.\n\n" +
  "« Le cinéma est notre meilleure diplomatie », a déclaré le ministre, avant l’ouverture sur un " +
  "documentaire consacré aux pêcheurs de Saint-Louis.";
const DATES = { fr: "fr-FR", en: "en-GB" };
const NEAR = 0.1; // probability from which a category is shown before all are asked for
const LEVELS = [0.12, 0.3, 0.6]; // shares of the largest contribution; as in training/explain.py
const LEAST = 0.05; // log-odds
const LISTED = 8; // words of a list
const ATTEMPTS = 5; // while the service is busy
const RECENT = 12; // articles
const LONGEST = 100000; // characters of one that is kept
const EXPLAINED = 16; // articles of a file whose words are told; as in wire.py
const ONE = /\.(txt|md|html?)$/i; // files of one article
const WORD = /[\p{L}\p{N}_]/u;

const $ = (id) => document.getElementById(id);
const state = {
  language: "fr",
  known: new Map(), // categories by id
  choice: "multiple",
  from: null, // the run whose categories are known
  run: null,
  answers: [],
  rejected: [],
  sent: "", // what of the text field was sent, or came of a file
  file: "", // the name of the one they came in
  at: 0, // which answer
  category: null, // whose words are marked
  every: false, // whether all categories are shown
  error: null,
  again: null, // what "try again" does
  call: null, // the AbortController of what is asked now
  columns: null, // sends the latest file again, its text in the columns that are named
};

// ---------------------------------------------------------------- words, numbers, nodes

// In French no line starts with a mark that a space goes before, nor ends with a guillemet.
function bound(said) {
  if (typeof said === "string") {
    return said.replace(/ (?=[?!;%])/g, "\u202f").replace(/ (?=[:»+])|(?<=[«+]) /g, "\u00a0");
  }
  if (typeof said === "function") return (...given) => bound(said(...given));
  return Object.fromEntries(Object.entries(said).map(([key, each]) => [key, bound(each)]));
}

const SAYS = { fr: bound(SAID.fr), en: SAID.en };
const say = () => SAYS[state.language];
const number = (value) => new Intl.NumberFormat(state.language).format(value);
const day = (text) => {
  const when = new Date(text);
  const long = { day: "numeric", month: "long", year: "numeric" };
  if (Number.isNaN(when.getTime())) return text;
  return new Intl.DateTimeFormat(DATES[state.language], long).format(when).replaceAll(" ", "\u00a0");
};
const share = (value, digits = 0) => {
  const exact = { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits };
  return new Intl.NumberFormat(state.language, exact).format(value);
};
const percent = (p) => {
  if (p < 0.001) return `<\u202f${share(0.001, 1)}`; // a model is never wholly sure
  if (p > 0.999) return `>\u202f${share(0.999, 1)}`;
  return share(p, p < 0.0995 || p > 0.99 ? 1 : 0);
};
const signed = (value) =>
  (value < 0 ? "−" : "+") +
  new Intl.NumberFormat(state.language, { minimumFractionDigits: 2, maximumFractionDigits: 2 }).format(Math.abs(value));
const nameOf = (id) => {
  const found = state.known.get(id);
  return found ? found[state.language] : id;
};

function node(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children); // strings become text nodes
  return made;
}

// What can't be seen, or turns text round, is shown as its code.
function visible(text) {
  return text.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (each) =>
    `⟨U+${each.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`,
  );
}

const memory = new Map(); // until the page is closed, where the browser stores nothing

function store(kind, key, value) {
  try {
    const place = window[kind]; // which throws where storage is switched off
    if (value === undefined) return place.getItem(key);
    if (value === null) place.removeItem(key);
    else place.setItem(key, value);
  } catch {
    if (value === undefined) return memory.get(key) ?? null;
    memory.set(key, value);
  }
  return null;
}

// ---------------------------------------------------------------- asking the service

class Problem extends Error {
  constructor(status, detail = "", errors = [], after = 0) {
    super(detail);
    Object.assign(this, { status, detail, errors, after });
  }
}

async function ask(path, options = {}) {
  const key = store("sessionStorage", "classify.key");
  const headers = { ...options.headers, ...(key ? { Authorization: `Bearer ${key}` } : {}) };
  let answer;
  try {
    answer = await fetch(path, { ...options, headers, cache: "no-store", credentials: "omit" });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem("gone");
  }
  if (answer.ok) {
    try {
      return await answer.json();
    } catch (error) {
      if (error.name === "AbortError") throw error;
      throw new Problem("gone");
    }
  }
  const told = await answer.json().catch(() => ({}));
  const after = Number(answer.headers.get("Retry-After")) || 2;
  throw new Problem(answer.status, String(told.detail ?? ""), told.errors ?? [], after);
}

// Ask until there is an answer: a key is asked for, a busy service is waited for.
async function insist(path, options, signal) {
  let wrong = Boolean(store("sessionStorage", "classify.key"));
  for (let attempt = 1; ; ) {
    try {
      return await ask(path, { ...options, signal });
    } catch (error) {
      if (error.status === 401) {
        await askForKey(wrong);
        wrong = true;
      } else if (error.status === 503) {
        if (attempt > ATTEMPTS) throw new Problem("full");
        await pause(Math.min(error.after, 30), attempt, signal);
        attempt += 1;
      } else throw error;
    }
  }
}

async function pause(seconds, attempt, signal) {
  announce(say().again(Math.ceil(seconds), attempt, ATTEMPTS));
  for (let left = Math.ceil(seconds); left > 0; left -= 1) {
    $("busy-text").textContent = say().again(left, attempt, ATTEMPTS);
    await new Promise((done) => {
      setTimeout(done, 1000);
      signal?.addEventListener("abort", done, { once: true });
    });
    signal?.throwIfAborted();
  }
  $("busy-text").textContent = say().reading;
}

let asked = null; // the question for a key that is open now

function askForKey(wrong) {
  asked ??= new Promise((done, failed) => {
    const dialog = $("ask");
    $("key-wrong").textContent = wrong ? say()["key-wrong"] : "";
    const close = () => {
      asked = null;
      $("key").value = "";
      dialog.close();
    };
    $("key-form").onsubmit = (event) => {
      event.preventDefault();
      const given = $("key").value.trim();
      if (!/^[!-~]+$/.test(given)) { // no other character can be part of a key, or of a header
        $("key-wrong").textContent = given ? say()["key-wrong"] : "";
        return;
      }
      store("sessionStorage", "classify.key", given);
      close();
      done();
    };
    $("key-cancel").onclick = dialog.oncancel = (event) => {
      event.preventDefault();
      store("sessionStorage", "classify.key", null);
      close();
      failed(new DOMException("no key", "AbortError"));
    };
    dialog.showModal();
    $("key").focus();
  });
  return asked;
}

async function learnCategories(signal) {
  const [found, run] = [await insist("v1/categories", {}, signal), await insist("v1/runs/current", {}, signal)];
  state.known = new Map(found.categories.map((each) => [each.id, each]));
  state.choice = found.choice;
  state.from = found.run;
  state.run = run;
  renderRun();
}

// request asks for the answer; of what was sent, text is known before, and a file has a name.
async function classify(request, { text = "", file = "" } = {}) {
  state.call?.abort();
  const call = (state.call = new AbortController());
  state.again = () => classify(request, { text, file });
  show({ busy: true });
  try {
    const found = await request(call.signal);
    if (found.run !== state.from) await learnCategories(call.signal);
    if (!found.predictions.length) {
      const first = found.rejected?.[0];
      throw new Problem("empty", "", first ? [first] : []);
    }
    Object.assign(state, { answers: found.predictions, rejected: found.rejected ?? [], file, at: 0 });
    choose(0);
    if (found.predictions.length === 1) remember(found.predictions[0], text);
    show({ answer: true });
  } catch (error) {
    if (call !== state.call) return; // another article has taken its place
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
  state.sent = text;
  classify((signal) => insist("v1/predict", options, signal), { text });
}

function sendFile(file, columns = "") {
  state.columns = (named) => sendFile(file, named);
  const send = (explain, signal) => {
    const body = new FormData();
    body.append("file", file, file.name);
    if (columns) body.append("text_columns", columns);
    body.append("explain", String(explain));
    body.append("all", "true");
    return insist("v1/predict/file", { method: "POST", body }, signal);
  };
  const request = async (signal) => {
    let found = await send(ONE.test(file.name), signal);
    const few = found.predictions.length <= EXPLAINED;
    if (few && found.predictions.some((each) => !each.explanation)) {
      found = await send(true, signal).catch((error) => {
        if (error.status === 422) return found; // together they are too long for that
        throw error;
      });
    }
    const parts = found.predictions.length === 1 ? found.predictions[0].explanation.parts : [];
    const box = $("text");
    if (!box.value.trim() || box.value === state.sent) {
      box.value = state.sent = parts.join(""); // a draft stays
      count();
    }
    return found;
  };
  classify(request, { file: file.name });
}

function sendFiles(files) {
  if (files.length > 1) show({ error: new Problem("one") });
  else if (files.length) sendFile(files[0]);
}

// ---------------------------------------------------------------- what counted

// How strongly to mark each part: -3 (against) to 3 (for), 0: not at all.
function levels(contributions) {
  let largest = LEAST;
  for (const each of contributions) largest = Math.max(largest, Math.abs(each));
  return contributions.map((each) => {
    const share = Math.abs(each) / largest;
    return Math.sign(each) * LEVELS.filter((level) => share >= level).length;
  });
}

// The words that did most for a category and most against it, with what all their occurrences did.
function strongest(parts, contributions) {
  const sums = new Map();
  parts.forEach((part, n) => {
    if (!WORD.test(part)) return;
    const key = part.toLowerCase();
    const known = sums.get(key) ?? { part, sum: 0 };
    known.sum += contributions[n];
    sums.set(key, known);
  });
  const all = [...sums.values()];
  const marked = levels(all.map((each) => each.sum));
  const ranked = all.filter((_, n) => marked[n]).sort((a, b) => b.sum - a.sum);
  const against = ranked.filter((each) => each.sum < 0).reverse();
  return [ranked.filter((each) => each.sum > 0).slice(0, LISTED), against.slice(0, LISTED)];
}

// ---------------------------------------------------------------- showing

const announce = (text) => ($("status").textContent = text);
const answer = () => state.answers[state.at];
const ranked = (found) => Object.entries(found.probabilities).sort((a, b) => b[1] - a[1]);

function choose(at) {
  state.at = at;
  state.every = false;
  state.category = answer().categories[0] ?? ranked(answer())[0]?.[0] ?? null;
}

function show({ busy = false, error = null, answer: there = false }) {
  state.error = error;
  $("busy").hidden = !busy;
  $("busy-text").textContent = say().reading;
  if (!busy) $("answer").hidden = !there; // until there is something new it stays, so that nothing jumps
  $("empty").hidden = !$("answer").hidden || Boolean(error);
  $("answer").inert = $("empty").inert = busy;
  $("result").setAttribute("aria-busy", String(busy));
  renderError();
  announce(busy ? say().reading : "");
  if (there) {
    renderAnswer();
    announce(say().result($("names").textContent, $("plain").textContent));
  }
  const { top } = $("result").getBoundingClientRect();
  if ((there || error) && (top < 0 || top > innerHeight / 2)) $("result").scrollIntoView();
}

function renderError() {
  const error = state.error;
  $("error").hidden = !error;
  $("error").replaceChildren();
  $("text").removeAttribute("aria-invalid");
  if (!error) return;
  if (error.status === "blank") $("text").setAttribute("aria-invalid", "true");
  $("error").append(node("p", {}, say().errors[error.status] ?? say().errors.other));
  if (["gone", "full", 408, 500, "other"].includes(error.status)) {
    const again = node("button", { type: "button" }, say().retry);
    again.onclick = () => state.again();
    $("error").append(again);
  }
  for (const each of [{ where: "", message: error.detail }, ...error.errors]) {
    if (each.message) $("error").append(node("p", { class: "detail" }, toldOf(each)));
  }
  if (error.errors.some((each) => COLUMNS.test(each.message))) $("error").append(columnsForm());
}

// What the service says of what it was sent: in its own words where the page has none for it.
function toldOf({ where, message }) {
  const [pattern, french] = FRENCH.find(([each]) => each.test(message)) ?? [];
  const said = state.language === "fr" && pattern && french(...pattern.exec(message).slice(1));
  const place = where && (state.language === "fr" ? bound(`${where} : `) : `${where}: `);
  const told = node("span", { lang: said ? "fr" : "en" }, visible(said ? bound(said) : message));
  return node("span", {}, said ? "" : `${say().told} `, visible(place), told);
}

// Asks which columns of a table hold the text, and reads it again.
function columnsForm() {
  const field = node("input", { id: "columns", autocomplete: "off", spellcheck: "false" });
  const button = node("button", { type: "submit" }, say()["columns-send"]);
  const form = node("form", { class: "columns" }, node("label", { for: "columns" }, say().columns), field, button);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (field.value.trim()) state.columns(field.value);
    else field.focus();
  };
  return form;
}

function renderAnswer() {
  const found = answer();
  const several = state.answers.length > 1;
  $("several").hidden = !several;
  if (several) renderSeveral();
  renderDecision(found);
  renderChoices(found);
  renderWords(found);
  $("rejected").hidden = !state.rejected.length;
  $("rejected-title").textContent = say().rejected(state.rejected.length);
  $("rejects").replaceChildren(
    ...state.rejected.map((each) => node("li", {}, toldOf(each))),
  );
}

function renderSeveral() {
  const options = state.answers.map((each, n) => {
    const names = each.categories.map(nameOf).join(", ") || say().nothing;
    return node("option", { value: n }, `${n + 1}. ${names} — ${visible(titleOf(each) || each.id)}`);
  });
  $("which-label").textContent = say().which(visible(state.file), options.length);
  $("which").replaceChildren(...options);
  $("which").value = String(state.at);
}

function renderDecision(found) {
  const kind = found.decision === "needs review" ? "review" : found.decision;
  const plain = kind === "review" && !found.categories.length ? "unsure" : kind;
  $("decision").className = `decision ${kind}`;
  $("sign").textContent = { accepted: "✓", review: "?", none: "–" }[kind] ?? "";
  const names = found.categories.map(nameOf);
  $("names").textContent = names.length
    ? new Intl.ListFormat(state.language, { type: "conjunction" }).format(names)
    : say().nothing;
  $("plain").textContent = say().plain[plain] ?? found.decision;
  $("note").hidden = !found.note;
  $("note").textContent = noteOf(found.note);
}

const noteOf = (notes) => notes.split("; ").map(oneNote).join(" ");

function oneNote(note) {
  const foreign = /^(\d+)% of its letters/.exec(note);
  if (foreign) return say().foreign(share(Number(foreign[1]) / 100));
  const assumed = /^(\S+) assumed( without)?/.exec(note);
  if (assumed) return say()[assumed[2] ? "unsure-codec" : "codec"](assumed[1]);
  return note.startsWith("nothing is left") ? say().bare : note;
}

function renderChoices(found) {
  const all = ranked(found);
  const near = all.filter(([id, p]) => p >= NEAR || found.categories.includes(id) || id === state.category);
  const shown = state.every ? all : near;
  $("tick").hidden = state.choice !== "multiple";
  $("choices").replaceChildren(...shown.map(([id, p]) => choiceOf(id, p, found)));
  $("more").hidden = all.length <= near.length;
  $("more").textContent = state.every ? say().fewer : say().every(all.length);
  $("more").setAttribute("aria-expanded", String(state.every));
}

function choiceOf(id, p, found) {
  const held = found.categories.includes(id);
  const field = node("input", { type: "radio", name: "category", value: id });
  field.checked = id === state.category;
  field.onchange = () => {
    state.category = id;
    renderWords(answer());
  };
  const threshold = state.choice === "multiple" ? state.known.get(id)?.threshold : undefined;
  const told = held ? say().held : threshold > 0 && threshold < 1 ? say().from(percent(threshold)) : "";
  return node(
    "label",
    { class: held ? "choice held" : "choice", title: told },
    field,
    node("span", { class: "name" }, nameOf(id), node("span", { class: "unseen" }, told ? `, ${told}` : "")),
    barOf(p, threshold),
    node("span", { class: "percent" }, percent(p)),
  );
}

// A probability as a bar, with a line where the category starts to hold.
function barOf(p, threshold) {
  const svg = (name, attributes) => {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    return made;
  };
  const bar = svg("svg", { class: "bar", viewBox: "0 0 100 14", preserveAspectRatio: "none", "aria-hidden": "true" });
  bar.append(svg("rect", { class: "track", y: 3, width: 100, height: 8 }));
  bar.append(svg("rect", { class: "fill", y: 3, width: Math.max(100 * p, 0.6), height: 8 }));
  if (threshold > 0 && threshold < 1) {
    bar.append(svg("line", { class: "threshold", x1: 100 * threshold, x2: 100 * threshold, y1: 0, y2: 14 }));
  }
  return bar;
}

function renderWords(found) {
  const why = found.explanation;
  const contributions = why?.contributions[state.category];
  $("why").hidden = !contributions && Boolean(why);
  for (const each of [$("marked"), document.querySelector(".said"), $("why-title")]) each.hidden = !contributions;
  $("method").textContent = why ? say().methods[why.method] : say().unexplained;
  if (!contributions) return;
  $("why-title").textContent = say().why(nameOf(state.category));
  const [forIt, against] = strongest(why.parts, contributions);
  for (const [id, words] of [["for", forIt], ["against", against]]) {
    const items = words.map(({ part, sum }) => {
      const word = visible(part.replace(/\s+/g, " "));
      return node("li", {}, node("mark", { class: `${id} l2`, lang: "fr" }, word), " ", node("small", {}, signed(sum)));
    });
    const nothing = node("li", {}, node("small", {}, say()["no-word"]));
    $(id).replaceChildren(...(items.length ? items : [nothing]));
  }
  $("marked").replaceChildren(markedText(why.parts, contributions));
}

function markedText(parts, contributions) {
  const made = document.createDocumentFragment();
  const strengths = levels(contributions);
  let plain = "";
  parts.forEach((part, n) => {
    const level = strengths[n];
    if (!level || !part.trim()) {
      plain += part;
      return;
    }
    if (plain) made.append(visible(plain));
    plain = "";
    const css = `${level > 0 ? "for" : "against"} l${Math.abs(level)}`;
    made.append(node("mark", { class: css, title: signed(contributions[n]) }, visible(part)));
  });
  if (plain) made.append(visible(plain));
  return made;
}

// ---------------------------------------------------------------- recent articles

const titleOf = (found, text = "") => {
  const whole = found.title || (found.explanation ? found.explanation.parts.slice(0, 200).join("") : text);
  return whole.trim().split("\n", 1)[0].slice(0, 140);
};

function recents() {
  try {
    const kept = JSON.parse(store("localStorage", "classify.recent") ?? "[]");
    const ours = (each) => typeof each?.text === "string" && Array.isArray(each.names) && Number.isFinite(each.when);
    return Array.isArray(kept) ? kept.filter(ours) : [];
  } catch {
    return [];
  }
}

function remember(found, sent) {
  const text = sent || (found.explanation?.parts ?? []).join("");
  if (!text.trim() || text.length > LONGEST) return;
  const kept = recents().filter((each) => each.text !== text);
  const entry = { text, title: titleOf(found, text), names: found.categories, when: Date.now() };
  store("localStorage", "classify.recent", JSON.stringify([entry, ...kept].slice(0, RECENT)));
  renderRecents();
}

function renderRecents() {
  const kept = recents();
  $("recent").hidden = !kept.length;
  const short = new Intl.DateTimeFormat(DATES[state.language], { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  $("recents").replaceChildren(
    ...kept.map((each) => {
      const names = each.names.map(nameOf).join(", ") || say().nothing;
      const about = node("span", {}, `${names} · ${short.format(each.when)}`);
      const button = node("button", { type: "button" }, node("b", { lang: "fr" }, visible(each.title || "…")), about);
      button.onclick = () => {
        $("text").value = each.text;
        count();
        $("result").focus({ preventScroll: true }); // this button goes when the list is drawn anew
        sendText();
      };
      return node("li", {}, button);
    }),
  );
}

// ---------------------------------------------------------------- the page as a whole

function count() {
  const text = $("text").value;
  $("count").textContent = say().words(text.trim() ? text.trim().split(/\s+/).length : 0);
  $("clear").hidden = !text;
  $("example").hidden = Boolean(text);
}

function renderRun() {
  $("run").textContent = state.run ? say().run(state.run) : "";
  $("run").title = state.run ? state.run.run : "";
}

function speak(language) {
  state.language = language;
  document.documentElement.lang = language;
  document.title = `${say().page} · classify`;
  for (const each of document.querySelectorAll("[data-say]")) each.textContent = say()[each.dataset.say];
  for (const each of document.querySelectorAll("[data-label]")) each.setAttribute("aria-label", say()[each.dataset.label]);
  $("text").placeholder = say().placeholder;
  for (const each of ["fr", "en"]) $(each).setAttribute("aria-pressed", String(each === language));
  renderRun();
  count();
  renderRecents();
  renderError();
  if (!$("answer").hidden) renderAnswer();
  if (!$("busy").hidden) $("busy-text").textContent = say().reading;
}

function listen() {
  for (const each of ["fr", "en"]) {
    $(each).onclick = () => {
      store("localStorage", "classify.language", each);
      speak(each);
    };
  }
  $("form").onsubmit = (event) => {
    event.preventDefault();
    sendText();
  };
  $("text").oninput = count;
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
    count();
    state.call?.abort();
    show({});
    $("text").focus();
  };
  $("example").onclick = () => {
    $("text").value = EXAMPLE;
    count();
    $("send").focus(); // this button goes
    sendText();
  };
  $("cancel").onclick = () => {
    state.call?.abort();
    show({});
    $("text").focus();
  };
  $("more").onclick = () => {
    state.every = !state.every;
    renderChoices(answer());
  };
  $("which").onchange = () => {
    choose(Number($("which").value));
    renderAnswer();
    announce(say().result($("names").textContent, $("plain").textContent));
  };
  $("forget").onclick = () => {
    store("localStorage", "classify.recent", null);
    renderRecents();
    announce(say().forgotten);
    $("text").focus();
  };
  listenToDrops();
}

function listenToDrops() {
  const files = (event) => [...(event.dataTransfer?.types ?? [])].includes("Files");
  let depth = 0; // dragenter and dragleave come for every element on the way
  const mark = (change) => {
    depth = Math.max(depth + change, 0);
    document.body.classList.toggle("dropping", depth > 0);
  };
  addEventListener("dragenter", (event) => files(event) && mark(1));
  addEventListener("dragleave", (event) => files(event) && mark(-1));
  addEventListener("dragover", (event) => files(event) && event.preventDefault());
  addEventListener("drop", (event) => {
    if (!files(event)) return;
    event.preventDefault();
    mark(-depth);
    sendFiles([...event.dataTransfer.files]);
  });
}

async function start() {
  const wanted = store("localStorage", "classify.language") ?? navigator.language.slice(0, 2);
  listen();
  speak(wanted === "fr" ? "fr" : "en");
  try {
    await learnCategories();
    speak(state.language);
  } catch (error) {
    if (error instanceof Problem && error.status !== 401) {
      state.again = () => location.reload();
      show({ error });
    }
  }
}

start();
