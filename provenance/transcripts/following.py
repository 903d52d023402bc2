"""Which draws did the Trainer's optimizer step use?

The Trainer tells its callbacks of each micro-batch and step, not of rows. Micro-batch k of an epoch holds the draws
k·b to (k+1)·b of that epoch, however far ahead the workers have drawn, and the Trainer's own ``state.epoch`` says
after each step how many micro-batches of the epoch are done, skipped ones of a resumed run included.

With several processes each goes through the same draws and takes out its own batches; b is then what all of them take
together, so that the first process alone can write down everything. Where the last batches are filled up, they are
filled with the first draws of the epoch.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from provenance.errors import InputError

if TYPE_CHECKING:
    from provenance.transcripts.record import Run


@dataclass(frozen=True, slots=True, kw_only=True)
class _Batches:
    """How a prepared ``DataLoader`` makes batches."""

    sampled: Any
    """The batch sampler whose sampler is to be replaced."""
    size: int
    """Draws that all processes take at once."""
    filled: bool
    """Whether the last batches are filled up with the first draws."""


class Following:
    """The events of ``transformers.TrainerCallback`` that a recorder listens to."""

    def __init__(self, run: Run) -> None:
        self._run, self._micro_batches, self._writes = run, 0, True
        self._size, self._length, self._rows, self._filled = 0, 0, 0, False

    def on_train_begin(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Take the sampler's place in the prepared ``DataLoader`` and open the log where the run goes on."""
        del control
        loader = parts["train_dataloader"]
        batches = _batches(loader, args.world_size)
        if len(loader.dataset) != len(self._run):
            raise ValueError(f"{len(self._run)} ids for {len(loader.dataset)} rows of training data")
        self._writes = args.process_index == 0
        self._run.take_part(writes=self._writes, head=batches.size if batches.filled else 0)
        batches.sampled.sampler = self._run.whole_epochs(batches.sampled.sampler)
        if self._writes:
            self._run.begin(state.global_step)
        self._size, self._length, self._micro_batches = batches.size, len(loader), 0
        self._rows, self._filled = len(batches.sampled.sampler), batches.filled

    def on_substep_end(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Count a micro-batch whose gradients wait for the next step."""
        del args, state, control, parts
        self._micro_batches += 1

    def on_step_end(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Commit the micro-batches of a completed step."""
        del args, control
        count, self._micro_batches = self._micro_batches + 1, 0
        if not self._writes:
            return
        last = round((state.epoch - (math.ceil(state.epoch) - 1)) * self._length)
        start, end = (last - count) * self._size, min(last * self._size, self._rows)
        if getattr(parts["optimizer"], "step_was_skipped", False):
            self._run.skip(rows=end - start)
        else:
            self._run.commit(start, end, again=last * self._size - end if self._filled else 0)

    def on_save(self, args: Any, state: Any, control: Any, **parts: Any) -> None:
        """Bring to the disk what the checkpoint relies on."""
        del args, state, control, parts
        if self._writes:
            self._run.sync()


def _batches(loader: Any, processes: int) -> _Batches:
    """Find the batch sampler whose sampler is to be replaced, if batches are made a way that we can count."""
    outer: Any = getattr(loader, "batch_sampler", None)
    several = processes > 1
    inner: Any = getattr(outer, "batch_sampler", None) if several else outer
    shares = type(outer).__name__ == "BatchSamplerShard" and outer.num_processes == processes
    if type(inner).__name__ != "BatchSampler" or not hasattr(loader.dataset, "__len__") or several != shares:
        raise InputError(
            f"rows of {type(loader.dataset).__name__} in batches of {type(outer).__name__}"
            + (f" for {processes} processes" if several else "")
            + " cannot be counted",
            expected="a dataset with a length, and a sampler",
            hint="the plain form: run.step(rows=[row numbers]) after each optimizer step",
        )
    if not several:
        return _Batches(sampled=inner, size=inner.batch_size, filled=False)
    size = inner.batch_size * (1 if outer.split_batches else processes)
    return _Batches(sampled=inner, size=size, filled=outer.even_batches and not inner.drop_last)
