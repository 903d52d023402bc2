"""The rarest tokens taken out of the vocabulary, of the model and of its tokenizer.

Ushio et al., "An Efficient Multilingual Language Model Compression through Vocabulary Trimming" (arXiv 2305.15020). A
byte-level BPE learned its merges in the order of how common they are: the last ones go, and texts are spelt in smaller
tokens.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import tokenizers
import torch
import transformers

from survival.serving import Retokenised

if TYPE_CHECKING:
    import numpy as np

    from survival.derivations.data import Data

NAME, UNIT, DOSES = "vocabulary trimming", "share of tokens taken out", (0.1, 0.3, 0.6)


def derive(model: Any, tokenizer: Any, data: Data, *, dose: float, rng: np.random.Generator) -> Any:  # noqa: ARG001 - as the others
    """Trim."""
    told = json.loads(tokenizer.backend_tokenizer.to_str())
    dropped = round(dose * len(told["model"]["merges"]))
    if not dropped:
        return model.eval()
    kept = len(told["model"]["vocab"]) - dropped
    told["model"]["merges"] = told["model"]["merges"][:-dropped]
    told["model"]["vocab"] = {token: row for token, row in told["model"]["vocab"].items() if row < kept}
    trimmed = transformers.PreTrainedTokenizerFast(
        tokenizer_object=tokenizers.Tokenizer.from_str(json.dumps(told)),
        eos_token=tokenizer.eos_token,
        clean_up_tokenization_spaces=False,
    )
    with torch.no_grad():
        model.resize_token_embeddings(kept)
    return Retokenised(model=model.eval(), tokenizer=trimmed)
