"""What does a training run leave behind to go on from, and how is it taken up again?

A checkpoint is a folder as `transformers.Trainer` saves it: ``model.safetensors`` with its configuration,
``optimizer.pt``, ``scheduler.pt``, ``trainer_state.json`` and, if there was one, ``rng_state.pth``. The optimizer is
AdamW. A schedule is code and stands in no file, so the caller names it, and the learning rate that was saved must be
the one that it gives.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import safetensors
import torch
import transformers
from transformers.trainer_pt_utils import safe_globals

from provenance import folders, storage
from provenance.errors import InputError
from provenance.suspects.models import quiet

if TYPE_CHECKING:
    import os

STATE = "trainer_state.json"
FILES = ("config.json", "optimizer.pt", "scheduler.pt", STATE)
MOMENTS = {"step", "exp_avg", "exp_avg_sq"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How rows become updates, as far as a checkpoint does not say it itself."""

    batch: int = 8
    """Rows a forward pass."""
    accumulate: int = 1
    """Forward passes an optimizer step, over all the processes that the run had. There is no loss scaling."""
    scheduler: str = "linear"
    """A name that `transformers.get_scheduler` knows: the Trainer's ``lr_scheduler_type``."""
    warmup: int = 0
    """Steps over which the learning rate rose."""
    total: int | None = None
    """Steps that the schedule was made for; None takes ``max_steps`` of the checkpoint."""
    clip: float = 1.0
    """Largest norm of a step's gradient: the Trainer's ``max_grad_norm``; 0 leaves it as it is."""
    divisor: Literal["predicted", "labels"] = "predicted"
    """By what a step's summed loss is divided: its predicted tokens, or all its tokens, the first of a row included, as
    the Trainer does for models whose loss it does not know to be shifted (GPT-2), and did for all of them before."""
    autocast: Literal["no", "bf16"] = "no"
    """Number format of the forward pass."""

    def __post_init__(self) -> None:
        if min(self.batch, self.accumulate) < 1 or not min(self.warmup, self.clip) >= 0:
            raise ValueError(f"{self}: batch and accumulate from 1, warmup and clip from 0")

    @property
    def rows(self) -> int:
        """Rows an optimizer step."""
        return self.batch * self.accumulate


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """A training run as it stood."""

    model: Any
    optimizer: torch.optim.AdamW
    scheduler: Any


def leave(folder: str | os.PathLike[str], *, model: Any, optimizer: Any, scheduler: Any, state: dict[str, int]) -> None:
    """Save what a run needs to go on, whole or not at all.

    Parameters
    ----------
    state
        ``global_step``, ``max_steps`` and ``train_batch_size``, as the Trainer calls them.
    """
    with folders.whole(folder) as work:
        with quiet():
            model.save_pretrained(work)
        torch.save(optimizer.state_dict(), work / "optimizer.pt")
        torch.save(scheduler.state_dict(), work / "scheduler.pt")
        torch.save({"cpu": torch.random.get_rng_state()}, work / "rng_state.pth")
        (work / STATE).write_text(storage.dump_json(state) + "\n", encoding="utf-8")


def read_state(folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Read the checkpoint's own ``trainer_state.json``, and check that all else is there.

    Raises
    ------
    InputError
        If something is missing, or the run scaled its loss.
    """
    place = Path(folder)
    missing = [name for name in FILES if not (place / name).is_file()]
    if missing:
        raise InputError(
            f"no {missing[0]} in this folder",
            path=folder,
            expected="a checkpoint with optimizer and scheduler, in one piece, as transformers.Trainer saves it",
        )
    if (place / "scaler.pt").exists():
        raise InputError("its loss was scaled", path=folder, expected="a run in float32 or bfloat16")
    try:
        state = json.loads((place / STATE).read_text(encoding="utf-8"))
        step = state["global_step"]
    except (ValueError, KeyError, TypeError) as error:
        raise InputError("does not say which step it is of", path=place / STATE, expected="global_step") from error
    if not isinstance(step, int) or step < 1:
        raise InputError(f"global_step is {step!r}", path=place / STATE, expected="a whole number from 1")
    return dict(state)


def digests(folder: str | os.PathLike[str]) -> dict[str, str]:
    """Give the digest of every file that decides how the run goes on."""
    kept = {".safetensors", ".bin", ".pt", ".pth"}
    paths = [path for path in Path(folder).iterdir() if path.suffix in kept and path.name != "training_args.bin"]
    return {path.name: storage.digest(path) for path in sorted([*paths, Path(folder) / "config.json"])}


def resume(folder: str | os.PathLike[str], *, recipe: Recipe, device: str = "cpu") -> Resumed:
    """Take a run up as it stood: weights, both moments of every parameter, learning rate, random state.

    The random state is torch's own, global one: call it inside ``torch.random.fork_rng()``.

    Raises
    ------
    InputError
        If the checkpoint is incomplete or damaged, its optimizer is no AdamW over these parameters, or `recipe` gives
        another learning rate at this step than the one saved.
    """
    state = read_state(folder)
    model = _model(folder).to(device).train()
    optimizer = _optimizer(model, _load(folder, "optimizer.pt"), Path(folder))
    scheduler = _scheduler(optimizer, _load(folder, "scheduler.pt"), recipe, state, Path(folder))
    _restore_randomness(Path(folder), device)
    return Resumed(model=model, optimizer=optimizer, scheduler=scheduler)


def _model(folder: str | os.PathLike[str]) -> Any:
    try:
        with quiet():
            return transformers.AutoModelForCausalLM.from_pretrained(folder, local_files_only=True)
    except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
        raise InputError(
            f"no model can be loaded ({str(error).strip().partition(chr(10))[0].rstrip('.')})",
            path=folder,
            expected="a causal language model",
        ) from error


def _load(folder: str | os.PathLike[str], name: str) -> Any:
    # Never with all of pickle: a checkpoint may come from somebody else.
    try:
        with safe_globals():
            return torch.load(Path(folder) / name, map_location="cpu", weights_only=True)
    except (RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).partition("\n")[0].rstrip(".")
        raise InputError(f"cannot be read ({reason})", path=Path(folder) / name) from error


def _optimizer(model: Any, saved: dict[str, Any], folder: Path) -> torch.optim.AdamW:
    """Make the optimizer over the same groups of parameters, and put the saved moments back."""
    groups = _groups(model, len(saved["param_groups"]))
    flat = [parameter for group in groups for parameter in group]
    numbers = [number for group in saved["param_groups"] for number in group["params"]]
    sizes = [len(group["params"]) for group in saved["param_groups"]]
    if sizes != [len(group) for group in groups] or not all(
        saved["state"].get(number, {}).keys() >= MOMENTS and saved["state"][number]["exp_avg"].shape == parameter.shape
        for number, parameter in zip(numbers, flat, strict=True)
    ):
        raise InputError(
            "its moments do not fit the model's parameters",
            path=folder / "optimizer.pt",
            expected="AdamW over all parameters, in one group or in the Trainer's two",
        )
    optimizer = torch.optim.AdamW([{"params": group} for group in groups])
    optimizer.load_state_dict(saved)
    return optimizer


def _groups(model: Any, count: int) -> list[list[Any]]:
    if count == 1:
        return [list(model.parameters())]
    # The Trainer's own rule for what decays; it asks nothing of the Trainer itself.
    decaying = set(transformers.Trainer.get_decay_parameter_names(None, model))
    named = list(model.named_parameters())
    return [[one for name, one in named if (name in decaying) == decays] for decays in (True, False)]


def _scheduler(
    optimizer: torch.optim.AdamW, saved: dict[str, Any], recipe: Recipe, state: dict[str, Any], folder: Path
) -> Any:
    """Make the schedule anew, set it to where it stood, and check that it would have come to the same rate."""
    total = recipe.total if recipe.total is not None else state.get("max_steps")
    rates = [group["lr"] for group in optimizer.param_groups]
    try:
        scheduler = transformers.get_scheduler(
            recipe.scheduler, optimizer, num_warmup_steps=recipe.warmup, num_training_steps=total
        )
        scheduler.load_state_dict(saved)
        given = [base * rule(state["global_step"]) for base, rule in zip(saved["base_lrs"], scheduler.lr_lambdas)]  # noqa: B905
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InputError(f"schedule {recipe.scheduler!r} cannot be taken up ({error})", path=folder) from error
    for group, rate, expected in zip(optimizer.param_groups, rates, given, strict=True):
        if abs(rate - expected) > 1e-6 * max(rate, expected):
            raise InputError(
                f"learning rate {rate:.6g} at step {state['global_step']}, where the recipe gives {expected:.6g}",
                path=folder / "scheduler.pt",
                expected=f"scheduler {recipe.scheduler!r} over {total} steps, {recipe.warmup} of them rising",
            )
        group["lr"] = rate
    return scheduler


def _restore_randomness(folder: Path, device: str) -> None:
    torch.manual_seed(0)
    if not (folder / "rng_state.pth").exists():
        return
    saved = _load(folder, "rng_state.pth")
    torch.random.set_rng_state(saved["cpu"])
    if device.startswith("cuda") and isinstance(saved.get("cuda"), torch.Tensor):
        torch.cuda.set_rng_state(saved["cuda"])
