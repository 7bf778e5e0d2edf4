"""CamemBERT, or any Hugging Face encoder, fine-tuned; long articles are read window by window."""

import itertools
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

from seeds.base.errors import InputError
from seeds.base.records import read_object
from seeds.base.settings import parse
from seeds.base.storage import write_text
from training.arrays import Float32Array
from training.decision import Scaling
from training.model import Fitting
from training.models.camembert.logits import exact_network, logits_of
from training.models.camembert.settings import CamembertSettings
from training.models.encoders.batching import Network
from training.models.encoders.hub import check_base
from training.models.encoders.networks.network_choice import choose_network, golden_windows
from training.models.encoders.networks.onnx_network import OnnxNetwork
from training.models.encoders.networks.torch_network import TorchNetwork, device, import_torch
from training.models.encoders.run_encoder import read_run_model, read_sizes
from training.models.encoders.tokens import Tokenizer, pool_windows
from training.runtime import Runtime

if TYPE_CHECKING:
    from labels.dataset import Dataset


@dataclass(frozen=True)
class Camembert:
    """A fine-tuned sequence classifier; its run is a Hugging Face folder.

    Attributes:
        recipe: how it was trained, and how to cut a text.
        tokenizer: of the encoder.
        network: gives a window's log-odds, float32 (k,).
        width: the number of categories, k.
        duration: the share of the planned passes that was best; None once loaded.
        notes: what a person should know of the fit.
        base: the model and the tokenizer of transformers, to be saved; None once loaded.
    """

    kind: ClassVar[str] = "camembert"
    settings: ClassVar[type[Any]] = CamembertSettings
    packages: ClassVar[tuple[str, ...]] = (
        *("numpy", "safetensors", "scipy"),
        *("torch", "transformers", "tokenizers", "datasets", "accelerate"),
    )
    resumes: ClassVar[bool] = True

    recipe: CamembertSettings
    tokenizer: Tokenizer
    network: Network
    width: int
    duration: float | None = None
    notes: tuple[str, ...] = ()
    base: tuple[Any, Any] | None = field(default=None, repr=False)

    @classmethod
    def fit(cls, dataset: "Dataset", settings: CamembertSettings, fitting: Fitting) -> Self:
        """Fine-tune the base model."""
        check_base(settings.base_model)
        import_torch()
        from training.models.camembert.finetune import fine_tune

        tuned = fine_tune(dataset, settings, fitting)
        return cls(
            settings,
            tuned.tokenizer,
            exact_network(tuned.model, tuned.tokenizer.pad, fitting.runtime),
            len(dataset.taxonomy.ids),
            tuned.duration,
            tuned.notes,
            (tuned.model, tuned.hub_tokenizer),
        )

    @property
    def computing(self) -> str:
        """The precision, library and device that it computes with, for people."""
        return self.network.computing

    def scores(self, texts: Sequence[str]) -> Float32Array:
        """Return log-odds, float32 (n, k)."""
        windows = self.tokenizer.windows(texts, self.recipe.plan)
        outputs = self.network.outputs(list(itertools.chain.from_iterable(windows)))
        return pool_windows(outputs.reshape(-1, self.width), windows)

    def contributions(self, text: str, starts: Sequence[int]) -> None:
        """Return None: an encoder's scores are no sum over the parts of a text."""

    def rescaled(self, scaling: Scaling) -> Self:
        """Return the encoder with its last layer scaled, so that any reader gets calibrated scores.

        An article's log-odds are a weighted mean of its windows', so scaling those scales it.
        """
        import copy

        if self.base is None or not isinstance(self.network, TorchNetwork):
            raise InputError("a model loaded from a run is calibrated already")
        model, tokenizer = self.base
        scaled = copy.deepcopy(model)
        torch, layer = import_torch(), _logits_layer(scaled)
        slopes = torch.tensor(scaling.slopes, device=layer.weight.device)
        with torch.no_grad():
            layer.weight.mul_(slopes[:, None])
            layer.bias.mul_(slopes).add_(torch.tensor(scaling.offsets, device=layer.bias.device))
        network = exact_network(scaled, self.tokenizer.pad, self.network.runtime)
        return replace(self, network=network, base=(scaled, tokenizer))

    def save(self, directory: Path) -> None:
        """Write a Hugging Face folder that `transformers.pipeline` loads, and model.json."""
        if self.base is None:
            raise InputError("a model loaded from a run is already saved there")
        model, tokenizer = self.base
        model.config.name_or_path = ""  # a folder of the machine it was trained on
        model.config.pad_token_id = self.tokenizer.pad
        if hasattr(model.config, "auto_map"):
            del model.config.auto_map  # names code that is neither run nor saved
        model.save_pretrained(directory)
        tokenizer.model_max_length = self.recipe.window
        tokenizer.save_pretrained(directory)
        record = {"recipe": asdict(self.recipe), "golden": list(self.tokenizer.golden)}
        write_text(directory / "model.json", json.dumps(record, indent=2))

    @classmethod
    def load(cls, directory: Path, runtime: Runtime) -> Self:
        """Read what `save` wrote; a model.onnx is computed with ONNX Runtime.

        Raises:
            InputError: a file is not what `save` writes, or the tokenizer reads differently now.
        """
        path, onnx = directory / "model.json", directory / "model.onnx"
        if not onnx.is_file():
            device(runtime)  # a wrong --device is no fault of the run
        try:
            record, sizes = read_object(path), read_sizes(directory)
            recipe = parse(record["recipe"], CamembertSettings, str(path))
            pad, width = sizes.pad, sizes.categories
            tokenizer = Tokenizer.load(directory / "tokenizer.json", pad, record["golden"])
            if onnx.is_file():
                network: Network = OnnxNetwork.load(onnx, width, pad, runtime)
            else:
                model = read_run_model(
                    directory, "AutoModelForSequenceClassification", import_torch().float32
                )
                samples = partial(golden_windows, directory, tokenizer, recipe.plan)
                network = choose_network(logits_of(model), width, pad, runtime, samples)
            return cls(recipe, tokenizer, network, width)
        except InputError as error:
            reason = str(error).rstrip(".")
            raise InputError(f"{directory}: {reason}. Train again, or restore the run.") from error
        except (OSError, AttributeError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{directory}: not a camembert run ({error}). Restore it, or train again."
            ) from error


def _logits_layer(model: Any) -> Any:
    """Return the linear layer that gives the logits."""
    linear = import_torch().nn.Linear
    inside = f"{model.base_model_prefix}."
    head = [
        module
        for name, module in model.named_modules()
        if isinstance(module, linear) and not name.startswith(inside)
    ]
    if not head or head[-1].out_features != model.config.num_labels or head[-1].bias is None:
        raise InputError("the base model's classifier does not end in a linear layer")
    return head[-1]
