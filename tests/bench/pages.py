"""Row 30: the pages of a large world in a browser without a graphics card: how soon all is seen, and how it answers.

The world has 20,000 nodes and 200,000 events. First paint is when the whole picture stands, from the navigation on; a
seek is done when the picture of the new time is whole; hovering and panning are counted by what the page's own script
takes a frame.
"""
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import overlays
import peers

NODES, EVENTS = 20_000, 200_000
FLAGS = ["--headless", "--no-sandbox", "--remote-debugging-pipe", "--hide-scrollbars", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-first-run", "--window-size=1280,800"]
# Notes when the picture stood whole for the first time.
WATCH = """
window.stood = null;
(function look() {
  let stands = false;
  try { stands = typeof drawing === "object" && history.length > 0 && !wanted && document.readyState !== "loading"; } catch { stands = false; }
  if (stands) window.stood = performance.now(); else requestAnimationFrame(look);
})();
"""
REST = "new Promise(done => { let frames = 0; const look = () => { frames += 1; if (wanted || frames < 3) requestAnimationFrame(look); else done(0); }; requestAnimationFrame(look); })"
SEEK = """(async () => {
  const times = [];
  for (let i = 1; i <= 15; i++) {
    const place = Math.floor((i * 7919 * 13) % history.length), before = performance.now();
    seek(place);
    while (wanted) await new Promise(requestAnimationFrame);
    times.push(performance.now() - before);
  }
  seek(history.length);
  while (wanted) await new Promise(requestAnimationFrame);
  return times;
})()"""
# Where the pointer comes to a thing, its script and that of the picture after it.
HOVER = """(async () => {
  const times = [], draw = drawing.draw.bind(drawing);
  let spent = 0;
  drawing.draw = (now) => { const before = performance.now(), more = draw(now); spent += performance.now() - before; return more; };
  for (let i = 0; i < 60; i++) {
    const at = { clientX: 300 + (i * 97) % 700, clientY: 150 + (i * 61) % 450, pointerId: 1, bubbles: true };
    const before = performance.now();
    canvas.dispatchEvent(new PointerEvent("pointermove", at));
    times.push(performance.now() - before);
    await new Promise(requestAnimationFrame);
  }
  while (wanted) await new Promise(requestAnimationFrame);
  drawing.draw = draw;
  return times;
})()"""
PAN = """(async () => {
  const times = [], draw = drawing.draw.bind(drawing);
  drawing.draw = (now) => { const before = performance.now(), more = draw(now); times.push(performance.now() - before); return more; };
  for (let i = 0; i < 40; i++) {
    act(() => drawing.pan(i % 20 < 10 ? 9 : -9, 3));
    await new Promise(requestAnimationFrame);
  }
  while (wanted) await new Promise(requestAnimationFrame);
  drawing.draw = draw;
  return times;
})()"""


class Browser:
    """Chromium, spoken to through a pipe."""

    def __init__(self):
        self.home = tempfile.TemporaryDirectory()
        command = ["sh", "-c", 'exec chromium "$@" 3<&0 4>&1 > /dev/null 2>&1', "sh", *FLAGS, f"--user-data-dir={self.home.name}"]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={**os.environ, "HOME": self.home.name})
        self.sent, self.session, self.left = 0, None, b""
        target = self.ask("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.ask("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        self.ask("Page.enable")

    def message(self):
        while b"\0" not in self.left:
            self.left += os.read(self.child.stdout.fileno(), 1 << 20)
        message, self.left = self.left.split(b"\0", 1)
        return json.loads(message)

    def ask(self, method, **params):
        self.sent += 1
        message = {"id": self.sent, "method": method, "params": params, **({"sessionId": self.session} if self.session else {})}
        self.child.stdin.write(json.dumps(message).encode() + b"\0")
        self.child.stdin.flush()
        while (answer := self.message()).get("id") != self.sent:
            pass
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        return answer["result"]

    def value(self, expression):
        answer = self.ask("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']}")
        return answer["result"].get("value")

    def open(self, path):
        self.ask("Page.navigate", url=f"file://{path}")
        while self.value("window.stood ?? null") is None:
            pass
        self.value(REST)

    def close(self):
        self.ask("Browser.close")
        self.child.wait()
        self.home.cleanup()


def rows(bench):
    if not shutil.which("chromium"):
        print("row 30: chromium is missing")
        return
    trace = bench.made("page.jsonl", f"{sys.executable} {peers.HERE}/pages.py")
    for tool in ["projector-2d", "projector-map", "projector-3d"]:
        page = os.path.abspath(bench.made(f"{tool}.html", f"{tool} -f html {trace} 2> /dev/null"))
        browser = Browser()
        browser.ask("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        stood = []
        for _ in range(max(bench.rounds, 3)):
            browser.open(page)
            stood.append(browser.value("window.stood"))
        limit = lambda what, found, goal: bench.limit("30", f"{tool} -f html, {what}", found, goal, "ms")
        limit("first paint, whole", statistics.median(stood), 1500)
        seeks, hovers, pans = (browser.value(script) for script in [SEEK, HOVER, PAN])
        limit("a seek until its picture is whole, the median", statistics.median(seeks), 100)
        limit("hovering, script of the pointer, the slowest tenth", sorted(hovers)[-6], 8)
        limit("panning, script a frame, the slowest tenth", sorted(pans)[-max(len(pans) // 10, 1)], 1000 / 60)
        browser.close()


def write():
    """The town of the overlays, in which twice as many things stand."""
    overlays.write(EVENTS, NODES)


if __name__ == "__main__":
    write()
