"""What loaders of data sets are told of a release."""

import csv
import gzip
import json
import os

import mlcroissant
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from datasets import Dataset, DatasetDict

from provenance import corpora
from provenance.errors import InputError
from watermark import about, claims, croissant, embedding
from watermark.keys import Key

# The reference implementation calls names that its own parts deprecate.
pytestmark = [
    pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The inplace keyword:DeprecationWarning"),
]
KEY = Key(secret=bytes(range(32)), id="test")
TEXTS = (
    "She bought a large house – they began early.",
    'He said "yes", and usually finished quickly.',
    "Nobody had purchased it; the story was difficult.",
)
ROWS = [{"id": f"d{row}", "text": text, "year": 2000 + row} for row, text in enumerate(TEXTS)]
SAID = {
    "license": "https://creativecommons.org/licenses/by/4.0/",
    "url": "https://example.org/articles",
    "creator": "Example Press",
    "datePublished": "2026-11-26",
    "citeAs": "Example Press: Articles, 2026",
}


def jsonl(rows):
    """Spell rows out as JSON lines."""
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()


def lay(folder, **files):
    """Write files whose names have their endings after two underscores."""
    folder.mkdir(parents=True)
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_bytes(content)
    return folder


def delimited(path, delimiter):
    """Write the rows as a delimited file."""
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, ROWS[0].keys(), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(ROWS)
    return path


def release(corpus, out, *, said=SAID, **fields):
    """Mark a corpus and describe the release."""
    opened = corpora.open(corpus, **fields)
    return embedding.release(opened, key=KEY, out=out, about=said)


def loaded(made):
    """Have the reference implementation read a description, which must have no fault and no warning for it."""
    found = mlcroissant.Dataset(jsonld=os.fspath(made.description))
    assert (found.metadata.ctx.issues.errors, found.metadata.ctx.issues.warnings) == (set(), set())
    return found


def texts(made, name="documents"):
    """Read ids and texts through the description."""
    records = loaded(made).records(name)
    return [(row[f"{name}/id"].decode(), row[f"{name}/text"].decode()) for row in records]


def published(made, **fields):
    """Read ids and texts as we do."""
    found = corpora.read(corpora.open(made.folder, **fields))
    return [(entry.document.id, entry.document.text) for entry in found]


@pytest.mark.parametrize("name", ["c.jsonl", "c.csv", "c.tsv", "c.parquet", "c.jsonl.gz"])
def test_loaders_read_the_marked_texts(tmp_path, name):
    """The reference implementation finds nothing amiss, and reads the texts that were published and no others."""
    corpus = tmp_path / name
    match name.split(".", 1)[1]:
        case "csv":
            delimited(corpus, ",")
        case "tsv":
            delimited(corpus, "\t")
        case "parquet":
            pq.write_table(pa.Table.from_pylist(ROWS), corpus)
        case "jsonl":
            corpus.write_bytes(jsonl(ROWS))
        case "jsonl.gz":
            corpus.write_bytes(gzip.compress(jsonl(ROWS)))
    made = release(corpus, tmp_path / "m")
    assert texts(made) == published(made)
    assert texts(made) != [(row["id"], row["text"]) for row in ROWS]
    assert [int(row["documents/year"]) for row in loaded(made).records("documents")] == [2000, 2001, 2002]


def test_several_files_are_one_set_of_records(tmp_path):
    """Files of one format are read together, whatever stands in their names; plain text has its id from its name."""
    corpus = lay(tmp_path / "in", one__jsonl=jsonl(ROWS[:2]), two__jsonl=jsonl(ROWS[2:]))
    (corpus / "one.jsonl").rename(corpus / "one [draft].jsonl")
    (corpus / "a.txt").write_text(TEXTS[0])
    (corpus / "deep").mkdir()
    (corpus / "deep" / "b.txt").write_text(TEXTS[1])
    made = release(corpus, tmp_path / "m")
    found = texts(made, "documents-jsonl") + texts(made, "documents-text")
    assert sorted(found) == sorted(published(made))


def test_texts_inside_objects_are_fields(tmp_path):
    """A text that is reached through an object is read by the reference implementation too."""
    rows = [{"id": row["id"], "doc": {"body": row["text"]}} for row in ROWS]
    corpus = tmp_path / "c.jsonl"
    corpus.write_bytes(jsonl(rows))
    made = release(corpus, tmp_path / "m", text_field="doc.body")
    found = [row["documents/doc.body"].decode() for row in loaded(made).records("documents")]
    assert found == [text for _, text in published(made, text_field="doc.body")]


def test_types_are_those_of_all_records(tmp_path):
    """A number that is whole in one record only is a number; what has no one type is not described."""
    odd = [{"n": 1, "b": True, "mixed": "x", "list": [1]}, {"n": 1.5, "b": False, "mixed": 2, "list": [], "late": "y"}]
    corpus = tmp_path / "c.jsonl"
    corpus.write_bytes(jsonl([{**row, **more} for row, more in zip(ROWS, odd, strict=False)]))
    made = json.loads(release(corpus, tmp_path / "m").description.read_text())
    fields = {field["name"]: field["dataType"] for field in made["recordSet"][0]["field"]}
    text, whole = "sc:Text", "sc:Integer"
    assert fields == {"id": text, "text": text, "year": whole, "n": "sc:Float", "b": "sc:Boolean", "late": text}


def test_what_loaders_cannot_read_is_named_file_by_file(tmp_path):
    """Zstandard, semicolons and Arrow have digests and no records; nothing is promised that does not load."""
    corpus = tmp_path / "in"
    corpus.mkdir()
    (corpus / "c.jsonl.zst").write_bytes(zstandard.compress(jsonl(ROWS[:1])))
    delimited(corpus / "c.csv", ";").rename(corpus / "s.csv")
    (corpus / "s.csv").write_text((corpus / "s.csv").read_text().replace("d0;", "e0;").replace("d1;", "e1;"))
    Dataset.from_list([{**row, "id": f"f{row['year']}"} for row in ROWS]).save_to_disk(corpus / "saved")
    made = release(corpus, tmp_path / "m")
    found = json.loads(made.description.read_text())
    assert loaded(made).metadata.record_sets == [] == found["recordSet"]
    names = {part["name"] for part in found["distribution"]}
    assert names >= {"release/c.jsonl.zst", "release/s.csv", "release/saved/state.json", "certificate.json"}
    assert all(isinstance(check, croissant.Held) for check in checked(made))


def test_splits_of_a_saved_dataset_are_described(tmp_path):
    """Each split's files stand in the description, and so does the file that names the splits."""
    splits = {name: Dataset.from_list([{**row, "id": f"{name}-{row['id']}"} for row in ROWS]) for name in ("a", "b")}
    DatasetDict(splits).save_to_disk(tmp_path / "saved")
    made = release(tmp_path / "saved", tmp_path / "m")
    found = json.loads(made.description.read_text())
    names = {part["name"] for part in found["distribution"]}
    assert names >= {"release/dataset_dict.json", "release/a/state.json", "release/b/dataset_info.json"}
    assert all(isinstance(check, croissant.Held) for check in checked(made))
    assert loaded(made).metadata.record_sets == []


def checked(made):
    """Check the description as `provtool verify` does."""
    files = claims.read(made.certificate).files
    return list(croissant.check(made.description, files, certificate=made.certificate))


def test_the_same_release_has_the_same_description(tmp_path):
    """Nothing in it hangs on when or where the release was made."""
    (tmp_path / "c.jsonl").write_bytes(jsonl(ROWS))
    one, other = (release(tmp_path / "c.jsonl", tmp_path / name) for name in ("m", "n"))
    assert one.description.read_bytes() == other.description.read_bytes()


def test_a_changed_file_does_not_load(tmp_path):
    """The reference implementation refuses a released file whose digest is not the one described."""
    (tmp_path / "c.jsonl").write_bytes(jsonl(ROWS))
    made = release(tmp_path / "c.jsonl", tmp_path / "m")
    path = made.folder / "c.jsonl"
    path.write_bytes(path.read_bytes().replace(b"2001", b"2002"))
    with pytest.raises(mlcroissant.GenerationError) as caught:
        texts(made)
    assert "is not identical with the reference" in str(caught.value.__cause__)


def test_nothing_secret_stands_in_it(tmp_path):
    """Neither the key, nor the ledger's digest, nor a wording that was not published."""
    (tmp_path / "c.jsonl").write_bytes(jsonl(ROWS))
    made = release(tmp_path / "c.jsonl", tmp_path / "m")
    content = made.description.read_text()
    assert KEY.secret.hex() not in content
    assert corpora.file_digest(corpora.open(tmp_path / "c.jsonl")) not in content
    assert not any(word in content for word in ("purchased", "bought", "large", "ledger.parquet"))


def test_a_release_without_a_mark_does_not_claim_one(tmp_path):
    """Where no site was found, the description says so."""
    (tmp_path / "c.jsonl").write_bytes(jsonl([{"id": "a", "text": "Hm."}]))
    said = json.loads(release(tmp_path / "c.jsonl", tmp_path / "m").description.read_text())
    assert said["rai:dataPreprocessingProtocol"] == croissant.UNMARKED
    assert "Watermarked" not in said["description"]


@pytest.mark.parametrize(
    ("bend", "message"),
    [
        (lambda told: told["distribution"].pop(), "release/c.jsonl is not described"),
        (lambda told: told["distribution"][1].update(sha256="0" * 64), "another digest of release/c.jsonl"),
        (lambda told: told["distribution"][0].update(sha256="0" * 64), "another digest of certificate.json"),
        (lambda told: told["distribution"][1].update(contentUrl="release/d"), "release/d is not of this release"),
        (lambda told: told.clear(), "not a description that we wrote"),
    ],
)
def test_a_bent_description_is_told(tmp_path, bend, message):
    """A file left out, added, or given another digest is named."""
    (tmp_path / "c.jsonl").write_bytes(jsonl(ROWS))
    made = release(tmp_path / "c.jsonl", tmp_path / "m")
    told = json.loads(made.description.read_text())
    bend(told)
    made.description.write_text(json.dumps(told))
    assert any(message in check.detail for check in checked(made) if isinstance(check, croissant.Failed))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"licence": "x"}', "unknown property 'licence'; expected one of"),
        ('{"license": ""}', "'license' says nothing"),
        ("[]", "not a JSON object"),
        ("{", "not JSON"),
    ],
)
def test_what_a_publisher_says_is_checked(tmp_path, content, message):
    """A slip of the pen is an error in one line, and not a property that nobody reads."""
    (tmp_path / "about.json").write_text(content)
    with pytest.raises(InputError, match=r"about\.json: ") as caught:
        about.read(tmp_path / "about.json")
    assert message in str(caught.value)


def test_what_a_caller_says_is_checked_before_anything_is_marked(tmp_path):
    """Nothing but properties of a data set reaches the description, whoever gives them."""
    (tmp_path / "c.jsonl").write_bytes(jsonl(ROWS))
    with pytest.raises(InputError, match="unknown property '@context'; expected one of name, description"):
        release(tmp_path / "c.jsonl", tmp_path / "m", said={"@context": "x"})
    assert not (tmp_path / "m").exists()
