"""How fast a fine-tuned encoder predicts on a CPU: a run, its ONNX versions, a pipeline.

    python benchmarks/encoder_speed.py --base-model FOLDER [--models FOLDER] [--articles 400]
    python benchmarks/encoder_speed.py --random [--models FOLDER] [--articles 400]

The base is fine-tuned on SIB-200 and on MasakhaNEWS (French, 50 a class) from `../shared/data`.
With --random nothing is learned and no data is read: a network of random weights, as large as
multilingual-e5-small's encoder, reads sentences and articles of made-up words. --models keeps the
networks, so that the next run starts at once.

Each contender labels the same texts, part by part in turn, on the same number of threads: the
pipeline of transformers (float32, 16 texts at once), the model as it is loaded from a run, computed
by PyTorch in each precision that this processor multiplies, and its ONNX versions, computed by ONNX
Runtime in float32 and int8. All read the first window of a text, from its characters on. F1 is
weighted, of texts nothing was learned from.
"""

import argparse
import contextlib
import itertools
import json
import random
import shutil
import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmarks.results import place, table
from benchmarks.timing import interleaved, times

if TYPE_CHECKING:
    from training.models.camembert.model import Camembert

DATA = {"sentences": "SIB-200, 701 sentences", "news": "MasakhaNEWS, 50 a class"}
LENGTHS = {"made-up sentences": (12, 40), "made-up articles": (300, 600)}  # words of a text
PIPELINE = "transformers pipeline, float32"
TORCH, ONNX = "PyTorch", "ONNX Runtime"
CONSONANTS, VOWELS = "bcdfghjklmnprstvz", ("a", "e", "é", "i", "o", "ou", "u")
TOKENS = 34_000  # of the random network's vocabulary
SAMPLES = 8  # texts that show int8 which inner units have the largest values
WARM_UP = 4  # texts

Predict = Callable[[Sequence[str]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Corpus:
    """Texts to label, and the model that labels them.

    Attributes:
        name: of the data.
        model: the folder of a camembert model.
        texts: to label.
        gold: the categories of the first of them; () if they have none.
    """

    name: str
    model: Path
    texts: Sequence[str]
    gold: Sequence[str]


@dataclass(frozen=True, slots=True)
class Measured:
    """A row of the table.

    Attributes:
        data, network: what was read, and by what.
        tokens: how many were read, special ones included.
        seconds: of each part.
        f1: weighted; None: the texts have no categories.
        same: share of all texts with the category that the pipeline gives.
    """

    data: str
    network: str
    tokens: int
    seconds: tuple[float, ...]
    f1: float | None
    same: float


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--base-model", help="an encoder's folder; needs ../shared/data")
    source.add_argument("--random", action="store_true", help="random weights and made-up texts")
    parser.add_argument("--models", type=Path, help="where networks are kept for the next run")
    parser.add_argument("--data", default=",".join(DATA), help="with --base-model: which to read")
    parser.add_argument("--articles", type=int, default=400, help="texts of each kind")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--parts", type=int, default=5)
    options = parser.parse_args()
    rows: list[Measured] = []
    with contextlib.ExitStack() as stack:
        folder = options.models or Path(stack.enter_context(TemporaryDirectory()))
        if options.random:
            corpora = random_corpora(folder, options.articles)
        else:
            names = options.data.split(",")
            corpora = learned_corpora(folder, options.base_model, names, options.articles)
        for corpus in corpora:
            rows += measure(corpus, options.threads, options.parts)
    print(
        f"{place()}. {options.articles} texts of each kind, {options.threads} threads, in "
        f"{options.parts} parts, in turn; ratios are medians of the parts.\n\n{table_of(rows)}"
    )


def learned_corpora(
    folder: Path, base: str, names: Sequence[str], articles: int
) -> Iterator[Corpus]:
    """Fine-tune the base on each data set; its dev set is labelled first."""
    from benchmarks.kinds import CONFIGS, JOBS, read
    from training.model import Fitting
    from training.models.camembert.model import Camembert
    from training.recipe import read_recipe

    for name in names:
        training, test = (read(path) for path in JOBS[DATA[name]])
        model = folder / name
        if not model.is_dir():
            _, settings = read_recipe(CONFIGS / "camembert.toml", "camembert")
            settings = replace(settings, base_model=base, windows="head")
            fitted = Camembert.fit(training, settings, Fitting())
            model.mkdir(parents=True)
            fitted.save(model)
        texts = [*test.texts, *training.texts][:articles]
        gold = [example.categories[0] for example in test.examples][:articles]
        yield Corpus(DATA[name], model, texts, gold)


def random_corpora(folder: Path, articles: int) -> Iterator[Corpus]:
    """Make a network of random weights, and texts of made-up words."""
    rng = random.Random(1)
    words = [made_up_word(rng) for _ in range(30_000)]
    model = folder / "random"
    if not model.is_dir():
        save_random_model(model, words)
    for name, lengths in LENGTHS.items():
        texts = [" ".join(rng.choices(words, k=rng.randint(*lengths))) for _ in range(articles)]
        yield Corpus(name, model, texts, ())


def made_up_word(rng: random.Random) -> str:
    """Return one to four syllables."""
    syllables = rng.choices((1, 2, 3, 4), (4, 4, 2, 1))[0]
    return "".join(rng.choice(CONSONANTS) + rng.choice(VOWELS) for _ in range(syllables))


def save_random_model(folder: Path, words: Sequence[str]) -> None:
    """Save a camembert model of 12 layers of 384 numbers, and a tokenizer learned from words."""
    import torch
    from transformers import CamembertConfig, CamembertForSequenceClassification

    from training.models.camembert.logits import exact_network
    from training.models.camembert.model import Camembert
    from training.models.camembert.settings import CamembertSettings
    from training.models.encoders.hub import wrap_tokenizer
    from training.runtime import Runtime

    torch.manual_seed(0)
    names = {n: f"category {n}" for n in range(7)}
    config = CamembertConfig(
        vocab_size=TOKENS,
        hidden_size=384,
        num_hidden_layers=12,
        num_attention_heads=12,
        intermediate_size=1536,
        max_position_embeddings=514,
        type_vocab_size=1,
        pad_token_id=1,
        bos_token_id=0,
        eos_token_id=2,
        id2label=names,
        label2id={name: n for n, name in names.items()},
    )
    model = CamembertForSequenceClassification(config).eval()
    hub_tokenizer = train_tokenizer(words)
    tokenizer = wrap_tokenizer(hub_tokenizer, "random")
    network = exact_network(model, tokenizer.pad, Runtime("cpu"))
    settings = CamembertSettings(base_model="random", windows="head")
    folder.mkdir(parents=True)
    Camembert(settings, tokenizer, network, len(names), base=(model, hub_tokenizer)).save(folder)


def train_tokenizer(words: Sequence[str]) -> Any:
    """Return a tokenizer of transformers with CamemBERT's special tokens."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(vocab_size=TOKENS, special_tokens=special, show_progress=False)
    letters = "abcdefghijklmnopqrstuvwxyzéèàçêîôù'’.,;: ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
    tokenizer.train_from_iterator([*words, *letters], trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        cls_token="<s>",
        sep_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>",
    )


def measure(corpus: Corpus, threads: int, parts: int) -> list[Measured]:
    """Return a row for each contender; each labels every text once."""
    shares = [list(range(len(corpus.texts)))[n::parts] for n in range(parts)]
    predicts = contenders(corpus, threads)
    answers: dict[str, dict[int, str]] = {name: {} for name in predicts}

    def label(predict: Predict, remaining: Iterator[list[int]], labels: dict[int, str]) -> None:
        """Label the next part."""
        share = next(remaining)
        labels.update(zip(share, predict([corpus.texts[n] for n in share]), strict=True))

    for predict in predicts.values():
        predict(corpus.texts[:WARM_UP])  # whatever is made once is made now
    seconds = interleaved(
        {
            name: partial(label, predict, iter(shares), answers[name])
            for name, predict in predicts.items()
        },
        parts,
    )
    tokens = count_tokens(corpus)
    return [
        Measured(
            corpus.name,
            name,
            tokens,
            tuple(seconds[name]),
            weighted_f1(corpus.gold, answers[name]),
            statistics.mean(answers[name][n] == answers[PIPELINE][n] for n in answers[name]),
        )
        for name in predicts
    ]


def contenders(corpus: Corpus, threads: int) -> dict[str, Predict]:
    """Return what labels texts, by name."""
    import torch
    import transformers

    from training.models.encoders.networks.precision import multiplies_bfloat16

    torch.set_num_threads(threads)
    pipeline = transformers.pipeline("text-classification", model=str(corpus.model), device="cpu")
    precisions = ("float32", "bfloat16") if multiplies_bfloat16() else ("float32",)
    models = {
        **{f"{TORCH}, {name}": loaded(corpus.model, threads, name) for name in precisions},
        **{
            f"{ONNX}, {name}": loaded(exported(corpus, name), threads, "auto")
            for name in ("float32", "int8")
        },
    }
    return {
        PIPELINE: partial(answer_by_pipeline, pipeline),
        **{name: partial(answer, model, categories(corpus)) for name, model in models.items()},
    }


def answer_by_pipeline(pipeline: Any, texts: Sequence[str]) -> list[str]:
    """Return the category of each text by the pipeline of transformers."""
    return [best["label"] for best in pipeline(list(texts), batch_size=16, truncation=True)]


def answer(model: "Camembert", names: Sequence[str], texts: Sequence[str]) -> list[str]:
    """Return the category of each text by a model of ours."""
    return [names[n] for n in model.scores(texts).argmax(axis=1)]


def categories(corpus: Corpus) -> list[str]:
    """Return the categories of a model, in the order of its outputs."""
    config = json.loads((corpus.model / "config.json").read_text(encoding="utf-8"))
    return list(config["id2label"].values())


def loaded(folder: Path, threads: int, dtype: str) -> "Camembert":
    """Load a model that computes on the CPU."""
    from training.models.camembert.model import Camembert
    from training.runtime import Runtime

    return Camembert.load(folder, Runtime("cpu", None, threads, dtype))


def exported(corpus: Corpus, precision: str) -> Path:
    """Return the folder of a model's ONNX version, written unless it exists."""
    from training.models.encoders.networks.onnx_file import write_onnx
    from training.models.encoders.networks.torch_network import TorchNetwork

    folder = corpus.model.with_name(f"{corpus.model.name}-onnx-{precision}")
    if not (folder / "model.onnx").is_file():
        model = loaded(corpus.model, 1, "exact")
        assert isinstance(model.network, TorchNetwork)
        windows = model.tokenizer.windows(corpus.texts[-SAMPLES:], model.recipe.plan)
        weights = shutil.ignore_patterns("*.safetensors")
        shutil.copytree(corpus.model, folder, dirs_exist_ok=True, ignore=weights)
        write_onnx(
            model.network.module,
            folder / "model.onnx",
            "int8" if precision == "int8" else "none",
            list(itertools.chain.from_iterable(windows)),
        )
    return folder


def count_tokens(corpus: Corpus) -> int:
    """Return how many token ids are read of the texts, special ones included."""
    model = loaded(corpus.model, 1, "exact")
    windows = model.tokenizer.windows(corpus.texts, model.recipe.plan)
    return sum(map(len, itertools.chain.from_iterable(windows)))


def weighted_f1(gold: Sequence[str], answers: Mapping[int, str]) -> float | None:
    """Return weighted F1 of the texts that have a category; None if none has."""
    if not gold:
        return None
    from sklearn.metrics import f1_score

    return float(f1_score(gold, [answers[n] for n in range(len(gold))], average="weighted"))


def table_of(rows: Sequence[Measured]) -> str:
    """Return the figures as Markdown, each beside the pipeline's on the same texts."""
    base = {row.data: row for row in rows if row.network == PIPELINE}
    cells = [
        [
            row.data,
            row.network,
            f"{row.tokens / sum(row.seconds):,.0f}",
            f"{times(base[row.data].seconds, row.seconds):.2f}",
            "–" if row.f1 is None else f"{row.f1:.3f}",
            "–" if row.f1 is None else f"{row.same:.1%}",
        ]
        for row in rows
    ]
    head = ["texts", "network", "tokens/s", "times as fast", "F1", "same category"]
    return table(head, cells)


if __name__ == "__main__":
    main()
