"""How fast is each side, in how much memory, and do all of them give the same numbers?"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from asking import made, sides
from provenance.records import Record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from asking.made import Shape

PARTS = 5
"""Lots of texts; in each every side has its turn, so that a busy minute of the machine meets all of them."""
COMPARED = 24
"""Texts whose log-probabilities are laid beside the plain model's, token by token."""
HELD = 96
"""Texts in the processes that measure memory."""
SIDE = 2_048
"""Of the square matrices whose product is the peak."""


def compared(texts: Sequence[str], shape: Shape) -> dict[str, float]:
    """Time all sides, lot by lot, on one thread."""
    encoder, single = made.tokenizer(shape), made.model(shape)
    runs = {name: side(single, encoder, shape) for name, side in sides.SIDES.items()}
    runs["ours_bf16"] = sides.ours(made.model(shape, dtype=torch.bfloat16), encoder, shape)
    seconds, sums, peaks = dict.fromkeys(runs, 0.0), {name: list[float]() for name in runs}, list[float]()
    for lot in np.array_split(np.array(texts, dtype=object), min(PARTS, len(texts))):
        peaks.append(peak())
        for name, run in runs.items():
            took, found = timed(lambda run=run, lot=lot: run(list(lot)))
            seconds[name] += took
            sums[name] += found
        print(f"{len(sums['ours'])} of {len(texts)} texts", file=sys.stderr)
    sizes = [len(ids) for ids in encoder(list(texts))["input_ids"]]
    scored = sum(sizes) - len(sizes)
    rate = {name: scored / took for name, took in seconds.items()}
    work = made.flops(sizes, shape, scored=scored)
    return {
        "speedup_lm_eval": rate["ours"] / rate["lm_eval"],
        "speedup_lm_eval_bf16": rate["ours_bf16"] / rate["lm_eval"],
        "speedup_published": rate["ours"] / rate["published"],
        "gemm_share": work / seconds["ours"] / max(peaks),
        "lm_eval_gemm_share": work / seconds["lm_eval"] / max(peaks),
        "max_abs_diff": _apart(single, encoder, texts[:COMPARED], shape),
        "max_text_diff_lm_eval": _furthest(sums["ours"], sums["lm_eval"]),
        "max_text_diff_published": _furthest(sums["ours"], sums["published"]),
        "mean_token_diff_bf16": float(np.abs(np.subtract(sums["ours"], sums["ours_bf16"])).sum() / scored),
        **{f"{name}_tokens_per_s": value for name, value in rate.items()},
        "peak_gflops": max(peaks) / 1e9,
        "texts": float(len(texts)),
        "tokens": float(scored),
    }


def memory(shape: Shape) -> dict[str, float]:
    """Measure each side's memory beyond the loaded model, each in a process of its own."""
    held = {name: _held(name, shape) for name in ("ours", "lm_eval")}
    ratio = held["ours"] / held["lm_eval"]
    return {"peak_ratio": ratio, **{f"{name}_peak_mb": value / 1e6 for name, value in held.items()}}


def hold(name: str, shape: Shape) -> float:
    """Score some texts, and give by how many bytes this process grew beyond the loaded model and one short text."""
    run = sides.SIDES[name](made.model(shape), made.tokenizer(shape), shape)
    run(["w1 w2"])
    before = _peak_bytes()
    run(made.texts(HELD, shape, seed=1))
    return float(_peak_bytes() - before)


def shared(shape: Shape, *, count: int = 10, prefix: int = 256, rest: int = 32) -> dict[str, float]:
    """Time texts that begin alike, together and each alone."""
    rng = np.random.default_rng(0)
    start = rng.integers(1, shape.vocabulary, size=prefix).tolist()
    rows = [(*start, *rng.integers(1, shape.vocabulary, size=rest).tolist()) for _ in range(count)]
    records = [Record(id=str(row), tokens=ids) for row, ids in enumerate(rows)]
    suspect = made.suspect(made.model(shape), None, shape=shape)

    def ask(some: Sequence[Record]) -> list[Any]:
        return [score.logprob for score in suspect.score(some, window=None, progress=lambda _done, _total: None)]

    ask(records)
    pairs = [(timed(lambda: ask(records)), timed(lambda: [ask([one])[0] for one in records])) for _ in range(3)]
    together, alone = (min(pair[side][0] for pair in pairs) for side in (0, 1))
    apart = max(float(np.abs(a - b).max()) for a, b in zip(pairs[0][0][1], pairs[0][1][1], strict=True))
    return {"shared_prefix_speedup": alone / together, "shared_prefix_max_abs_diff": apart}


def windows(shape: Shape, *, device: str, count: int, length: int = 64) -> dict[str, float]:
    """Score many short windows of ids in bfloat16: tokens a second, and share of the measured peak of this device."""
    rng = np.random.default_rng(0)
    suspect = made.suspect(
        made.model(shape, dtype=torch.bfloat16, device=device), None, shape=shape, batch_tokens=1 << 16
    )
    ids = rng.integers(1, shape.vocabulary, size=(count, length)).tolist()
    records = [Record(id=str(row), tokens=tuple(one)) for row, one in enumerate(ids)]
    top = max(peak(device=device, dtype=torch.bfloat16) for _ in range(3))
    seconds, _ = timed(lambda: list(suspect.score(records, window=None, progress=lambda _done, _total: None)))
    work = made.flops([length] * count, shape, scored=count * (length - 1))
    found = {"windows_tokens_per_s": count * length / seconds, "windows_mfu": work / seconds / top}
    if device.startswith("cuda"):
        found["windows_peak_gb"] = torch.cuda.max_memory_allocated() / 1e9
    return found


def peak(*, device: str = "cpu", dtype: torch.dtype = torch.float32) -> float:
    """Measure what a large square product reaches, the best of five, in operations a second."""
    one, other = (torch.randn(SIDE, SIDE, device=device, dtype=dtype) for _ in range(2))

    def multiply() -> None:
        one @ other
        if device.startswith("cuda"):
            torch.cuda.synchronize()

    multiply()
    return float(2 * SIDE**3 / min(timed(multiply)[0] for _ in range(5)))


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Do something, and give how many seconds it took and what came of it."""
    began = time.perf_counter()
    result = work()
    return time.perf_counter() - began, result


def _apart(model: Any, encoder: Any, texts: Sequence[str], shape: Shape) -> float:
    """Give the largest difference from the plain model, asked one text at a time, over all tokens."""
    suspect, worst = made.suspect(model, encoder, shape=shape), 0.0
    records = [Record(id=str(row), text=text) for row, text in enumerate(texts)]
    for text, score in zip(texts, suspect.score(records, window=None, progress=lambda _d, _t: None), strict=True):
        ids = torch.tensor(encoder(text)["input_ids"])[None]
        with torch.inference_mode():
            logs = model(input_ids=ids).logits.log_softmax(dim=-1)
        plain = logs[0, :-1].gather(1, ids[0, 1:, None])[:, 0].numpy()
        worst = max(worst, float(np.abs(plain - score.logprob).max()))
    return worst


def _furthest(one: Sequence[float], other: Sequence[float]) -> float:
    return float(np.abs(np.subtract(one, other)).max())


def _held(name: str, shape: Shape) -> float:
    code = (
        f"import json, torch; torch.set_num_threads(1); from asking import made, measuring; "
        f"print(json.dumps(measuring.hold({name!r}, made.{shape!r})))"
    )
    paths = os.pathsep.join([str(Path(__file__).parent.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, stdout=subprocess.PIPE, text=True)
    return float(json.loads(done.stdout.splitlines()[-1]))


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
