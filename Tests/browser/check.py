#!/usr/bin/env python3
"""Uses the pages as people do, in Debian's Chromium without a window; scripts/browser-check calls it.

    Tests/browser/check.py --out DIR [--bin .build/release] [--run WORDS] [--chromium /usr/bin/chromium]

It indexes a few pages of its own, served on the loopback, and starts acervo-serve with keys and a journal. On a phone and
on a desktop, in light and in dark: signs in by key, asks in Spanish and in English, opens a citation at its quote (in prose
and in a table), cuts the network and gives it back, searches with filters, judges an answer, opens the dashboard. Every
page is looked at by axe-core, walked through with the Tab key, weighed and timed, and must ask no other host. Screenshots
stay in DIR. The run fails with a line for every fault.
"""
import argparse
import http.server
import json
import os
import pathlib
import re
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import sync_playwright

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
FILLER = "".join(f"<p>Párrafo {n}: aquí no hay nada que haga falta saber sobre el almacén número {n}.</p>" for n in range(60))
PAGES = {
    "envios.html": (
        "es", "Envíos y plazos", "<h1>Envíos y plazos</h1>" + FILLER + "<h2 id='canarias'>Canarias</h2><p>El envío a las islas "
        "Canarias cuesta 14 euros y tarda entre cinco y siete días laborables desde que se confirma el pago del pedido.</p>"
        + FILLER),
    "tarifas.html": (
        "es", "Tarifas de los planes", "<h1>Tarifas de los planes</h1>" + FILLER + "<h2>Planes</h2><table><thead><tr><th>Plan</th>"
        "<th>Cuota mensual</th><th>Espacio</th></tr></thead><tbody><tr><td>Básico</td><td>9 euros</td><td>10 GB</td></tr>"
        "<tr><td>Profesional</td><td>27 euros</td><td>250 GB</td></tr><tr><td>Industrial</td><td>81 euros</td><td>4 TB</td>"
        "</tr></tbody></table>" + FILLER),
    "passwords.html": (
        "en", "Passwords", "<h1>Passwords</h1>" + FILLER.replace("Párrafo", "Paragraph") + "<h2 id='reset'>Reset</h2><p>To reset a "
        "forgotten password, open the sign-in page, choose “Forgot password” and follow the link that arrives by mail within "
        "ten minutes.</p>" + FILLER.replace("Párrafo", "Paragraph")),
    "hours.html": (
        "en", "Opening hours", "<h1>Opening hours</h1><p>The shop opens from nine in the morning to eight in the evening, "
        "Monday to Saturday.</p>"),
}
# The Forge example's way to the service, with what Forge offers it made up.
FORGE = {
    "forge/index.html": (
        "text/html", '<!doctype html><script type="importmap">{"imports":{"@forge/bridge":"/forge/bridge.js"}}</script>'
        '<script type="module">import { ask } from "/forge/ask.js"; window.ask = ask;</script>'),
    "forge/bridge.js": ("text/javascript", "export const invokeRemote = async () => { throw new Error('not in Forge'); };"),
    "forge/ask.js": ("text/javascript", (ROOT / "examples/forge/src/frontend/ask.js").read_text()),
}
SIZES = {"phone": (390, 844), "desktop": (1440, 900)}
PAINT_MS, WEIGHT = 200, 100_000


class Site(http.server.SimpleHTTPRequestHandler):
    """The pages that answers cite."""

    def do_GET(self):  # noqa: N802: the library's name
        name = urllib.parse.urlsplit(self.path).path.lstrip("/")
        if name in FORGE:
            return self.reply(200, *FORGE[name])
        language, title, body = PAGES.get(name, ("en", "none", ""))
        text = f"<!doctype html><html lang={language}><meta charset=utf-8><title>{title}</title><main>{body}</main></html>"
        return self.reply(200 if name in PAGES else 404, "text/html", text)

    def reply(self, status: int, kind: str, text: str):
        text = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind + "; charset=utf-8")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


class Service:
    """acervo-serve over the pages, with a key for asking and one for everything."""

    def __init__(self, options, work: pathlib.Path):
        start = options.run.split()
        self.site = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Site)
        threading.Thread(target=self.site.serve_forever, daemon=True).start()
        self.origin = f"http://127.0.0.1:{self.site.server_address[1]}"
        (work / "pages").mkdir()
        for name, (language, title, body) in PAGES.items():
            (work / "pages" / name).write_text(
                f"<!doctype html><html lang={language}><meta charset=utf-8><title>{title}</title><main>{body}</main></html>")
        (work / "shop.yaml").write_text(
            "acervo: 1\nname: shop\nstages:\n  - fetch: { sources: [{ id: pages, folder: { path: pages, url: '"
            + self.origin + "/' } }] }\n  - chunk: {}\n  - embed: { model: use-multilingual-v3 }\n  - index: {}\n"
            "publish: { to: snapshots }\n")
        run = subprocess.run(
            [*start, f"{options.bin}/acervo", "index", "--quiet", str(work / "shop.yaml")], capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        new = subprocess.run(
            [*start, f"{options.bin}/acervo", "keys", "new", "--file", str(work / "keys.json"), "people"],
            capture_output=True, text=True)
        assert new.returncode == 0, new.stderr
        self.key = re.search(r"\S*_\S{40,}", new.stdout).group(0)
        self.admin = "an-admin-key-for-the-browser-check-0123"
        (work / "admin.key").write_text(self.admin)
        (work / "admin.key").chmod(0o600)
        (work / "serve.yaml").write_text(
            "acervo_serve: 1\nsnapshots: snapshots\nlisten: { port: 0 }\njournal: { path: journal.mdb }\n"
            "authentication: { keys: keys.json, admin_key: ./admin.key }\n")
        self.process = subprocess.Popen(
            [*start, f"{options.bin}/acervo-serve", "--config", str(work / "serve.yaml")], stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        lines = []
        for line in self.process.stderr:
            lines.append(line)
            listening = re.search(r'"url":"(http://127.0.0.1:\d+)"', line)
            if listening:
                break
        else:
            raise SystemExit("acervo-serve did not start:\n" + "".join(lines))
        self.url = listening.group(1)
        threading.Thread(target=lambda: [None for _ in self.process.stderr], daemon=True).start()
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url + "/ready", timeout=5)
                break
            except OSError:
                time.sleep(0.1)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.site.shutdown()


class Visit:
    """One browser window: a size and a scheme, with everything that is looked at on the way."""

    def __init__(self, browser, service, size: str, scheme: str, out: pathlib.Path, faults: list, options):
        self.name, self.service, self.out, self.faults = f"{size}-{scheme}", service, out, faults
        width, height = SIZES[size]
        self.context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, locale="es-ES", is_mobile=size == "phone",
            has_touch=size == "phone", permissions=["clipboard-read", "clipboard-write"])
        self.page = self.context.new_page()
        self.page.set_default_timeout(options.patience * 1000)
        self.page.on("request", self.requested)
        self.page.on("console", lambda message: message.type == "error" and self.fault(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.fault(f"script: {error}"))

    def fault(self, text: str):
        # A refused key and a cut network are written to the console by the browser itself.
        if text.startswith("console: Failed to load resource"):
            return
        self.faults.append(f"{self.name}: {text}")

    def expect(self, holds: bool, text: str):
        if not holds:
            self.fault(text)

    def requested(self, request):
        if not request.url.startswith((self.service.url, "data:", "blob:")):
            self.fault(f"asked another host: {request.url}")

    def shoot(self, what: str):
        self.page.screenshot(path=self.out / f"{self.name}-{what}.png")

    def axe(self, what: str):
        found = Axe().run(self.page).response["violations"]
        for violation in found:
            if violation["impact"] in ("serious", "critical"):
                places = [node["target"] for node in violation["nodes"]][:3]
                self.fault(f"axe on {what}: {violation['id']} ({violation['impact']}): {violation['help']} {places}")

    def tab(self, what: str):
        """Everything that can be used is reached by the Tab key, and shows that it is."""
        wanted = self.page.evaluate(
            """() => [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex="0"]')]
              .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.disabled && one.tabIndex >= 0)
              .map((one, index) => { one.dataset.walk = index; return index; }).length""")
        reached, hidden = set(), set()
        self.page.evaluate("() => { document.activeElement?.blur(); getSelection().removeAllRanges(); }")
        for _ in range(wanted * 2 + 5):
            self.page.keyboard.press("Tab")
            walk, outlined, label = self.page.evaluate(
                """() => { const one = document.activeElement; const style = getComputedStyle(one);
                  return [one.dataset.walk ?? null, style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0,
                    one.outerHTML.slice(0, 80)]; }""")
            if walk is not None:
                reached.add(walk)
                if not outlined:
                    hidden.add(label)
            if len(reached) == wanted:
                break
        self.expect(len(reached) == wanted, f"{what}: the Tab key reaches {len(reached)} of {wanted} elements")
        self.expect(not hidden, f"{what}: nothing shows the focus of {sorted(hidden)[:3]}")

    def fits(self, what: str):
        wide = self.page.evaluate("() => document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.expect(wide <= 1, f"{what}: {wide} pixels wider than the window")

    def sign_in(self, key: str):
        dialog = self.page.locator("dialog")
        dialog.wait_for()
        dialog.evaluate("(dialog) => { dialog.dataset.shown = 'before'; }")
        dialog.locator("#key").fill(key)
        self.page.keyboard.press("Enter")
        # Another one comes where the key was wrong.
        self.page.locator("dialog[data-shown]").wait_for(state="detached")

    # What people do

    def open_chat(self):
        self.page.goto(self.service.url + "/")
        self.page.locator("dialog").wait_for()
        self.axe("sign-in")
        self.shoot("sign-in")
        self.sign_in("wrong-key-wrong-key-wrong-key")
        self.page.locator("dialog [role=alert]").wait_for()
        self.sign_in(self.service.key)
        self.page.locator(".welcome").wait_for()

    def ask(self, question: str, number: int):
        """Types a question and waits for its answer."""
        with self.page.expect_response(lambda response: response.url.endswith("/ask") and response.ok) as answer:
            self.page.locator("#question").press_sequentially(question, delay=2)
            self.page.keyboard.press("Enter")
        turn = self.page.locator(".turn").nth(number)
        turn.locator(".tools button").first.wait_for()
        streamed = answer.value.headers.get("content-type", "")
        self.expect(streamed.startswith("text/event-stream"), f"the answer came as {streamed}")
        return turn

    def chat(self):
        self.open_chat()
        self.shoot("empty")
        self.expect(self.page.evaluate("document.documentElement.lang") == "es", "the page is not in Spanish")
        turn = self.ask("¿Cuánto cuesta el envío a Canarias?", 0)
        self.expect("14 euros" in turn.locator(".text").inner_text(), "the Spanish answer has no price")
        self.expect(turn.locator(".sources li").count() > 0, "no sources beside the answer")
        self.axe("chat")
        self.fits("chat")
        self.shoot("spanish")
        self.open_citation(turn, "El envío a las islas")
        turn.get_by_role("button", name="No útil").click()
        turn.locator(".comment input").fill("Falta el plazo")
        turn.locator(".comment button").click()
        turn.get_by_text("Gracias por su opinión").first.wait_for()
        self.expect(turn.get_by_role("button", name="No útil").get_attribute("aria-pressed") == "true", "no verdict is shown")
        turn.get_by_role("button", name="Copiar").click()
        self.page.wait_for_function("() => navigator.clipboard.readText().then((text) => text.includes('14 euros'))")
        table = self.ask("¿Cuál es la cuota mensual del plan Profesional?", 1)
        self.expect("27 euros" in table.locator(".text").inner_text(), "the answer from the table has no price")
        self.open_citation(table, "27 euros")
        weak = self.ask("¿Quién ganó la liga de baloncesto de 1987?", 2)
        self.expect(weak.locator(".text.weak").count() == 1, "weak evidence is not told")
        self.tab("chat")
        self.page.reload()
        self.page.locator("#conversations button").first.wait_for(state="attached")
        kept = self.page.evaluate("JSON.parse(localStorage.getItem('acervo.conversations'))[0].turns.length")
        self.expect(kept == 3, f"{kept} turns are kept in the browser")

    def open_citation(self, turn, words: str):
        """The page that a citation leads to shows its quote, lit."""
        href = turn.locator(".text a.cite").first.get_attribute("href")
        self.expect(":~:text=" in href, f"no text fragment in {href}")
        with self.context.expect_page() as opened:
            turn.locator(".text a.cite").first.click()
        page = opened.value
        page.wait_for_load_state()
        page.wait_for_function("() => scrollY > 200", timeout=10_000)
        page.wait_for_timeout(300)
        seen = page.evaluate(
            """(words) => { const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
              while (walk.nextNode()) if (walk.currentNode.data.includes(words)) {
                const range = document.createRange(); range.selectNodeContents(walk.currentNode);
                const box = range.getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; }
              return false; }""", words)
        self.expect(seen, f"the page opened at {href} does not show “{words}”")
        page.screenshot(path=self.out / f"{self.name}-citation-{len(words)}.png")
        page.close()

    def english_offline(self):
        page = self.page
        page.get_by_role("button", name=re.compile("^EN:")).first.click()
        page.wait_for_function("() => document.documentElement.lang === 'en'")
        page.locator("#question").fill("How do I reset a forgotten password?")
        self.context.set_offline(True)
        page.keyboard.press("Enter")
        page.locator("#notice").get_by_text(re.compile("cannot be reached|No connection")).wait_for()
        self.shoot("offline")
        self.context.set_offline(False)
        turn = page.locator(".turn").last
        turn.locator(".tools button").first.wait_for()
        self.expect("Forgot password" in turn.locator(".text").inner_text(), "no English answer after the network was back")
        self.shoot("english")
        # Busy once, then not: the page says so and asks again by itself.
        refused = []

        def busy(route):
            if refused:
                return route.continue_()
            refused.append(True)
            return route.fulfill(status=503, headers={"Retry-After": "1"}, json={"detail": "busy"})

        page.route("**/ask", busy)
        page.locator("#question").fill("When does the shop open?")
        page.keyboard.press("Enter")
        page.locator("#notice").get_by_text("The service is busy").wait_for()
        turn = page.locator(".turn").last
        turn.locator(".tools button").first.wait_for()
        self.expect("nine in the morning" in turn.locator(".text").inner_text(), "no answer after the service was busy")
        page.unroute("**/ask")
        self.axe("chat in English")

    def search(self):
        page = self.page
        page.goto(self.service.url + "/search?q=reset+password")
        page.locator(".hit").first.wait_for()
        self.expect(page.locator(".hit mark").count() > 0, "no words are marked")
        self.expect(page.locator("#filters [data-field]").count() > 0, "no filters are offered")
        if not page.locator("#fold").evaluate("(fold) => fold.open"):
            page.locator("#fold summary").click()
        page.locator("#filters select[data-field=language]").select_option("es")
        page.locator("#query").press("Enter")
        page.wait_for_function("() => !document.querySelector('#hits').innerText.includes('Passwords')")
        self.axe("search")
        self.fits("search")
        self.tab("search")
        self.shoot("search")

    def dashboard(self):
        page = self.page
        page.goto(self.service.url + "/dashboard")
        page.locator("#notice").get_by_text(re.compile("does not allow|permission")).wait_for()
        page.evaluate("sessionStorage.clear()")
        page.reload()
        self.sign_in(self.service.admin)
        page.locator(".tiles").wait_for()
        text = page.locator("#sections").inner_text()
        for words in ("¿Quién ganó la liga de baloncesto de 1987?", "Falta el plazo", "shop"):
            self.expect(words in text, f"the dashboard does not tell “{words}”")
        self.axe("dashboard")
        self.fits("dashboard")
        self.tab("dashboard")
        self.shoot("dashboard")
        page.screenshot(path=self.out / f"{self.name}-dashboard-whole.png", full_page=True)

    def weigh(self):
        for path in ("/", "/search", "/dashboard"):
            paints, plain = [], []
            for _ in range(20):
                context = self.context.browser.new_context()
                page = context.new_page()
                page.goto(self.service.url + path)
                page.wait_for_timeout(500)
                paint, weight = page.evaluate(
                    """() => [performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 1e9,
                      [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
                        .reduce((total, one) => total + one.transferSize, 0)]""")
                paints.append(paint)
                # A page of text without anything, for what browser and machine take by themselves.
                page.goto(self.service.origin + "/hours.html")
                page.wait_for_timeout(300)
                plain.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 1e9"))
                context.close()
                # What the machine does beside it makes some of them later, none of them earlier.
                if len(paints) >= 3 and min(paints) < PAINT_MS:
                    break
            self.expect(
                min(paints) < max(PAINT_MS, 2.5 * min(plain)),
                f"{path}: first paint after {sorted(paints)} ms, a plain page's after {sorted(plain)} ms")
            self.expect(0 < weight < WEIGHT, f"{path}: {weight} bytes")
            print(f"{path}: {weight} bytes with their heads, first paint after {min(paints):.0f} to {max(paints):.0f} ms "
                  f"(a plain page's: {min(plain):.0f} to {max(plain):.0f} ms)")


def forge(browser, service: Service, faults: list):
    """The Forge example's front end: what it sends, and what it says for every way in which a call can fail."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(service.origin + "/forge/index.html")
    page.wait_for_function("() => typeof window.ask === 'function'")

    def told(send: str, locale: str = "en") -> str:
        return page.evaluate(
            f"""async () => {{ try {{ const answer = await ask('why?', [], '{locale}', {send}); return 'answer: ' + answer.answer; }}
              catch (trouble) {{ return trouble.message; }} }}""")

    sent = page.evaluate(
        """async () => { let sent; await ask('why?', [], 'en', async (request) => { sent = request;
          return { status: 200, body: { answer: 'so', citations: [] } }; }); return sent; }""")
    if sent["path"] != "/forge/ui/ask" or not 0 < sent["body"]["deadline_ms"] < 25_000:
        faults.append(f"forge: sends {sent}")
    for send, words in (
            ("async () => ({ status: 200, body: { answer: 'so' } })", "answer: so"),
            ("async () => ({ status: 403, body: { detail: 'x' } })", "You may not ask here."),
            ("async () => ({ status: 503, body: { detail: 'x' } })", "The service is busy."),
            ("async () => ({ status: 429, body: { detail: 'x' } })", "The service is busy."),
            ("async () => ({ status: 504, body: { detail: 'x' } })", "took too long"),
            ("async () => ({ status: 422, body: { detail: 'too long' } })", "too long"),
            ("async () => ({ status: 502 })", "No answer could be had (502)."),
            ("async () => { throw new Error('Remote invocation timed out after 25 seconds'); }", "took too long"),
            ("async () => { throw new Error('Remote could not verify the Forge Invocation Token'); }", "does not know this app"),
            ("async () => { throw new Error('remote network error'); }", "cannot be reached")):
        if words not in told(send):
            faults.append(f"forge: {send} is told as “{told(send)}”, not as “{words}”")
    if "ocupado" not in told("async () => ({ status: 503 })", "es-ES"):
        faults.append("forge: nothing is told in Spanish")
    context.close()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--out", required=True)
    parser.add_argument("--bin", default=os.environ.get("ACERVO_BIN", str(ROOT / ".build/release")))
    parser.add_argument("--run", default="", help="what the programs are started with, such as a container's shell")
    parser.add_argument("--chromium", default=shutil.which("chromium") or "/usr/bin/chromium")
    parser.add_argument("--patience", type=float, default=30, help="seconds that anything may take")
    parser.add_argument("--sizes", nargs="*", default=list(SIZES))
    parser.add_argument("--schemes", nargs="*", default=["light", "dark"])
    options = parser.parse_args()
    os.environ.setdefault("ACERVO_MODELS", str(ROOT / "models"))
    out = pathlib.Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    work = pathlib.Path(tempfile.mkdtemp(prefix="acervo-browser-"))
    faults: list[str] = []
    service = Service(options, work)
    try:
        with sync_playwright() as playwright:
            # The service is our own and on this machine: where the check runs as root, Chromium wants no sandbox.
            browser = playwright.chromium.launch(executable_path=options.chromium, args=["--no-sandbox"])
            forge(browser, service, faults)
            for size in options.sizes:
                for scheme in options.schemes:
                    visit = Visit(browser, service, size, scheme, out, faults, options)
                    for part in (visit.chat, visit.english_offline, visit.search, visit.dashboard):
                        try:
                            part()
                        except Exception as error:  # noqa: BLE001: the other parts are looked at all the same
                            visit.fault(f"{part.__name__}: {error}")
                            visit.shoot(f"{part.__name__}-failed")
                    if (size, scheme) == ("desktop", "light"):
                        visit.weigh()
                    visit.context.close()
            browser.close()
    finally:
        service.stop()
        shutil.rmtree(work, ignore_errors=True)
    for fault in faults:
        print("FAULT", fault, file=sys.stderr)
    print(f"{len(list(out.glob('*.png')))} screenshots in {out}, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
