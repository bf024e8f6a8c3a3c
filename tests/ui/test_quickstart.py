"""The quickstart as a person sees it: opened in JupyterLab, Run All Cells, the results on the page, in three looks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.ui

RUN_TIMEOUT = 180_000
POPPY_CELLS = 3
ERROR = "[data-mime-type='application/vnd.jupyter.stderr']"


@pytest.fixture(scope="module")
def page(browser: Browser, lab: str, pictures: Path) -> Page:
    """The quickstart, run to its end."""
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"{lab}lab/tree/notebooks/quickstart.ipynb?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    # The last code cell has its number when all before it have run.
    last = page.locator(".jp-CodeCell .jp-InputPrompt").last
    try:
        expect(last).to_have_text(re.compile(r"^\[\d+\]:$"), timeout=RUN_TIMEOUT)
    except AssertionError:
        page.screenshot(path=pictures / "quickstart-stuck.png")
        errors = page.locator(ERROR).all_inner_texts()
        raise AssertionError("The notebook did not run to its end.\n" + "\n\n".join(errors)) from None
    return page


def test_every_cell_ran(page: Page) -> None:
    prompts = page.locator(".jp-CodeCell .jp-InputPrompt").all_inner_texts()
    assert len(prompts) > 10
    assert [prompt for prompt in prompts if not re.fullmatch(r"\[\d+\]:", prompt.strip())] == []


def test_a_summary_stands_under_each_poppy_cell(page: Page) -> None:
    first_line = page.locator(".cm-line:first-child", has_text=re.compile(r"^%%poppy"))
    cells = page.locator(".jp-CodeCell", has=first_line)
    expect(cells).to_have_count(POPPY_CELLS)
    for place in range(POPPY_CELLS):
        expect(cells.nth(place).locator(".jp-OutputArea")).to_contain_text(re.compile(r"\d+ calls · .+ at once"))


def test_only_the_two_cells_that_raise_show_an_error(page: Page) -> None:
    errors = page.locator(".jp-CodeCell", has=page.locator(ERROR))
    expect(errors).to_have_count(2)
    for place in range(2):
        expect(errors.nth(place)).to_contain_text("injected error 500")
        expect(errors.nth(place).locator(".jp-InputArea")).to_contain_text("BROKEN if number == 10")


def test_the_last_run_is_drawn(page: Page) -> None:
    expect(page.locator(".jp-CodeCell").last.locator(".jp-OutputArea :is(svg, img)").first).to_be_visible()


def test_a_picture_of_a_cell_for_the_readme(page: Page, pictures: Path) -> None:
    page.set_viewport_size({"width": 1000, "height": 1020})
    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    first_line = page.locator(".cm-line:first-child", has_text=re.compile(r"^%%poppy"))
    cell = page.locator(".jp-CodeCell", has=first_line).first
    cell.evaluate("node => node.scrollIntoView({block: 'end'})")
    expect(cell.locator("pre", has_text=re.compile(r"^25 calls · "))).to_be_in_viewport()
    page.screenshot(path=pictures / "quickstart-cell.png")


@pytest.mark.parametrize("look", ["light", "dark", "narrow"])
def test_pictures(page: Page, pictures: Path, look: str) -> None:
    """A screenshot of the last %%poppy cell's results and the drawing below, for a person to look at."""
    theme = "JupyterLab Dark" if look == "dark" else "JupyterLab Light"
    page.set_viewport_size({"width": 480 if look == "narrow" else 1280, "height": 1000})
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false" if look == "dark" else "true")
    expect(page.locator("#jupyterlab-splash")).to_have_count(0)
    if look == "narrow":
        page.evaluate("window.jupyterapp.shell.collapseLeft()")
    page.locator(".jp-CodeCell").last.scroll_into_view_if_needed()
    target = pictures / f"quickstart-{look}.png"
    page.screenshot(path=target)
    assert target.stat().st_size > 10_000
    # Nothing sticks out of the notebook sideways: no output is wider than its place.
    notebook = page.locator(".jp-WindowedPanel-outer").first
    assert notebook.evaluate("node => node.scrollWidth - node.clientWidth") <= 1
