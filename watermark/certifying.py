"""What is written about a release, once release and ledger stand in their folder: certificate, description, page."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance import artifacts
from provenance.errors import InputError
from watermark import about as saying
from watermark import certificate, croissant, dealing, encoder, fidelity, restoring
from watermark.ledger import LEDGER

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from provenance.corpora import Corpus
    from watermark.certificate import Counts
    from watermark.fidelity import Fidelity
    from watermark.keys import Key

RELEASE_FOLDER, LEDGER_FILE, CERTIFICATE_FILE = "release", "ledger.parquet", "certificate.json"
FIDELITY_FILE, DESCRIPTION_FILE = "fidelity.html", "croissant.json"


def certify(
    folder: str | os.PathLike[str],
    *,
    counts: Counts,
    key: Key,
    about: Mapping[str, Any] | None = None,
    encoder_name: str = encoder.NONE,
) -> Fidelity:
    """Write certificate, description and page of a release that was marked where its data was.

    `folder` then is as `watermark.release` leaves it: `provtool verify`, `undo` and every audit take it.

    Parameters
    ----------
    folder
        It holds the release, in any format of a corpus, under ``release/``, and ``ledger.parquet``.
    counts
        From `watermark.collect`.
    key
        The owner's key, also for a recipient's copy.
    about
        As for `watermark.release`.
    encoder_name
        Measures how alike sentences are before and after; not measured by default.

    Raises
    ------
    InputError
        If release or ledger is missing, there is a certificate already, or Croissant has no property that `about` has.
    MismatchError
        If another key dealt the ledger.
    """
    place = Path(folder)
    if (place / CERTIFICATE_FILE).exists():
        raise InputError("exists", path=place / CERTIFICATE_FILE, expected="a release without a certificate")
    saying.check(about or {})
    settings = artifacts.read_header(place / LEDGER_FILE, LEDGER).settings
    own = dealing.check_dealer(settings, key, path=place / LEDGER_FILE)
    corpus = restoring.open_release(place / RELEASE_FOLDER, settings)
    return write(place, corpus, settings=settings, counts=counts, key=own, about=about or {}, encoder_name=encoder_name)


def write(
    folder: Path,
    corpus: Corpus,
    *,
    settings: Mapping[str, Any],
    counts: Counts,
    key: Key | None,
    about: Mapping[str, Any],
    encoder_name: str,
) -> Fidelity:
    """Write all that is said of the release `corpus`, which stands in `folder` beside its ledger.

    Parameters
    ----------
    key
        The key that dealt it; None where none did.
    """
    measured = fidelity.report(
        folder / LEDGER_FILE,
        page=folder / FIDELITY_FILE,
        counts=counts,
        release=settings["release"],
        encoder=encoder.load_cached(encoder_name),
    )
    certificate.write(
        folder / CERTIFICATE_FILE,
        folder=folder,
        settings=settings,
        counts=counts,
        fidelity=measured.to_json(),
        key=key,
    )
    told = croissant.Released(
        corpus=corpus, certificate=folder / CERTIFICATE_FILE, name=settings["release"], counts=counts
    )
    croissant.write(folder / DESCRIPTION_FILE, told, about=about)
    return measured
