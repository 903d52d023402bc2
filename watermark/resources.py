"""Are the language resources here with which texts are marked, unchanged, and can they be read?

The digests of what comes with the package stand beside it, in the form that ``sha256sum --check`` reads; those of the
sentence encoder in the record that pip keeps of its files.
"""

from __future__ import annotations

import base64
import importlib.metadata
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from provenance import storage
from provenance.diagnosis import Check
from provenance.errors import ArtifactError, ProvenanceError
from provenance.language import pipelines
from watermark import acceptability, encoder, lexicon, thesaurus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SUMS = "SHA256SUMS"
DATA = Path(str(files("watermark").joinpath("data")))
PIPELINE = Path(str(files("provenance.language").joinpath(pipelines.FOLDER)))
SENTENCE = "The old mill turned slowly."
REINSTALL = "pip install --force-reinstall"


def checks() -> Iterator[Check]:
    """Compare each resource with its digest, and use it once: a file that is there and cannot be read is of no use."""
    yield _tried("pipeline", _tagged, needs="provtool")
    yield _tried("lexicon", _looked_up, needs="provtool")
    yield _tried("sentence encoder", _encoded, needs=encoder.PACKAGE.replace("_", "-"))


def check_sums(folder: Path) -> None:
    """Compare the files of a folder with the digests that stand in it.

    Raises
    ------
    ArtifactError
        If one was changed.
    InputError
        If one cannot be read.
    """
    for line in (folder / SUMS).read_text("ascii").splitlines():
        digest, _, name = line.partition("  ")
        _compare(folder / name, digest)


def _compare(path: Path, digest: str) -> None:
    if storage.digest(path) != digest:
        raise ArtifactError("is not the file that was shipped", path=path, expected=f"sha256 {digest[:12]}")


def _tagged() -> str:
    check_sums(PIPELINE)
    tagger = pipelines.default()
    ((sentence,),) = tagger.read([SENTENCE])
    return f"{tagger.method}, reads {len(sentence.tokens)} tokens of {SENTENCE!r}"


def _looked_up() -> str:
    check_sums(DATA)
    senses, others = lexicon.senses("house", "n"), thesaurus.candidates("house", "n")
    likely = acceptability.probability(others[0].log_odds)
    return f"{len(senses)} senses of 'house', {len(others)} words for it, the best accepted by {likely:.0%}"


def _encoded() -> str:
    found = encoder.load_cached(encoder.AUTO)
    if found is None:
        return "none: wordings are judged without their context"
    for file in importlib.metadata.files(encoder.PACKAGE) or []:
        if file.hash and "model" in file.parts:
            # pip spells a digest in base64, without the padding.
            _compare(Path(str(file.locate())), base64.urlsafe_b64decode(f"{file.hash.value}=").hex())
    return f"{found.method}, {found.encode([SENTENCE]).shape[1]} numbers a sentence"


def _tried(name: str, use: Callable[[], str], *, needs: str) -> Check:
    try:
        return Check(group="language", name=name, found=use())
    except (ProvenanceError, ImportError, OSError, ValueError, EOFError, LookupError) as error:
        found = f"cannot be used ({str(error).partition(chr(10))[0] or type(error).__name__})"
        return Check(group="language", name=name, found=found, passed=False, hint=f"{REINSTALL} {needs}")
