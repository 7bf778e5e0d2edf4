// The French text of the page. english.js has the same keys.
import { day, number } from "./format.js";

export const FRENCH = {
  title: "De quoi parle cet article ?",
  skip: "Aller au résultat",
  language: "Langue",
  standfirst: "Collez-le : le modèle indique ses catégories, son degré de certitude et les mots qui ont compté.",
  article: "Article",
  placeholder: "Collez le texte ici ou déposez un fichier.",
  keys: "Ctrl + Entrée pour classer l’article.",
  files: "Fichiers acceptés : .txt .md .html .jsonl .csv .tsv .parquet.",
  send: "Classer l’article",
  pick: "Choisir un fichier…",
  clear: "Effacer",
  example: "Essayer un exemple",
  recent: "Articles récents",
  forget: "Tout effacer",
  forgotten: "La liste des articles récents est effacée.",
  private: "Conservés dans ce navigateur, nulle part ailleurs.",
  cancel: "Annuler",
  emptyTitle: "Le résultat s’affichera ici.",
  categoriesTerm: "Les catégories",
  categoriesHint: "Chacune avec sa probabilité, calibrée : sur dix catégories annoncées à 70 %, sept sont justes.",
  decisionTerm: "La décision",
  decisionHint: "Classement sûr, article à relire ou aucune catégorie.",
  wordsTerm: "Les mots",
  wordsHint: "Ceux qui plaident",
  wordFor: "pour",
  and: "et",
  wordAgainst: "contre",
  wordsHintEnd: "chaque catégorie.",
  articlesOf: (file, n) => `Les ${number(n)} articles de « ${file} »`,
  choose: "Choisissez une catégorie pour voir ses mots.",
  tick: "Le trait sur une barre marque le seuil.",
  for: "Pour",
  against: "Contre",
  keyTitle: "Ce service demande une clé",
  keyHint: "Demandez-la à la personne qui a installé le service. Elle est oubliée dès que vous fermez cet onglet.",
  key: "Clé d’accès",
  keySend: "Continuer",
  keyWrong: "Cette clé n’est pas la bonne.",
  words: (n) => (n ? `${number(n)} mot${n > 1 ? "s" : ""}` : ""),
  run: (run) =>
    `${run.kind}\u00a0· entraîné\u00a0sur\u00a0${number(run.articles)}\u00a0articles\u00a0· ${day(run.created)}`,
  reading: "Le modèle lit l’article…",
  retrying: (seconds, n, attempts) => `Le service est occupé. Nouvel essai dans ${seconds}\u00a0s (${n} sur ${attempts}).`,
  noCategory: "Aucune catégorie",
  advice: {
    accepted: "Le modèle est assez sûr : l’article peut être classé sans relecture.",
    none: "Le modèle est sûr qu’aucune catégorie ne s’applique.",
    review: "À relire : le modèle propose ce classement, sans en être assez sûr.",
    unsure: "À relire : aucune catégorie ne se dégage, mais l’une d’elles pourrait s’appliquer.",
  },
  foreign: (share) => `${share} des lettres ne sont pas latines ; le modèle ne les lit guère.`,
  damage: {
    mojibake: "Ses lettres étaient dans un autre codage ; elles sont rétablies.",
    tags: "Il contenait du HTML ; les balises sont retirées.",
    entities: "Il contenait des entités HTML ; elles sont décodées.",
    broken: "Les mots coupés en fin de ligne sont recollés.",
    lost: "Des lettres sont perdues ou dans un autre codage ; reprenez le texte à sa source.",
  },
  bare: "Il ne reste rien de ce texte sans les caractères invisibles et les crédits.",
  encoding: (name) => `Encodage supposé : ${name}.`,
  unsureEncoding: (name) => `Encodage supposé sans certitude : ${name}. Vérifiez les accents.`,
  predicted: "retenue",
  threshold: (p) => `seuil ${p}`,
  showAll: (n) => `Voir les ${n} catégories`,
  showFewer: "Voir seulement les plus probables",
  why: (name) => `Ce qui a compté pour « ${name} »`,
  noWord: "rien de notable",
  methods: {
    exact:
      "Chaque mot augmente ou diminue le score de la catégorie, en log-cotes ; " +
      "le score est la somme de ces effets et d’une valeur de départ.",
    occlusion: "Pour chaque passage : ce que perd le score de la catégorie, en log-cotes, quand on le retire du texte.",
  },
  result: (names, advice) => `Résultat : ${names}. ${advice}`,
  unexplained:
    "Les mots qui ont compté ne sont montrés que pour 16 articles au plus, et pour 200 000 caractères en tout.",
  rejected: (n) => (n > 1 ? `${n} enregistrements n’ont pas pu être lus` : "Un enregistrement n’a pas pu être lu"),
  retry: "Réessayer",
  columns: "Colonnes du texte, séparées par des virgules",
  columnsSend: "Lire ces colonnes",
  reply: "Réponse du service :",
  errors: {
    blank: "Collez d’abord un article.",
    files: "Un seul fichier à la fois, s’il vous plaît.",
    empty: "Ce fichier ne contient aucun article lisible.",
    unreachable: "Le service ne répond pas. Il est peut-être arrêté, ou le réseau coupé.",
    busy: "Le service reste occupé. Réessayez dans une minute.",
    408: "L’envoi a pris trop de temps. Réessayez.",
    413: "C’est trop long pour être classé ici. Pour de gros fichiers, utilisez la commande classify predict.",
    415: "Ce type de fichier n’est pas accepté.",
    422: "Le service n’a pas pu lire cet envoi.",
    other: "Le service a rencontré une erreur.",
  },
};

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

// The service's message about a table whose text it can't find: the missing columns, and those it has.
export const MISSING_COLUMNS = /^has no column (.+); its columns are (.+)\. Name the right ones\b/;

// The service's messages about a file, in English -> the same in French.
const MESSAGES = [
  [/^(is empty|holds nothing but white space)\b/, () => "C’est vide."],
  [
    /^is (an? .+), not text\b/,
    (kind) => KINDS[kind] && `C’est ${KINDS[kind]}, pas du texte. Enregistrez d’abord son texte en .txt ou .csv.`,
  ],
  [/^is binary\b/, () => "Ce n’est pas du texte. Envoyez un fichier de texte."],
  [
    /^is in an encoding that could not be recognised\b/,
    () => "L’encodage n’est pas reconnu. Enregistrez le fichier en UTF-8.",
  ],
  [/^is JSON\b/, () => "C’est du JSON. Enregistrez-le en .jsonl, un objet par ligne."],
  [/^has .+, more than the .+ one article may have\b/, () => "C’est plus long que ne peut l’être un article."],
  [
    /^holds no text that reads like an article\b/,
    () => "On n’y trouve pas d’article. Enregistrez le texte seul en .txt.",
  ],
  [/^the model does not get through one of the texts\b/, () => "Le modèle ne vient pas à bout d’un des textes."],
  [
    /^was not computed within (.+?)\. Send less of it\./,
    (time) => `Le modèle n’en vient pas à bout en ${time}. Envoyez un texte plus court.`,
  ],
  [/^ended the model's process twice\b/, () => "Le modèle n’en vient pas à bout. Envoyez un texte plus court."],
  [
    MISSING_COLUMNS,
    (_missing, columns) => `Aucune colonne n’est reconnue comme celle du texte ; elles s’appellent ${columns}.`,
  ],
];

// Returns the French for a message of the service, or nothing.
export function inFrench(message) {
  const [pattern, french] = MESSAGES.find(([pattern]) => pattern.test(message)) ?? [];
  return pattern && french(...pattern.exec(message).slice(1));
}
