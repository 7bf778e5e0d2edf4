"""A classifier of transformers as a module that gives its logits."""

from typing import Any

from training.models.encoders.networks.torch_network import TorchNetwork, import_torch
from training.runtime import Runtime


def logits_of(model: Any) -> Any:
    """Return a module from (ids, mask) to the logits of a sequence classifier, (n, k)."""
    torch = import_torch()

    class Logits(torch.nn.Module):  # type: ignore[misc, name-defined]
        """The classifier, asked for its logits alone."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, ids: Any, mask: Any) -> Any:
            """Return logits, (n, k)."""
            return self.model(input_ids=ids, attention_mask=mask).logits

    return Logits()


def exact_network(model: Any, pad: int, runtime: Runtime) -> TorchNetwork:
    """Return the network that scores while training: calibration must not depend on the machine."""
    return TorchNetwork.of(logits_of(model), model.config.num_labels, pad, runtime)
