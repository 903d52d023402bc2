"""Our pages in a real Chromium: what it says of them, what it asks for, and what is there for whom.

Run by ``make browser``; deselected elsewhere, since it needs Chromium and axe-core.
"""

import re

import pytest

pytestmark = pytest.mark.browser
WIDTHS = (360, 768, 1280)
TABBABLE = "a[href], summary, [tabindex='0']"


@pytest.fixture
def shown(browser):
    """Give a function that shows a file and collects what the browser says and asks for."""
    contexts = []

    def show(path, **how):
        how.setdefault("viewport", {"width": 1280, "height": 900})
        context = browser.new_context(**how)
        contexts.append(context)
        tab = context.new_page()
        tab.said, tab.asked = [], []
        tab.on("console", lambda message: tab.said.append(message.text))
        tab.on("pageerror", lambda error: tab.said.append(str(error)))
        tab.on("request", lambda request: tab.asked.append(request.url))
        tab.goto(path.as_uri())
        return tab

    yield show
    for context in contexts:
        context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
def test_accessible(shown, axe, page, width, scheme):
    """axe-core finds no violation, at any width, in light and dark, with everything unfolded."""
    tab = shown(page, viewport={"width": width, "height": 900}, color_scheme=scheme, bypass_csp=True)
    tab.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    tab.evaluate(axe)
    found = tab.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found["violations"]] == []
    assert len(found["passes"]) > 10


@pytest.mark.parametrize("width", WIDTHS)
def test_quiet_and_alone(shown, page, width):
    """Nothing is said on the console, nothing is asked for but the page, nothing is wider than the screen."""
    tab = shown(page, viewport={"width": width, "height": 900})
    assert tab.said == []
    assert tab.asked == [page.as_uri()]
    assert tab.evaluate("document.documentElement.scrollWidth") <= width
    assert tab.evaluate("document.title")


def test_works_without_javascript(shown, page):
    """With JavaScript off the same text stands there, and no element waits for a program."""
    assert (
        shown(page, java_script_enabled=False).locator("body").inner_text() == shown(page).locator("body").inner_text()
    )
    assert not re.search(r"<script|\bon\w+=", page.read_text(encoding="utf-8"))


def test_every_finding_stands_there(shown, report):
    """Six kinds of audit and three verdicts have their sections, with figures that say in words what they show."""
    tab = shown(report)
    titles = tab.locator("section.audit h2").all_inner_texts()
    assert len({title.partition(". ")[2] for title in titles}) == 6
    assert {part for part in ("evidence", "no-evidence", "inconclusive") if tab.locator(f"section.{part}").count()} == {
        "evidence",
        "no-evidence",
        "inconclusive",
    }
    for section in tab.locator("section.audit").all():
        assert section.locator("svg[role=img]").count() >= 1
        assert all(len(each.get_attribute("aria-label")) > 40 for each in section.locator("svg").all())


def test_keyboard_reaches_everything(shown, report):
    """Tab walks through every link, fold and table in the order of the page, and Enter unfolds."""
    tab = shown(report)
    count = tab.locator(TABBABLE).count()
    visible = [number for number in range(count) if tab.locator(TABBABLE).nth(number).is_visible()]
    reached = []
    for _ in visible:
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate(f'[...document.querySelectorAll("{TABBABLE}")].indexOf(document.activeElement)'))
    assert reached == visible
    fold = tab.locator("summary").first
    fold.focus()
    tab.keyboard.press("Enter")
    assert fold.evaluate("each => each.parentElement.open")


def test_print_unfolds(shown, report):
    """On paper nothing is folded away, and it is black on white whatever the screen is."""
    tab = shown(report, color_scheme="dark")
    tab.emulate_media(media="print", color_scheme="dark")
    tables = tab.locator("details .scroll").all()
    assert tables
    assert all(each.bounding_box()["height"] > 20 for each in tables)
    assert tab.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_small(report):
    """Ten audits and all their figures fit in a mebibyte."""
    sections = report.read_text(encoding="utf-8").count('<section class="audit')
    assert report.stat().st_size / sections * 10 < 2**20
