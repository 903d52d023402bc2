"""``provtool verify``: check a bundle, a certificate or a commitment, and all that lies beside it."""

from __future__ import annotations

import functools
import os
import sys
from collections import Counter
from typing import TYPE_CHECKING

import click

from cli import options, terminal

if TYPE_CHECKING:
    from pathlib import Path

    from securesystemslib.signer import Key as Signer

    from provenance.bundles import Court
    from provenance.checks import Verification
    from watermark.keys import Key
    from watermark.verification import Means

WORDS = {"Held": "holds", "Failed": "FAILS", "Skipped": "skipped"}


@click.command()
@click.argument("path", type=options.PATH)
@click.option("--ledger", type=options.PATH, help="The release's ledger.  [default: ledger.parquet beside PATH]")
@click.option("--key", "key_path", type=options.PATH, help="The owner's key; else the variable PROVTOOL_KEY.")
@click.option("--signer", "signer_path", metavar="PEM", type=options.PATH, help="Public key of who signed.")
@options.timestamp_roots
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def command(path: Path, ledger: Path | None, key_path: Path | None, *, as_json: bool, **how: Path | None) -> None:
    """Check PATH: a bundle, a certificate (or its folder), or a FILE with a commitment or signature beside it.

    Every number of a bundle is computed again from its scores, without the model. Everyone can compare a release with
    its certificate's digests. With the ledger, every marked document is compared with what was published; with the
    key, ledger and deals are. What could not be checked is said, with the reason.

    \b
    Examples:
      provtool verify bundle --signer signer.pem
      provtool verify marked
      provtool verify marked/certificate.json --ledger marked/ledger.parquet --key release.key
      provtool verify run.parquet

    Exit codes: 0 all that was checked holds; 1 something does not, or the input is wrong; 2 usage.
    """
    from provenance import checks, signatures, storage, trust
    from watermark import keys, verification

    with terminal.progress("comparing", unit="documents") as report:
        means = verification.Means(
            ledger=ledger,
            key=keys.load(key_path) if key_path or keys.ENVIRONMENT in os.environ else None,
            trusted=trust.load_roots(roots) if (roots := how["roots_path"]) else None,
            progress=report,
        )
        found = _verified(path, means, signatures.load_signer(signer) if (signer := how["signer_path"]) else None)
    if as_json:
        click.echo(storage.dump_json(checks.to_json(found)))
    else:
        _say(found)
    sys.exit(0 if found.holds else 1)


def _verified(path: Path, means: Means, signer: Signer | None) -> Verification:
    from provenance import bundles, checks, commitments
    from provenance.bundles import manifests, signing
    from watermark import verification

    if manifests.is_bundle(path):
        if means.ledger:
            raise click.UsageError("--ledger is for a certificate: a bundle has its own")
        return bundles.verify(path, courts=_courts(means.key), trusted=means.trusted, signer=signer)
    if not path.is_file() or not (signer or signing.beside(path).is_file()):
        return verification.verify(path, means=means)
    signed = tuple(signing.check_beside(path, signer=signer))
    committed = verification.verify(path, means=means).checks if commitments.is_committed(path) else ()
    return checks.Verification(path=path, checks=(*signed, *committed))


def _courts(key: Key | None) -> dict[str, Court]:
    """Say how the numbers of each audit are computed again."""
    from provenance.bundles import Court, order, texts
    from watermark import bundled

    dealt = functools.partial(bundled.check, key=key)
    return {
        "order": Court(again=order.again),
        "membership": Court(again=texts.membership),
        "overlap": Court(again=texts.overlap),
        "reshuffle": Court(again=texts.reshuffle),
        "watermark": Court(again=bundled.again, more=dealt),
        "trace": Court(again=bundled.traced, more=dealt),
    }


def _say(found: Verification) -> None:
    for check in found.checks:
        click.echo(f"{WORDS[type(check).__name__]:<8}{check.what}: {check.detail}")
    count = Counter(type(check).__name__ for check in found.checks)
    lead = "all that was checked holds" if found.holds else "not all that was checked holds"
    terminal.say(f"{lead}: {count['Failed']:,} fail, {count['Held']:,} hold, {count['Skipped']:,} skipped")
