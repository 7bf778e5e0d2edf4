"""The [model] table of a camembert recipe."""

from dataclasses import dataclass
from typing import Literal

from seeds.base.errors import InputError
from training.models.encoders.tokens import Keep, WindowPlan


@dataclass(frozen=True, slots=True)
class CamembertSettings:
    """The recipe's [model] table; configs/camembert.toml explains each key."""

    base_model: str = "almanach/camembert-base"
    window: int = 192
    overlap: int = 32
    windows: Keep = "all"
    learn_windows: Keep = "head"
    epochs: int = 8
    min_steps: int = 120
    batch_size: int = 16
    accumulation: int = 1
    learning_rate: float = 1e-4
    layer_decay: float = 0.9
    head_factor: float = 3.0
    frozen_layers: int = 0
    weight_decay: float = 0.01
    warmup: float = 0.1
    class_weights: Literal["none", "balanced"] = "none"
    mixed: Literal["auto", "float32", "bfloat16", "float16"] = "auto"
    patience: int = 3
    checkpoint_steps: int = 100

    def __post_init__(self) -> None:
        _ = self.plan, self.learn_plan
        faults = [
            f"{name} must be {lowest} or more, found {getattr(self, name)}"
            for name, lowest in (
                ("epochs", 1),
                ("min_steps", 0),
                ("batch_size", 1),
                ("accumulation", 1),
                ("frozen_layers", 0),
                ("patience", 0),
                ("checkpoint_steps", 1),
            )
            if getattr(self, name) < lowest
        ]
        if self.batch_size % self.accumulation:
            faults.append(f"batch_size {self.batch_size} is not a multiple of accumulation")
        if not 0 < self.learning_rate < 1:
            faults.append(f"learning_rate must be between 0 and 1, found {self.learning_rate}")
        if not 0 < self.layer_decay <= 1:
            faults.append(f"layer_decay must be above 0 and at most 1, found {self.layer_decay}")
        if not self.head_factor > 0:
            faults.append(f"head_factor must be above 0, found {self.head_factor}")
        if not 0 <= self.weight_decay < 1 or not 0 <= self.warmup < 1:
            faults.append("weight_decay and warmup must be from 0 to below 1")
        if faults:
            raise InputError("; ".join(faults))

    @property
    def plan(self) -> WindowPlan:
        """The windows that a text is read in."""
        return WindowPlan(self.window, self.overlap, self.windows)

    @property
    def learn_plan(self) -> WindowPlan:
        """The windows that a text is learned from in."""
        return WindowPlan(self.window, self.overlap, self.learn_windows)
