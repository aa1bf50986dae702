"use strict";
(async function () {
  const box = document.getElementById("map");
  const words = JSON.parse(document.getElementById("map-words").textContent);
  window.addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((d) => { d.open = true; }));
  if (typeof DecompressionStream === "undefined") { box.textContent = words.failed; box.style.height = "auto"; return; }

  // --- unpack: see map_data.py for the layout
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const bytes = Uint8Array.from(atob(data.blob), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const view = new DataView(await new Response(stream).arrayBuffer());
  let at = 0;
  const startsOf = (sizes) => { const s = new Uint32Array(sizes.length + 1); sizes.forEach((n, i) => { s[i + 1] = s[i] + n; }); return s; };
  const steps = (n) => {
    const out = new Float64Array(n);
    for (let i = 0, v = 0; i < n; i++, at += 4) { v += view.getInt32(at, true); out[i] = v / 1e5; }
    return out;
  };
  // positions at zoom 0 of the web Mercator projection, 256 pixels round the world
  const world = (n) => {
    const x = steps(n), y = steps(n);
    for (let i = 0; i < n; i++) {
      const s = Math.sin(y[i] * Math.PI / 180);
      x[i] = (x[i] + 180) / 360 * 256;
      y[i] = (0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI)) * 256;
    }
    return [x, y];
  };
  const sizes = new Array(data.roads);
  for (let i = 0; i < data.roads; i++, at += 2) sizes[i] = view.getUint16(at, true);
  const start = startsOf(sizes);
  const [X, Y] = world(data.points);
  const layers = {};
  for (const layer of data.layers) {
    let base = null;
    layer.values = {};
    for (const scenario of layer.scenarios) {
      const levels = new Uint16Array(data.roads), values = new Float64Array(data.roads);
      for (let i = 0; i < data.roads; i++, at += 2) {
        levels[i] = (view.getUint16(at, true) + (base ? base[i] : 0)) & 0xffff;
        values[i] = levels[i] ? layer.top * Math.pow(10, -7 * (1 - levels[i] / 65535)) : 0;
      }
      base = base || levels;
      layer.values[scenario] = values;
    }
    layers[layer.pollutant] = layer;
  }
  const ring = startsOf(data.zones.rings);
  const [ZX, ZY] = world(ring[data.zones.rings.length]);

  // --- classes and colours
  const widths = [0.8, 1.1, 1.6, 2.3, 3.2, 4.4];
  const names = Object.keys(layers), scenarios = data.layers[0].scenarios, first = scenarios[0];
  const current = { pollutant: names[0], scenario: first, difference: false };
  const layerNow = () => layers[current.pollutant];
  const classOf = (v) => { const b = layerNow().breaks; let k = 0; while (k < b.length && v > b[k]) k++; return k; };
  const changeOf = (r) => { const b = layerNow().values[first][r]; return b ? layerNow().values[current.scenario][r] / b - 1 : 0; };
  const changeClass = (c) => (c < -0.3 ? 0 : c < -0.1 ? 1 : c < -0.01 ? 2 : c <= 0.01 ? 3 : c <= 0.1 ? 4 : 5);
  const changeMarks = ["< −30 %", "−30 … −10 %", "−10 … −1 %", "±1 %", "+1 … +10 %", "> +10 %"];
  const number = (v) => (v === 0 ? "0" : Number(v.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 12 }));
  const percent = (c) => (Math.abs(c) < 0.0005 ? "0 %" : (c < 0 ? "−" : "+") + Math.abs(100 * c).toFixed(1) + " %");
  const unit = () => words.unit.replace("{unit}", layerNow().unit);

  // --- map
  const map = L.map(box, { zoomSnap: 0.25, scrollWheelZoom: false, maxZoom: 19, minZoom: 7, zoomAnimation: false });
  map.attributionControl.setPrefix(false).addAttribution(words.attribution);
  L.control.scale({ imperial: false }).addTo(map);
  map.on("click", () => map.scrollWheelZoom.enable());
  map.on("mouseout", () => map.scrollWheelZoom.disable());
  const bounds = new Float64Array(data.roads * 4);
  const sample = [new Float64Array(data.roads), new Float64Array(data.roads)];
  for (let r = 0; r < data.roads; r++) {
    let w = 256, e = 0, n = 256, s = 0;
    for (let i = start[r]; i < start[r + 1]; i++) { w = Math.min(w, X[i]); e = Math.max(e, X[i]); n = Math.min(n, Y[i]); s = Math.max(s, Y[i]); }
    bounds.set([w, e, n, s], r * 4);
    sample[0][r] = w; sample[1][r] = n;
  }
  sample.forEach((v) => v.sort());
  const cut = (v, q) => v[Math.floor(q * (v.length - 1))];
  const latlng = (x, y) => L.CRS.EPSG3857.pointToLatLng(L.point(x, y), 0);
  map.fitBounds([latlng(cut(sample[0], 0.01), cut(sample[1], 0.99)), latlng(cut(sample[0], 0.99), cut(sample[1], 0.01))], { padding: [6, 6] });

  const Roads = L.Layer.extend({
    onAdd(m) {
      this.canvas = L.DomUtil.create("canvas", "", m.getPane("overlayPane"));
      m.on("moveend zoomend resize", this.draw, this); this.draw();
    },
    draw() {
      const size = map.getSize(), ratio = window.devicePixelRatio || 1, c = this.canvas;
      c.width = size.x * ratio; c.height = size.y * ratio; c.style.width = size.x + "px"; c.style.height = size.y + "px";
      L.DomUtil.setPosition(c, map.containerPointToLayerPoint([0, 0]));
      const g = c.getContext("2d"); g.scale(ratio, ratio); g.lineCap = "round"; g.lineJoin = "round";
      const k = Math.pow(2, map.getZoom()), o = map.getPixelBounds().min;
      const px = (v) => v * k - o.x, py = (v) => v * k - o.y;
      g.strokeStyle = "#ffffff"; g.lineWidth = 0.8;
      data.zones.shade.forEach((shade, z) => {
        const grey = Math.round(246 - 34 * shade);
        g.fillStyle = "rgb(" + grey + "," + (grey + 1) + "," + (grey + 3) + ")";
        g.beginPath();
        for (let i = ring[z]; i < ring[z + 1]; i++) { if (i === ring[z]) g.moveTo(px(ZX[i]), py(ZY[i])); else g.lineTo(px(ZX[i]), py(ZY[i])); }
        g.closePath(); g.fill(); g.stroke();
      });
      const layer = layerNow(), base = layer.values[first], now = layer.values[current.scenario];
      const groups = new Map();
      let shown = 0;
      const west = o.x / k, east = (o.x + size.x) / k, north = o.y / k, south = (o.y + size.y) / k;
      for (let r = 0; r < data.roads; r++) {
        const b = r * 4;
        if (bounds[b + 1] < west || bounds[b] > east || bounds[b + 3] < north || bounds[b + 2] > south) continue;
        const empty = !base[r] && !now[r], wide = empty ? 0 : classOf(Math.max(base[r], now[r]));
        const colour = empty ? "#d7dbdf" : current.difference ? words.fall[changeClass(changeOf(r))] : words.ramp[classOf(now[r])];
        const key = (current.difference ? wide : classOf(now[r])) + colour;
        if (!groups.has(key)) groups.set(key, { width: current.difference ? wide : classOf(now[r]), colour, empty, roads: [] });
        groups.get(key).roads.push(r); shown++;
      }
      const scale = Math.pow(1.28, Math.max(-2, Math.min(4, map.getZoom() - 12.5)));
      const ordered = [...groups.values()].sort((a, b) => (b.empty - a.empty) || (a.width - b.width));
      for (const group of ordered) {
        g.lineWidth = widths[group.width] * scale; g.strokeStyle = group.colour; g.beginPath();
        for (const r of group.roads) {
          g.moveTo(px(X[start[r]]), py(Y[start[r]]));
          for (let i = start[r] + 1; i < start[r + 1]; i++) g.lineTo(px(X[i]), py(Y[i]));
        }
        g.stroke();
      }
      box.dataset.drawn = String(shown);
      box.dataset.shows = current.pollutant + " " + current.scenario + (current.difference ? " change" : "");
    },
  });
  const roads = new Roads().addTo(map);

  // --- legend
  const legend = L.control({ position: "bottomright" });
  legend.onAdd = () => { const d = L.DomUtil.create("div", "legend"); d.id = "legend"; return d; };
  legend.addTo(map);
  const add = (parent, tag, text, kind) => { const e = document.createElement(tag); if (text) e.textContent = text; if (kind) e.className = kind; parent.append(e); return e; };
  const drawLegend = () => {
    const div = document.getElementById("legend"), b = layerNow().breaks;
    const colours = current.difference ? words.fall : words.ramp;
    const marks = current.difference ? changeMarks : colours.map((_, k) => (k === 0 ? "≤ " + number(b[0]) : k === b.length ? "> " + number(b[k - 1]) : number(b[k - 1]) + " – " + number(b[k])));
    div.replaceChildren();
    add(div, "b", words.pollutants[current.pollutant]);
    add(div, "span", current.difference ? words.difference : unit());
    marks.forEach((m, k) => {
      const row = add(div, "div"), line = add(row, "i");
      line.style.background = colours[k]; line.style.height = current.difference ? "5px" : Math.max(2, widths[k] * 1.4) + "px";
      row.append(document.createTextNode(m));
    });
    if (words.population) add(div, "div", words.population, "zones");
  };

  // --- choices
  const option = (parent, value, text) => { const o = add(parent, "option", text); o.value = value; };
  const redraw = () => { roads.draw(); drawLegend(); };
  const pollutant = document.getElementById("map-pollutant"), scenario = document.getElementById("map-scenario");
  names.forEach((p) => option(pollutant, p, words.pollutants[p]));
  pollutant.addEventListener("change", () => { current.pollutant = pollutant.value; redraw(); });
  const group = (label) => { const g = add(scenario, "optgroup"); g.label = label; return g; };
  const plain = group(words.emissions);
  scenarios.forEach((s) => option(plain, s, words.scenarios[s]));
  if (scenarios.length > 1) { const g = group(words.difference); scenarios.slice(1).forEach((s) => option(g, "d:" + s, words.change + ": " + words.scenarios[s])); }
  scenario.addEventListener("change", () => { current.difference = scenario.value.startsWith("d:"); current.scenario = scenario.value.replace(/^d:/, ""); redraw(); });
  const asked = new URLSearchParams(location.hash.slice(1));
  if (layers[asked.get("pollutant")]) { pollutant.value = current.pollutant = asked.get("pollutant"); }
  if (scenarios.includes((asked.get("scenario") || "").replace(/^d:/, ""))) { scenario.value = asked.get("scenario"); scenario.dispatchEvent(new Event("change")); }
  redraw();

  // --- what the pointer is on
  const tip = L.DomUtil.create("div", "tip", box);
  const nearest = (p) => {
    const k = Math.pow(2, map.getZoom()), o = map.getPixelBounds().min;
    const x = (p.x + o.x) / k, y = (p.y + o.y) / k, reach = 8 / k;
    let best = reach * reach, hit = -1;
    for (let r = 0; r < data.roads; r++) {
      const b = r * 4;
      if (bounds[b + 1] < x - reach || bounds[b] > x + reach || bounds[b + 3] < y - reach || bounds[b + 2] > y + reach) continue;
      for (let i = start[r]; i + 1 < start[r + 1]; i++) {
        const dx = X[i + 1] - X[i], dy = Y[i + 1] - Y[i], len = dx * dx + dy * dy;
        const t = len ? Math.max(0, Math.min(1, ((x - X[i]) * dx + (y - Y[i]) * dy) / len)) : 0;
        const ex = x - X[i] - t * dx, ey = y - Y[i] - t * dy, d = ex * ex + ey * ey;
        if (d < best) { best = d; hit = r; }
      }
    }
    return hit;
  };
  let waiting = false;
  map.on("mousemove", (event) => {
    if (waiting) return; waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      const p = event.containerPoint, r = nearest(p);
      if (r < 0) { tip.style.display = "none"; return; }
      const layer = layerNow();
      tip.replaceChildren();
      add(tip, "b", data.names[data.name[r]] || words.unnamed);
      add(tip, "div", words.classes[data.classes[data.class[r]]]);
      add(tip, "div", words.scenarios[current.scenario] + ": " + number(layer.values[current.scenario][r]) + " " + unit());
      if (current.scenario !== first) {
        add(tip, "div", words.baseline + ": " + number(layer.values[first][r]));
        add(tip, "div", words.change + ": " + percent(changeOf(r)));
      }
      tip.style.display = "block";
      tip.style.left = (p.x + 14 + 250 > map.getSize().x ? p.x - 264 : p.x + 14) + "px";
      tip.style.top = Math.min(p.y + 14, map.getSize().y - 120) + "px";
    });
  });
  map.on("mouseout movestart", () => { tip.style.display = "none"; });
})();
