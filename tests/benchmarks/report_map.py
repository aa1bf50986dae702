"""Time the report of a run and how smoothly its map pans; JSON on stdout.

Usage: python tests/benchmarks/report_map.py RUN_DIR [--width 1280] [--height 900]

The report is rendered again (`render_report`: everything from the kept data to the page), as a page and its size. Then
headless Chromium opens it, without a graphics card, over the DevTools protocol: seconds until the map is drawn; a drag of
120 steps of 6 pixels, one a frame, by the protocol's mouse events, with the time between frames taken by a
``requestAnimationFrame`` loop in the page; the same after zooming in by two levels; and how long a change of pollutant
takes until the map is drawn anew. A run of 308,448 links: nine copies of the embedded city (`big_city.py --copies 9`).
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "outputs"))
from devtools import Browser  # beside the tests

from fleet_planner.outputs import render_report

WATCH = """window.frames_ms = []; window.watching = true; (function tick(last) {
  requestAnimationFrame((now) => { if (last) window.frames_ms.push(now - last); if (window.watching) tick(now); });
})(0); 1"""
NEXT_FRAME = "new Promise((done) => requestAnimationFrame(() => done(1)))"
STEPS, STEP_PX = 120, 6


def panned(browser: Browser) -> dict[str, float]:
    """Drag the map and return the times between frames, ms."""
    box = browser.run(
        "(() => { document.getElementById('map').scrollIntoView(); const b = document.getElementById('map')"
        ".getBoundingClientRect(); return [b.left + 0.2 * b.width, b.top + 0.5 * b.height]; })()"
    )
    x, y = box
    mouse = {"button": "left", "buttons": 1, "clickCount": 1}
    browser.call("Input.dispatchMouseEvent", type="mousePressed", x=x, y=y, **mouse)
    browser.run(WATCH)
    for k in range(STEPS):
        browser.call("Input.dispatchMouseEvent", type="mouseMoved", x=x + STEP_PX * (k % 60), y=y + 0.5 * k, **mouse)
        browser.run(NEXT_FRAME)
    browser.call("Input.dispatchMouseEvent", type="mouseReleased", x=x, y=y, **mouse)
    browser.run("new Promise((done) => setTimeout(done, 1500))")
    times = np.array(browser.run("(window.watching = false, window.frames_ms)"))
    return {
        "frames": len(times),
        "median_ms": round(float(np.median(times)), 1),
        "p95_ms": round(float(np.quantile(times, 0.95)), 1),
        "worst_ms": round(float(times.max()), 1),
        "over_50_ms": int((times > 50.0).sum()),
    }


def redrawn(browser: Browser) -> float:
    """Return how long another pollutant takes, s."""
    return float(
        browser.run(
            "new Promise((done) => { const s = document.getElementById('map-pollutant'), box = "
            "document.getElementById('map'), begin = performance.now(); s.selectedIndex = s.options.length - 1; "
            "s.dispatchEvent(new Event('change')); const look = () => box.dataset.shows.startsWith(s.value) ? "
            "done((performance.now() - begin) / 1000) : setTimeout(look, 5); look(); })"
        )
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("run_dir", type=Path)
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--height", type=int, default=900)
    a = parser.parse_args()
    begin = time.perf_counter()
    page = render_report(a.run_dir, "en")
    out: dict[str, object] = {"render_s": round(time.perf_counter() - begin, 2)}
    out["html_mb"] = round(page.stat().st_size / 1e6, 2)
    manifest = json.loads((a.run_dir / "manifest.json").read_text(encoding="utf-8"))
    out["steps_s"] = {
        k: manifest["timings_s"][k] for k in ("map hours", "outputs", "report") if k in manifest["timings_s"]
    }
    with Browser(a.width, a.height) as browser:
        begin = time.perf_counter()
        browser.open(page)
        out["open_s"] = round(time.perf_counter() - begin, 2)
        out["drawn"] = browser.run("Number(document.getElementById('map').dataset.drawn)")
        out["pan"] = panned(browser)
        browser.run("fleetMap.map.setZoom(fleetMap.map.getZoom() + 2); 1")
        browser.run("new Promise((done) => setTimeout(done, 2000))")
        out["pan_zoomed"] = panned(browser)
        out["other_pollutant_s"] = round(redrawn(browser), 2)
        out["problems"] = browser.problems()
    print(json.dumps(out, indent=1))


if __name__ == "__main__":
    main()
