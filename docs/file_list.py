"""Write the list of files in docs/architecture.md from the first line of each module's docstring.

python docs/file_list.py            rewrite the list
python docs/file_list.py --check    exit with 1 if it is out of date
"""

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "architecture.md"
FOLDERS = ("seeds", "labels", "training", "classify", "benchmarks")
BEGIN, END = "<!-- files: begin -->\n", "<!-- files: end -->\n"


def main() -> int:
    """Rewrite the list, or compare it; return the exit code."""
    page = PAGE.read_text(encoding="utf-8")
    start, end = page.index(BEGIN) + len(BEGIN), page.index(END)
    current = f"{page[:start]}\n{file_list()}\n{page[end:]}"
    if "--check" in sys.argv:
        if page != current:
            print("docs/architecture.md is out of date. Run: python docs/file_list.py")
        return int(page != current)
    PAGE.write_text(current, encoding="utf-8")
    return 0


def file_list() -> str:
    """Return a heading and a table for every folder of modules."""
    packages = sorted(
        {path.parent for name in FOLDERS for path in (ROOT / name).rglob("*.py")},
        key=lambda folder: (FOLDERS.index(folder.relative_to(ROOT).parts[0]), folder),
    )
    return "\n".join(_section(folder) for folder in packages)


def _section(folder: Path) -> str:
    init = folder / "__init__.py"
    lines = [f"### {folder.relative_to(ROOT)}/", ""]
    if init.is_file():
        lines += [_subject(init), ""]
    modules = sorted(path for path in folder.glob("*.py") if path != init)
    if modules:
        lines += ["| file | subject |", "| --- | --- |"]
        lines += [f"| {path.name} | {_subject(path)} |" for path in modules]
        lines.append("")
    return "\n".join(lines)


def _subject(module: Path) -> str:
    """Return the first line of a module's docstring."""
    text = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8")))
    if not text:
        raise SystemExit(f"{module.relative_to(ROOT)} has no docstring.")
    return text.splitlines()[0].replace("|", "\\|")


if __name__ == "__main__":
    sys.exit(main())
