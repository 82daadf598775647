#!/usr/bin/env python3
"""A real browser signs in, sends its unit's form, is kept out of another's, and signs out.

ONG_URL          where the pages are; required
ONG_ACCOUNT      an officer's account, and
ONG_UNIT         the unit that it is an officer of
ONG_PASSWORD     its password
ONG_CHROMIUM     the browser; default: the first chromium in PATH
ONG_SCREENSHOTS  a folder for pictures of the pages; default: none are taken
"""

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

URL = os.environ.get("ONG_URL", "").rstrip("/") or sys.exit("set ONG_URL to the address of the pages")
CHROMIUM = os.environ.get("ONG_CHROMIUM") or shutil.which("chromium") or sys.exit(
    "chromium is missing: apt-get install chromium")
ACCOUNT, PASSWORD, UNIT = (os.environ[f"ONG_{name}"] for name in ("ACCOUNT", "PASSWORD", "UNIT"))
PICTURES = os.environ.get("ONG_SCREENSHOTS")
NEW_PASSWORD = "một câu dài, dễ nhớ"


def picture(page, name):
    if PICTURES:
        page.screenshot(path=Path(PICTURES) / f"{name}.png", full_page=True)


def sign_in(page, password):
    page.get_by_label("Tên đăng nhập").fill(ACCOUNT)
    page.get_by_label("Mật khẩu").fill(password)
    page.locator(".entry button").click()


def form_of(page, unit):
    page.goto(URL + "/")
    page.locator(f"tr[data-unit='{unit}'] a").click()


def test_the_door_leads_on_to_the_form(page):
    form_of(page, UNIT)
    expect(page.locator(".message")).to_contain_text("Cần đăng nhập")
    picture(page, "sign-in")
    sign_in(page, "wrong")
    expect(page.locator(".message.problem")).to_contain_text("không đúng")
    assert page.get_by_label("Tên đăng nhập").input_value() == ACCOUNT
    assert page.get_by_label("Mật khẩu").input_value() == ""
    picture(page, "refused")
    sign_in(page, PASSWORD)
    expect(page.locator("form.sheet")).to_be_visible()
    expect(page.locator(".visitor")).to_contain_text("Đăng xuất")
    page.locator("form.sheet button[type=submit]").click()
    expect(page.locator(".message.done")).to_be_visible()
    picture(page, "signed-in")


def test_no_script_reads_the_session(page):
    assert page.evaluate("document.cookie") == ""
    names = {cookie["name"]: cookie for cookie in page.context.cookies()}
    session = names["ong_session"]
    assert session["httpOnly"] and session["sameSite"] == "Lax", f"got: {session}"


def test_another_units_form_is_closed(page):
    other = page.locator(f"tr[data-unit]:not([data-unit='{UNIT}'])").first
    other.locator("a").click()
    expect(page.locator("h1")).to_contain_text("không được mở trang này")
    picture(page, "other-unit")


def test_the_password_is_changed(page, other):
    form_of(other, UNIT)
    sign_in(other, PASSWORD)
    expect(other.locator("form.sheet")).to_be_visible()
    page.goto(URL + "/tai-khoan")
    picture(page, "account")
    page.get_by_label("Mật khẩu hiện tại").fill(PASSWORD)
    page.get_by_label("Mật khẩu mới", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("Nhập lại mật khẩu mới").fill(NEW_PASSWORD)
    page.locator(".entry button").click()
    expect(page.locator(".message.done")).to_contain_text("Đã đổi mật khẩu")
    other.reload()
    expect(other.locator(".message")).to_contain_text("Cần đăng nhập")


def test_signing_out_closes_the_form(page):
    page.locator(".visitor button").click()
    expect(page.locator("tr[data-rank]").first).to_be_visible()
    expect(page.locator(".visitor")).to_contain_text("Đăng nhập")
    page.go_back()
    form_of(page, UNIT)
    expect(page.get_by_label("Tên đăng nhập")).to_be_visible()


def test_the_door_fits_a_phone(browser):
    context = browser.new_context(viewport={"width": 360, "height": 740})
    page = context.new_page()
    for path in ["/dang-nhap?ve=/khoi", "/en/dang-nhap", "/"]:
        page.goto(URL + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"expected {path} to fit 360 px, got: {width}"
    page.goto(URL + "/dang-nhap")
    sign_in(page, NEW_PASSWORD)
    for path in ["/", "/tai-khoan"]:
        page.goto(URL + path)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= 360, f"expected {path} to fit 360 px when signed in, got: {width}"
    picture(page, "account-phone")
    context.close()


def main():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context().new_page()
        test_the_door_leads_on_to_the_form(page)
        test_no_script_reads_the_session(page)
        test_another_units_form_is_closed(page)
        test_the_password_is_changed(page, browser.new_context().new_page())
        test_signing_out_closes_the_form(page)
        test_the_door_fits_a_phone(browser)
        browser.close()
    print("the browser saw what it should")


if __name__ == "__main__":
    main()
