"""The live view as a person sees it: in JupyterLab while a cell runs, afterwards, and in a notebook that is opened again.

`make screenshots` runs this file; its pictures are in `.build/ui`. One notebook, one page, in the order of the tests.
"""

from __future__ import annotations

import json
import re
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from nbconvert import HTMLExporter
from nbformat import from_dict
from playwright.sync_api import Browser, Locator, Page, expect

from poppy_ipython.trace.units import duration

pytestmark = pytest.mark.ui

NOTEBOOK = "notebooks/see_it_run.ipynb"
SETUP, RUN, MANY, STATIC = "import json", "%%poppy\ndef", "%%poppy --max-calls 8", "%%poppy --view static"
FLAKY, PIECES = "from itertools import count", "%%poppy\nrequest"
BLUE, SKY = (0, 114, 178), (86, 180, 233)  # bars in flight, light and dark
GREEN, PURPLE = (0, 121, 90), (170, 74, 133)  # streams, attempts that others followed

# How many pixels of a canvas have a colour.
PIXELS = """(canvas, colour) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    let found = 0;
    for (let at = 0; at < data.length; at += 4) {
        if (colour.every((part, index) => Math.abs(data[at + index] - part) < 3) && data[at + 3] > 250) found++;
    }
    return found;
}"""


# The same of an image that is shown.
OF_IMAGE = """async (image, [pixels, colour]) => {
    await image.decode();
    const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
    canvas.getContext("2d").drawImage(image, 0, 0, image.width, image.height);
    return eval(pixels)(canvas, colour);
}"""


@pytest.fixture(scope="module")
def page(browser: Browser, lab: str) -> Page:
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.goto(f"{lab}lab/tree/{NOTEBOOK}?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible(timeout=60_000)
    page.evaluate("window.jupyterapp.shell.collapseLeft()")
    run(page, SETUP)
    done(page, SETUP)
    return page


def cell(page: Page, beginning: str) -> Locator:
    first, _, second = beginning.partition("\n")
    found = page.locator(".jp-CodeCell", has=page.locator(".cm-line:first-child", has_text=re.compile(f"^{re.escape(first)}$")))
    return found.filter(has=page.locator(".cm-line", has_text=re.compile(f"^{re.escape(second)}"))).first if second else found.first


def run(page: Page, beginning: str) -> None:
    cell(page, beginning).locator(".cm-content").click()
    page.keyboard.press("Control+Enter")


def done(page: Page, beginning: str) -> None:
    prompt = cell(page, beginning).locator(".jp-InputPrompt").first
    expect(prompt).to_have_text(re.compile(r"^\[\d+\]:$"), timeout=60_000)


def in_view(view: Locator, script: str) -> Any:
    return view.evaluate(f"element => {{ const view = element.poppy; return {script}; }}")


def click_bar(page: Page, view: Locator, number: int) -> None:
    canvas = view.locator(".gantt canvas")
    canvas.scroll_into_view_if_needed()
    place = in_view(view, f"view.gantt.place({number})")
    canvas.click(position={"x": place["x"] + min(place["width"], 20) / 2, "y": place["y"] + place["height"] / 2})


def saved(lab: str) -> Any:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(f"{lab}api/contents/{NOTEBOOK}") as answer:
        return json.load(answer)["content"]


def save(page: Page) -> None:
    page.evaluate("window.jupyterapp.commands.execute('docmanager:save')")
    expect(page.locator(".jp-NotebookPanel")).to_be_visible()
    page.wait_for_function("() => !document.querySelector('.lm-TabBar-tab.jp-mod-dirty')")


def kept_pictures(lab: str) -> list[str]:
    outputs = (output for cell in saved(lab)["cells"] for output in cell.get("outputs", []))
    return ["".join(output["data"]["image/svg+xml"]) for output in outputs if "image/svg+xml" in output.get("data", {})]


def look(page: Page, dark: bool = False, width: int = 1280) -> None:
    theme = "JupyterLab Dark" if dark else "JupyterLab Light"
    page.set_viewport_size({"width": width, "height": 1500})
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
    expect(page.locator("body")).to_have_attribute("data-jp-theme-light", "false" if dark else "true")


# What a page showed while a cell ran, ten times a second: the cell is over before a browser driver has looked twice.
WATCH = """pixels => {
    const count = eval(pixels);
    window.seen = [];
    setInterval(() => {
        const element = document.querySelector(".poppy-view");
        if (element === null) return;
        const status = element.shadowRoot.querySelector(".status").textContent;
        const canvas = element.shadowRoot.querySelector("canvas");
        const stop = element.shadowRoot.querySelector("button.stop").checkVisibility();
        window.seen.push([status, element.poppy.model.now, canvas.width ? count(canvas, [0, 114, 178]) : 0, stop]);
    }, 100);
}"""


def test_bars_grow_while_the_cell_runs(page: Page, pictures: Path) -> None:
    page.evaluate(WATCH, PIXELS)
    run(page, RUN)
    page.wait_for_function("() => window.seen.some(([status, now, pixels]) => pixels > 500)")
    page.screenshot(path=pictures / "view-live.png")
    done(page, RUN)
    running = [(now, pixels, stop) for status, now, pixels, stop in page.evaluate("window.seen") if "running" in status]
    assert len(running) > 3
    assert [now for now, _, _ in running] == sorted({now for now, _, _ in running})
    assert max(pixels for _, pixels, _ in running) > 500
    assert all(stop for _, _, stop in running)


def test_afterwards_the_view_is_still_there(page: Page) -> None:
    view = cell(page, RUN).locator(".poppy-view")
    expect(view).to_have_count(1)
    expect(view.locator(".status")).to_have_text(re.compile(r"^In \[2\] · done$"))
    expect(view.locator(".words")).to_have_text(re.compile(r"^41 calls · .+ at once\) · critical path "))
    expect(view.locator(".node")).to_have_count(7)
    expect(view.locator(".line.calls")).to_have_count(7)
    expect(view.locator("button.stop")).to_be_hidden()


def test_rows_by_callee_and_by_unit(page: Page) -> None:
    view = cell(page, RUN).locator(".poppy-view")
    rows = view.get_by_label("Rows of the timeline")
    groups = "view.gantt.lanes.groups.map(group => `${group.label} ${group.calls}`)"
    for name, expected in (("callee", ["search 16", "ask 23", "save 2"]), ("unit", ["summarise 1 2", "summarise 16 2", "the cell 9"])):
        rows.select_option(name)
        page.wait_for_function("name => document.querySelector('.poppy-view').poppy.gantt.grouping === name", arg=name)
        page.wait_for_function("() => document.querySelector('.poppy-view').poppy.frame === 0")
        assert set(expected) <= set(in_view(view, groups))
    rows.select_option("place")


def test_a_slider_of_the_what_if_tab_moves_the_makespan(page: Page, pictures: Path) -> None:
    view = cell(page, RUN).locator(".poppy-view")
    view.locator("[role=tab][data-tab=whatif]").click()
    headline = view.locator(".headline strong")
    expect(headline).to_have_text(re.compile(r"^[\d.]+ s → [\d.]+ s$"), timeout=20_000)
    recorded = in_view(view, "view.whatif.state.prediction.recorded")
    slider = view.get_by_role("slider", name="how fast `ask` answers")
    slider.focus()
    page.keyboard.press("End")
    page.wait_for_function("() => !document.querySelector('.poppy-view').poppy.whatif.state.busy", timeout=20_000)
    found = in_view(view, "view.whatif.state.prediction")
    assert found["makespan"] < 0.8 * recorded
    assert headline.inner_text().endswith(f"→ {duration(found['makespan'])}")
    expect(view.locator(".snippet code")).to_contain_text("run.whatif(ask=faster(")
    expect(view.locator(".curve circle")).to_have_count(1)
    expect(view.locator(".where .bar")).to_have_count(2)
    end = in_view(view, "view.whatif.state.curve.points.at(-1)")
    assert end[1] == pytest.approx(found["makespan"], rel=0.05)
    expect(view.locator(".advice li").first).to_contain_text("saves")
    canvas = view.locator(".whatif canvas")
    assert canvas.evaluate(PIXELS, BLUE) > 500 and canvas.evaluate(PIXELS, (0, 121, 90)) > 100
    page.set_viewport_size({"width": 1280, "height": 1400})  # all of it at once
    view.screenshot(path=pictures / "whatif.png")
    page.set_viewport_size({"width": 1280, "height": 1000})
    slider.focus()
    page.keyboard.press("Home")
    page.wait_for_function("() => !document.querySelector('.poppy-view').poppy.whatif.state.busy", timeout=20_000)
    assert in_view(view, "view.whatif.state.prediction.makespan") > recorded
    view.get_by_role("button", name="Back to the run").click()
    expect(view.locator(".snippet code")).to_have_count(0)
    view.locator("[role=tab][data-tab=timeline]").click()
    expect(view.locator(".gantt canvas")).to_be_visible()


def test_the_run_is_saved_from_the_view(browser: Browser, page: Page, tmp_path: Path) -> None:
    view = cell(page, RUN).locator(".poppy-view")
    with page.expect_download(timeout=60_000) as download:
        view.get_by_role("button", name="save…").click()
    assert download.value.suggested_filename == "In[2].html"
    download.value.save_as(tmp_path / "saved.html")
    alone = browser.new_page()
    alone.goto((tmp_path / "saved.html").as_uri())
    expect(alone.locator(".words")).to_contain_text("41 calls")
    expect(alone.get_by_role("button", name="save…")).to_be_hidden()
    alone.close()


def test_a_cell_that_was_scrolled_out_of_the_page_has_its_view_again(page: Page) -> None:
    here = cell(page, RUN)
    here.locator("img[src*='poppy-run-']").evaluate(
        """async picture => {
            const [output, mark] = [picture.closest(".jp-OutputArea-output"), document.createComment("")];
            output.replaceWith(mark);
            await new Promise(requestAnimationFrame);
            window.without = [...output.querySelectorAll(".poppy-view")].length;
            mark.replaceWith(output);
        }"""
    )
    assert page.evaluate("window.without") == 0
    expect(here.locator(".poppy-view")).to_have_count(1)
    expect(here.locator(".poppy-view .words")).to_contain_text("41 calls")


def test_a_click_on_a_bar_says_why_it_was_not_sent_earlier(page: Page) -> None:
    view = cell(page, RUN).locator(".poppy-view")
    last = in_view(view, "view.model.calls.find(call => call.callee === 'ask' && call.line === 12).number")
    click_bar(page, view, last)
    details = view.locator(".details")
    expect(details.locator("h4")).to_contain_text(f"#{last} ask")
    expect(details.locator(".why")).to_contain_text("line 11 had to know its answer")
    expect(details.locator(".why")).to_contain_text("through summaries".replace("summaries", "`summaries`"))
    expect(details.locator("dl")).to_contain_text("client.chat.completions.create (In [1], line")
    expect(details.locator("dd.value").first).to_contain_text("Give it a title:")  # from the kernel, on demand
    details.locator(".ref").first.click()
    expect(details.locator("h4")).to_contain_text("ask")
    expect(view.locator(".line.marked")).to_have_count(1)


def test_the_keyboard_reaches_everything(page: Page) -> None:
    view = cell(page, RUN).locator(".poppy-view")
    canvas = view.locator(".gantt canvas")
    canvas.focus()
    page.keyboard.press("Escape")
    expect(view.locator(".details")).to_be_hidden()
    page.keyboard.press("ArrowRight")
    expect(view.locator(".details h4")).to_contain_text("#1 search")
    page.keyboard.press("ArrowRight")
    expect(view.locator(".details h4")).not_to_contain_text("#1 search")
    expect(view.locator(".said")).to_contain_text("took")
    page.keyboard.press("+")
    assert in_view(view, "view.gantt.scale !== null")
    page.keyboard.press("0")
    assert in_view(view, "view.gantt.scale === null")
    node = view.locator(".node").first
    node.focus()
    expect(view.locator(".line.marked")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(view.locator(".node")).to_have_count(16 + 6)
    page.keyboard.press("Shift+Enter")
    expect(view.locator(".node")).to_have_count(7)
    canvas.focus()
    page.keyboard.press("Escape")


def test_two_hundred_calls_grow_until_stop_ends_the_run(page: Page) -> None:
    here = cell(page, MANY)
    run(page, MANY)
    expect(here.locator(".words")).to_have_text(re.compile(r"^\d+ of 200 calls · \d+ at once"), timeout=20_000)
    view = here.locator(".poppy-view")
    element = view.element_handle()
    before = in_view(view, "[view.model.now, view.model.calls.filter(call => call.ended !== null).length]")
    page.wait_for_function(
        "([element, now, over]) => { const { model } = element.poppy; return model.running && model.now > now && "
        "model.calls.filter(call => call.ended !== null).length > over; }",
        arg=[element, *before],
    )
    assert view.locator(".gantt canvas").evaluate(PIXELS, BLUE) > 500
    here.locator("button.stop").click(timeout=20_000)
    expect(here.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_contain_text("KeyboardInterrupt", timeout=20_000)
    expect(here.locator(".status")).to_contain_text("stopped")


def test_streams_and_attempts_are_told_apart(page: Page, pictures: Path) -> None:
    for beginning in (FLAKY, PIECES):
        run(page, beginning)
        done(page, beginning)
    view = cell(page, PIECES).locator(".poppy-view")
    expect(view.locator(".status")).to_contain_text("done")
    view.evaluate("node => node.scrollIntoView({block: 'start'})")
    canvas = view.locator(".gantt canvas")
    assert canvas.evaluate(PIXELS, GREEN) > 500 and canvas.evaluate(PIXELS, PURPLE) > 100
    for words in ("streaming", "sent again", "in flight"):
        expect(view.locator(".legend")).to_contain_text(words)
    again = in_view(view, "view.model.calls.find(call => call.attempts > 1).number")
    click_bar(page, view, again)
    expect(view.locator(".details dl")).to_contain_text(re.compile(r"attempts2: ConnectionResetError after .+, sent again .+ later"))
    click_bar(page, view, in_view(view, "view.model.calls.find(call => call.pieces > 0).number"))
    expect(view.locator(".details dl")).to_contain_text(re.compile(r"stream\d+ pieces, the first after .+, then one every"))
    piece = in_view(view, "view.model.calls.find(call => call.callee === 'search').number")
    in_view(view, f"view.select({piece})")
    expect(view.locator(".details .why")).to_contain_text("It waited for a piece of ")
    view.screenshot(path=pictures / "view-stream.png")
    in_view(view, "view.select(null)")


@pytest.mark.parametrize(("name", "dark", "width"), [("light", False, 1280), ("dark", True, 1280), ("narrow", False, 480)])
def test_pictures(page: Page, pictures: Path, name: str, dark: bool, width: int) -> None:
    look(page, dark, width)
    view = cell(page, RUN).locator(".poppy-view")
    view.evaluate("node => node.scrollIntoView({block: 'start'})")
    if name != "narrow":
        click_bar(page, view, in_view(view, "view.model.calls.find(call => call.line === 12).number"))
        page.mouse.move(2, 2)
    page.wait_for_function("dark => document.querySelector('.poppy-view').poppy.dark === dark", arg=dark)
    page.wait_for_function("() => document.querySelector('.poppy-view').poppy.frame === 0")
    canvas = view.locator(".gantt canvas")
    assert canvas.evaluate(PIXELS, SKY if dark else BLUE) > 1000
    assert canvas.evaluate(PIXELS, BLUE if dark else SKY) < 100
    assert view.evaluate("node => node.scrollWidth - node.clientWidth") <= 1
    view.screenshot(path=pictures / f"view-{name}.png")
    if name == "narrow":
        view.locator("[data-tab=graph]").click()
        expect(view.locator(".node").first).to_be_visible()
        expect(canvas).to_be_hidden()
        view.screenshot(path=pictures / "view-narrow-graph.png")
        look(page)


def test_the_file_has_a_picture_and_no_widget(page: Page, lab: str) -> None:
    run(page, STATIC)
    done(page, STATIC)
    save(page)
    content = saved(lab)
    assert "widget-view" not in json.dumps(content) and "widgets" not in content["metadata"]
    assert len(kept_pictures(lab)) == 4
    assert all(len(picture) <= 40_000 for picture in kept_pictures(lab))


def test_nbconvert_shows_the_pictures(browser: Browser, lab: str, page: Page, tmp_path: Path) -> None:
    html, _ = HTMLExporter().from_notebook_node(from_dict(saved(lab)))
    (tmp_path / "notebook.html").write_text(html, "utf-8")
    alone = browser.new_page(viewport={"width": 1000, "height": 800})
    alone.route(re.compile("^https?:"), lambda route: route.abort())  # its MathJax and require.js
    alone.goto((tmp_path / "notebook.html").as_uri(), wait_until="domcontentloaded")
    pictures = alone.locator(".jp-OutputArea-output :is(svg.poppy-gantt, img[src*='svg'])")
    expect(pictures).to_have_count(4)
    assert all(pictures.nth(n).bounding_box()["width"] > 300 for n in range(4))  # type: ignore[index]
    expect(alone.get_by_text("model not found")).to_have_count(0)
    alone.close()


def test_a_notebook_that_is_opened_again_shows_the_picture(browser: Browser, lab: str, page: Page, pictures: Path) -> None:
    if not kept_pictures(lab):  # this test by itself, on a copy of the notebook that nothing was run in
        run(page, RUN)
        done(page, RUN)
        save(page)
    again = browser.new_page(viewport={"width": 1280, "height": 1000})
    again.goto(f"{lab}lab/tree/{NOTEBOOK}?reset", timeout=60_000)
    again.wait_for_selector(".jp-Notebook .jp-CodeCell", timeout=60_000)
    picture = cell(again, RUN).locator("img[src*='poppy-run-']")
    expect(picture).to_be_visible(timeout=60_000)
    expect(again.locator(".poppy-view")).to_have_count(0)
    expect(again.get_by_text("model not found")).to_have_count(0)
    again.evaluate("window.jupyterapp.shell.collapseLeft()")
    picture.evaluate("node => node.scrollIntoView({block: 'center'})")
    assert picture.evaluate(OF_IMAGE, [PIXELS, BLUE]) > 1000
    again.screenshot(path=pictures / "view-reopened.png")
    again.close()
