// The words of the page in the language that is chosen.
import { ENGLISH } from "./english.js";
import { currentLanguage } from "./format.js";
import { FRENCH } from "./french.js";

// French punctuation: no line begins with a mark that follows a space, or ends with a guillemet.
export function bindSpaces(text) {
  if (typeof text === "string") {
    return text.replace(/ (?=[?!;%])/g, "\u202f").replace(/ (?=[:»+])|(?<=[«+]) /g, "\u00a0");
  }
  if (typeof text === "function") return (...values) => bindSpaces(text(...values));
  return Object.fromEntries(Object.entries(text).map(([key, part]) => [key, bindSpaces(part)]));
}

const TEXTS = { fr: bindSpaces(FRENCH), en: ENGLISH };

export const texts = () => TEXTS[currentLanguage()];
