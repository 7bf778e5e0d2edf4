// Errors, in the words of the page and of the service.
import { $, element, visible } from "./dom.js";
import { currentLanguage } from "./format.js";
import { inFrench, MISSING_COLUMNS } from "./french.js";
import { bindSpaces, texts } from "./language.js";
import { state } from "./state.js";

const RETRIABLE = ["unreachable", "busy", 408, 500, "other"];

export function renderError() {
  const { error } = state;
  $("error").hidden = !error;
  $("error").replaceChildren();
  $("text").removeAttribute("aria-invalid");
  if (!error) return;
  if (error.status === "blank") $("text").setAttribute("aria-invalid", "true");
  $("error").append(element("p", {}, texts().errors[error.status] ?? texts().errors.other));
  if (RETRIABLE.includes(error.status)) {
    const button = element("button", { type: "button" }, texts().retry);
    button.onclick = () => state.retry();
    $("error").append(button);
  }
  for (const fault of [{ where: "", message: error.detail }, ...error.errors]) {
    if (fault.message) $("error").append(element("p", { class: "detail" }, messageOf(fault)));
  }
  if (error.errors.some((fault) => MISSING_COLUMNS.test(fault.message))) $("error").append(columnsForm());
}

// A message of the service: translated if the page can, else quoted.
export function messageOf({ where, message }) {
  const isFrench = currentLanguage() === "fr";
  const french = isFrench && inFrench(message);
  const place = where && (isFrench ? bindSpaces(`${where} : `) : `${where}: `);
  const text = element("span", { lang: french ? "fr" : "en" }, visible(french ? bindSpaces(french) : message));
  return element("span", {}, french ? "" : `${texts().reply} `, visible(place), text);
}

// Asks which columns of a table hold the text, and reads it again.
function columnsForm() {
  const field = element("input", { id: "columns", autocomplete: "off", spellcheck: "false" });
  const label = element("label", { for: "columns" }, texts().columns);
  const button = element("button", { type: "submit" }, texts().columnsSend);
  const form = element("form", { class: "columns" }, label, field, button);
  form.onsubmit = (event) => {
    event.preventDefault();
    if (field.value.trim()) state.readColumns(field.value);
    else field.focus();
  };
  return form;
}
