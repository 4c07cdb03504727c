"""A tab of the browser: scripts, elements, keys, the mouse, and what the browser tells of its page."""

import json
import time
from base64 import b64decode
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Any, NamedTuple

from tests.patience import PATIENCE
from tests.web.chromium import Chromium, PageLeftError


class Keys(StrEnum):
    """Keys without a character, as scripts see them: https://www.w3.org/TR/uievents-key/."""

    ALT = "Alt"
    ARROW_DOWN = "ArrowDown"
    ARROW_UP = "ArrowUp"
    CONTROL = "Control"
    ENTER = "Enter"
    ESCAPE = "Escape"
    SHIFT = "Shift"
    TAB = "Tab"


_CODES = {Keys.TAB: 9, Keys.ENTER: 13, Keys.SHIFT: 16, Keys.CONTROL: 17, Keys.ALT: 18, Keys.ESCAPE: 27}
_CODES |= {Keys.ARROW_UP: 38, Keys.ARROW_DOWN: 40}
_HELD = {Keys.ALT: 1, Keys.CONTROL: 2, Keys.SHIFT: 8}  # the bit of a key while others are pressed
# what a server wrote, at its end, into a connection that the browser had opened but not used, is no answer by HTTP; the
# server of the next test has the same address
_SPARE = "net::ERR_INVALID_HTTP_RESPONSE"


class ScriptError(Exception):
    """A script raised an exception."""


class Element(NamedTuple):
    """An element of the page, until it is loaded again."""

    page: "Page"
    handle: str

    def run(self, script: str, *arguments: Any) -> Any:
        """Return the result of a piece of JavaScript, whose `this` is the element."""
        given = [{"value": each} for each in arguments]
        told = self.page.cdp(
            "Runtime.callFunctionOn",
            functionDeclaration=f"function() {{ {script} }}",
            objectId=self.handle,
            arguments=given,
            returnByValue=True,
            awaitPromise=True,
        )
        return _value(told)

    @property
    def text(self) -> str:
        """The visible text."""
        return str(self.run("return this.innerText.trim()"))

    def get(self, name: str) -> Any:
        """Return a property, or an attribute."""
        return self.run("const [name] = arguments; return name in this ? this[name] : this.getAttribute(name)", name)

    def press(self, *keys: str) -> None:
        """Press keys in the element."""
        if not self.run("this.scrollIntoViewIfNeeded(); this.focus(); return this === document.activeElement"):
            raise PageLeftError("the element takes no keys")
        self.page.press(*keys)

    def choose(self, file: Path) -> None:
        """Choose a file, as in the system's dialog."""
        self.page.cdp("DOM.setFileInputFiles", objectId=self.handle, files=[str(file)])


class Page:
    """A tab."""

    def __init__(self, chromium: Chromium) -> None:
        self._chromium = chromium
        self._target = chromium.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = chromium.call("Target.attachToTarget", targetId=self._target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log"):
            self.cdp(f"{domain}.enable")
        self.cdp("Page.setLifecycleEventsEnabled", enabled=True)
        self._loaded: dict[str, bool] = {}  # by the name of a document: whether it is complete
        self._told: list[str] = []

    def close(self) -> None:
        """Close the tab."""
        self._chromium.call("Target.closeTarget", targetId=self._target)

    def cdp(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command of the protocol, and return its answer. Raises PageLeftError."""
        return self._chromium.call(method, self._session, **parameters)

    def _send(self, method: str, *all_parameters: dict[str, Any]) -> None:
        """Send commands one after the other, and wait until all are done."""
        numbers = [self._chromium.send(method, self._session, **parameters) for parameters in all_parameters]
        for number in numbers:
            self._chromium.answer(number)

    def run(self, script: str, *arguments: Any) -> Any:
        """Return the result of a piece of JavaScript, or that of its promise. Raises ScriptError, PageLeftError."""
        expression = _called(script, arguments)
        return _value(self.cdp("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True))

    def elements(self, script: str, *arguments: Any) -> list[Element]:
        """Return the elements in the array that a piece of JavaScript returns."""
        made = self.cdp("Runtime.evaluate", expression=_called(script, arguments))
        _value(made)
        told = self.cdp("Runtime.getProperties", objectId=made["result"]["objectId"], ownProperties=True)["result"]
        handles = {each["name"]: each["value"].get("objectId") for each in told if "value" in each}
        return [Element(self, handle) for name, handle in handles.items() if name.isdigit()]

    def open(self, address: str) -> None:
        """Load a page, again where it is the present one: another #fragment alone loads nothing."""
        self._look()
        before = {*self._loaded}
        told = {"errorText": _SPARE}
        while told.get("errorText") == _SPARE:
            told = self.cdp("Page.navigate", url=address)
        if reason := told.get("errorText"):
            raise PageLeftError(f"{address}: {reason}")
        if "loaderId" not in told:
            self.cdp("Page.reload")
        self._look()
        until = time.monotonic() + PATIENCE
        while not any(complete for name, complete in self._loaded.items() if name not in before):
            self._chromium.read(until - time.monotonic())
            self._look()

    def told(self) -> list[str]:
        """Return what the browser told of the page since the last call: errors, and what was logged."""
        self.run("")  # the answer comes after all that was told before
        self._look()
        told, self._told = self._told, []
        return told

    def _look(self) -> None:
        for event in self._chromium.events.pop(self._session, ()):
            given = event["params"]
            match event["method"]:
                case "Page.lifecycleEvent":
                    if given["name"] in ("init", "load") and given["frameId"] == self._target:
                        self._loaded[given["loaderId"]] = given["name"] == "load"
                case "Log.entryAdded":
                    entry = given["entry"]
                    self._told.append(f"{entry.get('url', '')} {entry['level']}: {entry['text']}")
                case "Runtime.exceptionThrown":
                    self._told.append(_described(given["exceptionDetails"]))
                case _:
                    self._told.append(json.dumps(given))

    def press(self, *keys: str) -> None:
        """Press keys, one after the other, where the focus is: those of `Keys`, or the characters of a text."""
        self._keys([key for each in keys for key in ([each] if isinstance(each, Keys) else each)], 0)

    def chord(self, *keys: str) -> None:
        """Press the last key while the others are held."""
        *held, last = keys
        bits = 0
        for key in held:
            bits |= _HELD[Keys(key)]
            self._send("Input.dispatchKeyEvent", {"type": "rawKeyDown", **_key(key), "modifiers": bits})
        self._keys([last], bits)
        for key in reversed(held):
            bits &= ~_HELD[Keys(key)]
            self._send("Input.dispatchKeyEvent", {"type": "keyUp", **_key(key), "modifiers": bits})

    def _keys(self, keys: Sequence[str], bits: int) -> None:
        events: list[dict[str, Any]] = []
        for key in keys:
            about = _key(key) | {"modifiers": bits}
            text = "\r" if key == Keys.ENTER else "" if isinstance(key, Keys) else key
            if text and not bits & ~_HELD[Keys.SHIFT]:
                events.append({"type": "keyDown", "text": text, **about})
            else:
                events.append({"type": "rawKeyDown", **about})
            events.append({"type": "keyUp", **about})
        self._send("Input.dispatchKeyEvent", *events)

    def point_at(self, x: float, y: float) -> None:
        """Move the mouse there: pixels from the upper left corner of the page."""
        self._send("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y})

    def click(self, x: float, y: float) -> None:
        """Move the mouse there, and click."""
        button = {"x": x, "y": y, "button": "left", "clickCount": 1}
        events = ({"type": "mousePressed", **button}, {"type": "mouseReleased", **button})
        self._send("Input.dispatchMouseEvent", {"type": "mouseMoved", "x": x, "y": y}, *events)

    def save_picture(self, path: Path) -> None:
        """Save a picture of what is visible, as PNG."""
        path.write_bytes(b64decode(self.cdp("Page.captureScreenshot")["data"]))


def _called(script: str, arguments: Sequence[Any]) -> str:
    return f"(function() {{ {script}\n}}).apply(null, {json.dumps(arguments)})"


def _value(answer: dict[str, Any]) -> Any:
    """Return the result of a script. Raises ScriptError."""
    if "exceptionDetails" in answer:
        raise ScriptError(_described(answer["exceptionDetails"]))
    return answer["result"].get("value")


def _described(exception: dict[str, Any]) -> str:
    return f"{exception.get('url', '')} {exception['text']} {exception.get('exception', {}).get('description', '')}"


def _key(key: str) -> dict[str, Any]:
    """Return what describes a key in its events."""
    code = _CODES[key] if isinstance(key, Keys) else ord(key.upper()) if key.isascii() and key.isalnum() else 0
    return {"key": str(key), "windowsVirtualKeyCode": code, **({"code": str(key)} if isinstance(key, Keys) else {})}
