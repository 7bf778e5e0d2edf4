"""Small datasets for tests: real words, known answers, made on the spot."""

import random
from collections.abc import Mapping
from pathlib import Path

import tomlkit

from labels.dataset import Dataset, Example, write_dataset
from labels.taxonomy import Category, Taxonomy
from seeds.document import Document

WORDS = {
    "cinema": [
        "film",
        "festival",
        "réalisateur",
        "écran",
        "projection",
        "acteur",
        "tournage",
        "coproduction",
    ],
    "trade": ["export", "douane", "tarif", "conteneur", "port", "accord", "marché", "cargaison"],
    "sport": [
        "match",
        "équipe",
        "stade",
        "entraîneur",
        "championnat",
        "athlète",
        "victoire",
        "arbitre",
    ],
}
FILLER = [
    "le",
    "la",
    "de",
    "et",
    "dans",
    "pour",
    "avec",
    "une",
    "ville",
    "pays",
    "semaine",
    "matin",
    "ministre",
    "habitants",
    "projet",
]


def taxonomy(choice: str = "multiple", names: tuple[str, ...] = tuple(WORDS)) -> Taxonomy:
    """Return a taxonomy of these categories."""
    categories = tuple(Category(id=name, fr=name.title(), en=f"{name} (en)") for name in names)
    return Taxonomy("test", choice, categories)  # type: ignore[arg-type]


def article(categories: tuple[str, ...], rng: random.Random, size: int = 40) -> str:
    """Return a text about these categories."""
    topical = [rng.choice(WORDS[name]) for name in categories for _ in range(size // 4)]
    words = topical + [rng.choice(FILLER) for _ in range(size)]
    rng.shuffle(words)
    return " ".join(words) + f" numéro {rng.randrange(10**9)}."


def dataset(count: int = 60, choice: str = "multiple", seed: int = 0) -> Dataset:
    """Return articles with one category, or with one or two for multiple choice."""
    rng = random.Random(seed)
    examples = []
    for n in range(count):
        names = list(WORDS)
        chosen = [names[n % len(names)]]
        if choice == "multiple" and n % 4 == 0:
            chosen.append(names[(n + 1) % len(names)])
        chosen = [name for name in names if name in chosen]
        document = Document.of(article(tuple(chosen), rng))
        examples.append(Example(document, tuple(chosen)))
    return Dataset(tuple(examples), taxonomy(choice))


def uneven(
    counts: Mapping[tuple[str, ...], int], choice: str = "multiple", seed: int = 0
) -> Dataset:
    """Return so many articles with each set of categories, in an order that mixes them."""
    rng = random.Random(seed)
    examples = [
        Example(Document.of(article(names, rng)), names)
        for names, count in counts.items()
        for _ in range(count)
    ]
    rng.shuffle(examples)
    return Dataset(tuple(examples), taxonomy(choice))


def write_taxonomy(folder: Path, taxonomy: Taxonomy) -> None:
    """Write a workspace's taxonomy."""
    folder.mkdir(parents=True, exist_ok=True)
    text = tomlkit.dumps(taxonomy.record())
    (folder / "taxonomy.toml").write_text(text, encoding="utf-8")


def workspace(folder: Path, count: int = 60, choice: str = "multiple") -> Path:
    """Make a folder with agreed labels, ready for `classify train`."""
    data = dataset(count, choice)
    write_taxonomy(folder, data.taxonomy)
    write_dataset(folder / "dataset.jsonl", data)
    return folder
