"""How does a derived model become a suspect?

What can be saved is saved and opened as ``hf:FOLDER`` opens anybody's model. What exists only while it runs (hooks) is
asked where it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from provenance import storage, tokenizers, training
from provenance.suspects import causal_lm, heads, models
from survival.writing import Manner

if TYPE_CHECKING:
    from pathlib import Path

    from provenance.suspects.causal_lm import CausalLM


@dataclass(frozen=True, slots=True, kw_only=True)
class Retokenised:
    """A model whose tokenizer changed with it."""

    model: Any
    tokenizer: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A model that is more than its weights, such as one with hooks."""

    model: Any
    settings: dict[str, Any]
    """What was done to it, for the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writer:
    """A model that answers as it did and writes in a manner of its own."""

    model: Any
    manner: Manner
    seen: dict[str, float] = field(default_factory=dict)
    """What was seen of the phenomenon itself."""


def manner(derived: Any) -> Manner:
    """Say how what a derivation gave writes: at temperature 1, unless it says otherwise."""
    return derived.manner if isinstance(derived, Writer) else Manner()


def open_up(derived: Any, tokenizer: Any, folder: Path) -> CausalLM:
    """Make a suspect of what a derivation gave; files go to `folder`, and it is asked on the device it is on."""
    match derived:
        case Running():
            return _running(derived, tokenizer)
        case Retokenised(model=model, tokenizer=own):
            training.save(model, folder, tokenizer=own)
        case Writer(model=model):
            training.save(model, folder, tokenizer=tokenizer)
        case model:
            training.save(model, folder, tokenizer=tokenizer)
    return causal_lm.load(str(folder), device=str(model.device))


def _running(derived: Running, tokenizer: Any) -> CausalLM:
    """Ask a model where it is; beginnings are not shared, since a hook may look at the whole text."""
    known = tokenizers.identify(tokenizer, tokenizer.name_or_path)
    model = derived.model.eval()
    sums = [float(weight.detach().double().sum()) for weight in model.parameters()]
    told = storage.digest_json({**derived.settings, "weights": sums})
    return causal_lm.CausalLM(
        model=model,
        encoder=tokenizer,
        identity={"suspect": "running", "kind": "hf", "weights": told, "tokenizer": known.sha256},
        tokenizer=known,
        context=models.context(model),
        batch_tokens=8_192,
        head=heads.find(model, "running"),
    )
