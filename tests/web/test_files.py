"""Files in a real browser: chosen, dropped and pasted; progress; pictures among the messages, until they are
deleted.
"""

import io
from functools import partial
from pathlib import Path

from PIL import Image

from greenchat.config.settings import AccountSettings, FileHost, Settings
from tests.web.browser import Browser
from tests.web.conftest import MakeSite, Shoot

QUICK = AccountSettings(iterations=4096)

SHOWN = "const it = document.querySelector('.pictures img'); return it?.complete && it.naturalWidth"
# a drop or a paste of files as scripts see the event
GIVE = """
const data = new DataTransfer();
data.items.add(new File([new Uint8Array(arguments[1])], arguments[2]));
const options = {bubbles: true, cancelable: true, dataTransfer: data, clipboardData: data};
const kind = arguments[0];
const event = kind === "paste" ? new ClipboardEvent(kind, options) : new DragEvent(kind, options);
document.querySelector("#composer").dispatchEvent(event);
return event.defaultPrevented;
"""


def picture() -> bytes:
    file = io.BytesIO()
    Image.linear_gradient("L").resize((900, 600)).convert("RGB").save(file, "JPEG")
    return file.getvalue()


def written(browser: Browser) -> str:
    """Wait for a link in the field."""
    field = browser.find("#composer")

    def look() -> str:
        text = str(field.get_attribute("value"))
        return text if text.endswith(" ") else ""

    return browser.until(look).strip()


def test_a_picture_is_shown_until_it_is_redacted(
    make_site: MakeSite, browser: Browser, other: Browser, tmp_path: Path, shoot: Shoot
) -> None:
    site = make_site(Settings(accounts=QUICK, files=FileHost(enabled=True)))
    browser.join(site.address(), "ada")
    other.join(site.address(), "bob")
    browser.register("correct-horse")
    browser.find(".me", "logged in as ada")
    (tmp_path / "cät's (1).jpg").write_bytes(picture())
    browser.all("input[type=file]")[0].send_keys(str(tmp_path / "cät's (1).jpg"))
    address = written(browser)
    assert address.startswith(f"{site.address('')}files/")
    assert address.endswith(".jpg")
    browser.type("\ue007")
    for each in (browser, other):
        each.message(address)
        assert each.until(partial(each.run, SHOWN)) == 480
    shoot(browser, "picture")
    names = "return fetch(arguments[0]).then((it) => it.headers.get('content-disposition'))"
    assert browser.run(names, address) == "inline; filename*=UTF-8''c%C3%A4t%27s%20%281%29.jpg"
    browser.point_at(address)
    browser.click(".tools [title=Delete]")
    browser.click("dialog button", "Delete")
    other.gone(".pictures")
    assert other.run("return fetch(arguments[0]).then((it) => it.status)", address) == 404
    assert all("404" in each for each in other.errors()), "the browser's own error message"


def test_dropped_pasted_and_refused(make_site: MakeSite, browser: Browser) -> None:
    site = make_site(Settings(files=FileHost(enabled=True, guests=2, size=1)))
    browser.join(site.address(), "ada")
    for kind in ("drop", "paste"):
        browser.fill("#composer", "")
        assert browser.run(GIVE, kind, list(b"some text"), "notes.txt")
        assert written(browser).endswith(".txt")
    browser.fill("#composer", "")
    assert browser.run(GIVE, "drop", [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A, 1], "broken.png")
    browser.find(".toasts", "broken.png: The picture is damaged")
    assert all("422" in each for each in browser.errors())
    large = "const data = new DataTransfer(); data.items.add(new File([new Uint8Array(2 ** 20 + 1)], 'big.bin'));"
    send = "document.dispatchEvent(new DragEvent('drop', {cancelable: true, dataTransfer: data}))"
    browser.run(f"{large} {send}")
    browser.find(".toasts", "big.bin: a file can have at most 1 MiB")
    browser.gone(".composer progress")
    browser.until(lambda: browser.value("#composer") == "")


def test_guests_are_told_to_log_in(make_site: MakeSite, browser: Browser) -> None:
    site = make_site(Settings(files=FileHost(enabled=True)))
    browser.join(site.address(), "ada")
    assert browser.run(GIVE, "drop", [1], "x")
    browser.find(".toasts", "x: You have to be logged in to upload files")


def test_a_server_without_files(make_site: MakeSite, browser: Browser) -> None:
    browser.join(make_site().address(), "ada")
    assert not browser.shown("[title='Upload files']")
    assert browser.run(GIVE, "drop", [1], "x") is False
