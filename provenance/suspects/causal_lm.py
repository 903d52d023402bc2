"""How likely is each token to a Hugging Face causal language model?

Batches are filled to a token budget after sorting by length, padding on the right is masked and never scored, and the
output head runs over a few thousand positions at a time, so no [tokens × vocabulary] copy is ever held.
"""

from __future__ import annotations

import contextlib
import hashlib
import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers

from provenance import artifacts, tokenizers
from provenance.errors import SuspectError
from provenance.records import Score, ends_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.records import Record, Tokenizer, Window

HEAD_CELLS = 32_000_000
"""Logits held at once: 128 MB of float32."""
HEAD_TOLERANCE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A run of ids that fits the context, and which of its positions are scored."""

    record: int
    ids: tuple[int, ...]
    first: int
    """First scored position within `ids`, at least 1: nothing predicts position 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A record as this model reads it: ids, which of them are scored, and where each ends in the scored text."""

    ids: tuple[int, ...]
    start: int
    stop: int
    ends: tuple[int, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CausalLM:
    """A loaded model with its tokenizer."""

    model: Any
    encoder: Any
    """The Hugging Face tokenizer; None when only token ids can be scored."""
    identity: Mapping[str, Any]
    tokenizer: Tokenizer | None
    context: int
    batch_tokens: int
    plain_head: bool
    """Whether logits are the output embedding of the last hidden state and nothing more."""

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """See `provenance.suspects.Suspect.score`."""
        encoded = [_clip(self._encode(record), window) for record in records]
        pieces = [piece for row, item in enumerate(encoded) for piece in _pieces(row, item, self.context)]
        answers: list[list[torch.Tensor]] = [[] for _ in records]
        done, total = 0, sum(len(piece.ids) for piece in pieces)
        results: list[torch.Tensor | None] = [None] * len(pieces)
        for batch in _batches(pieces, self.batch_tokens):
            for index, result in zip(batch, self._ask([pieces[index] for index in batch]), strict=True):
                results[index] = result
                done += len(pieces[index].ids)
            progress(done, total)
        for piece, result in zip(pieces, results, strict=True):
            answers[piece.record].append(result if result is not None else torch.empty(3, 0))
        for record, item, parts in zip(records, encoded, answers, strict=True):
            yield _score(record, item, parts)

    def _encode(self, record: Record) -> Encoded:
        if record.tokens is not None:
            size = self.model.config.vocab_size
            if not all(0 <= token < size for token in record.tokens):
                raise SuspectError(f"record {record.id!r} has token ids outside the model's vocabulary of {size}")
            return Encoded(ids=record.tokens, start=0, stop=len(record.tokens), ends=None)
        if self.encoder is None:
            raise SuspectError(
                f"{self.identity['suspect']} has no tokenizer beside it",
                expected="tokenizer.json in the model's folder",
            )
        text = record.context + (record.text or "")
        output = self.encoder(text, return_offsets_mapping=True, verbose=False)
        ids, offsets = tuple(output["input_ids"]), output["offset_mapping"]
        inside = [row for row, (low, high) in enumerate(offsets) if high > max(len(record.context), low)]
        start, stop = (inside[0], inside[-1] + 1) if inside else (len(ids), len(ids))
        ends = tuple(int(high) - len(record.context) for _, high in offsets[start:stop])
        return Encoded(ids=ids, start=start, stop=stop, ends=ends)

    def _ask(self, batch: Sequence[Piece]) -> list[torch.Tensor]:
        """Give (log-probability, mean, sd) of every scored position, a tensor (3, scored) a piece."""
        width = max(len(piece.ids) for piece in batch)
        ids = torch.zeros((len(batch), width), dtype=torch.long)
        mask = torch.zeros((len(batch), width), dtype=torch.long)
        for row, piece in enumerate(batch):
            ids[row, : len(piece.ids)] = torch.tensor(piece.ids)
            mask[row, : len(piece.ids)] = 1
        ids, mask = ids.to(self.model.device), mask.to(self.model.device)
        rows = [row for row, piece in enumerate(batch) for _ in range(piece.first, len(piece.ids))]
        at = [column for piece in batch for column in range(piece.first, len(piece.ids))]
        place, before = torch.tensor(rows), torch.tensor(at) - 1
        with torch.inference_mode():
            states = self._states(ids, mask)[place, before]
            numbers = _moments(states, ids[place, before + 1], head=self._head)
        return list(numbers.cpu().split([len(piece.ids) - piece.first for piece in batch], dim=1))

    def _states(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if self.plain_head:
            return self.model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        return self.model(input_ids=ids, attention_mask=mask, use_cache=False).logits

    def _head(self, states: torch.Tensor) -> torch.Tensor:
        return self.model.get_output_embeddings()(states) if self.plain_head else states


def load(name: str, *, dtype: str = "float32", device: str | None = None, batch_tokens: int = 8192) -> CausalLM:
    """Load ``NAME_OR_PATH[@REVISION]``.

    Raises
    ------
    SuspectError
        If there is no such model, it has no causal head, or the number format is unknown.
    """
    place, _, revision = name.partition("@")
    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    number = getattr(torch, dtype, None)
    if not isinstance(number, torch.dtype):
        raise SuspectError(f"unknown number format {dtype!r}", expected="float32, bfloat16 or float16")
    try:
        with _without_bars():
            model = transformers.AutoModelForCausalLM.from_pretrained(place, revision=revision or None, dtype=number)
        model = model.to(where).eval()
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise SuspectError(
            f"model {name!r} cannot be loaded ({reason})", expected="a folder or hub name of a causal language model"
        ) from error
    encoder = tokenizers.find(place, revision=revision or None)
    tokenizer = tokenizers.identify(encoder, name=place, revision=revision or None) if encoder else None
    identity = {
        "suspect": f"hf:{name}",
        "kind": "hf",
        "weights": _weights_digest(place, model),
        "revision": getattr(model.config, "_commit_hash", None),
        "tokenizer": tokenizer.sha256 if tokenizer else None,
        "dtype": dtype,
        "device": torch.device(where).type,
        "backend": f"transformers {transformers.__version__}, torch {torch.__version__}",
    }
    return CausalLM(
        model=model,
        encoder=encoder,
        identity=identity,
        tokenizer=tokenizer,
        context=int(getattr(model.config, "max_position_embeddings", 0) or 1 << 20),
        batch_tokens=batch_tokens,
        plain_head=_has_plain_head(model),
    )


@contextlib.contextmanager
def _without_bars() -> Iterator[None]:
    """Keep transformers' own progress bars off stderr, where ours are."""
    drawn = transformers.logging.is_progress_bar_enabled()
    transformers.logging.disable_progress_bar()
    try:
        yield
    finally:
        if drawn:
            transformers.logging.enable_progress_bar()


def _weights_digest(place: str, model: Any) -> str:
    """Digest the weight files of a folder; for a hub model, the parameters as they were loaded."""
    files = sorted(path for path in Path(place).glob("*") if path.suffix in {".safetensors", ".bin"})
    if files:
        return artifacts.digest_json({path.name: artifacts.digest(path) for path in files})
    state = hashlib.sha256()
    for key, tensor in sorted(model.state_dict().items()):
        state.update(key.encode())
        state.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return state.hexdigest()


def _has_plain_head(model: Any) -> bool:
    """Try a few tokens: some architectures scale, cap or shift their logits after the output embedding."""
    ids = torch.arange(8, device=model.device)[None] % model.config.vocab_size
    head = model.get_output_embeddings()
    if head is None or model.base_model is model:
        return False
    with torch.inference_mode():
        states = model.base_model(input_ids=ids, use_cache=False).last_hidden_state
        logits = model(input_ids=ids, use_cache=False).logits
        if states.shape[-1] != head.weight.shape[-1]:
            return False
        return bool(torch.allclose(head(states), logits, atol=HEAD_TOLERANCE, rtol=HEAD_TOLERANCE))


def _moments(states: torch.Tensor, targets: torch.Tensor, *, head: Callable[[torch.Tensor], torch.Tensor]) -> Any:
    """Log-probability of each target, and mean and sd of log-probability under the model's own distribution."""
    step = max(1, HEAD_CELLS // max(int(head(states[:1]).shape[-1]), 1)) if len(states) else 1
    parts = []
    for states_part, targets_part in zip(states.split(step), targets.split(step), strict=True):
        logs = head(states_part).float().log_softmax(dim=-1)
        weights = logs.exp()
        mean = (weights * logs).sum(dim=-1)
        spread = (weights * (logs - mean[:, None]) ** 2).sum(dim=-1).sqrt()
        parts.append(torch.stack([logs.gather(1, targets_part[:, None])[:, 0], mean, spread]))
    return torch.cat(parts, dim=1)


def _clip(item: Encoded, window: Window | None) -> Encoded:
    """Keep the scored positions inside the window; the first token of all is never scored, nothing predicts it."""
    low = max(1, item.start, window.start if window else 0)
    high = min(item.stop, window.start + window.length) if window else item.stop
    low, high = (low, high) if low < high else (item.stop, item.stop)
    ends = ends_from(item.ends, low - item.start, high - item.start) if item.ends is not None else None
    return Encoded(ids=item.ids[:high] if low < high else (), start=low, stop=high, ends=ends)


def _pieces(row: int, item: Encoded, context: int) -> Iterator[Piece]:
    """Cut ids longer than the context into windows that overlap by half of it."""
    scored = item.start
    while scored < item.stop:
        low = 0 if item.stop <= context else max(0, scored - context // 2)
        high = min(item.stop, low + context)
        yield Piece(record=row, ids=item.ids[low:high], first=scored - low)
        scored = high


def _batches(pieces: Sequence[Piece], budget: int) -> Iterator[list[int]]:
    """Group pieces of like length so that padded width times rows stays within the budget."""
    longest_first = sorted(range(len(pieces)), key=lambda index: (-len(pieces[index].ids), index))
    for width, group in itertools.groupby(longest_first, key=lambda index: -(-len(pieces[index].ids) // 16)):
        members, rows = list(group), max(1, budget // (width * 16))
        yield from (members[first : first + rows] for first in range(0, len(members), rows))


def _score(record: Record, item: Encoded, parts: Sequence[torch.Tensor]) -> Score:
    numbers = torch.cat(list(parts), dim=1).numpy() if parts else np.empty((3, 0), dtype=np.float32)
    return Score(
        id=record.id,
        set=record.set,
        variant=record.variant,
        view=record.view,
        start=item.start,
        tokens=item.ids[item.start : item.stop],
        ends=item.ends,
        logprob=numbers[0],
        mean=numbers[1],
        sd=numbers[2],
    )
