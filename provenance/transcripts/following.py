"""Which draws did the Trainer's optimizer step use?

The Trainer tells its callbacks of each micro-batch and step, not of rows. Micro-batch k of an epoch holds the draws
k·b to (k+1)·b of that epoch, however far ahead the workers have drawn, and the Trainer's own ``state.epoch`` says
after each step how many micro-batches of the epoch are done, skipped ones of a resumed run included.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from provenance.errors import InputError

if TYPE_CHECKING:
    from provenance.transcripts.record import Run


class Following:
    """The events of ``transformers.TrainerCallback`` that a recorder listens to."""

    def __init__(self, run: Run) -> None:
        self._run, self._micro_batches = run, 0
        self._batch_size, self._length, self._rows = 0, 0, 0

    def on_train_begin(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Take the sampler's place in the prepared ``DataLoader`` and open the log where the run goes on."""
        del control
        _refuse_many(args.world_size)
        loader = parts["train_dataloader"]
        batches = _batches(loader)
        if len(loader.dataset) != len(self._run):
            raise ValueError(f"{len(self._run)} ids for {len(loader.dataset)} rows of training data")
        batches.sampler = self._run.whole_epochs(batches.sampler)
        self._run.begin(state.global_step)
        self._batch_size, self._length, self._micro_batches = batches.batch_size, len(loader), 0
        self._rows = len(batches.sampler)

    def on_substep_end(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Count a micro-batch whose gradients wait for the next step."""
        del args, state, control, parts
        self._micro_batches += 1

    def on_step_end(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Commit the micro-batches of a completed step."""
        del args, control
        count, self._micro_batches = self._micro_batches + 1, 0
        last = round((state.epoch - (math.ceil(state.epoch) - 1)) * self._length)
        start = (last - count) * self._batch_size
        end = min(last * self._batch_size, self._rows)
        if getattr(parts["optimizer"], "step_was_skipped", False):
            self._run.skip(rows=end - start)
        else:
            self._run.commit(start, end)

    def on_save(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Bring to the disk what the checkpoint relies on."""
        del args, state, control, parts
        self._run.sync()


def _refuse_many(processes: int) -> None:
    if processes > 1:
        raise InputError(
            f"{processes} training processes, and a recorder sees only its own",
            expected="one process (several GPUs of one process are fine)",
        )


def _batches(loader: Any) -> Any:
    """Give the batch sampler whose sampler is to be replaced, if it makes batches the one way that we can count."""
    batches = getattr(loader, "batch_sampler", None)
    if type(batches).__name__ != "BatchSampler" or not hasattr(loader.dataset, "__len__"):
        raise InputError(
            f"rows of {type(loader.dataset).__name__} in batches of {type(batches).__name__} cannot be counted",
            expected="a dataset with a length, and a sampler",
            hint="the plain form: run.step(rows=[row numbers]) after each optimizer step",
        )
    return batches
