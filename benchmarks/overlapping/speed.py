"""How fast does a transcript pass by the n-grams of a text, next to infini-gram's index of the same data?"""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
from infini_gram.engine import InfiniGramEngine

from provenance.audits.overlap import watchlist

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ROW, MAX_NGRAM, LIMIT = 256, 8, 100
SMALL, LARGE = 20_000, 200_000
ASKED = 10_000
SEPARATOR, LARGEST_ID = b"\xff\xff", 65_000


def measure(words: Sequence[str], *, positions: int, folder: Path) -> dict[str, float]:
    """Time both on words: half of them are the text, the other half, over and over, the transcript.

    Infini-gram answers what a scan answers: how often is each n-gram of the text in the transcript? It indexes first.
    """
    numbers: dict[str, int] = {}
    ids = np.array([numbers.setdefault(word, len(numbers)) for word in words], dtype=np.int64) % LARGEST_ID
    half = len(ids) // 2
    rows = np.resize(ids[half:], (positions // ROW, ROW)).astype(np.int32)
    figures = {"text_tokens": float(min(half, LARGE)), "transcript_positions": float(rows.size)}
    for name, size in (("small", min(half, SMALL)), ("large", min(half, LARGE))):
        seconds, found = scanned(ids[:size].astype(np.int32), rows)
        figures |= {f"{name}_text_tokens": float(size), f"{name}_scan_positions_per_s": rows.size / seconds["scan"]}
    figures |= {f"ours_{step}_s": value for step, value in seconds.items()}
    theirs, longest = _indexed(ids[: min(half, LARGE)], rows, folder)
    assert longest.tolist() == found.longest[: len(longest)].tolist(), "infini-gram finds other longest matches"
    figures |= {f"infini_gram_{step}_s": value for step, value in theirs.items()}
    return figures | {"infini_gram_over_ours": sum(theirs.values()) / sum(seconds.values())}


def scanned(text: NDArray[np.int32], rows: NDArray[np.int32]) -> tuple[dict[str, float], watchlist.Overlap]:
    """Time listing, scanning and weighing, all compiled before."""
    edges = np.arange(0, rows.size + 1, rows.shape[1])
    batch = watchlist.Batch(tokens=rows.ravel(), edges=edges)
    small = watchlist.Batch(tokens=batch.tokens[: 4 * ROW], edges=edges[:5])
    warm = watchlist.build([text[:1000]], max_ngram=MAX_NGRAM)
    watchlist.overlap(warm, watchlist.scan(warm, [small], limit=LIMIT))
    listing, listed = _timed(lambda: watchlist.build([text], max_ngram=MAX_NGRAM))
    scanning, found = _timed(lambda: watchlist.scan(listed, [batch], limit=LIMIT))
    weighing, overlap = _timed(lambda: watchlist.overlap(listed, found))
    return {"list": listing, "scan": scanning, "weigh": weighing}, overlap


def _indexed(
    text: NDArray[np.int64], rows: NDArray[np.int32], folder: Path
) -> tuple[dict[str, float], NDArray[np.int64]]:
    """Have infini-gram index the rows and count the n-grams of the text; give times and longest matches.

    It is asked about the first `ASKED` positions, and its time for all is taken from theirs.
    """
    index = folder / "infini-gram"
    (index / "data").mkdir(parents=True)
    (index / "tokenized.0").write_bytes(b"".join(SEPARATOR + row.astype("<u2").tobytes() for row in rows))
    offsets = np.arange(len(rows), dtype="<u8") * np.uint64(2 + 2 * rows.shape[1])
    (index / "offset.0").write_bytes(offsets.tobytes())
    indexing, _ = _timed(lambda: _index(index))
    engine = InfiniGramEngine(str(index), eos_token_id=LARGEST_ID, vocab_size=65_535)
    counting, longest = _timed(lambda: _longest(engine, text.tolist()))
    return {"index": indexing, "count": counting * len(text) / len(longest)}, np.array(longest)


def _index(folder: Path) -> None:
    places = [f"--data_dir={folder / 'data'}", f"--temp_dir={folder}", f"--save_dir={folder}"]
    limits = ["--token_dtype=u16", "--cpus=1", "--mem=4", "--shards=1", "--ulimit=4096"]
    subprocess.run([sys.executable, "-m", "infini_gram.indexing", *places, *limits], check=True, capture_output=True)


def _longest(engine: Any, text: Sequence[int]) -> list[int]:
    """Count ever longer n-grams at each position that is asked about, until one is nowhere."""
    lengths = []
    for at in range(min(ASKED, len(text))):
        grams = (text[at : at + n] for n in range(1, min(MAX_NGRAM, len(text) - at) + 1))
        lengths.append(sum(1 for _ in itertools.takewhile(lambda gram: engine.count(gram)["count"] > 0, grams)))
    return lengths


def _timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Give processor seconds, those of child processes included, because the machine may have other work."""
    began = time.process_time(), _of_children()
    result = work()
    return time.process_time() - began[0] + _of_children() - began[1], result


def _of_children() -> float:
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return spent.ru_utime + spent.ru_stime
