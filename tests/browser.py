"""Drive a browser without a window over the DevTools protocol, through a pair of pipes."""

from __future__ import annotations

import base64
import json
import os
import select
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
PROGRAM = next(filter(None, map(shutil.which, NAMES)), None)
SWITCHES = "--headless=new --no-sandbox --disable-gpu --no-first-run --remote-debugging-pipe"
PATIENCE = 20.0  # seconds
MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}  # of the protocol


class Browser:
    """One page of a fresh browser; downloads go to `folder / "downloads"`."""

    def __init__(self, folder: Path, *, width: int = 1000, height: int = 800) -> None:
        reads, self._to = os.pipe()
        self._from, writes = os.pipe()
        line = f'exec "$0" "$@" {SWITCHES} 3<&{reads} 4>&{writes}'
        profile = f"--user-data-dir={folder / 'profile'}"
        self._process = subprocess.Popen(
            ["bash", "-c", line, str(PROGRAM), profile, f"--window-size={width},{height}"],
            pass_fds=(reads, writes), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(reads)
        os.close(writes)
        self._waiting, self._number, self._session = b"", 0, ""
        self.faults: list[str] = []  # what the page raised, and what it failed to load
        self.asked: list[str] = []  # addresses that it loaded
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        attached = self.call("Target.attachToTarget", targetId=target, flatten=True)
        self._session = attached["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.downloads = folder / "downloads"
        self.downloads.mkdir(exist_ok=True)
        where = {"behavior": "allow", "downloadPath": str(self.downloads)}
        self.call("Page.setDownloadBehavior", **where)
        self.resize(width, height)

    def close(self) -> None:
        """End the browser."""
        self._process.terminate()
        self._process.wait(PATIENCE)
        os.close(self._to)
        os.close(self._from)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """Call a method of the protocol and return its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._to, json.dumps(message).encode() + b"\0")
        end = time.monotonic() + PATIENCE
        while (answer := self._receive(end)).get("id") != self._number:
            self._note(answer)
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def _receive(self, end: float) -> dict[str, Any]:
        while b"\0" not in self._waiting:
            ready, _, _ = select.select([self._from], [], [], max(0, end - time.monotonic()))
            assert ready, "the browser does not answer"
            self._waiting += os.read(self._from, 1 << 20)
        line, _, self._waiting = self._waiting.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        return message

    def _note(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params", {})
        if method == "Runtime.exceptionThrown":
            self.faults.append(json.dumps(params["exceptionDetails"])[:400])
        elif method == "Log.entryAdded" and params["entry"]["level"] in ("error", "warning"):
            self.faults.append(params["entry"]["text"])
        elif method == "Network.requestWillBeSent":
            self.asked.append(params["request"]["url"])

    def resize(self, width: int, height: int) -> None:
        """Show the page as wide as a screen of that many pixels."""
        mobile = {"deviceScaleFactor": 1, "mobile": width < 600}
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, **mobile)

    def open(self, url: str) -> None:
        """Load a page."""
        self.call("Page.navigate", url=url)
        self.until("document.readyState === 'complete'")

    def run(self, code: str) -> Any:
        """Return the value of an expression in the page; a promise is waited for."""
        asked = {"expression": code, "returnByValue": True, "awaitPromise": True}
        found = self.call("Runtime.evaluate", **asked)
        assert "exceptionDetails" not in found, found["exceptionDetails"]
        return found["result"].get("value")

    def until(self, code: str) -> None:
        """Wait until an expression is true; while a page loads it may also fail."""
        end = time.monotonic() + PATIENCE
        while not self.run(f"(() => {{ try {{ return {code} }} catch {{}} }})()"):
            assert time.monotonic() < end, f"never true: {code}\n{self.faults}"
            time.sleep(0.05)

    def click(self, selector: str) -> None:
        """Click on the middle of an element, as a mouse does."""
        code = f"document.querySelector({json.dumps(selector)})"
        self.run(f"{code}.scrollIntoView({{block: 'center'}})")
        box = self.run(f"{code}.getBoundingClientRect().toJSON()")
        at = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
        self.click_at(**at)

    def click_at(self, x: float, y: float) -> None:
        """Click on a point of the window."""
        for kind in ("mousePressed", "mouseReleased"):
            how = {"type": kind, "x": x, "y": y, "button": "left", "clickCount": 1}
            self.call("Input.dispatchMouseEvent", **how)

    def press(self, key: str, code: int = 0, *, held: str = "") -> None:
        """Press a key; `code` is that of Windows, for keys that are not letters.

        held: keys that are down meanwhile, as in "Alt" or "Control Shift".
        """
        text = {"text": key.lower()} if len(key) == 1 and not held else {}
        modifiers = sum(MODIFIERS[each] for each in held.split())
        how = {"key": key, "windowsVirtualKeyCode": code or ord(key.upper()), **text}
        self.call("Input.dispatchKeyEvent", type="keyDown", modifiers=modifiers, **how)
        self.call("Input.dispatchKeyEvent", type="keyUp", modifiers=modifiers, **how)

    def write(self, text: str) -> None:
        """Write a text where the cursor is, as an input method does."""
        self.call("Input.insertText", text=text)

    def picture(self, path: Path) -> None:
        """Save what is seen, the whole page."""
        found = self.call("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(found["data"]))
