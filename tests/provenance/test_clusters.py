"""Work on a real Ray cluster of two actors."""

import concurrent.futures
import json
import math
import os
import signal
import sys
import time
from concurrent.futures.process import BrokenProcessPool

import pytest

from provenance import clusters, questions, resuming, scoring, suspects, unfinished
from provenance.clusters import Cluster
from provenance.errors import InputError
from provenance.records import Record
from watermark import embedding, keys, marking

pytestmark = pytest.mark.xdist_group("ray")
RECORDS = tuple(
    Record(id=str(row), text=f"Boat {row} of {row * 7 % 31} waits for the tide. " * 12) for row in range(96)
)


@pytest.fixture(scope="module")
def cluster():
    """Start a cluster on this machine once for all tests here."""
    with clusters._connected(Cluster(), 2):
        yield Cluster()


def _opened(tmp_path, name, suspect):
    asked = questions.prepare(RECORDS, suspect, window=None, tokenizer=None)
    header = scoring.header(asked, suspect, window=None, inputs={})
    return unfinished.opened(asked, suspect, header=header, out=tmp_path / name)


def _kill_the_first(folder):
    """Kill the actor that has done the first shard, the next one in its hand; give it, and how many are left then."""
    while not (done := sorted(folder.glob("0*.json"))):
        time.sleep(0.005)
    pid = int(json.loads(done[0].read_text())["worker"].rpartition(":")[2])
    os.kill(pid, signal.SIGKILL)
    return pid, 12 - len(list(folder.glob("0*.json")))


def _lines(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("0*.json"))]


def test_results_come_in_the_order_of_the_jobs(cluster):
    """Many jobs, two actors: every result once, in order."""
    with clusters.in_order(math.isqrt, range(200), workers=2, cluster=cluster) as done:
        assert list(done) == [math.isqrt(number) for number in range(200)]


def test_a_killed_actor_costs_its_shard_and_nothing_else(cluster, trained, tmp_path, monkeypatch):
    """One of two actors is killed while its shard is in hand: the table has the bytes of one process's."""
    monkeypatch.setattr(questions, "MOST_TEXTS", 8)
    name = trained.model("ours")
    suspect = suspects.load(name)
    with _opened(tmp_path, "whole.parquet", suspect) as work:
        resuming.run(work, work.todo())
        assert resuming.merge(work)
    with _opened(tmp_path, "ray.parquet", suspect) as work:
        crew = resuming.Crew(name=name, options=(), workers=2, cluster=cluster)
        with concurrent.futures.ThreadPoolExecutor() as beside:
            killed = beside.submit(_kill_the_first, work.folder)
            resuming.run(work, work.todo(), crew=crew)
        pid, left = killed.result()
        assert left > 0
        assert work.missing() == []
        lines = _lines(work.folder)
        assert len(lines) == len(work.asked.shards) == 12
        assert any(not line["worker"].endswith(f":{pid}") for line in lines)
        assert resuming.merge(work)
    assert (tmp_path / "ray.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_an_actor_that_always_dies_is_told(cluster):
    """A job that kills every actor is given up after a few lives."""
    with (
        pytest.raises(BrokenProcessPool),
        clusters.in_order(os._exit, [1], workers=1, cluster=cluster) as done,
    ):
        list(done)


def test_mistakes_are_told_as_themselves(cluster):
    """A user's mistake in an actor arrives as itself; too few CPUs and no cluster are told in one line."""
    crew = resuming.Crew(name="any", options=(), workers=2, cluster=cluster)
    job = (crew, {}, None)
    with (
        pytest.raises(InputError, match="unknown suspect 'any'"),
        clusters.in_order(resuming._ask, [job], workers=2, cluster=cluster) as done,
    ):
        list(done)
    with (
        pytest.raises(InputError, match="the cluster has 2 CPUs; expected 64, one a worker"),
        clusters.in_order(math.isqrt, [1], workers=64, cluster=cluster),
    ):
        pass


def test_a_release_is_the_same_bytes(cluster, tmp_path):
    """Marked on the cluster: release, ledger and certificate are those of one process."""
    rows = [{"id": str(row), "text": f"The {row} quick rulers said that the house was big. " * 3} for row in range(60)]
    (tmp_path / "c.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    key = keys.new(tmp_path / "k")
    how = marking.Embedding(encoder="none")
    for out, more in (("one", {}), ("two", {"workers": 2, "cluster": cluster})):
        embedding.release(tmp_path / "c.jsonl", key=key, out=tmp_path / out, embedding=how, **more)
    for name in ("release/c.jsonl", "ledger.parquet", "certificate.json"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_without_ray_one_line_says_what_to_install(monkeypatch):
    """Ray is an extra: who has not installed it is told its name; a cluster that is not there is told too."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(InputError, match=r"ray is not installed; expected pip install .*provtool\[ray\]"),
        clusters.in_order(math.isqrt, [1], workers=1, cluster=Cluster()),
    ):
        pass
