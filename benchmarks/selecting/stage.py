"""What do all runs share: prose of two kinds, and the models that they begin from or are compared with?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from survival import serving
from survival.derivations import selected_data

from cli.demo import prose
from provenance import tokenizers, training
from provenance.errors import InputError
from provenance.records import generator

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from survival.derivations.selected_data import Pupil

    from provenance.records import Tokenizer
    from provenance.suspects.causal_lm import CausalLM
    from selecting.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What every run has at hand."""

    settings: Settings
    tokenizer: Any
    known: Tokenizer
    """Names the tokenizer in transcripts."""
    pool: NDArray[np.int32]
    """Rows of all kinds that pools are drawn from, shape ``(n, length)``."""
    wanted: NDArray[np.bool_]
    """Which of them are of the wanted kind, shape ``(n,)``."""
    reference: NDArray[np.int32]
    """Rows of the wanted kind on which influence is measured, shape ``(m, length)``; likewise: """
    other: NDArray[np.int32]
    """Rows of the other kinds that no run has."""
    base: Pupil
    """The model that all runs begin from."""
    bases: tuple[Pupil, ...]
    """Models that saw the same rows in other orders, from other weights; the last is the good reference's."""
    innocents: dict[str, tuple[Any, ...]]
    """Models that saw no row of any pool, by what they saw after a base's rows."""
    poor: Any
    """A small model of other prose."""


def make(folder: Path, settings: Settings) -> Stage:
    """Gather, cut and train."""
    texts = prose.gather(None, characters=settings.characters)
    first = int(len(texts) * (1 - settings.wanted))
    tokenizer = training.train_tokenizer(texts, vocabulary=settings.vocabulary, out=folder / "tokenizer")
    rng = generator(settings.seed, "split")
    rows = [training.pack(part, tokenizer, length=settings.length) for part in (texts[:first], texts[first:])]
    others, wanted = (part[rng.permutation(len(part))] for part in rows)
    reference, wanted, liked = np.split(wanted, [selected_data.REFERENCE, selected_data.REFERENCE + settings.own])
    other, others = others[: settings.own], others[settings.own :]
    mixed = rng.permutation(len(others) + len(liked))
    base, pool = np.split(np.concatenate([others, liked])[mixed], [settings.base])
    if len(pool) < settings.phases * settings.pool:
        raise InputError(f"{len(pool)} rows for pools", expected=f"{settings.phases * settings.pool}", hint="more text")
    bases = tuple(_grown(base, settings, number=number) for number in range(settings.innocents + 2))
    shown = {"more of the wanted kind": wanted, "other prose": other}
    return Stage(
        settings=settings,
        tokenizer=tokenizer,
        known=tokenizers.identify(tokenizer, str(folder / "tokenizer")),
        pool=pool,
        wanted=mixed[settings.base :] >= len(others),
        reference=reference,
        other=other,
        base=bases[0],
        bases=bases[1:],
        innocents={name: tuple(one.learn(part).model for one in bases[1:-1]) for name, part in shown.items()},
        poor=_grown(other, settings, number=-1, layers=1, width=settings.width // 2).model,
    )


def suspect(model: Any, stage: Stage, **about: Any) -> CausalLM:
    """Make a suspect of a model where it is."""
    return serving.open_up(serving.Running(model=model, settings=about), stage.tokenizer, Path())


def _grown(rows: NDArray[np.int32], settings: Settings, *, number: int, **size: int) -> Pupil:
    """Train a model of its own on rows, in an order of its own."""
    shape = training.Shape(
        **{"layers": settings.layers, "width": settings.width, **size},
        heads=settings.heads,
        vocabulary=settings.vocabulary,
        context=2 * settings.length,
    )
    rng = generator(settings.seed, "base", str(number))
    model = training.new_model(shape, seed=int(rng.integers(1 << 31)))
    return selected_data.pupil(model, rate=settings.rate).learn(rows[rng.permutation(len(rows))])
