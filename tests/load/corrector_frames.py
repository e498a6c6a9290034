"""How smooth the corrector is with thousands of plants, in a browser before a running demo.

`python -m tests.load.corrector_frames --port 8000` opens the corrector of the newest counted photo, gives it that many
boxes in place of its own, and drags the picture, whole and zoomed in. Prints what the page's scripts take a frame, as
the browser's own profiler counts it, and the 50th and 95th percentile of drawing alone. Not part of the test suite: its
numbers depend on the machine.
"""

import argparse
import json
import sys
from typing import Any

from playwright.sync_api import CDPSession, Page, Route, sync_playwright

from demeter.chromium import find_chromium
from tests.load.upload_50 import percentile

MARK_MS = 8.0  # scripting a frame
FRAMES = 240
# Notes how long each callback of a frame takes, and how many there were.
WATCH_FRAMES = """
window.drawn_ms = [];
const ask = window.requestAnimationFrame.bind(window);
window.requestAnimationFrame = (draw) => ask((now) => {
  const began = performance.now();
  draw(now);
  window.drawn_ms.push(performance.now() - began);
});
"""


def many_boxes(found: dict[str, Any], containers: dict[str, Any], number: int, size: tuple[int, int]) -> None:
    """Put `number` plants in rows over the whole picture into the answers, in place of what was found."""
    width, height = size
    columns = max(1, round((number * width / height) ** 0.5))
    side = width / columns
    found["id"] = list(range(1, number + 1))
    found["center_x"] = [round((i % columns + 0.5) * side, 1) for i in range(number)]
    found["center_y"] = [round(min((i // columns + 0.5) * side, height - 1), 1) for i in range(number)]
    found["width_px"] = found["height_px"] = [round(0.8 * side, 1)] * number
    found["confidence"] = [0.8] * number
    found["class_name"] = [("plant", "plant", "plant", "dead", "empty")[i % 5] for i in range(number)]
    found["container_id"] = [containers["id"][0] if containers["id"] else None] * number


def open_corrector(page: Page, email: str, password: str, number: int) -> None:
    page.goto("/photos/?status=all")
    page.locator("input[name=username]").fill(email)
    page.locator("input[name=password]").fill(password)
    page.locator("main button[type=submit]").click()
    address = (page.locator(".photo-card").first.get_attribute("href") or "").partition("?")[0]
    containers: dict[str, Any] = {}

    def keep_containers(route: Route) -> None:
        response = route.fetch()
        containers.update(response.json())
        route.fulfill(response=response)

    def fill_detections(route: Route) -> None:
        response = route.fetch()
        found = response.json()
        settings = json.loads(page.locator("#corrector-settings").text_content() or "{}")
        many_boxes(found, containers or {"id": []}, number, (settings["width_px"], settings["height_px"]))
        route.fulfill(response=response, json=found)

    page.route("**/containers?*", keep_containers)
    page.route("**/detections?*", fill_detections)
    page.goto(f"{address}correct/")
    page.locator("[data-corrector][data-ready]").wait_for(state="attached")
    page.wait_for_load_state("networkidle")


def script_seconds(profiler: CDPSession) -> float:
    metrics = {row["name"]: row["value"] for row in profiler.send("Performance.getMetrics")["metrics"]}
    return float(metrics["ScriptDuration"])


def measure(page: Page, profiler: CDPSession, what: str) -> float:
    """Drag the picture to and fro over FRAMES moves. Returns what the scripts take a frame, in ms."""
    frame = page.locator("canvas").bounding_box()
    if frame is None:
        raise SystemExit("The canvas is not in sight.")
    x, y = frame["x"] + frame["width"] / 2, frame["y"] + frame["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 20, y)
    page.evaluate("window.drawn_ms.length = 0")
    before = script_seconds(profiler)
    for step in range(FRAMES):
        along = step % 80
        shift = min(along, 80 - along) * 3
        page.mouse.move(x + 20 + shift, y + shift / 2)
    page.mouse.up()
    script_ms = 1000 * (script_seconds(profiler) - before)
    drawn: list[float] = page.evaluate("window.drawn_ms")
    a_frame = script_ms / max(1, len(drawn))
    sys.stdout.write(
        f"{what}: {len(drawn)} frames, scripts {a_frame:.2f} ms a frame, drawing p50 {percentile(drawn, 0.5):.2f} ms, "
        f"p95 {percentile(drawn, 0.95):.2f} ms\n"
    )
    return a_frame


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--email", default="supervisor@example.com")
    parser.add_argument("--password", default="supervisor")
    parser.add_argument("--boxes", type=int, default=5000)
    parser.add_argument("--width", type=int, default=1280, help="of the window; 390 is a phone")
    options = parser.parse_args()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=find_chromium(),
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"],
        )
        page = browser.new_page(
            base_url=f"http://{options.host}:{options.port}", viewport={"width": options.width, "height": 844}
        )
        page.add_init_script(WATCH_FRAMES)
        open_corrector(page, options.email, options.password, options.boxes)
        profiler = page.context.new_cdp_session(page)
        profiler.send("Performance.enable")
        slowest = measure(page, profiler, f"{options.boxes} boxes, all in sight")
        for _step in range(3):
            page.locator("[data-act=nearer]").click()
        slowest = max(slowest, measure(page, profiler, "zoomed in"))
        browser.close()
    sys.stdout.write(f"Mark: {MARK_MS:.0f} ms a frame. {'Reached.' if slowest < MARK_MS else 'Missed.'}\n")
    return int(slowest >= MARK_MS)


if __name__ == "__main__":
    sys.exit(main())
