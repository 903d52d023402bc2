"""In which order did this training run consume its rows?

Three lines in a training loop. With `transformers.Trainer`::

    run = record.Run("run.parquet", ids=ids, seed=0)
    Trainer(..., callbacks=[run.callback()]).train(resume_from_checkpoint=...)
    run.finish(tokens=dataset["input_ids"], tokenizer=tokenizer)

In a loop of your own, over a ``DataLoader`` or over ``run.draw(epoch)``::

    run = record.Run("run.parquet", ids=ids, seed=0)
    for batch in DataLoader(data, sampler=run.sampler(), batch_size=8):
        ...
        optimizer.step()
        run.step(rows=len(batch))  # all rows whose gradients this step used
    run.finish(texts=texts)

A row counts once the optimizer step that used it has completed. What was drawn but never used (workers that prefetch,
``drop_last``, a kill between draw and step) does not count, and neither does what a killed run did after the checkpoint
from which it is resumed. Committed steps stand in ``run.parquet.log`` (`provenance.transcripts.log`).
"""

from __future__ import annotations

import itertools
import os
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import storage
from provenance.errors import InputError
from provenance.transcripts import draws, log, tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from provenance.records import Tokenizer

NOTHING = log.Step(step=0, epoch=0, end=0, rows=())


class Run:
    """A run that is being recorded, one process: it knows what was drawn, and writes down what was used.

    Parameters
    ----------
    out
        Where `finish` puts the transcript; the log of committed steps stands beside it.
    ids
        One distinct id a row of the training data.
    seed
        Shuffle every epoch by this seed, which makes the order provably random. Without it the order is somebody
        else's (another sampler's, the loop's), and the transcript can only claim that it was shuffled.
    resume
        For loops of your own: the number of completed steps in the checkpoint from which the run goes on. Epochs
        already consumed are then drawn empty and the current one from where it stood, so that the loop itself stays as
        it is.
    """

    def __init__(
        self, out: str | os.PathLike[str], *, ids: Sequence[str], seed: int | None = None, resume: int = 0
    ) -> None:
        if len(set(ids)) != len(ids) or not all(isinstance(id_, str) for id_ in ids):
            raise ValueError("ids are to be strings, each a different one")
        self._out, self._log = Path(out), Path(f"{os.fspath(out)}.log")
        self._ids, self._seed, self._resume = tuple(ids), seed, resume
        self._shuffle: dict[str, Any] = {"kind": "claimed"}
        if seed is not None:
            self._shuffle = {"kind": "full", "seed": seed, "generator": draws.GENERATOR}
        self._began = self._last = NOTHING
        self._open = False
        self._epoch, self._end, self._order = 0, 0, list[int]()

    def __len__(self) -> int:
        """Count the rows of the training data."""
        return len(self._ids)

    @property
    def seeded(self) -> bool:
        """Whether the order is of the recorder's making."""
        return self._seed is not None

    def begin(self, step: int) -> None:
        """Open the log for a run that has completed `step` steps; the Trainer form and the first draw do it for you."""
        if step == 0 and self._last.step:
            raise ValueError("this recorder has already recorded a run: make another for the next")
        about = {**self._about(), "shuffle": self._shuffle}
        if step:
            self._began = self._last = log.resume(self._log, about, step=step)
        elif not self._open:
            log.start(self._log, about)
        self._open = True

    def draw(self, epoch: int) -> NDArray[np.int64]:
        """Begin an epoch and give its rows in order, without those that a resumed run has already consumed."""
        order = self._begin_epoch(epoch)
        self._end = len(order) if epoch < self._began.epoch else self._began.end if epoch == self._began.epoch else 0
        return order[self._end :]

    def sampler(self, inner: Iterable[int] | None = None) -> draws.Sampler:
        """Give a ``DataLoader`` its sampler: the recorder's own shuffle, or `inner` passed through and written down."""
        if (inner is None) != self.seeded:
            raise ValueError(
                "give a seed, and the recorder shuffles, or another sampler, and it takes that one's order"
            )
        if inner is None:
            return draws.Sampler(lambda epoch: iter(self.draw(epoch).tolist()), size=len(self))
        return self._passed_through(inner)

    def whole_epochs(self, inner: Iterable[int] | None) -> draws.Sampler:
        """Give a sampler for a loop that skips consumed rows itself when it resumes, as the Trainer does."""
        if self.seeded:
            return draws.Sampler(lambda epoch: iter(self._begin_epoch(epoch).tolist()), size=len(self))
        return self.sampler(inner)

    def step(self, *, rows: int | Sequence[int]) -> None:
        """Record that an optimizer step has completed.

        Parameters
        ----------
        rows
            How many rows it used, over all micro-batches: the next ones drawn. Or their row numbers, for a loop that
            neither draws from the recorder nor from a sampler that it watches.
        """
        if isinstance(rows, int | np.integer):
            self.commit(self._end, self._end + int(rows))
        elif self.seeded:
            raise ValueError("a run with a seed draws its rows from the recorder: say how many the step used")
        else:
            self._append([int(row) for row in rows])

    def commit(self, start: int, end: int) -> None:
        """Record that a step used draws `start` to `end` of the current epoch."""
        if not 0 <= start <= end <= len(self._order):
            raise ValueError(f"a step that used draws {start} to {end}, but {len(self._order)} were drawn")
        self._end = end
        self._append(self._order[start:end])

    def skip(self, *, rows: int) -> None:
        """Record that the next `rows` drawn were used by a step that changed nothing, as on a gradient overflow."""
        self._end += rows
        self._append([])

    def sync(self) -> None:
        """Bring all committed steps to the disk; call it where the loop saves a checkpoint."""
        log.sync(self._log)

    def callback(self) -> Any:
        """Give a ``transformers.TrainerCallback`` that does all of this inside a Trainer."""
        from transformers import TrainerCallback

        from provenance.transcripts.following import Following

        return type("TranscriptRecorder", (Following, TrainerCallback), {})(self)

    def finish(
        self,
        *,
        tokens: Sequence[Sequence[int]] | None = None,
        texts: Sequence[str] | None = None,
        strata: Sequence[str] | None = None,
        units: Sequence[str] | None = None,
        tokenizer: Tokenizer | None = None,
        position_unit: str = "example",
    ) -> Path:
        """Write the transcript of all rows that the run consumed, in the order of the data.

        Parameters
        ----------
        tokens, texts, strata, units
            What each row of the training data is, by row number; tokens without padding.
        tokenizer
            What made the tokens (`provenance.tokenizers.identify`); without texts it is needed.
        position_unit
            ``example`` counts rows one by one; with ``step`` the rows of a step tie.
        """
        if texts is None and (tokens is None or tokenizer is None):
            raise ValueError("give texts, or tokens and their tokenizer: a transcript without either cannot be scored")
        about, steps = log.read(self._log, self._about())
        rows, positions, length = _consumed(steps, position_unit)
        if not length:
            raise InputError("no step was completed, so there is no order", path=self._log)
        columns = {"tokens": tokens, "text": texts, "stratum": strata, "unit": units}
        tables.write(
            self._out,
            _rows(self._ids, _grouped(rows, positions), columns),
            tokenizer=tokenizer,
            run_length=length,
            position_unit=position_unit,
            shuffle=about["shuffle"],
            inputs={"log": storage.digest(self._log)},
        )
        return self._out

    def _about(self) -> dict[str, Any]:
        return {"rows": len(self), "ids": storage.digest_json(self._ids)}

    def _begin_epoch(self, epoch: int) -> NDArray[np.int64]:
        if self._seed is None:
            raise ValueError("only a run with a seed can draw")
        if not self._open:
            self.begin(self._resume)
        order = draws.shuffled(len(self), seed=self._seed, epoch=epoch)
        self._epoch, self._end, self._order = epoch, 0, order.tolist()
        return order

    def _passed_through(self, inner: Any) -> draws.Sampler:
        # A sampler that goes through the rows as they stand is known to shuffle nothing; of any other only its name is.
        name = type(inner).__name__
        self._shuffle = {"kind": "none" if name == "SequentialSampler" else "claimed", "sampler": name}
        return draws.Sampler(partial(self._relay, inner), size=len(inner), set_epoch=getattr(inner, "set_epoch", None))

    def _relay(self, inner: Iterable[int], epoch: int) -> Iterator[int]:
        if not self._open:
            self.begin(self._resume)
        drawn = list[int]()
        self._epoch, self._end, self._order = epoch, 0, drawn
        for row in inner:
            drawn.append(int(row))
            yield drawn[-1]

    def _append(self, rows: list[int]) -> None:
        if not self._open:
            self.begin(self._resume)
        if not all(0 <= row < len(self) for row in rows):
            raise ValueError(f"a row outside of 0 to {len(self) - 1}: as many ids as rows, please")
        self._last = log.Step(step=self._last.step + 1, epoch=self._epoch, end=self._end, rows=tuple(rows))
        log.append(self._log, self._last)


def _consumed(steps: Iterator[log.Step], unit: str) -> tuple[NDArray[np.int64], NDArray[np.int64], int]:
    """Give the row and the position of every consumption in order, and how many positions there were."""
    rows: list[NDArray[np.int64]] = []
    counts: list[int] = []
    for step in steps:
        rows.append(np.array(step.rows, dtype=np.int64))
        counts.append(len(step.rows))
    flat = np.concatenate(rows) if rows else np.empty(0, dtype=np.int64)
    if unit == "step":
        return flat, np.repeat(np.arange(len(counts)), counts), len(counts) if len(flat) else 0
    return flat, np.arange(len(flat)), len(flat)


def _grouped(rows: NDArray[np.int64], positions: NDArray[np.int64]) -> Iterator[tuple[int, list[int]]]:
    """Give every row that was consumed with all its positions."""
    order = np.argsort(rows, kind="stable")
    row, first = np.unique(rows[order], return_index=True)
    for number, (start, end) in zip(row, itertools.pairwise([*first.tolist(), len(rows)]), strict=True):
        yield int(number), positions[order[start:end]].tolist()


def _rows(
    ids: Sequence[str], grouped: Iterable[tuple[int, list[int]]], columns: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    for row, positions in grouped:
        values = {name: column[row] for name, column in columns.items() if column is not None}
        if "tokens" in values:
            values["tokens"] = np.asarray(values["tokens"]).tolist()
        yield {"id": ids[row], "positions": positions, **values}
