"""A real Chromium, and pages of which every audit has its section."""

import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).parents[2]
CHROMIUM = Path("/usr/bin/chromium")
QUIET = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


@pytest.fixture(scope="session")
def browser():
    """Start Chromium without a screen."""
    if not CHROMIUM.exists():
        pytest.fail(f"{CHROMIUM} is missing: apt-get install chromium fonts-dejavu-core")
    with sync_playwright() as drive:
        chromium = drive.chromium.launch(executable_path=CHROMIUM, args=list(QUIET))
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def axe():
    """Give the source of the accessibility engine."""
    source = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
    if not source.exists():
        pytest.fail(f"{source} is missing: make browser installs it")
    return source.read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def exhibits(tmp_path_factory):
    """Make one finding of every kind of audit, evidence, no evidence and inconclusive among them."""
    folder = tmp_path_factory.mktemp("exhibits")
    subprocess.run([sys.executable, ROOT / "scripts" / "exhibits.py", folder], check=True, capture_output=True)
    return folder


@pytest.fixture(scope="session", params=["report.html", "marked/fidelity.html"])
def page(request, exhibits):
    """Give the pages that provtool makes: the report, and the one on a release's fidelity."""
    return exhibits / request.param


@pytest.fixture(scope="session")
def report(exhibits):
    """Give the report."""
    return exhibits / "report.html"
