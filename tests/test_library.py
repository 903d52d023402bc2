"""The functions that pipelines call: there under their names, typed, and documented to the last parameter."""

import importlib
import inspect
import re
import subprocess
import sys
import typing
from pathlib import Path

import pytest

LIBRARY = (
    "watermark.release",
    "watermark.mark",
    "watermark.undo",
    "watermark.marker",
    "watermark.mark_frames",
    "watermark.collect",
    "watermark.certify",
    "watermark.audit",
    "watermark.trace.audit",
    "provenance.score",
    "provenance.audits.order.audit",
    "provenance.audits.membership.audit",
    "provenance.audits.overlap.audit",
    "provenance.audits.reshuffle.audit",
    "provenance.report.render",
    "provenance.report.write",
)
AUDITS = tuple(name for name in LIBRARY if name.endswith(".audit"))


def _found(name):
    """Import a function by its full name."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def _section(text, title):
    """Give one section of a NumPy docstring."""
    match = re.search(rf"^{title}\n-+\n(.*?)(?=^\w+\n-+\n|\Z)", text, flags=re.MULTILINE | re.DOTALL)
    return match[1] if match else ""


@pytest.mark.parametrize("name", LIBRARY)
def test_every_parameter_is_typed(name):
    """A type checker knows what goes in and what comes out; past two, arguments are given by name."""
    signature = inspect.signature(_found(name))
    assert signature.return_annotation is not inspect.Signature.empty
    assert all(one.annotation is not inspect.Parameter.empty for one in signature.parameters.values())
    by_position = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.KEYWORD_ONLY]
    assert len(by_position) <= (3 if name.endswith("membership.audit") else 2)


@pytest.mark.parametrize("name", LIBRARY)
def test_every_parameter_is_explained(name):
    """The docstring has a word on each of them, and on what goes wrong."""
    function = _found(name)
    text = inspect.getdoc(function)
    explained = re.findall(r"^(\w[\w, ]*)$", _section(text, "Parameters"), flags=re.MULTILINE)
    assert {one for line in explained for one in line.split(", ")} == set(inspect.signature(function).parameters)
    raised = re.findall(r"^(\w[\w, ]*)$", _section(text, "Raises"), flags=re.MULTILINE)
    assert raised
    assert {one for line in raised for one in line.split(", ")} <= {"InputError", "MismatchError", "SuspectError"} | {
        "ArtifactError"
    }


@pytest.mark.parametrize("name", AUDITS)
def test_every_audit_names_its_null_and_its_source(name):
    """What is exchangeable and why, which way is extreme, after whom, and what the evidence is decided by."""
    function = _found(name)
    about = inspect.getmodule(function).__doc__
    assert re.search(r"^Null: ", about, flags=re.MULTILINE)
    assert re.search(r"speaks? for the claim", about.replace("\n", " "))
    assert re.search(r"arXiv [\d.]+|No published test", about)
    assert "decided by" in _section(inspect.getdoc(function), "Returns")
    assert inspect.signature(function).return_annotation == "Evidence"


STREAMING = ("provenance.score", "watermark.release", "watermark.collect", "watermark.mark_frames")


@pytest.mark.parametrize("name", STREAMING)
def test_what_may_be_large_streams(name):
    """It comes in as an iterable or a path, as a command streams it, and never as a list."""
    first = next(iter(inspect.signature(_found(name)).parameters.values()))
    assert re.search(r"Iterable|PathLike", first.annotation)


def test_packages_hand_on_what_they_promise():
    """Each public name can be had from its package, and a package says which there are."""
    for package in ("watermark", "provenance"):
        module = importlib.import_module(package)
        for name in module.__all__:
            assert getattr(module, name).__name__ == name
        assert Path(module.__file__).with_name("py.typed").exists()
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        typing.cast("typing.Any", importlib.import_module("watermark")).nothing  # noqa: B018 (the access is the test)


def test_importing_the_packages_loads_no_model():
    """A pipeline that imports them waits for neither torch nor spaCy nor pandas."""
    code = "import sys, watermark, provenance; print({'torch', 'spacy', 'pandas'} & set(sys.modules) or 'none')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "none\n"
