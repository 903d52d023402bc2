"""The usual mistakes, each said in one line: where, what is wrong, what was expected, what to try."""

import re

import click
import pytest

from cli import main, meant
from provenance import suspects

LEDGER = "m/ledger.parquet"
TRANSCRIPT = "expected a transcript"
ROWS = (
    ("ngram folder --out x", "folder: no file in this folder is one we read; expected one of .jsonl"),
    ("ngram empty.jsonl --out x", "empty.jsonl: no documents in it; expected at least one"),
    ("ngram bad.jsonl --out x", "bad.jsonl:1: malformed JSON"),
    ("ngram c.jsonl --out folder", "folder: not a file that can be replaced; expected a file name; try - for a stream"),
    ("ngram c.jsonl --out /proc/none/x", "/proc/none/x: cannot be written"),
    ("ngram c.jsonl --text-field texts --out x", "try --text-field text (did you mean 'text'?)"),
    ("score c.jsonl --suspect ngram:n.parquet --out folder", "folder: not a file that can be replaced"),
    ("audit order run.parquet --suspect ngram:n.parquet --out folder", "folder: not a file that can be replaced"),
    ("watermark c.jsonl --key none --out x", "none: cannot be read (No such file or directory); expected a key file"),
    ("watermark c.jsonl --key c.jsonl --out x", "c.jsonl: not a provtool key"),
    ("watermark c.jsonl --out x", "no key was given; expected --key FILE or PROVTOOL_KEY; try provtool key new KEY"),
    ("watermark c.jsonl --key r.key --out m", "m: exists; expected a new folder; try another name, or --force"),
    ("watermark c.jsonl --key r.key --id-field idd --out x", "try --id-field id (did you mean 'id'?)"),
    ("key new r.key", "r.key: exists, and a key is never overwritten; try another name"),
    ("watermark articels.jsonl --key r.key --out x", "no such file or folder; try articles.jsonl (did you mean it?)"),
    ("audit watermark m/ledgr.parquet --suspect ngram:n.parquet", f"try {LEDGER} (did you mean it?)"),
    ("audit order none.parquet --suspect ngram:n.parquet", "none.parquet: no such file"),
    ("audit order folder --suspect ngram:n.parquet", f"folder: a folder; {TRANSCRIPT}"),
    (
        "audit order c.jsonl --suspect ngram:n.parquet",
        f"c.jsonl: no table of provtool's; {TRANSCRIPT}; try provtool transcript import c.jsonl --out run.parquet",
    ),
    ("plan order c.jsonl --effect .5 --power .8 --out x", "try provtool transcript import c.jsonl"),
    (f"audit order {LEDGER} --suspect ngram:n.parquet", f"{LEDGER}: this is a ledger; {TRANSCRIPT}"),
    ("audit watermark run.parquet --suspect ngram:n.parquet", "run.parquet: this is a transcript; expected a ledger"),
    ("audit watermark c.jsonl --suspect ngram:n.parquet", "expected a ledger; try what provtool watermark wrote"),
    (f"audit watermark {LEDGER} --key other.key --suspect ngram:n.parquet", "expected a ledger of key "),
    (f"audit watermark {LEDGER} --scores n.parquet", "this is a table of n-grams; expected a table of scores"),
    (f"audit watermark {LEDGER} --suspect ngrm:n.parquet", "try ngram:n.parquet (did you mean 'ngram'?)"),
    ("audit order run.parquet --suspect openal:http://x#m", "try openai:http://x#m (did you mean 'openai'?)"),
    ("audit order run.parquet --suspect ngram:run.parquet", "this is a transcript; expected a table of n-grams"),
    ("audit order run.parquet --suspect column:c.jsonl:tex", "expected one of id, text; try column:c.jsonl:text"),
    ("audit reshuffle c.jsonl --reruns folder", "folder: no reruns.json in it; expected a folder of re-runs"),
    ("transcript import c.jsonl --out x", "c.jsonl:1: no position; expected `position`, a whole number"),
    ("transcript import c.jsonl --shuffle ful --out x", "try full (did you mean 'full'?)"),
    ("transcript import seen.jsonl --tokenizer none --out x", "none: not on this machine, and no hub can be reached"),
    ("watermark c.jsonl --key r.key --encoder none/none --out x", "none/none: not on this machine, and no hub"),
    ("sample --suspect ngram:n.parquet --tokens 5 --out x", "ngram:n.parquet writes nothing; expected hf:"),
    ("undo m --ledger m/ledger.parquet --out x", "m: this folder holds release, ledger and certificate; try m/release"),
    ("commit folder", "folder: a folder; expected a file"),
    ("verify none", "none: no such file; expected a certificate, or a file with a commitment beside it"),
    ("report m/certificate.json --out x.html", "schema is 'provtool/certificate/1'; expected 'provtool/evidence/1'"),
    ("sign m/certificate.json --key r.key", "r.key: no private key in it; expected PEM"),
)
CHOICES = (
    ("watermark c --strategy keyd", "Did you mean 'keyed'?"),
    ("watermark c --strateg keyed", "'--strategy'"),
    ("plan oder", "Did you mean 'order'?"),
    ("key nwe", "Did you mean 'new'?"),
    ("order run.parquet", "Did you mean 'audit order'?"),
    ("audt", "Did you mean 'audit'?"),
    ("completion fsh", "Did you mean 'fish'?"),
)


@pytest.fixture
def desk(run, marked, counts, transcript, tmp_path):
    """Lay a ledger, a transcript, a counting model, keys, and what is none of these into the folder."""
    del marked, counts, transcript
    run("key", "new", "other.key")
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.jsonl").touch()
    (tmp_path / "articles.jsonl").touch()
    (tmp_path / "bad.jsonl").write_text('{"text')


@pytest.mark.usefixtures("desk")
def test_the_usual_mistakes_name_place_cause_and_fix(refused):
    """Each is one line on stderr with its exit code, says what would have been right, and leaves nothing behind."""
    said = {line: refused(*line.split()) for line, _ in ROWS}
    assert not {line: said[line] for line, message in ROWS if message not in said[line]}


@pytest.mark.parametrize(("line", "message"), CHOICES)
def test_the_nearest_right_word_is_named(run, line, message):
    """A mistyped command, option or choice is answered with the one that was likely meant."""
    done = run(*line.split())
    assert (done.code, done.out) == (2, "")
    assert message in done.err


def _choices(group, *before):
    for name in group.list_commands(click.Context(group)):
        inside = group.get_command(click.Context(group), name)
        if isinstance(inside, click.Group):
            yield from _choices(inside, *before, name)
        for option in inside.params:
            if isinstance(option, click.Option) and isinstance(option.type, click.Choice):
                yield (*before, name), option


def test_every_choice_of_every_command_is_suggested(run):
    """Whichever option has choices, one that lacks its last letter is known again."""
    for command, option in _choices(main.command):
        right = max(option.type.choices, key=len)
        done = run(*command, option.opts[0], right[:-1])
        assert re.search(rf"Did you mean '{right}'\?", done.err), (command, option.opts, done.err)


def test_the_kinds_of_suspects_that_a_shell_completes_are_all_there_are():
    """The list that is kept apart, so that a shell does not wait for it, is the library's."""
    assert meant.SUSPECTS == suspects.KINDS


def test_a_window_beyond_the_end_of_every_text_is_no_crash(run, transcript, counts):
    """Texts that end before the window have no answer, also where their ends are counted in characters."""
    done = run("score", transcript, "--suspect", counts, "--window", "500:5", "--out", "s.parquet")
    assert done.code == 0, done.err
