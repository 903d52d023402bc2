"""Who writes texts of his own: a model on this machine, or one behind a server?

Each batch of texts has a seed of its own, so that a run that was cut short goes on with the texts that it would have
written. A server may ignore seeds; what it wrote is kept, not written again.
"""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
import transformers

from provenance import tokenizers
from provenance.errors import InputError, SuspectError
from provenance.suspects import SERVED, addresses, causal_lm, drawing, endpoints
from provenance.suspects.terms import Terms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenance.suspects.causal_lm import CausalLM
    from provenance.suspects.drawing import Manner
    from provenance.suspects.endpoints import Endpoint

START = "\n"
"""What stands before a text that begins with nothing, where a server takes no empty prompt: none does."""
LETTERS = 4
"""Characters a token, roughly, where a server does not count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manuscript:
    """How texts are to be written."""

    length: int = 256
    """Tokens of a text at most."""
    temperature: float = 1.0
    top_p: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One text that was written after its prompt."""

    text: str
    tokens: int
    """As the model counts them, or a quarter of its characters where a server does not say."""
    finish: str | None
    """``stop`` or ``length``."""


class Writer(Protocol):
    """Anything that writes."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """Who wrote, as for a suspect."""
        ...

    def write(self, prompts: Sequence[str], how: Manuscript, *, seed: int) -> list[Text]:
        """Write a text after each prompt; an empty one asks for a text from its beginning."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """A model on this machine."""

    suspect: CausalLM
    ends: tuple[int, ...]
    """Tokens that end a text."""

    @property
    def identity(self) -> Mapping[str, Any]:
        """See `Writer.identity`."""
        return self.suspect.identity

    def write(self, prompts: Sequence[str], how: Manuscript, *, seed: int) -> list[Text]:
        """See `Writer.write`; prompts are cut on the left so that prompt and text fit the context."""
        model, encoder = self.suspect.model, self.suspect.encoder
        room = max(1, self.suspect.context - how.length)
        begun = [encoder(prompt, verbose=False)["input_ids"][-room:] or [_first(encoder)] for prompt in prompts]
        width = max(map(len, begun))
        device = model.device
        ids = torch.tensor([[0] * (width - len(row)) + row for row in begun], device=device)
        mask = torch.tensor([[0] * (width - len(row)) + [1] * len(row) for row in begun], device=device)
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []), torch.inference_mode():
            torch.manual_seed(seed)
            drawn = model.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=min(how.length, self.suspect.context - width),
                do_sample=how.temperature > 0,
                pad_token_id=0,
                eos_token_id=list(self.ends) or None,
                **({"temperature": how.temperature, "top_p": how.top_p, "top_k": 0} if how.temperature > 0 else {}),
            )
        return [self._text(row) for row in drawn[:, width:].tolist()]

    def _text(self, ids: list[int]) -> Text:
        kept = list(itertools.takewhile(lambda id_: id_ not in self.ends, ids))
        stopped = len(kept) < len(ids)
        text = self.suspect.encoder.decode(kept, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return Text(text=text, tokens=len(kept), finish="stop" if stopped else "length")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A model behind a server, asked for completions or by chat."""

    endpoint: Endpoint
    manner: Manner
    identity: Mapping[str, Any]

    def write(self, prompts: Sequence[str], how: Manuscript, *, seed: int) -> list[Text]:
        """See `Writer.write`."""
        if self.manner.instruction == drawing.INSTRUCTION and not all(prompts):
            raise InputError(
                f"{self.endpoint.address.name} is a chat, and was given no text to go on from",
                expected="--prompts, or an --instruction that says what to write",
            )
        start = "" if self.manner.instruction else START
        wishes = [
            drawing.Wish(
                prompt=prompt or start,
                draws=1,
                length=how.length,
                temperature=how.temperature,
                top_p=how.top_p,
                seed=drawing.seed(str(seed), str(row)),
                about=f"text {row + 1} of a batch",
            )
            for row, prompt in enumerate(prompts)
        ]
        asked = [request for wish in wishes for request in drawing.requests(wish, self.manner)]
        with contextlib.closing(self.endpoint.ask(asked, path=self.manner.path)) as answers:
            return [self._text(answer, wish.prompt) for wish, answer in zip(wishes, answers, strict=True)]

    def _text(self, answer: Mapping[str, Any], prompt: str) -> Text:
        found = drawing.read(answer, self.manner, prompt)
        if not found:
            raise SuspectError("answered without a text", path=self.endpoint.address.name)
        usage = answer.get("usage")
        counted = usage.get("completion_tokens") if isinstance(usage, dict) else None
        tokens = counted if isinstance(counted, int) else -(-len(found[0].text) // LETTERS)
        return Text(text=found[0].text, tokens=tokens, finish=found[0].finish)


def load(name: str, *, terms: Terms | None = None, **loading: Any) -> Writer:
    """Open a suspect as one who writes: ``hf:``, ``openai:`` or ``text-only:``.

    Raises
    ------
    InputError
        If it is a suspect of another kind, which has no words of its own.
    SuspectError
        If it cannot be asked, or has no tokenizer.
    """
    kind, _, rest = name.partition(":")
    if kind in SERVED:
        return _served(rest, kind, terms or Terms())
    if kind in {"ngram", "column"}:
        raise InputError(f"{name} writes nothing", expected="hf:…, openai:… or text-only:…")
    suspect = causal_lm.load(name.removeprefix("hf:"), **loading)
    if suspect.encoder is None:
        raise SuspectError(f"{name} has no tokenizer beside it", expected="tokenizer.json in the model's folder")
    return Local(suspect=suspect, ends=_freed(suspect.model, suspect.encoder))


def _served(rest: str, kind: str, terms: Terms) -> Served:
    endpoint = endpoints.open_at(addresses.parse(rest, kind=kind), terms)
    manner = drawing.examine(endpoint, instruction=terms.instruction)
    identity = {
        "suspect": endpoint.address.name,
        "kind": kind,
        "backend": manner.path,
        "seeded": manner.seeded,
        "start": None if manner.instruction else START,
        "instruction": manner.instruction,
    }
    return Served(endpoint=endpoint, manner=manner, identity=identity)


def _freed(model: Any, encoder: Any) -> tuple[int, ...]:
    """Take away what a model's folder says of how to draw, as a penalty for repetition, and keep what ends a text."""
    said = model.generation_config.eos_token_id
    ends = {*(said if isinstance(said, list) else [said]), encoder.eos_token_id} - {None}
    model.generation_config = transformers.GenerationConfig()
    return tuple(sorted(ends))


def _first(encoder: Any) -> int:
    """Give what stands before a text that begins with nothing."""
    marks = (encoder.bos_token_id, encoder.eos_token_id)
    return next((int(mark) for mark in marks if mark is not None), 0)


def opening(record: Any, tokenizer: Any, *, length: int) -> str:
    """Give the first so many tokens of a record as a prompt, or words where it has no ids of a tokenizer at hand."""
    if record.tokens is not None and tokenizer and (decoder := tokenizers.recorded(tokenizer)):
        return str(decoder.decode(list(record.tokens[:length]), clean_up_tokenization_spaces=False))
    if record.text is None:
        raise InputError(
            f"record {record.id!r} has no text to begin with", expected="texts, or ids with their tokenizer"
        )
    words = record.text.split(maxsplit=length)
    rest = words[length] if len(words) > length else ""
    return str(record.text[: len(record.text) - len(rest)]).rstrip()
