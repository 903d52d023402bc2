"""Bundles in which one value was bent, and every digest made anew: whatever it was, ``provtool verify`` tells."""

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from provenance import storage
from provenance.bundles import manifests

TRIED = 12
GONE = object()


def leaves(value, place=()):
    """Name every value that holds no others, by the way to it."""
    if isinstance(value, dict | list):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from leaves(value[step], (*place, step))
    elif value is not None:
        yield place, value


def bent(value, rng):
    """Give something that the value is not."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1 if rng.random() < 0.5 else -value - 3
    return f"{value}x"


def put(value, place, new):
    """Put a value in place of another."""
    for step in place[:-1]:
        value = value[step]
    if new is GONE:
        del value[place[-1]]
    else:
        value[place[-1]] = new


def redigest(folder):
    """Make the digests anew, as who alters them would."""
    value = json.loads((folder / "bundle.json").read_text())
    value["files"] = manifests.digests(folder)
    (folder / "bundle.json").write_text(json.dumps(value))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """Give a place for the bundle that every test copies."""
    return tmp_path_factory.mktemp("whole") / "b"


@pytest.fixture
def bundle(run, whole, request):
    """Leave the bundle of a small order audit."""
    if not whole.exists():
        transcript, counts = request.getfixturevalue("transcript"), request.getfixturevalue("counts")
        run("commit", transcript)
        how = ("--window", "4:8", "--resamples", 99, "--out", "o.json", "--bundle", whole)
        assert run("audit", "order", transcript, "--suspect", counts, *how).code == 0
    shutil.copytree(whole, "b")
    return Path("b")


def told(run, folder):
    """Verify what was bent, and give what failed, or the one line that refused it; never a traceback."""
    redigest(folder)
    done = run("verify", folder)
    assert "Traceback" not in done.err
    return done.code == 1 and (
        any(line.startswith("FAILS") for line in done.out.splitlines()) or done.err.count("\n") == 1
    )


@pytest.mark.parametrize("name", ["evidence.json", "report.json"])
def test_no_value_of_a_document_changes_unnoticed(run, bundle, name):
    """A number, a word or a missing field of evidence or report is told, whichever it is."""
    rng, document = np.random.default_rng(0), json.loads((bundle / name).read_text())
    every = list(leaves(document))
    for place, value in (every[index] for index in rng.choice(len(every), TRIED, replace=False)):
        changed = json.loads(json.dumps(document))
        put(changed, place, bent(value, rng) if rng.random() < 0.5 else GONE)
        storage.write_json(bundle / name, changed)
        assert told(run, bundle), place


@pytest.mark.parametrize(("name", "column"), [("scores.parquet", "logprob"), ("transcript.parquet", "positions")])
def test_no_number_of_a_table_changes_unnoticed(run, bundle, name, column):
    """A log-probability or a position is told, whichever row it is of."""
    rng, table = np.random.default_rng(1), pq.read_table(bundle / name)
    for _ in range(TRIED // 3):
        rows = table.to_pylist()
        values = rows[rng.integers(len(rows))][column]
        values[rng.integers(len(values))] += 1
        pq.write_table(pa.Table.from_pylist(rows, schema=table.schema), bundle / name)
        assert told(run, bundle)


@pytest.mark.parametrize("name", ["scores.parquet", "transcript.parquet"])
def test_no_word_of_a_header_ends_in_a_traceback(run, bundle, name):
    """Settings of a table that are of another kind end in a finding or in one line."""
    table = pq.read_table(bundle / name)
    header = json.loads(table.schema.metadata[b"provtool"])
    for place, value in leaves(header["settings"]):
        changed = json.loads(json.dumps(header))
        put(changed["settings"], place, 5 if isinstance(value, str) else "five")
        pq.write_table(table.replace_schema_metadata({b"provtool": json.dumps(changed).encode()}), bundle / name)
        redigest(bundle)
        assert "Traceback" not in run("verify", bundle).err


@pytest.mark.parametrize(("name", "value"), [("alpha", 0.5), ("seed", 8), ("stop_early", True)])
def test_settings_that_evidence_tells_too_agree(run, bundle, name, value):
    """The manifest cannot say another level, seed or way of asking than the evidence does."""
    manifest = json.loads((bundle / "bundle.json").read_text())
    manifest["settings"][name] = value
    (bundle / "bundle.json").write_text(json.dumps(manifest))
    assert f"FAILS   settings: {name}: {value} in bundle.json" in run("verify", bundle).out


def test_an_opening_of_another_commitment(run, bundle):
    """An opening that names another commitment opens none."""
    (opening,) = bundle.glob("*.opening.json")
    storage.write_json(opening, {**json.loads(opening.read_text()), "root": "0" * 64})
    assert told(run, bundle)
