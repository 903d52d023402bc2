"""How Hugging Face models come off the disk, and which marks they find around a text."""

import json
import shutil
import sys

import numpy as np
import peft
import pytest
import torch
import transformers
from tokenizers import processors

from provenance import suspects, training
from provenance.errors import SuspectError
from provenance.records import Record
from provenance.suspects import marks, models

TEXT = "The old harbour was quiet, and the boats were waiting for the tide. "
ROW = Record(id="a", tokens=tuple(range(5, 40)))


def _quiet(_done, _total):
    """Show nothing."""


def _logprob(suspect, record=ROW):
    return next(iter(suspect.score([record], window=None, progress=_quiet))).logprob


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """A tiny model, a LoRA adapter of it, and the two merged."""
    place = tmp_path_factory.mktemp("models")
    tokenizer = training.train_tokenizer([TEXT] * 5, vocabulary=320, out=place / "base")
    shape = training.Shape(layers=2, width=32, heads=2, vocabulary=320, context=64)
    training.save(training.new_model(shape, seed=0), place / "base", tokenizer=tokenizer)
    torch.manual_seed(0)
    config = peft.LoraConfig(r=4, task_type="CAUSAL_LM", init_lora_weights=False, target_modules=["query_key_value"])
    adapted = peft.get_peft_model(transformers.AutoModelForCausalLM.from_pretrained(place / "base"), config)
    adapted.save_pretrained(place / "adapter")
    training.save(adapted.merge_and_unload(), place / "merged", tokenizer=tokenizer)
    return place


def test_an_adapter_is_laid_over_its_base(folders):
    """The numbers are those of the merged model, the tokenizer is the base's, and evidence names the base."""
    adapter, merged, base = (suspects.load(str(folders / name)) for name in ("adapter", "merged", "base"))
    assert _logprob(adapter) == pytest.approx(_logprob(merged), abs=2e-5)
    assert np.abs(_logprob(adapter) - _logprob(base)).max() > 0.01
    assert adapter.tokenizer.sha256 == base.tokenizer.sha256
    assert adapter.identity["adapter_of"] == str(folders / "base")
    assert "adapter_of" not in base.identity


def test_another_base_is_another_model(folders, tmp_path):
    """An adapter's digest covers what it is laid over; a base that has moved is found beside it."""
    for name in ("adapter", "base"):
        shutil.copytree(folders / name, tmp_path / name)
    config = tmp_path / "adapter" / "adapter_config.json"
    told = json.loads(config.read_text())
    config.write_text(json.dumps({**told, "base_model_name_or_path": "/gone/base"}))
    first = suspects.load(str(tmp_path / "adapter"))
    assert first.identity["weights"] == suspects.load(str(folders / "adapter")).identity["weights"]
    shutil.copy(folders / "merged" / "model.safetensors", tmp_path / "base" / "model.safetensors")
    assert suspects.load(str(tmp_path / "adapter")).identity["weights"] != first.identity["weights"]
    shutil.rmtree(tmp_path / "base")
    with pytest.raises(
        SuspectError, match=r"is an adapter of '/gone/base', which is not on this machine.*lay it beside"
    ):
        suspects.load(str(tmp_path / "adapter"))
    config.write_text("{}")
    with pytest.raises(SuspectError, match="names no model that it is for"):
        suspects.load(str(tmp_path / "adapter"))


def test_how_weights_are_quantised_is_read_off_their_configuration():
    """Whether it is held as an object or as the file has it, the method is named; without one there is none."""
    config = transformers.GPTNeoXConfig()
    model = torch.nn.Module()
    model.config = config
    assert models.quantised(model) is None
    config.quantization_config = {"quant_method": "gptq", "bits": 4}
    assert models.quantised(model) == "gptq"
    config.quantization_config = transformers.BitsAndBytesConfig(load_in_4bit=True)
    assert models.quantised(model) == "bitsandbytes"


@pytest.mark.live
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")
def test_a_quantised_model_is_loaded_as_its_files_say(folders, tmp_path):
    """Eight-bit weights of torchao: near the model's own numbers, another digest, and evidence says so."""
    from torchao.quantization import Int8WeightOnlyConfig

    how = transformers.TorchAoConfig(Int8WeightOnlyConfig())
    model = transformers.AutoModelForCausalLM.from_pretrained(folders / "base", quantization_config=how)
    model.save_pretrained(tmp_path)
    quantised, plain = suspects.load(str(tmp_path)), suspects.load(str(folders / "base"))
    assert 0 < np.abs(_logprob(quantised) - _logprob(plain)).max() < 0.05
    assert quantised.identity["quantised"] == "torchao"
    assert quantised.identity["weights"] != plain.identity["weights"]
    assert "quantised" not in plain.identity


def test_a_library_that_is_missing_is_named(folders, tmp_path, monkeypatch):
    """Weights in a format whose library is not installed: one line that names it."""
    shutil.copytree(folders / "base", tmp_path / "model")
    config = tmp_path / "model" / "config.json"
    told = {
        **json.loads(config.read_text()),
        "quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True},
    }
    config.write_text(json.dumps(told))
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    with pytest.raises(SuspectError, match="bitsandbytes"):
        suspects.load(str(tmp_path / "model"))


def test_a_model_spread_by_accelerate_gives_the_same_numbers(folders):
    """On one device a map changes nothing, and evidence says that there was one."""
    spread, plain = suspects.load(str(folders / "base"), device_map="auto"), suspects.load(str(folders / "base"))
    assert (_logprob(spread) == _logprob(plain)).all()
    assert (spread.identity["device"], plain.identity["device"]) == ("auto", "cpu")


def test_a_configuration_is_part_of_who_was_asked(folders, tmp_path):
    """Two models of the same weights that turn positions at another rate are told apart, wherever they lie."""
    for name in ("same", "other"):
        shutil.copytree(folders / "base", tmp_path / name)
    config = tmp_path / "other" / "config.json"
    told = json.loads(config.read_text())
    config.write_text(json.dumps({**told, "rope_parameters": {**told["rope_parameters"], "rope_theta": 500.0}}))
    base, same, other = (suspects.load(str(at)).identity for at in (folders / "base", tmp_path / "same", config.parent))
    assert base["weights"] == same["weights"] == other["weights"]
    assert base["config"] == same["config"] != other["config"]


def _small(family, **more):
    config = getattr(transformers, f"{family}Config")(vocab_size=320, **more)
    return transformers.AutoModelForCausalLM.from_config(config)


@pytest.mark.parametrize(
    ("model", "length"),
    [
        (("Roberta", {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1,
                      "max_position_embeddings": 36, "is_decoder": True}), 34),
        (("Mpt", {"d_model": 8, "n_layers": 1, "n_heads": 1, "max_seq_len": 40}), 40),
        (("Mamba", {"hidden_size": 8, "num_hidden_layers": 1, "state_size": 2}), models.ENDLESS),
    ],
)  # fmt: skip
def test_a_text_is_read_in_windows_that_a_model_can_read(tmp_path, model, length):
    """As many tokens as its configuration says, fewer where its table is shorter, any number where it knows no end."""
    family, more = model
    _small(family, **more).save_pretrained(tmp_path)
    suspect = suspects.load(str(tmp_path))
    assert suspect.context == length
    assert len(_logprob(suspect, Record(id="a", tokens=tuple(range(2, 80))))) == 77


def test_files_that_do_not_fit_a_configuration_are_told(folders, tmp_path):
    """Weights of another shape name one of them; nothing is filled up at random."""
    shutil.copytree(folders / "base", tmp_path / "model")
    config = tmp_path / "model" / "config.json"
    config.write_text(json.dumps({**json.loads(config.read_text()), "intermediate_size": 24}))
    with pytest.raises(SuspectError, match=r"mlp\.dense_\S+ has another shape than config.json says"):
        suspects.load(str(tmp_path / "model"))


def test_code_of_a_model_is_never_run(folders, tmp_path):
    """A folder that brings Python with it is refused at once: nobody is asked whether it may."""
    shutil.copytree(folders / "base", tmp_path / "model")
    config = tmp_path / "model" / "config.json"
    own = {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}}
    config.write_text(json.dumps({**json.loads(config.read_text()), **own}))
    (tmp_path / "model" / "own.py").write_text("raise SystemExit('run')")
    with pytest.raises(SuspectError, match="contains custom code"):
        suspects.load(str(tmp_path / "model"))


def test_a_device_that_holds_nothing_is_refused(folders):
    """On torch's meta device no number can be had."""
    with pytest.raises(SuspectError, match="device 'meta' cannot be used"):
        suspects.load(str(folders / "base"), device="meta")


@pytest.fixture(scope="module")
def marking(folders, tmp_path_factory):
    """The tiny model with a tokenizer that sets a BOS before a text and an EOS behind it."""
    place = tmp_path_factory.mktemp("marking")
    encoder = transformers.AutoTokenizer.from_pretrained(folders / "base")
    mark = encoder.eos_token
    encoder.bos_token = mark
    encoder.backend_tokenizer.post_processor = processors.TemplateProcessing(
        single=f"{mark} $A {mark}", special_tokens=[(mark, encoder.eos_token_id)]
    )
    training.save(transformers.AutoModelForCausalLM.from_pretrained(folders / "base"), place, tokenizer=encoder)
    return place


def test_a_beginning_is_marked_as_asked(folders, marking):
    """Behind a BOS the first token has a number, whoever set it; without one it has none; evidence says which."""
    record = Record(id="a", text=TEXT)
    asked = {bos: suspects.load(str(marking), bos=bos) for bos in marks.CHOICES}
    assert [suspect.identity["bos"] for suspect in asked.values()] == [True, True, False]
    found = {bos: next(iter(one.score([record], window=None, progress=_quiet))) for bos, one in asked.items()}
    assert (found["auto"].logprob == found["always"].logprob).all()
    assert [found[bos].start for bos in marks.CHOICES] == [1, 1, 1]
    assert found["never"].tokens == found["auto"].tokens[1:]
    bare = suspects.load(str(folders / "base"))
    assert bare.identity["bos"] is False
    assert (_logprob(bare, record) == found["never"].logprob).all()


def test_a_bos_that_the_tokenizer_does_not_set_is_set(folders, tmp_path):
    """A model that was trained behind a BOS which its tokenizer has and does not add."""
    encoder = transformers.AutoTokenizer.from_pretrained(folders / "base")
    encoder.bos_token = encoder.eos_token
    training.save(transformers.AutoModelForCausalLM.from_pretrained(folders / "base"), tmp_path, tokenizer=encoder)
    suspect = suspects.load(str(tmp_path), bos="always")
    score = next(iter(suspect.score([Record(id="a", text=TEXT)], window=None, progress=_quiet)))
    ids = encoder(TEXT)["input_ids"]
    assert score.tokens == tuple(ids)
    expected = Record(id="b", tokens=(encoder.bos_token_id, *ids))
    assert score.logprob == pytest.approx(_logprob(suspect, expected), abs=2e-5)
    assert _logprob(suspect, ROW) == pytest.approx(_logprob(suspects.load(str(tmp_path)), ROW), abs=2e-5)


def test_without_a_bos_none_can_be_set(folders, tmp_path):
    """A tokenizer that has no such mark is told."""
    shutil.copytree(folders / "base", tmp_path / "model")
    encoder = transformers.AutoTokenizer.from_pretrained(folders / "base")
    encoder.bos_token = None
    encoder.save_pretrained(tmp_path / "model")
    with pytest.raises(SuspectError, match=r"has no BOS; expected --bos auto or never"):
        suspects.load(str(tmp_path / "model"), bos="always")
