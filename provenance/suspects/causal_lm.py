"""How likely is each token to a Hugging Face causal language model?

Batches are filled to a token budget after sorting by length, with next to no padding, which is never scored; the output
head runs over the positions that are asked alone, a few hundred at a time (`heads`).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import transformers

from provenance import tokenizers
from provenance.errors import SuspectError
from provenance.records import Score
from provenance.suspects import caches, heads, marks, models, pieces, positions, strain
from provenance.suspects.pieces import Encoded, Piece
from provenance.suspects.strain import Strain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from provenance.records import Record, Tokenizer, Window
    from provenance.suspects.heads import Head
    from provenance.suspects.marks import Bos
    from provenance.suspects.pieces import Batch

MOST_TOKENS = {"cpu": 2_048}
"""Tokens read at once, whatever the budget: what layers make of more is larger than the memory that the C library
keeps at hand, and asking the system for fresh pages each time costs a tenth of the speed."""
MOST_LOGITS = 32_000_000
"""Logits held at once where an architecture gives them for all tokens or not at all."""


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
    head: Head
    """How its logits come about."""
    bos: Bos = "auto"
    """Whether text is put behind the mark of a beginning."""
    reach: int = 0
    """Up to how many tokens texts may have for what they begin with alike to be read once."""
    turn: int | None = None
    """Up to how many tokens a text's positions are read in one way, and longer ones in another."""
    strain: Strain = field(default_factory=Strain)
    """How often memory did not suffice."""

    @property
    def halved(self) -> int:
        """See `provenance.suspects.Strained`."""
        return self.strain.halved

    def score(
        self, records: Sequence[Record], *, window: Window | None, progress: Callable[[int, int | None], None]
    ) -> Iterator[Score]:
        """See `provenance.suspects.Suspect.score`."""
        encoded = [pieces.clip(self._encode(record), window) for record in records]
        parts = [piece for row, item in enumerate(encoded) for piece in pieces.cut(row, item, self.context)]
        done, total = 0, sum(len(piece.ids) for piece in parts)
        results: list[torch.Tensor] = [torch.empty(3, 0, device="cpu")] * len(parts)
        most = MOST_TOKENS.get(self.model.device.type)
        for batch in pieces.batches(parts, self._budget(), most=most, sharing=self.reach, turn=self.turn):
            for index, result in self._answers(parts, batch):
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
        if self.head.embedding is not None:
            return self.batch_tokens
        return min(self.batch_tokens, max(1, MOST_LOGITS // heads.vocabulary(self.model)))

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
        ids, offsets = marks.encode(self.encoder, text, bos=self.bos)
        inside = [row for row, (low, high) in enumerate(offsets) if high > max(len(record.context), low)]
        start, stop = (inside[0], inside[-1] + 1) if inside else (len(ids), len(ids))
        ends = tuple(int(high) - len(record.context) for _, high in offsets[start:stop])
        return Encoded(ids=ids, start=start, stop=stop, ends=ends)

    def _answers(self, parts: Sequence[Piece], batch: Batch) -> Iterator[tuple[int, torch.Tensor]]:
        """Answer a batch, in halves where memory does not suffice for it."""
        asked = [parts[row] for row in batch.rows]
        numbers = self._tried(asked, batch.shared)
        if numbers is not None:
            yield from zip(batch.rows, numbers, strict=True)
            return
        if len(asked) == 1:
            raise strain.too_large(self.identity["suspect"], len(asked[0].ids))
        self.strain.halve(self.model.device)
        for half in batch.halves():
            yield from self._answers(parts, half)

    def _tried(self, asked: Sequence[Piece], shared: int) -> list[torch.Tensor] | None:
        """Ask about a batch that is not known to be too large; gives None where memory does not suffice."""
        tokens = len(asked) * max(len(piece.ids) for piece in asked)
        if len(asked) > 1 and tokens >= self.strain.enough:
            return None
        try:
            return self._ask(asked, shared)
        except (RuntimeError, MemoryError) as error:
            if not strain.is_of_memory(error):
                raise
        self.strain.enough = min(self.strain.enough, tokens)
        return None

    def _ask(self, batch: Sequence[Piece], shared: int) -> list[torch.Tensor]:
        """Give (log-probability, mean, sd) of every scored position, a tensor (3, scored) a piece."""
        with torch.inference_mode():
            if shared:
                return self._ask_after(batch, shared)
            ids = self._padded([piece.ids for piece in batch])
            states = caches.states(self.model, self.head, ids)
            return self._numbers(states, ids, [range(piece.first, len(piece.ids)) for piece in batch])

    def _ask_after(self, batch: Sequence[Piece], shared: int) -> list[torch.Tensor]:
        """Read what all begin with once; the last state of it predicts the first token of every rest."""
        shared = min(shared, max(len(piece.ids) for piece in batch) - 1)
        start, rests = self._padded([batch[0].ids[:shared]]), self._padded([piece.ids[shared - 1 :] for piece in batch])
        begun, cache = caches.begin(self.model, self.head, start)
        later = caches.go_on(self.model, self.head, cache, rests[:, 1:])
        first = min(piece.first for piece in batch)
        [known] = self._numbers(begun, start, [range(first, shared)])
        states = torch.cat([begun[:, -1:].expand(len(batch), -1, -1), later], dim=1)
        asked = [range(max(piece.first, shared) - shared + 1, len(piece.ids) - shared + 1) for piece in batch]
        new = self._numbers(states, rests, asked)
        return [
            torch.cat([known[:, piece.first - first :], numbers], dim=1)
            for piece, numbers in zip(batch, new, strict=True)
        ]

    def _padded(self, rows: Sequence[tuple[int, ...]]) -> torch.Tensor:
        width = max(map(len, rows))
        return torch.tensor([(*row, *[0] * (width - len(row))) for row in rows], device=self.model.device)

    def _numbers(self, states: torch.Tensor, ids: torch.Tensor, asked: Sequence[range]) -> list[torch.Tensor]:
        """Put the states before the places that are asked, in every row, through the head."""
        rows = torch.tensor([row for row, places in enumerate(asked) for _ in places], dtype=torch.long, device="cpu")
        at = torch.tensor([place for places in asked for place in places], dtype=torch.long, device="cpu")
        if not len(at):
            return [torch.empty(3, 0, device="cpu")] * len(asked)
        numbers = heads.moments(states[rows, at - 1], ids[rows, at].to(states.device), head=self.head)
        return list(numbers.cpu().split([len(places) for places in asked], dim=1))


def load(
    name: str,
    *,
    dtype: str = "float32",
    device: str | None = None,
    device_map: str | None = None,
    batch_tokens: int = 8192,
    bos: Bos = "auto",
    context: int | None = None,
) -> CausalLM:
    """Load ``NAME_OR_PATH[@REVISION]``.

    Parameters
    ----------
    context
        Tokens that are read at once at most; None for as many as its configuration says.

    Raises
    ------
    SuspectError
        If there is no such model, it is no causal one or lacks weights, or the number format is unknown.
    """
    place = models.locate(name)
    where = device or ("cuda" if torch.cuda.is_available() else "cpu")
    model = models.read(place, dtype=dtype, device=where, device_map=device_map)
    found = ((part, tokenizers.find(part[0], revision=part[1])) for part in place.parts)
    (at, revision), encoder = next(((part, encoder) for part, encoder in found if encoder), (place.parts[0], None))
    tokenizer = tokenizers.identify(encoder, name=at, revision=revision) if encoder else None
    if context is not None and context < pieces.LEAST:
        raise ValueError(f"a context of {context} tokens: nothing predicts the first")
    whole = models.context(model)
    context = min(context or whole, whole)
    identity = {
        "suspect": f"hf:{name}",
        "kind": "hf",
        "weights": models.digest(place, model),
        "config": models.settings(place, model),
        "revision": getattr(model.config, "_commit_hash", None),
        "tokenizer": tokenizer.sha256 if tokenizer else None,
        "dtype": dtype,
        "device": device_map or torch.device(where).type,
        "backend": f"transformers {transformers.__version__}, torch {torch.__version__}",
        "overlap": pieces.overlap(context),
        "bos": marks.adds(encoder, bos, name) if encoder else False,
    }
    more = {
        "adapter_of": place.base and place.base[0],
        "quantised": models.quantised(model),
        "context": context if context < whole else None,
    }
    head = heads.find(model, name)
    return CausalLM(
        model=model,
        encoder=encoder,
        identity=identity | {key: value for key, value in more.items() if value},
        tokenizer=tokenizer,
        context=context,
        batch_tokens=batch_tokens,
        bos=bos,
        head=head,
        reach=caches.reach(model, head),
        turn=positions.turn(model.config.get_text_config()),
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
