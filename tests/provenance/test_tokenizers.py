"""When are two tokenizers the same?"""

import pytest
import tokenizers as rust
import transformers

from provenance import tokenizers
from provenance.errors import InputError


def trained(*texts):
    """Train a small byte-level BPE tokenizer."""
    tokenizer = rust.Tokenizer(rust.models.BPE())
    tokenizer.pre_tokenizer = rust.pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = rust.decoders.ByteLevel()
    trainer = rust.trainers.BpeTrainer(vocab_size=300, special_tokens=["<end>"], show_progress=False)
    tokenizer.train_from_iterator(texts, trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer, eos_token="<end>", pad_token="<end>")  # noqa: S106 (a token of text)


def test_a_tokenizer_is_itself_after_saving_and_loading(tmp_path):
    """Its digest survives the disk; name and revision are what was asked for."""
    tokenizer = trained("one two two three three three")
    tokenizer.save_pretrained(tmp_path)
    loaded = tokenizers.load(str(tmp_path))
    found = tokenizers.identify(loaded, str(tmp_path), "main")
    assert found.sha256 == tokenizers.tokenizer_digest(tokenizer)
    assert (found.name, found.revision) == (str(tmp_path), "main")


def test_use_does_not_change_a_tokenizer():
    """Padding and truncation, which calls leave set, are no part of what it is."""
    tokenizer = trained("one two two three three three")
    before = tokenizers.tokenizer_digest(tokenizer)
    tokenizer(["one", "one two three"], padding=True, truncation=True, max_length=2)
    assert tokenizers.tokenizer_digest(tokenizer) == before


def test_other_merges_are_another_tokenizer():
    """The digest tells apart what encodes differently."""
    one, other = trained("one two two three three three"), trained("four five five six six six six")
    assert tokenizers.tokenizer_digest(one) != tokenizers.tokenizer_digest(other)


def test_a_folder_without_a_tokenizer_is_one_line(tmp_path):
    """The folder is named, and what it should have held."""
    with pytest.raises(InputError, match="no tokenizer in this folder") as caught:
        tokenizers.load(str(tmp_path))
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_mistyped_folder_is_not_looked_for_on_the_hub(tmp_path):
    """It is answered at once, with or without a network."""
    with pytest.raises(InputError, match="no such folder"):
        tokenizers.load(str(tmp_path / "nothing"))
