"""A page in headless Chromium: a script walks through it and says what it saw."""

import json
import os
import queue
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
STARTS = 3  # Chromium has been seen to hang
PATIENCE = 60.0  # seconds for a walk
# What a walk may use: the errors so far; a wait until the page has been still for a moment; what lies beyond the window
# and cannot be scrolled to in a box of its own; and `say`.
TOOLS = """
const errors = [];
addEventListener("error", event => errors.push(event.message));
console.error = (...words) => errors.push(words.join(" "));
const still = () => new Promise(done => {
  const watch = new MutationObserver(() => { clearTimeout(timer); timer = setTimeout(stop, 100); });
  const stop = () => { watch.disconnect(); done(); };
  let timer = setTimeout(stop, 100);
  watch.observe(document, { subtree: true, childList: true, attributes: true });
});
const boxed = one => one && (getComputedStyle(one).overflowX !== "visible" || boxed(one.parentElement));
const beyond = one => one.getBoundingClientRect().right > innerWidth + 1 && !boxed(one.parentElement);
const cutOff = () => [...document.querySelectorAll("body *")].filter(beyond).map(one => one.outerHTML.slice(0, 200));
const say = seen => fetch("/seen", { method: "POST", body: JSON.stringify(seen) });
"""


def walked(page: str, walk: str, width: int):
    """What a script says of a page that is `width` pixels wide: what it gave to `say`, read from JSON."""
    html = page.replace("<head>", f"<head><script>{TOOLS}{walk}</script>", 1)
    with served(html.encode()) as (address, said):
        for _ in range(STARTS):
            with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile, chromium(address, width, profile):
                try:
                    return json.loads(said.get(timeout=PATIENCE))
                except queue.Empty:
                    continue
    raise TimeoutError(f"Chromium said nothing of the page in {STARTS} starts of {PATIENCE:g} s each")


@contextmanager
def chromium(address: str, width: int, profile: str):
    command = [CHROMIUM, *QUIET, f"--window-size={width},900", f"--user-data-dir={profile}", address]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    run = subprocess.Popen(command, start_new_session=True, **quiet)
    try:
        yield
    finally:
        # With its children, which write into the profile.
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()


@contextmanager
def served(page: bytes):
    """Address of a server of this page, and a queue of what is posted to it."""
    said: queue.Queue[bytes] = queue.Queue()

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(page if self.path == "/" else b"")

        def do_POST(self):
            said.put(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *words):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/", said
        finally:
            server.shutdown()
