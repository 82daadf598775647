#!/usr/bin/env python3
"""A real browser sends a self-scoring form and sees the new ranking, without loading a page again.

ONG_URL          where the pages are; required
ONG_CHROMIUM     the browser; default: the first chromium in PATH
ONG_SECONDS      how soon the new ranking has to be seen after the click; default 2
ONG_SCREENSHOTS  a folder for pictures of every page; default: none are taken

Run it as `python3 Tests/Browser/test_ranking.py`. It leaves the sheet as it found it.
"""

import os
import shutil
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

URL = os.environ.get("ONG_URL", "").rstrip("/") or sys.exit("set ONG_URL to the address of the pages")
CHROMIUM = os.environ.get("ONG_CHROMIUM") or shutil.which("chromium") or sys.exit(
    "chromium is missing: apt-get install chromium")
SECONDS = float(os.environ.get("ONG_SECONDS", "2"))
PICTURES = os.environ.get("ONG_SCREENSHOTS")

CURRENT = "() => document.querySelector('.pulse.current') !== null"


def watched(context, complaints):
    """A page whose every complaint is kept: errors of scripts, of the console and of loading."""
    page = context.new_page()
    page.on("console", lambda m: m.type in ("error", "warning") and complaints.append(m.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("response", lambda r: r.status >= 500 and complaints.append(f"{r.status} {r.url}"))
    return page


def row(page, unit):
    return page.locator(f"tr[data-unit='{unit}']")


def standing(page, unit):
    data = row(page, unit)
    return data.get_attribute("data-rank"), data.get_attribute("data-total")


def stamp(page):
    return page.locator(".board").get_attribute("data-stamp")


def send(page, changes):
    """Types into the open form, sends it, and says when that was."""
    for name, text in changes.items():
        page.locator(f"[id='{name}']").fill(text)
    sent = time.monotonic()
    page.locator("button[type=submit]").click()
    return sent


def wait_for_new_result(page, old_stamp, sent, allowed=SECONDS):
    page.wait_for_function(
        """old => { const board = document.querySelector('.board');
                    return board.dataset.stamp !== old && document.querySelector('.pulse.current'); }""",
        arg=old_stamp, timeout=max(1, (sent + allowed - time.monotonic()) * 1000))
    return time.monotonic() - sent


def test_ranking_is_live(context, complaints):
    viewer = watched(context, complaints)
    viewer.goto(URL + "/")
    viewer.wait_for_function(CURRENT, timeout=30000)
    unit = viewer.locator("tr[data-rank]").nth(1).get_attribute("data-unit")
    before, old_stamp = standing(viewer, unit), stamp(viewer)
    viewer.evaluate("window.neverLoadedAgain = true")

    writer = watched(context, complaints)
    writer.goto(URL + "/")
    row(writer, unit).locator("a").click()
    fields = writer.locator("input[id$='.occurrences']").all()
    original = {field.get_attribute("id"): field.input_value() for field in fields}
    assert original, "expected the form to have fields counted by occurrence"

    sent = send(writer, {name: "0" for name in original})
    expect(writer.locator(".message.done")).to_be_visible()
    seconds = wait_for_new_result(viewer, old_stamp, sent)
    after = standing(viewer, unit)
    assert after != before, f"expected {unit} to move from {before}"
    assert row(viewer, unit).get_attribute("class").find("changed") >= 0
    assert viewer.evaluate("window.neverLoadedAgain") is True
    writer.wait_for_function(CURRENT, timeout=SECONDS * 1000)
    assert standing(writer, unit) == after
    print(f"{unit}: rank and total {before} -> {after}, seen {seconds:.2f} s after sending")

    old_stamp = stamp(viewer)
    row(writer, unit).locator("a").click()
    sent = send(writer, original)
    # Edits that follow one another quickly are computed together, after a few seconds.
    wait_for_new_result(viewer, old_stamp, sent, allowed=30)
    assert standing(viewer, unit) == before, "expected the old figures to give the old standing"


def test_wrong_figures_are_explained(context, complaints):
    page = watched(context, complaints)
    page.goto(URL + "/")
    page.locator("tr[data-rank] a").first.click()
    field = page.locator("input[inputmode=decimal]").first
    name = field.get_attribute("id")
    kept = page.locator("input[inputmode=decimal]").nth(1)
    kept_id, kept_value = kept.get_attribute("id"), kept.input_value()
    with expected_complaint(complaints, "422"):
        send(page, {name: "97.5"})
        expect(page.locator(f"[id='loi-{name}']")).to_be_visible()
    assert page.locator(f"[id='{name}']").input_value() == "97.5"
    assert page.locator(f"[id='{kept_id}']").input_value() == kept_value


@contextmanager
def expected_complaint(complaints, part):
    """The browser's console reports a refused form as an error; that one is meant."""
    known = len(complaints)
    yield
    complaints[known:] = [text for text in complaints[known:] if part not in text]


def test_pages_work_without_scripts(browser):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(URL + "/")
    expect(page.locator("tr[data-rank]").first).to_be_visible()
    page.locator("tr[data-rank] a").first.click()
    expect(page.locator("button[type=submit]")).to_be_visible()
    page.locator("button[type=submit]").click()
    expect(page.locator(".message.done")).to_be_visible()
    context.close()


def test_nothing_overflows_a_phone(browser):
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    for path in paths(page):
        page.goto(URL + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"expected {path} to fit 360 px, got: {width}"
    page.set_viewport_size({"width": 1000, "height": 740})
    page.goto(URL + "/")
    table = page.locator("table").bounding_box()
    assert table["x"] + table["width"] <= 1000, f"expected the table to fit 1000 px, got: {table}"
    context.close()


def paths(page):
    page.goto(URL + "/")
    ranking = page.url.removeprefix(URL)
    unit = page.locator("tr[data-unit]").first.get_attribute("data-unit")
    return [ranking, f"{ranking}/don-vi", f"{ranking}/don-vi/{unit}", f"{ranking}/van-ban", "/khong-co"]


def take_pictures(browser):
    looks = {
        "desktop": {"viewport": {"width": 1280, "height": 900}},
        "phone": {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2},
        "dark": {"viewport": {"width": 1280, "height": 900}, "color_scheme": "dark"},
    }
    for look, settings in looks.items():
        context = browser.new_context(**settings)
        page = context.new_page()
        names = ["ranking", "units", "sheet", "documents", "missing"]
        for name, path in zip(names, paths(page)):
            page.goto(URL + path)
            page.screenshot(path=Path(PICTURES) / f"{name}-{look}.png", full_page=True)
        page.goto(URL + paths(page)[2])
        send(page, {page.locator("input[inputmode=decimal]").first.get_attribute("id"): "97.5"})
        page.screenshot(path=Path(PICTURES) / f"wrong-{look}.png")
        context.close()


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        complaints = []
        context = browser.new_context()
        test_ranking_is_live(context, complaints)
        test_wrong_figures_are_explained(context, complaints)
        assert not complaints, f"expected a quiet console, got: {complaints}"
        test_pages_work_without_scripts(browser)
        test_nothing_overflows_a_phone(browser)
        if PICTURES:
            take_pictures(browser)
        browser.close()
    print("the browser saw what it should")


if __name__ == "__main__":
    main()
