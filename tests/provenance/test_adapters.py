"""How adapters of PEFT are laid over the models that they were trained on."""

import json
import shutil

import huggingface_hub
import numpy as np
import peft
import pytest
import safetensors.torch
import torch
import transformers

from provenance import suspects, training
from provenance.errors import SuspectError
from provenance.records import Record

ROW = Record(id="a", tokens=tuple(range(5, 40)))
TEXT = "The old harbour was quiet, and the boats were waiting for the tide. "
LORA = {"r": 4, "task_type": "CAUSAL_LM", "target_modules": ["q_proj"]}
COMMITS = {"base": "1" * 40, "adapter": "2" * 40}

pytestmark = pytest.mark.filterwarnings(
    "ignore:Model has `tie_word_embeddings", "ignore:Setting `save_embedding_layers"
)


def _quiet(_done, _total):
    """Show nothing."""


def _logprob(suspect):
    return next(iter(suspect.score([ROW], window=None, progress=_quiet))).logprob


@pytest.fixture(scope="module")
def bases(tmp_path_factory):
    """A tiny Llama, and one whose head is its table of tokens."""
    place = tmp_path_factory.mktemp("bases")
    torch.manual_seed(0)
    for name, tied in (("apart", False), ("tied", True)):
        config = transformers.LlamaConfig(
            vocab_size=320,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=2,
            max_position_embeddings=64,
            tie_word_embeddings=tied,
        )
        transformers.LlamaForCausalLM(config).save_pretrained(place / name)
    training.train_tokenizer([TEXT] * 5, vocabulary=320, out=place / "apart")
    return place


def _adapt(base, config, out, *, vocabulary=320):
    """Leave an adapter with random weights in a folder; gives the model as PEFT has it."""
    model = transformers.AutoModelForCausalLM.from_pretrained(base)
    if vocabulary != 320:
        model.resize_token_embeddings(vocabulary, mean_resizing=False)
    adapted = peft.get_peft_model(model, config).eval()
    torch.manual_seed(1)
    for parameter in adapted.parameters():
        if parameter.requires_grad:
            parameter.data += 0.3 * torch.randn_like(parameter)
    adapted.save_pretrained(out)
    return adapted


@pytest.mark.parametrize(
    ("base", "how", "vocabulary"),
    [
        ("apart", {"target_modules": ["q_proj", "lm_head", "embed_tokens"]}, 320),
        ("apart", {"modules_to_save": ["lm_head", "embed_tokens"]}, 324),
        ("tied", {"modules_to_save": ["embed_tokens"]}, 320),
        ("tied", {"trainable_token_indices": [5, 6]}, 320),
        ("apart", {"use_dora": True}, 320),
    ],
)
def test_the_numbers_are_those_of_peft(bases, tmp_path, base, how, vocabulary):
    """Heads and tables that are adapted, replaced, made longer or tied, and weights taken apart by size: all count."""
    adapted = _adapt(bases / base, peft.LoraConfig(**{**LORA, **how}), tmp_path, vocabulary=vocabulary)
    ids = torch.tensor([ROW.tokens])
    with torch.inference_mode():
        expected = adapted(input_ids=ids).logits[0, :-1].log_softmax(-1).gather(1, ids[0, 1:, None])[:, 0]
    numbers = _logprob(suspects.load(str(tmp_path)))
    assert numbers == pytest.approx(expected.numpy(), abs=1e-5)
    assert np.abs(numbers - _logprob(suspects.load(str(bases / base)))).max() > 1e-3


@pytest.fixture
def adapter(bases, tmp_path):
    """A folder with an adapter."""
    _adapt(bases / "apart", peft.LoraConfig(**LORA), tmp_path / "adapter")
    return tmp_path / "adapter"


def test_an_adapter_in_parts_is_none(adapter):
    """Weights that are missing are not made up: one or all."""
    file = adapter / "adapter_model.safetensors"
    weights = safetensors.torch.load_file(file)
    del weights[max(weights)]
    safetensors.torch.save_file(weights, file)
    with pytest.raises(SuspectError, match="weights of the adapter are missing"):
        suspects.load(str(adapter))
    file.unlink()
    with pytest.raises(SuspectError, match=r"no adapter_model\.safetensors in it"):
        suspects.load(str(adapter))


def test_vectors_before_a_text_are_no_model_of_it(bases, tmp_path):
    """An adapter that puts trained vectors before every text is refused."""
    _adapt(bases / "apart", peft.PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=4), tmp_path)
    with pytest.raises(SuspectError, match="puts trained vectors before a text"):
        suspects.load(str(tmp_path))


def test_the_strength_of_an_adapter_is_part_of_who_was_asked(adapter):
    """The same weights laid over a model twice as strongly are another suspect."""
    one = suspects.load(str(adapter))
    config = adapter / "adapter_config.json"
    told = json.loads(config.read_text())
    config.write_text(json.dumps({**told, "lora_alpha": 2 * told["lora_alpha"], "inference_mode": False}))
    two = suspects.load(str(adapter))
    assert one.identity["weights"] == two.identity["weights"]
    assert one.identity["config"] != two.identity["config"]
    assert np.abs(_logprob(one) - _logprob(two)).max() > 1e-4


def test_an_adapter_of_a_hub_is_known_by_its_file(bases, adapter, tmp_path, monkeypatch):
    """Without a network adapter and base come from this machine, the base in the revision that the adapter names."""
    config = adapter / "adapter_config.json"
    told = {**json.loads(config.read_text()), "base_model_name_or_path": "me/base", "revision": COMMITS["base"]}
    config.write_text(json.dumps(told))
    expected = bases / "apart"
    for name, source in (("base", expected), ("adapter", adapter)):
        repository = tmp_path / "cache" / f"models--me--{name}"
        shutil.copytree(source, repository / "snapshots" / COMMITS[name])
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMITS["adapter"])
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    suspect = suspects.load("hf:me/adapter")
    assert suspect.identity["adapter_of"].endswith(COMMITS["base"])
    config.write_text(json.dumps({**told, "base_model_name_or_path": str(expected)}))
    assert (_logprob(suspect) == _logprob(suspects.load(str(adapter)))).all()
