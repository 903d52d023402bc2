"""How is the last phase of a run run again: once in the original order, and T times reshuffled?

All by this one code on this one machine, from the checkpoint with its optimizer, schedule and random state. A re-run is
a folder that appears whole or not at all; killed at any time, the same call goes on where it was.
"""

from __future__ import annotations

import hashlib
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers

from provenance import checkpoints, folders, tokenizers, training
from provenance.errors import InputError, MismatchError
from provenance.records import generator
from provenance.reruns import manifests, phases
from provenance.suspects.models import quiet

if TYPE_CHECKING:
    import os
    from collections.abc import Callable

    from numpy.typing import NDArray

    from provenance.checkpoints import Recipe
    from provenance.reruns.phases import Phase


def rerun_phase(
    checkpoint: str | os.PathLike[str],
    phase: Phase,
    *,
    recipe: Recipe,
    times: int,
    seed: int,
    out: str | os.PathLike[str],
    progress: Callable[[int, int | None], None] = lambda _done, _total: None,
) -> manifests.Reruns:
    """Run a phase again from a checkpoint: in the original order, then `times` times reshuffled.

    Finished re-runs are not made again, so a larger `times` adds to them. How many there are to be is to be said
    before the text is scored: whoever adds re-runs until the text fits has no p-value.

    Parameters
    ----------
    checkpoint
        Folder as `transformers.Trainer` or `provenance.training.train` leaves it.
    phase
        What the run consumed after the checkpoint, by `phases.of_transcript` or `phases.of_order`.
    times
        T: the smallest p-value is 1/(T + 1), so alpha .001 needs 999.
    seed
        Joined with the settings and a re-run's number, it gives that re-run's order.
    out
        Folder of the re-runs; see `manifests`.

    Raises
    ------
    InputError
        If the checkpoint cannot be taken up, or `out` holds re-runs with other settings.
    """
    if times < 1:
        raise ValueError(f"{times} re-runs")
    device = "cuda" if torch.cuda.is_available() else "cpu"
    settings = _settings(checkpoint, phase, recipe=recipe, seed=seed, device=device)
    encoder = _encoder(checkpoint, phase)
    sha256 = manifests.begin(Path(out), settings)
    for number in range(times + 1):
        if not manifests.finished(Path(out), number, sha256):
            order = phase.order
            if number:
                order = phases.reshuffled(phase, generator(seed, sha256, str(number)))
            model = _trained(checkpoint, phase, order, recipe=recipe, device=device)
            about = {"number": number, "settings": sha256, "order": _digest(order)}
            _keep(manifests.place(Path(out), number), model, encoder, about)
        progress(number + 1, times + 1)
    return manifests.read(out)


def _settings(
    checkpoint: str | os.PathLike[str], phase: Phase, *, recipe: Recipe, seed: int, device: str
) -> dict[str, Any]:
    state = checkpoints.read_state(checkpoint)
    one = state.get("train_batch_size")
    if isinstance(one, int) and one > 0 and recipe.rows % one:
        raise InputError(
            f"the run had {one} rows a forward pass, which {recipe.rows} rows a step cannot be",
            path=checkpoint,
            expected="batch × accumulate of the recipe to be the run's rows a step",
        )
    return {
        "checkpoint": checkpoints.digests(checkpoint),
        "step": state["global_step"],
        "data": _digest(np.concatenate([np.asarray([len(row), *row]) for row in phase.rows])),
        "order": _digest(phase.order),
        "exchange": _digest(np.concatenate([phase.blocks, phase.groups, phase.epochs])),
        "steps": sum(1 for _ in phases.steps(phase, recipe.rows)),
        "shuffle": dict(phase.shuffle),
        "inputs": dict(phase.inputs),
        "recipe": asdict(recipe),
        "seed": seed,
        "backend": f"transformers {transformers.__version__}, torch {torch.__version__}",
        "device": torch.cuda.get_device_name() if device == "cuda" else torch.backends.cpu.get_cpu_capability(),
    }


def _encoder(checkpoint: str | os.PathLike[str], phase: Phase) -> Any:
    """Find the tokenizer, so that a re-run can be asked about text; None leaves it out."""
    named = phase.tokenizer
    found = tokenizers.find(str(checkpoint)) or (named and tokenizers.find(named.name, revision=named.revision))
    if found and named and tokenizers.tokenizer_digest(found) != named.sha256:
        raise MismatchError(f"the tokenizer of {checkpoint} is not the one that made the phase's token ids")
    return found


def _trained(
    checkpoint: str | os.PathLike[str], phase: Phase, order: NDArray[np.int64], *, recipe: Recipe, device: str
) -> Any:
    with torch.random.fork_rng():
        run = checkpoints.resume(checkpoint, recipe=recipe, device=device)
        if recipe.autocast == "bf16":
            run.model.forward = torch.autocast(device, dtype=torch.bfloat16)(run.model.forward)
        for first, end in phases.steps(phase, recipe.rows):
            training.update(
                run.model,
                run.optimizer,
                run.scheduler,
                rows=[phase.rows[row] for row in order[first:end]],
                recipe=recipe,
            )
    return run.model.eval()


def _keep(place: Path, model: Any, encoder: Any, about: dict[str, Any]) -> None:
    with folders.whole(place) as work:
        with quiet():
            model.save_pretrained(work)
        if encoder:
            encoder.save_pretrained(work)
        manifests.write(work, about)


def _digest(numbers: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(numbers, dtype=np.int64).tobytes()).hexdigest()
