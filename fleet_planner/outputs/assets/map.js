"use strict";
(async function () {
  const box = document.getElementById("map");
  const words = JSON.parse(document.getElementById("map-words").textContent);
  if (typeof DecompressionStream === "undefined") { box.textContent = words.failed; box.style.height = "auto"; return; }

  // --- unpack: see map_data.py for the layout
  const data = JSON.parse(document.getElementById("map-data").textContent);
  const bytes = Uint8Array.from(atob(data.blob), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const view = new DataView(await new Response(stream).arrayBuffer());
  const squares = data.squares.roads, count = data.roads + squares.length;
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
  const sizes = new Array(count);
  for (let i = 0; i < count; i++, at += 2) sizes[i] = view.getUint16(at, true);
  const start = startsOf(sizes);
  const [X, Y] = world(data.points);
  const layers = {};
  for (const layer of data.layers) {
    let base = null;
    layer.values = {};
    for (const scenario of layer.scenarios) {
      const levels = new Uint16Array(count), values = new Float64Array(count);
      for (let i = 0; i < count; i++, at += 2) {
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
  const border = startsOf(data.areas.rings);
  const [AX, AY] = world(border[data.areas.rings.length]);

  // --- values: of the day, or of an hour as the day times the hour's share on roads of like days
  const names = Object.keys(layers), scenarios = data.layers[0].scenarios, first = scenarios[0];
  const current = { pollutant: names[0], scenario: first, difference: false, hour: -1 };
  const layerNow = () => layers[current.pollutant];
  const groupOfRoad = (r, hours) => (r < data.roads ? (data.hour_group || data.class)[r] : hours.length - 1);
  const valueOf = (r, pollutant, scenario, hour) => {
    const layer = layers[pollutant], day = layer.values[scenario][r];
    if (hour < 0) return day;
    const hours = layer.hours[scenario];
    return day * hours[groupOfRoad(r, hours)][hour];
  };
  const valueNow = (r, scenario) => valueOf(r, current.pollutant, scenario, current.hour);
  const totalOf = (pollutant, scenario, hour) => {
    const hours = layers[pollutant].totals[scenario];
    return hour < 0 ? hours.reduce((a, b) => a + b, 0) : hours[hour];
  };

  // --- classes and colours
  const widths = [0.8, 1.1, 1.6, 2.3, 3.2, 4.4], SQUARE_ALPHA = 0.5, EMPTY = "#d7dbdf";
  const breaksNow = () => (current.hour < 0 ? layerNow().breaks : layerNow().hour_breaks);
  const classOf = (v, b) => { let k = 0; while (k < b.length && v > b[k]) k++; return k; };
  const changeOf = (r) => { const b = valueNow(r, first); return b ? valueNow(r, current.scenario) / b - 1 : 0; };
  const changeClass = (c) => (c < -0.3 ? 0 : c < -0.1 ? 1 : c < -0.01 ? 2 : c <= 0.01 ? 3 : c <= 0.1 ? 4 : 5);
  const changeMarks = ["< −30 %", "−30 … −10 %", "−10 … −1 %", "±1 %", "+1 … +10 %", "> +10 %"];
  const number = (v) => (v === 0 ? "0" : Number(v.toPrecision(3)).toLocaleString("en", { maximumFractionDigits: 12 }));
  const percent = (c) => (Math.abs(c) < 0.0005 ? "0 %" : (c < 0 ? "−" : "+") + Math.abs(100 * c).toFixed(1) + " %");
  const unit = () => (current.hour < 0 ? words.unit : words.unit_hour).replace("{unit}", layerNow().unit);
  const two = (n) => String(n).padStart(2, "0");
  const hourName = (h) => (h < 0 ? words.whole_day : words.hour_of.replace("{from}", two(h)).replace("{to}", two(h + 1)));

  // --- what is drawn in which order: squares, roads without emissions, then roads from weak to strong
  let batches = [];
  const sorted = () => {
    const b = breaksNow(), found = new Map();
    for (let r = 0; r < count; r++) {
      const base = valueNow(r, first), now = valueNow(r, current.scenario), square = r >= data.roads;
      const empty = !base && !now;
      if (square && empty) continue;
      const strength = classOf(current.difference ? Math.max(base, now) : now, b);
      const colour = empty ? EMPTY : current.difference ? words.fall[changeClass(changeOf(r))] : words.ramp[strength];
      const rank = square ? -2 : empty ? -1 : strength, key = rank + colour;
      if (!found.has(key)) found.set(key, { rank, colour, square, width: empty ? widths[0] : widths[strength], roads: [] });
      found.get(key).roads.push(r);
    }
    return [...found.values()].sort((p, q) => p.rank - q.rank);
  };

  // --- map
  const map = L.map(box, { zoomSnap: 0.25, scrollWheelZoom: false, maxZoom: 19, minZoom: 7, zoomAnimation: false, zoomControl: false });
  L.control.zoom({ zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out }).addTo(map);
  map.attributionControl.setPrefix(false).addAttribution(words.attribution);
  L.control.scale({ imperial: words.imperial, metric: !words.imperial }).addTo(map);
  map.on("click", () => map.scrollWheelZoom.enable());
  map.on("mouseout", () => map.scrollWheelZoom.disable());
  const bounds = new Float64Array(count * 4);
  const sample = [new Float64Array(data.roads), new Float64Array(data.roads)];
  for (let r = 0; r < count; r++) {
    let w = 256, e = 0, n = 256, s = 0;
    for (let i = start[r]; i < start[r + 1]; i++) { w = Math.min(w, X[i]); e = Math.max(e, X[i]); n = Math.min(n, Y[i]); s = Math.max(s, Y[i]); }
    bounds.set([w, e, n, s], r * 4);
    if (r < data.roads) { sample[0][r] = w; sample[1][r] = n; }
  }
  sample.forEach((v) => v.sort());
  const cut = (v, q) => v[Math.floor(q * (v.length - 1))];
  const latlng = (x, y) => L.CRS.EPSG3857.pointToLatLng(L.point(x, y), 0);
  map.fitBounds([latlng(cut(sample[0], 0.01), cut(sample[1], 0.99)), latlng(cut(sample[0], 0.99), cut(sample[1], 0.01))], { padding: [6, 6] });

  let before = null;
  const PAPER_PX = "680px", BEYOND = 0.3, SLICE_MS = 9, ROADS_PER_STROKE = 1500, NEAR_PX2 = 0.5;
  // drawn a margin beyond the view, in slices of a few milliseconds, on a canvas that is shown when it is finished
  const Roads = L.Layer.extend({
    onAdd(m) {
      const made = () => { const c = L.DomUtil.create("canvas", "", m.getPane("overlayPane")); c.setAttribute("aria-hidden", "true"); c.style.visibility = "hidden"; return c; };
      this.shown = made(); this.next = made();
      m.on("moveend resize", this.draw, this);
      m.on("zoomend", () => { this.shown.style.visibility = "hidden"; this.draw(); });
      this.draw();
    },
    draw() {
      const job = this.paint();
      this.job = job;
      const turn = () => {
        if (this.job !== job) return;
        const until = performance.now() + SLICE_MS;
        while (performance.now() < until) if (job.next().done) return;
        requestAnimationFrame(turn);
      };
      turn();
    },
    drawNow() { this.job = this.paint(); while (!this.job.next().done); },
    *paint() {
      const size = map.getSize(), ratio = Math.max(window.devicePixelRatio || 1, before ? 2 : 1), c = this.next;
      const margin = L.point(Math.round(size.x * BEYOND), Math.round(size.y * BEYOND));
      const wide = size.x + 2 * margin.x, high = size.y + 2 * margin.y;
      c.width = wide * ratio; c.height = high * ratio; c.style.width = wide + "px"; c.style.height = high + "px";
      L.DomUtil.setPosition(c, map.containerPointToLayerPoint([-margin.x, -margin.y]));
      const g = c.getContext("2d"); g.scale(ratio, ratio); g.lineCap = "round"; g.lineJoin = "round";
      const k = Math.pow(2, map.getZoom()), o = map.getPixelBounds().min.subtract(margin);
      const px = (v) => v * k - o.x, py = (v) => v * k - o.y;
      g.strokeStyle = "#ffffff"; g.lineWidth = 0.8;
      data.zones.shade.forEach((shade, z) => {
        const grey = Math.round(246 - 34 * shade);
        g.fillStyle = "rgb(" + grey + "," + (grey + 1) + "," + (grey + 3) + ")";
        g.beginPath();
        for (let i = ring[z]; i < ring[z + 1]; i++) { if (i === ring[z]) g.moveTo(px(ZX[i]), py(ZY[i])); else g.lineTo(px(ZX[i]), py(ZY[i])); }
        g.closePath(); g.fill(); g.stroke();
      });
      const west = o.x / k, east = (o.x + wide) / k, north = o.y / k, south = (o.y + high) / k;
      const scale = Math.pow(1.28, Math.max(-2, Math.min(4, map.getZoom() - 12.5)));
      let drawn = 0;
      for (const batch of batches) {
        g.globalAlpha = batch.square ? SQUARE_ALPHA : 1;
        g.lineWidth = batch.width * scale; g.strokeStyle = batch.colour; g.fillStyle = batch.colour;
        let pending = 0;
        g.beginPath();
        for (const r of batch.roads) {
          const b = r * 4;
          if (bounds[b + 1] < west || bounds[b] > east || bounds[b + 3] < north || bounds[b + 2] > south) continue;
          drawn++;
          if (batch.square) {
            g.fillRect(px(bounds[b]), py(bounds[b + 2]), (bounds[b + 1] - bounds[b]) * k, (bounds[b + 3] - bounds[b + 2]) * k);
          } else {
            let x = px(X[start[r]]), y = py(Y[start[r]]);
            const last = start[r + 1] - 1;
            g.moveTo(x, y);
            for (let i = start[r] + 1; i <= last; i++) {
              const nx = px(X[i]), ny = py(Y[i]);
              if (i < last && (nx - x) * (nx - x) + (ny - y) * (ny - y) < NEAR_PX2) continue;
              g.lineTo(nx, ny); x = nx; y = ny;
            }
          }
          if (++pending === ROADS_PER_STROKE) { g.stroke(); g.beginPath(); pending = 0; yield; }
        }
        g.stroke(); yield;
      }
      g.globalAlpha = 1;
      data.areas.rings.forEach((_, a) => {
        const path = () => { for (let i = border[a]; i < border[a + 1]; i++) { if (i === border[a]) g.moveTo(px(AX[i]), py(AY[i])); else g.lineTo(px(AX[i]), py(AY[i])); } };
        g.beginPath(); path(); g.strokeStyle = "#ffffff"; g.lineWidth = 4; g.setLineDash([]); g.stroke();
        g.beginPath(); path(); g.strokeStyle = "#1f2d3a"; g.lineWidth = 1.8; g.setLineDash([7, 4]); g.stroke(); g.setLineDash([]);
        const name = data.areas.names[a];
        if (!name) return;
        let top = border[a];
        for (let i = border[a]; i < border[a + 1]; i++) if (AY[i] < AY[top]) top = i;
        let middle = 0;
        for (let i = border[a]; i < border[a + 1]; i++) middle += px(AX[i]) / (border[a + 1] - border[a]);
        g.font = "600 13px system-ui, sans-serif"; g.textAlign = "center"; g.textBaseline = "top";
        g.strokeStyle = "#ffffff"; g.lineWidth = 4; g.strokeText(name, middle, py(AY[top]) + 5);
        g.fillStyle = "#1f2d3a"; g.fillText(name, middle, py(AY[top]) + 5);
      });
      this.next = this.shown; this.shown = c;
      c.style.visibility = "visible"; this.next.style.visibility = "hidden";
      box.dataset.drawn = String(drawn);
      box.dataset.shows = current.pollutant + " " + current.scenario + (current.difference ? " change" : "") + (current.hour < 0 ? "" : " " + current.hour);
    },
  });
  batches = sorted();
  const roads = new Roads().addTo(map);

  // --- paper: as wide as a page of it, drawn whole before the browser takes the picture
  window.addEventListener("beforeprint", () => {
    before = { bounds: map.getBounds(), width: box.style.width };
    box.style.width = PAPER_PX;
    map.invalidateSize({ animate: false }); map.fitBounds(before.bounds, { animate: false });
    roads.drawNow();
  });
  window.addEventListener("afterprint", () => {
    if (!before) return;
    box.style.width = before.width;
    map.invalidateSize({ animate: false }); map.fitBounds(before.bounds, { animate: false });
    before = null;
  });

  // --- legend
  const legend = L.control({ position: "bottomright" });
  legend.onAdd = () => { const d = L.DomUtil.create("div", "legend"); d.id = "legend"; return d; };
  legend.addTo(map);
  const add = (parent, tag, text, kind) => { const e = document.createElement(tag); if (text) e.textContent = text; if (kind) e.className = kind; parent.append(e); return e; };
  const drawLegend = () => {
    const div = document.getElementById("legend"), b = breaksNow();
    const colours = current.difference ? words.fall : words.ramp;
    const marks = current.difference ? changeMarks : colours.map((_, k) => (k === 0 ? "≤ " + number(b[0]) : k === b.length ? "> " + number(b[k - 1]) : number(b[k - 1]) + " – " + number(b[k])));
    div.replaceChildren();
    add(div, "b", words.pollutants[current.pollutant]);
    add(div, "span", current.difference ? words.difference : unit());
    if (current.hour >= 0) add(div, "div", hourName(current.hour));
    marks.forEach((m, k) => {
      const row = add(div, "div"), line = add(row, "i");
      line.style.background = colours[k]; line.style.height = current.difference ? "5px" : Math.max(2, widths[k] * 1.4) + "px";
      row.append(document.createTextNode(m));
    });
    if (words.population) add(div, "div", words.population, "zones");
  };

  // --- choices
  const option = (parent, value, text) => { const o = add(parent, "option", text); o.value = value; };
  const pollutant = document.getElementById("map-pollutant"), scenario = document.getElementById("map-scenario"), hour = document.getElementById("map-hour");
  const told = document.getElementById("map-total");
  const redraw = () => {
    batches = sorted(); roads.draw(); drawLegend();
    const total = totalOf(current.pollutant, current.scenario, current.hour);
    told.textContent = (current.hour < 0 ? words.total : words.total_hour).replace("{value}", number(total)).replace("{unit}", layerNow().unit);
    const shows = [words.pollutants[current.pollutant], scenario.selectedOptions[0].textContent, hourName(current.hour)].join(", ");
    box.setAttribute("aria-label", words.label.replace("{shows}", shows));
  };
  names.forEach((p) => option(pollutant, p, words.pollutants[p]));
  const group = (label) => { const g = add(scenario, "optgroup"); g.label = label; return g; };
  const plain = group(words.emissions);
  scenarios.forEach((s) => option(plain, s, words.scenarios[s]));
  if (scenarios.length > 1) { const g = group(words.difference); scenarios.slice(1).forEach((s) => option(g, "d:" + s, words.change + ": " + words.scenarios[s])); }
  for (let h = -1; h < 24; h++) option(hour, String(h), hourName(h));
  const taken = () => {
    current.pollutant = pollutant.value; current.hour = Number(hour.value);
    current.difference = scenario.value.startsWith("d:"); current.scenario = scenario.value.replace(/^d:/, "");
    redraw();
  };
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const [select, key] of [[pollutant, "pollutant"], [scenario, "scenario"], [hour, "hour"]]) {
    if ([...select.options].some((o) => o.value === asked.get(key))) select.value = asked.get(key);
    select.addEventListener("change", taken);
  }
  taken();

  // --- what the pointer is on
  const tip = L.DomUtil.create("div", "tip", box);
  const nearest = (p) => {
    const k = Math.pow(2, map.getZoom()), o = map.getPixelBounds().min;
    const x = (p.x + o.x) / k, y = (p.y + o.y) / k, reach = 8 / k;
    let best = reach * reach, hit = -1;
    for (let r = 0; r < count; r++) {
      const b = r * 4;
      if (r >= data.roads) {
        if (hit < 0 && bounds[b] <= x && x < bounds[b + 1] && bounds[b + 2] <= y && y < bounds[b + 3]) return r;
        continue;
      }
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
  const tell = (p) => {
    const r = nearest(p);
    if (r < 0) { tip.style.display = "none"; return; }
    tip.replaceChildren();
    if (r < data.roads) {
      add(tip, "b", data.names[data.name[r]] || words.unnamed);
      add(tip, "div", words.classes[data.classes[data.class[r]]]);
    } else add(tip, "b", words.square.replace("{count}", number(squares[r - data.roads])));
    add(tip, "div", words.scenarios[current.scenario] + ": " + number(valueNow(r, current.scenario)) + " " + unit());
    if (current.scenario !== first) {
      add(tip, "div", words.baseline + ": " + number(valueNow(r, first)));
      add(tip, "div", words.change + ": " + percent(changeOf(r)));
    }
    tip.style.display = "block";
    const room = map.getSize();
    tip.style.left = Math.max(4, p.x + 14 + 250 > room.x ? p.x - 264 : p.x + 14) + "px";
    tip.style.top = Math.min(p.y + 14, room.y - 120) + "px";
  };
  let waiting = false;
  map.on("mousemove", (event) => {
    if (waiting) return; waiting = true;
    requestAnimationFrame(() => { waiting = false; tell(event.containerPoint); });
  });
  map.on("click", (event) => tell(event.containerPoint));
  map.on("mouseout movestart", () => { tip.style.display = "none"; });
  window.fleetMap = { map, valueOf, totalOf, shown: current };
})();
