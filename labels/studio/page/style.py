"""The style sheet of the labelling page."""

# Label Studio puts this into the page unchanged, so it can style Label Studio's own elements too
# (lsf-…). If a later version renames them, the page is less compact and still works. A ">" would
# arrive as "&gt;".
STYLE = """
.press-frame { container-type: inline-size; }
.press { display: grid; grid-template-columns: minmax(0, 45em) auto; gap: 2.5em; }
.press-facts { display: flex; opacity: .75; padding-left: 8px; }
.press-facts h4 { font-size: 14px; font-weight: 400; line-height: 1.5;
  margin: 0 0 .6em !important; }
.press-facts h4:empty { display: none; }
.press-facts h4:not(:empty) + h4:not(:empty)::before { content: "·"; margin: 0 .4em; }
.press-title { display: none; }
.press-article { padding-left: .5em; }
.press-article .press-text .lsf-htx-richtext { font-size: 17px; line-height: 1.6; }
.press-article:has(.press-title :not(:empty)) .press-text .lsf-richtext__line:first-child {
  font-size: 1.3em; font-weight: 650; line-height: 1.3; }

.press-panel { position: sticky; top: 0; align-self: start; width: 40em; padding-right: 22.5em;
  max-height: calc(100vh - 120px); overflow-y: auto; }
.press-panel h4 { font-size: 15px; margin: 0 0 .5em !important; }
.press-panel .lsf-choices { margin: 0 !important; }
.press-panel .press-group h4 { font-size: 13px; line-height: 20px; font-weight: 500;
  opacity: .75; margin: .6em 0 .1em !important; }
.press-panel .press-group:first-child h4 { margin-top: 0 !important; }
.press-panel .lsf-choice__checkbox { line-height: 25px; border-radius: 4px; font-weight: 400; }
.press-panel .lsf-choice__checkbox:hover { background: rgba(128, 128, 128, .12); }
.press-panel .ant-checkbox-wrapper-checked { font-weight: 600; }
.press-panel .lsf-hint { font-size: 12px; top: 0; margin-left: .5em; opacity: .75; }
.press-unsure { margin-top: .5em; padding-top: .5em;
  border-top: 1px solid rgba(128, 128, 128, .3); }
.press-comment { margin: .5em 0 0 -4px; }

@media (max-height: 800px) {
  .press-panel .lsf-choice__checkbox { line-height: 22px; }
  .press-panel .press-group h4 { margin: .2em 0 0 !important; }
}

.press-rule { display: none; position: absolute; right: 0; top: 0; width: 21em;
  padding: 0 1em; border-left: 2px solid rgba(128, 128, 128, .4); }
.press-panel .press-rule h4 { font-size: 14px; font-weight: 400; line-height: 1.5; opacity: 1;
  margin: 0 0 .6em !important; }
.press-panel .press-category h4:first-child { font-size: 15px; font-weight: 600; }
.press-panel .press-rule h4:last-child { margin-bottom: 0 !important; }
.press-general, .press-category:hover .press-rule, .press-category:focus-within .press-rule {
  display: block; }
.press-panel:has(.press-category:hover) .press-category:not(:hover) .press-rule,
.press-panel:has(.press-category:hover, .press-category:focus-within) .press-general {
  display: none; }

@container (max-width: 1150px) {
  .press { gap: 1.5em; }
  .press-panel { width: 33em; padding-right: 16em; }
  .press-rule { width: 15.5em; }
}
@container (max-width: 900px) {
  .press-panel { width: 17em; padding-right: 0; overflow: visible; max-height: none; }
  .press-rule { right: 18em; padding: .8em 1em; background: var(--color-neutral-background);
    box-shadow: 0 2px 12px rgba(0, 0, 0, .3); border-left: 0; z-index: 1; }
  .press-general { display: none; }
}
@container (max-width: 650px) {
  .press { grid-template-columns: minmax(0, 1fr); }
  .press-panel { position: static; order: -1; width: auto; }
  .press-category:hover .press-rule { display: none; }
}
.press-guide p { margin: 0 0 .8em; }
.press-guide h4 { font-size: 1.2em; margin: 1.2em 0 .4em; }
.lsf-sidepanels { padding: 0 !important; }
.lsf-sidepanels__wrapper { display: none; }
"""
