// Show the page in the language whose button is pressed; a place in it keeps its place.
for (const button of document.querySelectorAll(".languages button")) {
  button.addEventListener("click", () => {
    document.documentElement.lang = button.lang;
    for (const other of button.parentNode.children) {
      other.setAttribute("aria-pressed", String(other === button));
    }
    for (const content of document.querySelectorAll(".language")) {
      content.hidden = content.lang !== button.lang;
      if (!content.hidden) document.title = content.dataset.title;
    }
  });
}
