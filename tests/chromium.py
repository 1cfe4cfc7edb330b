"""A real Chromium, driven through its DevTools pipe: no driver program, no port, no WebSocket.

    with Chromium(profile_folder) as browser:
        page = browser.open("http://127.0.0.1:9091/")
        page.wait_for("document.title === 'Weir'")
        page.press("/"); page.type("http")
        page.requests, page.console_errors          # what it asked for, and what it complained of

Protocol: https://chromedevtools.github.io/devtools-protocol/; with --remote-debugging-pipe messages are JSON, each
ended by a zero byte, on descriptors 3 (in) and 4 (out).
"""
import base64
import json
import os
import select
import shutil
import subprocess
import time

KEYS = {"Enter": 13, "Escape": 27, "ArrowDown": 40, "ArrowUp": 38, "End": 35, "Home": 36, "PageDown": 34, "Tab": 9}


class Chromium:
    def __init__(self, profile):
        self.profile = profile
        self.number = 0
        self.received = b""
        self.listeners = {}

    def __enter__(self):
        program = shutil.which("chromium")
        assert program, "chromium is not installed: ./run setup test brings it"
        to_browser, self.write_end = os.pipe()
        self.read_end, from_browser = os.pipe()
        arguments = [program, "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe",
                     "--no-first-run", "--disable-extensions", "--disable-background-networking",
                     "--disable-component-update", "--disable-sync",
                     "--disable-default-apps", "--disable-dev-shm-usage", "--hide-scrollbars",
                     f"--user-data-dir={self.profile}"]

        # Above 4 first: the pipes may have been given the very numbers they are to get.
        def place_pipes():
            low = os.dup2(to_browser, 60), os.dup2(from_browser, 61)
            os.dup2(low[0], 3)
            os.dup2(low[1], 4)

        home = {**os.environ, "HOME": str(self.profile), "XDG_CONFIG_HOME": str(self.profile),
                "XDG_CACHE_HOME": str(self.profile)}
        self.process = subprocess.Popen(arguments, preexec_fn=place_pipes, close_fds=False, stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=home,
                                        start_new_session=True)
        os.close(to_browser)
        os.close(from_browser)
        return self

    def __exit__(self, *failure):
        try:
            self.call("Browser.close", seconds=5)
        except (AssertionError, OSError):
            pass
        try:
            self.process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, 9)
            self.process.wait()
        os.close(self.write_end)
        os.close(self.read_end)

    def call(self, method, session=None, seconds=20, **parameters):
        """The result of one command; events met meanwhile go to their listeners."""
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters,
                   **({"sessionId": session} if session else {})}
        os.write(self.write_end, json.dumps(message).encode() + b"\0")
        deadline = time.monotonic() + seconds
        while True:
            answer = self.next_message(deadline)
            assert answer is not None, f"Chromium did not answer {method} within {seconds} s"
            if answer.get("id") == self.number:
                assert "error" not in answer, f"{method}: {answer['error']}"
                return answer["result"]
            self.hear(answer)

    def pump(self, seconds):
        """Takes events for so long."""
        deadline = time.monotonic() + seconds
        while (message := self.next_message(deadline)) is not None:
            self.hear(message)

    def hear(self, message):
        listener = self.listeners.get(message.get("sessionId"))
        if listener:
            listener(message.get("method"), message.get("params", {}))

    def next_message(self, deadline):
        while b"\0" not in self.received:
            ready, _, _ = select.select([self.read_end], [], [], max(0, deadline - time.monotonic()))
            more = os.read(self.read_end, 1 << 20) if ready else b""
            if not more:
                return None
            self.received += more
        message, _, self.received = self.received.partition(b"\0")
        return json.loads(message)

    def open(self, url, width=1280, height=860, dark=False):
        return Page(self, url, width, height, dark)


class Page:
    def __init__(self, browser, url, width, height, dark):
        self.browser = browser
        self.requests = []  # URLs
        self.statuses = {}  # URL without query to the set of statuses it got
        self.console_errors = []
        target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        self.target = target
        self.session = browser.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        browser.listeners[self.session] = self.hear
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(f"{domain}.enable")
        self.resize(width, height)
        self.scheme(dark)
        self.call("Page.navigate", url=url)

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
        del self.browser.listeners[self.session]

    def call(self, method, **parameters):
        return self.browser.call(method, session=self.session, **parameters)

    def hear(self, method, parameters):
        if method == "Network.requestWillBeSent":
            self.requests.append(parameters["request"]["url"])
        elif method == "Network.responseReceived":
            response = parameters["response"]
            self.statuses.setdefault(response["url"].partition("?")[0], set()).add(response["status"])
        elif method == "Runtime.exceptionThrown":
            self.console_errors.append(json.dumps(parameters["exceptionDetails"])[:1000])
        elif method == "Runtime.consoleAPICalled" and parameters["type"] in ("error", "warning", "assert"):
            self.console_errors.append(json.dumps(parameters["args"])[:1000])
        elif method == "Log.entryAdded" and parameters["entry"]["level"] in ("error", "warning"):
            self.console_errors.append(json.dumps(parameters["entry"])[:1000])

    def resize(self, width, height, scale=1):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=False)

    def scheme(self, dark):
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def run(self, expression):
        """The value of a JavaScript expression (or promise)."""
        answer = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def wait_for(self, expression, seconds=15):
        """The expression's value, once it is true."""
        deadline = time.monotonic() + seconds
        while not (value := self.run(expression)):
            assert time.monotonic() < deadline, (f"not true within {seconds} s: {expression}\n"
                                                 f"{self.run('document.body.innerText')[:2000]}")
            self.browser.pump(0.05)
        return value

    def press(self, key):
        code = KEYS.get(key, ord(key.upper()) if len(key) == 1 else 0)
        text = {"text": key} if len(key) == 1 else {"text": "\r"} if key == "Enter" else {}
        self.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    def type(self, text):
        self.call("Input.insertText", text=text)

    def picture(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        path.write_bytes(base64.b64decode(data))
