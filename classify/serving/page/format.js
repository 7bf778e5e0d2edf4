// The language of the page, and numbers, dates and shares in it.

const DATES = { fr: "fr-FR", en: "en-GB" };
let language = "fr";

export const currentLanguage = () => language;

export function setLanguage(chosen) {
  language = chosen;
}

const decimal = (value, options) => new Intl.NumberFormat(language, options).format(value);
const date = (time, options) => new Intl.DateTimeFormat(DATES[language], options).format(time);

export const number = (value) => decimal(value);

export function day(text) {
  const time = new Date(text);
  if (Number.isNaN(time.getTime())) return text;
  return date(time, { day: "numeric", month: "long", year: "numeric" }).replaceAll(" ", "\u00a0");
}

export const moment = (time) => date(time, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });

export const share = (value, digits = 0) =>
  decimal(value, { style: "percent", minimumFractionDigits: digits, maximumFractionDigits: digits });

// A probability; a model is never entirely sure.
export function percent(p) {
  if (p < 0.001) return `<\u202f${share(0.001, 1)}`;
  if (p > 0.999) return `>\u202f${share(0.999, 1)}`;
  return share(p, p < 0.0995 || p > 0.99 ? 1 : 0);
}

export const signed = (value) =>
  (value < 0 ? "−" : "+") + decimal(Math.abs(value), { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export const list = (names) => new Intl.ListFormat(language, { type: "conjunction" }).format(names);
