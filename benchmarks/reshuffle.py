"""How well do re-runs tell whose descendant wrote a text, by text length and number of re-runs? Is the t number right?

    nice python benchmarks/reshuffle.py [--json] [--decay] [--reruns 99] [--runs 8] [--rows 256] [--rate 0.003]

A small model is trained on stories; its last phase is run again in the original and in `--reruns` other orders by
`provenance.reruns`. Each of the first `--runs` of them takes its turn as the run: it writes a text itself, and so does
a model fine-tuned from it on other stories. Power: how often the rank of the text's likelihood under its own run is at
most alpha, among T of the others. Calibration: the same of runs that did not write the text, which are the hardest null
there is, since they share all but the order with the one that did.
"""

from __future__ import annotations

import argparse
import json
import lzma
import math
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from scipy import special

from provenance import reruns, training
from provenance.stats import standing

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

STORIES = Path("/work/shared/data/llama2c_tiny/tinystories_first2MiB.txt.xz")
BASE, BATCH = 2_048, 8
"""Rows before the last phase, and rows an optimizer step."""
LENGTH, WRITTEN = 64, 2_000
TOKENS = (125, 250, 500, 1_000, 2_000)
TIMES = (9, 19, 49, 99)
STRICT = 0.001
ALPHAS = (0.1, 0.05, 0.01, STRICT)
SUBSETS = 20
"""How often T of the others are drawn."""
WRITERS = {"itself": 0, "tuned-64": 64, "tuned-128": 128}
"""Rows of other stories on which the writer was fine-tuned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What the experiment rests on."""

    folder: Path
    rows: NDArray[np.int32]
    """Packed stories."""
    base: int
    """Rows before the last phase."""
    phase: int
    schedule: training.Schedule
    recipe: reruns.Recipe


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print JSON in place of tables")
    parser.add_argument("--reruns", type=int, default=99, help="reshuffled re-runs")
    parser.add_argument("--decay", action="store_true", help="let the learning rate fall to 0 along the phase")
    parser.add_argument("--runs", type=int, default=8, help="how many of them write a text")
    parser.add_argument("--rows", type=int, default=256, help="rows of 64 tokens in the last phase")
    parser.add_argument("--rate", type=float, default=3e-3, help="learning rate")
    parser.add_argument("--data", type=Path, default=STORIES, help="plain text, .xz")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    began = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        stage = _prepare(Path(folder), asked)
        models = _run_again(stage, asked.reruns)
        told = {name: _tell(stage, models, rows, asked.runs) for name, rows in WRITERS.items()}
    figures = {
        "settings": {**vars(asked), "data": asked.data.name, "seconds": round(time.perf_counter() - began)},
        "power": [row for name, phi in told.items() for row in _power(name, phi)],
        "calibration": list(_calibration(np.concatenate(list(told.values()), axis=1), asked.runs)),
    }
    print(json.dumps(figures, indent=2) if asked.json else _tables(figures))


def _prepare(folder: Path, asked: argparse.Namespace) -> Stage:
    """Train up to the end of the first phase and leave a checkpoint there."""
    with lzma.open(asked.data, "rt", encoding="utf-8") as stream:
        stories = [text.strip() for text in stream.read().split("<|endoftext|>")]
    tokenizer = training.train_tokenizer(stories, vocabulary=512, out=folder / "tokenizer")
    rows = training.pack(stories, tokenizer, length=LENGTH)
    np.random.default_rng(0).shuffle(rows)
    begun, ended = BASE // BATCH, (BASE + asked.rows) // BATCH
    falling = reruns.Recipe(batch=BATCH, scheduler="linear", warmup=begun, total=ended)
    stage = Stage(
        folder=folder,
        rows=rows,
        base=BASE,
        phase=asked.rows,
        schedule=training.Schedule(batch=BATCH, learning_rate=asked.rate, warmup=50),
        recipe=falling if asked.decay else reruns.Recipe(batch=BATCH, scheduler="constant"),
    )
    shape = training.Shape(layers=2, width=64, heads=2, vocabulary=512, context=LENGTH + 1)
    training.train(
        training.new_model(shape, seed=0),
        rows,
        order=np.arange(stage.base),
        schedule=stage.schedule,
        checkpoints={begun: folder / "checkpoint"},
    )
    return stage


def _run_again(stage: Stage, times: int) -> list[Path]:
    order = stage.base + np.random.default_rng(1).permutation(stage.phase)
    made = reruns.rerun_phase(
        stage.folder / "checkpoint",
        reruns.phase_of_order(stage.rows[: stage.base + stage.phase], order),
        recipe=stage.recipe,
        times=times,
        seed=0,
        out=stage.folder / "reruns",
    )
    return [made.original, *made.reshuffled]


def _tell(stage: Stage, models: list[Path], tuned: int, runs: int) -> NDArray[np.float64]:
    """Give the log-likelihood of each writer's text under each model by sequence, (models, writers, sequences)."""
    texts = torch.stack([_written(stage, models[run], tuned, seed=run) for run in range(runs)])
    answers = [_likelihoods(training.load(place).eval(), texts.reshape(-1, LENGTH + 1)) for place in models]
    return np.array(answers).reshape(len(models), runs, -1)


def _written(stage: Stage, place: Path, tuned: int, *, seed: int) -> torch.Tensor:
    """Let a model, fine-tuned on stories that no run has seen, write sequences after an end-of-text token."""
    model = training.load(place)
    if tuned:
        others = np.random.default_rng(seed).permutation(np.arange(stage.base + stage.phase, len(stage.rows)))[:tuned]
        model = training.train(model, stage.rows, order=others, schedule=stage.schedule)
    torch.manual_seed(seed)
    begin = torch.zeros((-(-WRITTEN // LENGTH), 1), dtype=torch.long)
    with torch.inference_mode():
        return model.eval().generate(
            begin,
            attention_mask=torch.ones_like(begin),
            do_sample=True,
            top_k=0,
            min_new_tokens=LENGTH,
            max_new_tokens=LENGTH,
            eos_token_id=None,
            pad_token_id=0,
        )


def _likelihoods(model: Any, ids: torch.Tensor) -> NDArray[np.float64]:
    parts = []
    with torch.inference_mode():
        for part in ids.split(128):
            logs = model(input_ids=part, use_cache=False).logits[:, :-1].float().log_softmax(dim=-1)
            parts.append(logs.gather(2, part[:, 1:, None])[..., 0].double().sum(dim=1))
    return torch.cat(parts).numpy()


def _power(name: str, told: NDArray[np.float64]) -> Iterator[dict[str, Any]]:
    """Ask every writer's own run among T of the others, by text length."""
    rng = np.random.default_rng(2)
    for tokens in TOKENS:
        phi = told[:, :, : -(-tokens // LENGTH)].sum(axis=2)
        for times in [count for count in TIMES if count < len(phi)]:
            stood = [
                standing.standing(phi[run, run], phi[others, run], scale=abs(phi[run, run]))
                for run in range(phi.shape[1])
                for _ in range(SUBSETS)
                for others in [rng.choice(np.delete(np.arange(len(phi)), run), size=times, replace=False)]
            ]
            yield {
                "writer": name,
                "tokens": tokens,
                "reruns": times,
                "t": float(np.mean([one.t for one in stood])),
                "nats_per_token": float(np.mean([one.gain for one in stood])) / (-(-tokens // LENGTH) * LENGTH),
                **{f"rank<={alpha:g}": _share([one.pvalue <= alpha + 1e-12 for one in stood])
                   for alpha in ALPHAS if times >= standing.needed(alpha)},
                "t<=0.001": _share([10 ** (one.log10_asymptotic or 0.0) <= STRICT for one in stood]),
            }  # fmt: skip


def _calibration(told: NDArray[np.float64], runs: int) -> Iterator[dict[str, Any]]:
    """Ask runs that did not write the text: how often is each number below alpha?"""
    rng = np.random.default_rng(3)
    phi = told[:, :, : -(-2_000 // LENGTH)].sum(axis=2)
    for times in [count for count in TIMES if count < len(phi) - 1]:
        ranks, ts, zs = [], [], []
        for text in range(phi.shape[1]):
            for run in np.delete(np.arange(len(phi)), text % runs):
                rest = np.delete(np.arange(len(phi)), [text % runs, run])
                others = phi[rng.choice(rest, size=times, replace=False), text]
                one = standing.standing(phi[run, text], others, scale=abs(phi[run, text]))
                ranks.append(one.pvalue)
                ts.append(10 ** (one.log10_asymptotic or 0.0))
                zs.append(float(special.ndtr(-one.gain / others.std())))
        for alpha in ALPHAS:
            yield {
                "reruns": times,
                "alpha": alpha,
                "nulls": len(ranks),
                "rank": _share(np.array(ranks) <= alpha + 1e-12),
                "t": _share(np.array(ts) <= alpha),
                "z-off-a-normal": _share(np.array(zs) <= alpha),
                "sampling_error": math.sqrt(alpha * (1 - alpha) / len(ranks)),
            }


def _share(hits: Any) -> float:
    return float(np.mean(hits))


def _tables(figures: dict[str, Any]) -> str:
    lines = [json.dumps(figures["settings"])]
    for name in ("power", "calibration"):
        lines.append(f"\n{name}")
        lines += ["  ".join(f"{key} {value:.3g}" if isinstance(value, float) else f"{key} {value}"
                            for key, value in row.items()) for row in figures[name]]  # fmt: skip
    return "\n".join(lines)


if __name__ == "__main__":
    main()
