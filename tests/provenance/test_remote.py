"""Work on a real Ray cluster of two nodes."""

import json
import math
import os
import signal
import sys
import threading
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from ray.cluster_utils import Cluster as Nodes

from provenance import questions, remote, resuming, scoring, suspects, unfinished
from provenance.errors import InputError
from provenance.records import Record
from provenance.remote import Cluster
from watermark import embedding, keys, marking

pytestmark = pytest.mark.xdist_group("ray")
RECORDS = tuple(
    Record(id=str(row), text=f"Boat {row} of {row * 7 % 31} waits for the tide. " * 12) for row in range(96)
)


@pytest.fixture(scope="module")
def nodes():
    """Start a cluster of two machines, as far as Ray can tell, and a head that does no work."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in remote.QUIET.items():
            patch.setenv(name, value)
        started = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
        for _ in range(2):
            started.add_node(num_cpus=1)
        yield started
        started.shutdown()


@pytest.fixture(scope="module")
def cluster(nodes):
    """Join that cluster once for all tests here."""
    with remote._connected(Cluster(address=nodes.address), 2):
        yield Cluster()


def _opened(tmp_path, name, suspect):
    asked = questions.prepare(RECORDS, suspect, window=None, tokenizer=None)
    header = scoring.header(asked, suspect, window=None, inputs={})
    return unfinished.opened(asked, suspect, header=header, out=tmp_path / name)


def _name(_job):
    return os.getpid()


def _slowly(number):
    time.sleep(0.1)
    return number


def _lines(folder):
    return [json.loads(path.read_text()) for path in sorted(folder.glob("0*.json"))]


def test_results_come_in_the_order_of_the_jobs(cluster):
    """Many jobs, two actors: every result once, in order; actors go with the block, also where it is left early."""
    with remote.in_order(math.isqrt, range(200), workers=2, cluster=cluster) as done:
        assert list(done) == [math.isqrt(number) for number in range(200)]
    with remote.in_order(_name, iter(range(10**9)), workers=2, cluster=cluster) as done:
        one = next(done)
    deadline = time.monotonic() + 10
    while Path(f"/proc/{one}").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not Path(f"/proc/{one}").exists()


def _kill_one(work, seen):
    """Kill an actor as soon as the manifest has a line of it; it has more in hand then."""
    while not (lines := _lines(work.folder)):
        time.sleep(0.001)
    seen["killed"] = lines[0]["worker"]
    number = int(seen["killed"].rpartition(":")[2])
    os.kill(number, signal.SIGSTOP)  # nothing of its own is written while the manifest is read
    seen["missing"] = work.missing()
    seen["before"] = [line["shard"] for line in _lines(work.folder) if line["worker"] == seen["killed"]]
    os.kill(number, signal.SIGKILL)


def test_a_killed_actor_costs_its_shard_and_nothing_else(cluster, trained, tmp_path, monkeypatch):
    """One of two actors is killed with a shard in hand: the table has the bytes of one process's."""
    monkeypatch.setattr(questions, "MOST_TEXTS", 8)
    name, seen = trained.model("ours"), {}
    suspect = suspects.load(name)
    with _opened(tmp_path, "whole.parquet", suspect) as work:
        resuming.run(work, work.todo())
        assert resuming.merge(work)
    with _opened(tmp_path, "ray.parquet", suspect) as work:
        killer = threading.Thread(target=_kill_one, args=(work, seen), daemon=True)
        killer.start()
        resuming.run(work, work.todo(), crew=resuming.Crew(name=name, options=(), workers=2, cluster=cluster))
        killer.join()
        lines = _lines(work.folder)
        assert [line["shard"] for line in lines] == list(range(12))
        assert seen["missing"]
        assert all(lines[index]["worker"] != seen["killed"] for index in seen["missing"])
        assert [line["shard"] for line in lines if line["worker"] == seen["killed"]] == seen["before"]
        assert resuming.merge(work)
    assert (tmp_path / "ray.parquet").read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_an_actor_that_always_dies_is_told(cluster):
    """A job that kills every actor is given up after a few lives."""
    with (
        pytest.raises(BrokenProcessPool),
        remote.in_order(os._exit, [1], workers=1, cluster=cluster) as done,
    ):
        list(done)


def test_mistakes_are_told_as_themselves(cluster):
    """A user's mistake in an actor arrives as itself; too few CPUs and no cluster are told in one line."""
    crew = resuming.Crew(name="any", options=(), workers=2, cluster=cluster)
    job = (crew, {}, None)
    with (
        pytest.raises(InputError, match="unknown suspect 'any'"),
        remote.in_order(resuming._ask, [job], workers=2, cluster=cluster) as done,
    ):
        list(done)
    with (
        pytest.raises(InputError, match="the cluster has 2 CPUs; expected 64, one a worker"),
        remote.in_order(math.isqrt, [1], workers=64, cluster=cluster),
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


def test_who_cannot_start_is_told(cluster):
    """Nodes on which an actor does not come up end the work: it would wait for ever."""
    with (
        pytest.raises(InputError, match=r"no worker starts on the cluster \(.*\); expected provtool on every node"),
        remote.in_order(math.isqrt, [1], workers=1, cluster=cluster, environment={"no=name": ""}) as done,
    ):
        list(done)


def test_without_ray_one_line_says_what_to_install(monkeypatch):
    """Ray is an extra: who has not installed it is told its name; a cluster that is not there is told too."""
    monkeypatch.setitem(sys.modules, "ray", None)
    with (
        pytest.raises(InputError, match=r"ray is not installed; expected pip install .*provtool\[ray\]"),
        remote.in_order(math.isqrt, [1], workers=1, cluster=Cluster()),
    ):
        pass


def test_a_node_that_goes_away_takes_nothing_along(cluster, nodes, capfd):
    """With half of the cluster gone and no room for another worker, its jobs are done by who is left."""
    with remote.in_order(_slowly, range(24), workers=2, cluster=cluster) as done:
        found = [next(done)]
        nodes.remove_node(next(node for node in nodes.list_all_nodes() if not node.is_head()), allow_graceful=False)
        found += done
    assert found == list(range(24))
    assert capfd.readouterr().out == ""
