"""How likely is each token to a Hugging Face causal language model?

Batches are filled to a token budget after sorting by length, padding on the right is masked and never scored, and the
output head runs over a few thousand positions at a time (`heads`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers

from provenance import tokenizers
from provenance.errors import SuspectError
from provenance.records import Score
from provenance.suspects import heads, hub, models, pieces
from provenance.suspects.pieces import Encoded, Piece

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.records import Record, Tokenizer, Window


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
    """Whether logits are `change` of the output embedding of the last hidden state, and nothing more."""
    change: Callable[[torch.Tensor], torch.Tensor] = torch.Tensor.float
    """What this architecture does to its logits in the end, such as to cap them."""

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """See `provenance.suspects.Suspect.score`."""
        encoded = [pieces.clip(self._encode(record), window) for record in records]
        parts = [piece for row, item in enumerate(encoded) for piece in pieces.cut(row, item, self.context)]
        done, total = 0, sum(len(piece.ids) for piece in parts)
        results: list[torch.Tensor] = [torch.empty(3, 0)] * len(parts)
        for batch in pieces.batches(parts, self._budget()):
            for index, result in zip(batch, self._ask([parts[index] for index in batch]), strict=True):
                results[index] = result
                done += len(parts[index].ids)
            progress(done, total)
        answers: list[list[torch.Tensor]] = [[] for _ in records]
        for piece, result in zip(parts, results, strict=True):
            answers[piece.record].append(result)
        for record, item, answer in zip(records, encoded, answers, strict=True):
            yield _score(record, item, answer)

    def count(self, records: Sequence[Record], *, window: Window | None) -> int:
        """See `provenance.suspects.Counting.count`."""
        encoded = (pieces.clip(self._encode(record), window) for record in records)
        return sum(len(piece.ids) for item in encoded for piece in pieces.cut(0, item, self.context))

    def _budget(self) -> int:
        """Bound a batch's tokens, and its logits too where they come for all tokens at once."""
        if self.plain_head:
            return self.batch_tokens
        return min(self.batch_tokens, max(1, heads.ACCELERATOR_CELLS // heads.vocabulary(self.model)))

    def _encode(self, record: Record) -> Encoded:
        item = self._read(record)
        size = heads.vocabulary(self.model)
        if item.ids and not (min(item.ids) >= 0 and max(item.ids) < size):
            raise SuspectError(f"record {record.id!r} has token ids outside the model's vocabulary of {size}")
        return item

    def _read(self, record: Record) -> Encoded:
        if record.tokens is not None:
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
            numbers = heads.moments(states, ids[place, before + 1], head=self._head)
        return list(numbers.cpu().split([len(piece.ids) - piece.first for piece in batch], dim=1))

    def _states(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        if self.plain_head:
            return self.model.base_model(input_ids=ids, attention_mask=mask, use_cache=False).last_hidden_state
        return self.model(input_ids=ids, attention_mask=mask, use_cache=False).logits

    def _head(self, states: torch.Tensor) -> torch.Tensor:
        return self.change(self.model.get_output_embeddings()(states)) if self.plain_head else states


def load(name: str, *, dtype: str = "float32", device: str | None = None, batch_tokens: int = 8192) -> CausalLM:
    """Load ``NAME_OR_PATH[@REVISION]``.

    Raises
    ------
    SuspectError
        If there is no such model, it is no causal one or lacks weights, or the number format is unknown.
    """
    place, revision = hub.locate(name)
    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = models.read(name, place, revision=revision, dtype=dtype).to(models.device(where)).eval()
    encoder = tokenizers.find(place, revision=revision)
    tokenizer = tokenizers.identify(encoder, name=place, revision=revision) if encoder else None
    identity = {
        "suspect": f"hf:{name}",
        "kind": "hf",
        "weights": models.digest(place, model),
        "revision": getattr(model.config, "_commit_hash", None),
        "tokenizer": tokenizer.sha256 if tokenizer else None,
        "dtype": dtype,
        "device": torch.device(where).type,
        "backend": f"transformers {transformers.__version__}, torch {torch.__version__}",
    }
    change = heads.find(model, name)
    return CausalLM(
        model=model,
        encoder=encoder,
        identity=identity,
        tokenizer=tokenizer,
        context=int(getattr(model.config.get_text_config(), "max_position_embeddings", 0) or 1 << 20),
        batch_tokens=batch_tokens,
        plain_head=change is not None,
        change=change or torch.Tensor.float,
    )


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
