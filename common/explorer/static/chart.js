// Line charts as SVG: axes, bands, curves, and a marker at the chosen temperature.

import {setText, svg} from "./dom.js";

const WIDTH = 560, HEIGHT = 320, LEFT = 58, RIGHT = 128, TOP = 40, BOTTOM = 52, LINE = 20;

// {low, high, ticks, log, label}
export function logAxis(label, low, high, ticks) {
  return {label, low, high, ticks, log: true};
}

// from 0 to the last of `count`
export function countAxis(label, count) {
  const step = Math.max(1, Math.ceil(count / 6));
  const ticks = Array.from({length: Math.floor(count / step) + 1}, (_, i) => i * step);
  return {label, low: 0, high: count, ticks, log: false};
}

export function linearAxis(label, low, high) {
  const raw = (high - low) / 4 || 1, power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 2.5, 5, 10].find((m) => m * power >= raw * 0.999);
  const first = Math.floor(low / step), last = Math.ceil(high / step - 1e-9);
  const ticks = Array.from({length: last - first + 1}, (_, i) => Number(((first + i) * step).toPrecision(6)));
  return {label, low: ticks[0], high: ticks.at(-1), ticks, log: false};
}

export class Chart {
  constructor(label) {
    this.title = svg("title");
    this.plot = svg("g");
    this.marker = svg("line", {class: "marker", y1: TOP, y2: HEIGHT - BOTTOM, visibility: "hidden"});
    this.dots = svg("g");
    this.node = svg("svg", {class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img"},
      this.title, this.plot, this.marker, this.dots);
    this.describe(label);
  }

  describe(text) {
    setText(this.title, text);
    this.node.setAttribute("aria-label", text);
  }

  x(value) {
    return LEFT + position(this.xAxis, value) * (WIDTH - LEFT - RIGHT);
  }

  y(value) {
    return HEIGHT - BOTTOM - position(this.yAxis, value) * (HEIGHT - TOP - BOTTOM);
  }

  axes(xAxis, yAxis) {
    Object.assign(this, {xAxis, yAxis});
    const grid = yAxis.ticks.map((tick) => svg("line",
      {class: "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: this.y(tick), y2: this.y(tick)}));
    const yTexts = yAxis.ticks.map((tick) => text(LEFT - 8, this.y(tick) + 4, tick, "end"));
    const xTexts = xAxis.ticks.map((tick) => text(this.x(tick), HEIGHT - BOTTOM + 20, tick, "middle"));
    const names = [text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, xAxis.label, "middle"), text(4, 20, yAxis.label, "start")];
    this.plot.replaceChildren(...grid, ...yTexts, ...xTexts, ...names);
    this.dots.replaceChildren();
  }

  curve(role, xs, ys, {dashed = false, width = 2.5} = {}) {
    const points = xs.map((x, i) => `${this.x(x).toFixed(1)},${this.y(ys[i]).toFixed(1)}`).join(" ");
    const line = svg("polyline", {class: `curve ${role}`, points, "stroke-width": width, "stroke-dasharray": dashed ? "6 5" : null});
    this.plot.append(line);
    return line;
  }

  band(role, xs, low, high) {
    const edge = (ys) => xs.map((x, i) => `${this.x(x).toFixed(1)},${this.y(ys[i]).toFixed(1)}`);
    this.plot.append(svg("polygon", {class: `band ${role}`, points: [...edge(high), ...edge(low).reverse()].join(" ")}));
  }

  dot(role, x, y, radius = 3) {
    const dot = svg("circle", {class: `dot ${role}`, cx: this.x(x), cy: this.y(y), r: radius});
    this.plot.append(dot);
    return dot;
  }

  // names right of the curves' last points, in their colors, at least a line apart:
  // [{role, x, y, label}] in the axes' units
  names(ends) {
    const placed = ends.map((end) => ({...end, x: this.x(end.x) + 9, y: this.y(end.y) + 5})).sort((a, b) => a.y - b.y);
    placed.forEach((end, i) => {
      if (i) end.y = Math.max(end.y, placed[i - 1].y + LINE);
      this.plot.append(svg("text", {class: `name ${end.role}`, x: end.x, y: end.y}, end.label));
    });
  }

  // vertical line at x, with a dot on each [role, y]
  mark(x, values = []) {
    const at = this.x(x);
    this.marker.setAttribute("visibility", "visible");
    this.marker.setAttribute("transform", `translate(${at.toFixed(1)})`);
    while (this.dots.childElementCount < values.length) this.dots.append(svg("circle", {r: 5}));
    values.forEach(([role, y], i) => {
      const dot = this.dots.children[i];
      dot.setAttribute("class", `dot ${role}`);
      dot.setAttribute("transform", `translate(${at.toFixed(1)} ${this.y(y).toFixed(1)})`);
    });
  }
}

function position({low, high, log}, value) {
  const clipped = Math.min(high, Math.max(low, value));
  return log ? Math.log(clipped / low) / Math.log(high / low) : (clipped - low) / (high - low);
}

function text(x, y, content, anchor) {
  return svg("text", {x, y, "text-anchor": anchor}, String(content));
}
