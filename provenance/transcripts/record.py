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

With several processes (DDP) the Trainer form stays as it is. In a loop of your own each process says which it is, draws
its own share, and writes a log of its own; the first one puts them together::

    run = record.Run("run.parquet", ids=ids, seed=0, process=(rank, world_size))
    ...
    torch.distributed.barrier()
    run.finish(texts=texts)  # on every rank; the first one writes

For more rows than can be held, ``ids=range(rows)`` names rows by their numbers, and ``keep`` logs a sample of them, so
that neither memory nor log grow with the run; without texts `finish` writes ids and positions::

    run = record.Run("run.parquet", ids=range(10**10), keep=importing.Sample(rows=1_000_000, seed=0))

A row counts once the optimizer step that used it has completed. What was drawn but never used (workers that prefetch,
``drop_last``, a kill between draw and step) does not count, and neither does what a killed run did after the checkpoint
from which it is resumed. Committed steps stand in ``run.parquet.log`` (`provenance.transcripts.log`).
"""

from __future__ import annotations

from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import storage
from provenance.errors import InputError
from provenance.transcripts import consumption, draws, importing, log, merging, tables

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from provenance.records import Tokenizer

NOTHING = log.Step(step=0, epoch=0, end=0, rows=())


class Run:
    """A run that is being recorded by one of its processes: it knows what was drawn, and writes down what was used.

    Parameters
    ----------
    out
        Where `finish` puts the transcript; the log of committed steps stands beside it.
    ids
        One distinct id a row of the training data, or ``range(rows)``: the rows' numbers are their ids.
    seed
        Shuffle every epoch by this seed, which makes the order provably random. Without it the order is somebody
        else's (another sampler's, the loop's), and the transcript can only claim that it was shuffled.
    resume
        For loops of your own: the number of completed steps in the checkpoint from which the run goes on. Epochs
        already consumed are then drawn empty and the current one from where it stood, so that the loop itself stays as
        it is.
    keep
        Log only the rows of a sample, chosen by a hash of their numbers: about so many of all.
    process
        For loops of your own in several processes: which of them this is, from 0, and how many there are.
    """

    def __init__(
        self,
        out: str | os.PathLike[str],
        *,
        ids: Sequence[str] | range,
        seed: int | None = None,
        resume: int = 0,
        keep: importing.Sample | None = None,
        process: tuple[int, int] | None = None,
    ) -> None:
        if not isinstance(ids, range) and (len(set(ids)) != len(ids) or not all(isinstance(id_, str) for id_ in ids)):
            raise ValueError("ids are to be strings, each a different one, or a range")
        self._alone, (self._rank, self._processes) = process is None, process or (0, 1)
        if not 0 <= self._rank < self._processes:
            raise ValueError(f"process {self._rank} of {self._processes}: they count from 0")
        self._out = Path(out)
        self._log = merging.shard(self._out, rank=self._rank, of=self._processes)
        self._ids, self._seed, self._resume = ids if isinstance(ids, range) else tuple(ids), seed, resume
        if keep is not None and keep.select != "uniform":
            raise ValueError(f"a {keep.select} sample of a run whose end is not known yet")
        self._keep = keep
        self._shuffle: dict[str, Any] = {"kind": "claimed"}
        if seed is not None:
            self._shuffle = {"kind": "full", "seed": seed, "generator": draws.GENERATOR}
        self._began = self._last = NOTHING
        self._open, self._writes, self._head = False, True, 0
        self._epoch, self._end, self._draws = 0, 0, draws.Draws()

    def __len__(self) -> int:
        """Count the rows of the training data."""
        return len(self._ids)

    @property
    def seeded(self) -> bool:
        """Whether the order is of the recorder's making."""
        return self._seed is not None

    def take_part(self, *, writes: bool, head: int) -> None:
        """Learn from the Trainer whether this process keeps the log, and how many first draws it may see again."""
        if self._processes > 1:
            raise ValueError("inside a Trainer the recorder finds out about processes itself: leave `process` out")
        self._alone, self._writes, self._head = False, writes, head

    def begin(self, step: int) -> None:
        """Open the log for a run that has completed `step` steps; the Trainer form and the first draw do it for you."""
        if step == 0 and self._last.step:
            raise ValueError("this recorder has already recorded a run: make another for the next")
        if self._alone and (processes := merging.processes()) > 1:
            raise InputError(
                f"{processes} training processes, and a recorder sees only its own",
                hint="record.Run(…, process=(rank, world_size)), or (0, 1) where this one knows all rows",
            )
        process = [self._rank, self._processes] if self._processes > 1 else None
        about = {**self._about(), "process": process, "shuffle": self._shuffle}
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
            size = -(-len(self) // self._processes)
            return draws.Sampler(lambda epoch: draws.one_by_one(self.draw(epoch)), size=size)
        return self._passed_through(inner)

    def whole_epochs(self, inner: Any) -> Any:
        """Give a sampler for a loop that skips consumed rows itself when it resumes, as the Trainer does."""
        if self.seeded:
            return draws.Sampler(lambda epoch: draws.one_by_one(self._begin_epoch(epoch)), size=len(self))
        return self.sampler(inner) if self._writes else inner

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

    def commit(self, start: int, end: int, *, again: int = 0) -> None:
        """Record that a step used draws `start` to `end` of the current epoch, and its first `again` once more."""
        rows = self._draws.take(start, end)
        self._end = end
        self._append([*rows, *self._draws.again(again)])

    def skip(self, *, rows: int) -> None:
        """Record that the next `rows` drawn were used by a step that changed nothing, as on a gradient overflow."""
        self._end += rows
        self._draws.forget(self._end)
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

        Of several processes the first one writes, for all. Without texts and tokens the transcript holds ids and
        positions; ``provtool transcript import … --join CORPUS`` adds texts by id.

        Parameters
        ----------
        tokens, texts, strata, units
            What each row of the training data is, by row number; tokens without padding.
        tokenizer
            What made the tokens (`provenance.tokenizers.identify`).
        position_unit
            ``example`` counts rows one by one; with ``step`` the rows of a step tie.
        """
        if tokens is not None and texts is None and tokenizer is None:
            raise ValueError("give texts, or tokens and their tokenizer: ids of an unknown one cannot be scored")
        if self._rank or not self._writes:
            return self._out
        logs = [merging.shard(self._out, rank=rank, of=self._processes) for rank in range(self._processes)]
        about, steps = merging.read(logs, self._about(), completed=self._last.step)
        consumed = consumption.by_row(steps, unit=position_unit)
        if not len(consumed.rows):
            what = "no row that the sample keeps was used" if consumed.length else "no step was completed"
            raise InputError(f"{what}, so there is no order", path=self._log)
        columns = {"tokens": tokens, "text": texts, "stratum": strata, "unit": units}
        tables.write(
            self._out,
            consumption.table(consumed, self._ids, columns),
            tokenizer=tokenizer,
            run_length=consumed.length,
            position_unit=position_unit,
            shuffle=about["shuffle"] | importing.sampled(self._keep),
            inputs={merging.role(path): storage.digest(path) for path in logs},
        )
        return self._out

    def _about(self) -> dict[str, Any]:
        ids = "numbers" if isinstance(self._ids, range) else storage.digest_json(self._ids)
        return {"rows": len(self), "ids": ids, "keep": asdict(self._keep) if self._keep else None}

    def _begin_epoch(self, epoch: int) -> NDArray[np.int64]:
        if self._seed is None:
            raise ValueError("only a run with a seed can draw")
        self._ready()
        whole = draws.shuffled(len(self), seed=self._seed, epoch=epoch)
        order = draws.dealt(whole, rank=self._rank, of=self._processes)
        self._epoch, self._end, self._draws = epoch, 0, draws.Draws(order)
        return order

    def _ready(self) -> None:
        if not self._open and self._writes:
            self.begin(self._resume)

    def _passed_through(self, inner: Any) -> draws.Sampler:
        # A sampler that goes through the rows as they stand is known to shuffle nothing; of any other only its name is.
        name = type(inner).__name__
        unshuffled = name == "SequentialSampler" or getattr(inner, "shuffle", None) is False
        self._shuffle = {"kind": "none" if unshuffled else "claimed", "sampler": name}
        return draws.Sampler(partial(self._relay, inner), size=len(inner), set_epoch=getattr(inner, "set_epoch", None))

    def _relay(self, inner: Iterable[int], epoch: int) -> Iterator[int]:
        self._ready()
        drawn = draws.Draws(head=self._head)
        self._epoch, self._end, self._draws = epoch, 0, drawn
        for row in inner:
            drawn.add(int(row))
            yield int(row)

    def _append(self, rows: list[int]) -> None:
        self._ready()
        if not all(0 <= row < len(self) for row in rows):
            raise ValueError(f"a row outside of 0 to {len(self) - 1}: as many ids as rows, please")
        kept = consumption.kept(rows, self._keep, of=len(self))
        self._last = log.Step(step=self._last.step + 1, epoch=self._epoch, end=self._end, **kept)
        log.append(self._log, self._last)
