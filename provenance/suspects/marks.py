"""Which marks does a model find around a text, as it did when it was trained?

A tokenizer adds those that it was made to add: Llama's sets a BOS before a text, GPT-NeoX's does not. ``auto`` leaves
it at that; some models were trained with a mark that their tokenizer does not add, or without one that it does. Marks
are read and not scored; behind a BOS the first token of a text has a number too. Letters of a mark within a text are
read as the tokenizer reads them: as the mark. Records that come as ids are never changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from provenance.errors import SuspectError

if TYPE_CHECKING:
    from collections.abc import Sequence

Bos = Literal["auto", "always", "never"]
CHOICES: tuple[Bos, ...] = get_args(Bos)


def encode(encoder: Any, text: str, *, bos: Bos) -> tuple[tuple[int, ...], Sequence[tuple[int, int]]]:
    """Give ids, and where each begins and ends in the text; marks have no letters."""
    output = encoder(text, return_offsets_mapping=True, verbose=False, add_special_tokens=bos != "never")
    ids, offsets = tuple(output["input_ids"]), list(output["offset_mapping"])
    if bos == "always" and not _begins(encoder, ids, offsets):
        return (int(encoder.bos_token_id), *ids), [(0, 0), *offsets]
    return ids, offsets


def adds(encoder: Any, bos: Bos, name: str) -> bool:
    """Say whether texts are put behind a BOS.

    Raises
    ------
    SuspectError
        If there is to be one and the tokenizer has none.
    """
    if bos == "always" and encoder.bos_token_id is None:
        raise SuspectError(f"the tokenizer of {name!r} has no BOS", expected="--bos auto or never")
    return _begins(encoder, *encode(encoder, "a", bos=bos))


def _begins(encoder: Any, ids: Sequence[int], offsets: Sequence[tuple[int, int]]) -> bool:
    """Say whether a text's ids begin with a mark that stands for none of its letters, whatever a tokenizer calls it."""
    return bool(ids) and tuple(offsets[0]) == (0, 0) and ids[0] in encoder.all_special_ids
