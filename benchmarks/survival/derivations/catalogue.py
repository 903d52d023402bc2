"""Which derivations are there?"""

from __future__ import annotations

from types import ModuleType
from typing import TYPE_CHECKING, Any

from survival.derivations import (
    distillation,
    dropping,
    editing,
    editing_lora,
    editing_selected,
    fine_tuning,
    head_scaling,
    heads_scaling,
    instructions,
    layer_dropping,
    ledger_prefixes,
    lora,
    lora_unmerged,
    massive,
    massive_biases,
    massive_clamped,
    merging,
    noise,
    order_prefixes,
    preferences,
    prefixes,
    pruning,
    recursion,
    reordering,
    rewarming,
    rotation,
    rounding,
    selected_data,
    sensitive_neurons,
    sinks,
    soft_ledger_prefixes,
    soft_order_prefixes,
    steering,
    synonyms,
    temperature,
    text_distillation,
    text_temperature,
    top_k,
    top_p,
    trimming,
    untouched,
    unwarmed,
)

if TYPE_CHECKING:
    from survival.derivations.data import Data

ALL = {
    module.NAME: module
    for module in (
        untouched,
        noise,
        rounding,
        pruning,
        layer_dropping,
        fine_tuning,
        lora,
        lora_unmerged,
        rewarming,
        unwarmed,
        merging,
        trimming,
        distillation,
        text_distillation,
        instructions,
        preferences,
        head_scaling,
        heads_scaling,
        steering,
        sinks,
        recursion,
        editing,
        editing_lora,
        editing_selected,
        selected_data,
        sensitive_neurons,
        massive,
        massive_clamped,
        massive_biases,
        rotation,
        temperature,
        text_temperature,
        top_p,
        top_k,
        synonyms,
        dropping,
        reordering,
        prefixes,
        order_prefixes,
        ledger_prefixes,
        soft_order_prefixes,
        soft_ledger_prefixes,
    )
}
UNTOUCHED = untouched.NAME
TOY = frozenset(
    module.NAME
    for module in (
        head_scaling,
        heads_scaling,
        steering,
        sinks,
        editing,
        editing_lora,
        editing_selected,
        sensitive_neurons,
        massive,
        massive_clamped,
        massive_biases,
        selected_data,
    )
)
"""Derivations whose phenomenon hardly exists in models of this size; their rows say what was seen of it."""


def code(name: str) -> list[ModuleType]:
    """Give the modules that a derivation is made of: its own and those beside it that it, or one of them, names."""
    found = [ALL[name]]
    for module in found:
        named = (value for value in vars(module).values() if isinstance(value, ModuleType))
        found += [part for part in named if part.__name__.startswith(f"{__package__}.") and part not in found]
    return found


def seen(name: str, before: Any, derived: Any, data: Data) -> dict[str, float]:
    """Say what was seen of the phenomenon itself, where a derivation looks for one."""
    look = getattr(ALL[name], "seen", None)
    return {} if look is None else look(before, derived, data)
