"""Who stands for some files, and have they changed since that signature?

A signature is an in-toto statement that names every file by its digest and says what was found, in a DSSE envelope
signed with Ed25519: any tool that reads these standards checks it without us.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from google.protobuf import json_format
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import FormatError, VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from provenance import storage
from provenance.checks import Check, Failed, Held, Skipped
from provenance.errors import ArtifactError, InputError

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping

    from securesystemslib.signer import Key, Signer

    from provenance.evidence import Evidence

PREDICATE = "urn:provtool:evidence:1"
PAYLOAD = "application/vnd.in-toto+json"
WHAT = "signature"
NEW_KEY = "openssl genpkey -algorithm ed25519 -out signing.pem"


def load_key(path: str | os.PathLike[str]) -> Signer:
    """Read the private key that signs.

    Raises
    ------
    InputError
        If it is no unencrypted PEM of an Ed25519 key.
    """
    try:
        key = serialization.load_pem_private_key(_content(path), password=None)
    except (ValueError, TypeError) as error:  # the reason may quote the file, which may be a secret
        raise InputError("no private key in it", path=path, expected="PEM, not encrypted", hint=NEW_KEY) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise InputError("a key of another kind", path=path, expected="an Ed25519 key", hint=NEW_KEY)
    return CryptoSigner(key)


def load_signer(path: str | os.PathLike[str]) -> Key:
    """Read the public key of who is said to have signed.

    Raises
    ------
    InputError
        If it is no PEM of an Ed25519 key.
    """
    hint = "openssl pkey -in signing.pem -pubout -out signer.pem"
    try:
        key = serialization.load_pem_public_key(_content(path))
    except ValueError as error:
        raise InputError("no public key in it", path=path, expected="PEM", hint=hint) from error
    if not isinstance(key, Ed25519PublicKey):
        raise InputError("a key of another kind", path=path, expected="an Ed25519 key", hint=hint)
    return SSlibKey.from_crypto(key)


def write(
    path: str | os.PathLike[str], *, files: Mapping[str, str], found: Mapping[str, Evidence], signer: Signer
) -> None:
    """Sign files by their digests, and what was found.

    Parameters
    ----------
    files
        SHA-256 of every file, by name.
    found
        The evidence among them, by name.
    """
    envelope = Envelope(_statement(files, found), PAYLOAD, {})
    envelope.sign(signer)
    storage.write_json(path, envelope.to_dict())


def check(path: Path, *, files: Mapping[str, str], signer: Key | None) -> Iterator[Check]:
    """Check a signature, and that what was signed is what is here.

    Parameters
    ----------
    files
        SHA-256 of every file that should have been signed, by name, as they are now.
    signer
        Public key of who is said to have signed; None only compares digests.
    """
    if not path.is_file():
        yield (Failed if signer else Skipped)(what=WHAT, detail="nobody signed this: provtool sign")
        return
    try:
        envelope = _envelope(path)
        signed = _subjects(envelope, path)
    except InputError as error:
        yield Failed(what=WHAT, detail=str(error))
        return
    yield _of_signer(envelope, signer)
    other = sorted(name for name in {**signed, **files} if signed.get(name) != files.get(name))
    yield from (Failed(what=WHAT, detail=f"{name}: not what was signed") for name in other)
    if not other:
        yield Held(what="what was signed", detail=f"{len(signed)} files, as they are here")


def _of_signer(envelope: Envelope, signer: Key | None) -> Check:
    if not envelope.signatures:
        return Failed(what=WHAT, detail="a statement that nobody signed")
    names = ", ".join(key[:12] for key in envelope.signatures)
    if signer is None:
        return Skipped(what=WHAT, detail=f"by key {names}: whose it is only a public key tells: --signer PEM")
    try:
        envelope.verify([signer], 1)
    except VerificationError:
        return Failed(what=WHAT, detail=f"by key {names}, not by {signer.keyid[:12]} over this statement")
    return Held(what=WHAT, detail=f"by key {signer.keyid[:12]}")


def _statement(files: Mapping[str, str], found: Mapping[str, Evidence]) -> bytes:
    subjects = [ResourceDescriptor(name=name, digest={"sha256": digest}).pb for name, digest in files.items()]
    predicate = {"findings": [_finding(name, one) for name, one in found.items()]}
    statement = Statement(subjects, PREDICATE, predicate)
    statement.validate()
    value = json_format.MessageToDict(statement.pb)
    return storage.dump_json(value, indent=None).encode()


def _finding(name: str, one: Evidence) -> dict[str, Any]:
    told = {part: getattr(one, part) for part in ("audit", "claim", "verdict", "alpha", "log10_pvalue", "tool")}
    return {"evidence": name, "suspect": str(one.suspect["suspect"]), **told}


def _envelope(path: Path) -> Envelope:
    try:
        envelope = Envelope.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except (ValueError, KeyError, TypeError, AttributeError, FormatError) as error:
        raise ArtifactError("not a signature of the DSSE standard", path=path, expected="an envelope") from error
    if envelope.payload_type != PAYLOAD:
        raise ArtifactError(f"signs {envelope.payload_type!r}", path=path, expected=PAYLOAD)
    return envelope


def _subjects(envelope: Envelope, path: Path) -> dict[str, str]:
    """Give what a statement signs: digests by name."""
    try:
        parsed = json_format.Parse(envelope.payload, statement_pb2.Statement())
        Statement.copy_from_pb(parsed).validate()
    except (ValueError, json_format.ParseError) as error:
        raise ArtifactError("its statement is damaged", path=path, expected="an in-toto statement") from error
    if parsed.predicate_type != PREDICATE:
        raise ArtifactError(f"states {parsed.predicate_type!r}", path=path, expected=PREDICATE)
    return {subject.name: subject.digest["sha256"] for subject in parsed.subject}


def _content(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", path=path) from error
