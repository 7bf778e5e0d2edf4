"""One article in plain text, HTML or Markdown: its text, title, date and source."""
