// Section: what the loss sees; gradients of hard and soft loss, with and without T².

import {Chart, logAxis} from "./chart.js";
import {el, setText, short, svg} from "./dom.js";
import {hardGradient, norm, softGradient} from "./numerics.js";

const ROLES = [["baseline", "hard: label"], ["distilled", "soft, times T²"], ["control", "soft, without T²"]];
const GRID = Array.from({length: 61}, (_, i) => 0.5 * 100 ** (i / 60));
const KERNEL = "kernel: "; // before the title of a network that only the kernel has
const WIDTH = 560, HEIGHT = 320, MIDDLE = 160, REACH = 112;

export class GradientSection {
  constructor(explorer) {
    this.explorer = explorer;
    this.heading = el("h2");
    this.student = el("select", {change: () => this.showImage()}, el("option", {value: "untrained"}, "before training: all logits equal"));
    this.bars = svg("g");
    this.picture = svg("svg", {class: "chart", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img"}, this.bars);
    this.chart = new Chart("norms of the gradients against the temperature");
    this.node = el("section", {id: "gradients"}, this.heading,
      el("p", {}, "The gradient of each loss by the student's logits: where it is negative, training raises the logit. Without T² the soft gradient fades as 1/T²; the factor keeps it on the scale of the hard one (Hinton et al. 2015, section 2)."),
      el("label", {class: "field"}, "Student ", this.student), legend(),
      el("div", {class: "charts"}, this.picture, this.chart.node));
    this.build();
  }

  build() {
    const {names} = this.explorer.data, step = (WIDTH - 20) / names.length;
    this.rects = names.map((name, i) => ROLES.map(([role], n) =>
      svg("rect", {class: `fill ${role}`, x: 14 + i * step + n * step * 0.27, width: step * 0.24, y: MIDDLE - 1, height: 1})));
    const texts = names.map((name, i) => svg("text", {x: 14 + (i + 0.42) * step, y: HEIGHT - 20, "text-anchor": "middle"}, name));
    this.bars.append(svg("line", {class: "grid", x1: 8, x2: WIDTH - 8, y1: MIDDLE, y2: MIDDLE}), ...this.rects.flat(), ...texts,
      svg("text", {x: 4, y: 20}, "gradient by each class's logit"));
  }

  // students that were trained on this page, and those of the kernel, can be chosen
  offer(names) {
    const titles = this.explorer.kernel?.networks ?? [];
    this.add(names.map((name) => [name, `${name} student, trained on this page`]));
    this.add(titles.map((title) => [KERNEL + title, `${title}, in the kernel`]));
  }

  add(options) {
    for (const [value, text] of options) {
      if ([...this.student.options].some((option) => option.value === value)) continue;
      this.student.append(el("option", {value}, text));
    }
  }

  showImage() {
    const {explorer} = this, {label} = explorer;
    this.logits = explorer.studentLogits(this.student.value, explorer.state.image) ?? explorer.data.names.map(() => 0);
    this.hard = hardGradient(this.logits, label);
    const unscaled = GRID.map((T) => norm(softGradient(this.logits, explorer.logits, T)));
    this.chart.axes(logAxis("temperature T", 0.5, 50, [0.5, 1, 2, 5, 10, 20, 50]),
      logAxis("norm of the gradient", 0.0005, 10, [0.001, 0.01, 0.1, 1, 10]));
    this.chart.curve("baseline", GRID, GRID.map(() => norm(this.hard)), {dashed: true});
    this.chart.curve("distilled", GRID, GRID.map((T, i) => T * T * unscaled[i]));
    this.chart.curve("control", GRID, unscaled);
    this.showTemperature();
  }

  showTemperature() {
    const {T} = this.explorer.state, without = softGradient(this.logits, this.explorer.logits, T);
    const scaled = without.map((value) => T * T * value), norms = [this.hard, scaled, without].map(norm);
    this.drawBars([this.hard, scaled, without]);
    this.chart.mark(T, ROLES.map(([role], i) => [role, norms[i]]));
    const ratio = (value) => (norms[0] > 1e-9 ? percentOf(value / norms[0]) : "beyond all measure of");
    setText(this.heading, `At T = ${T} the soft gradient is ${ratio(norms[2])} of the hard one without T², ${ratio(norms[1])} with it`);
    this.chart.describe(`Norm of the gradient at T = ${T}: hard ${short(norms[0])}, soft times T² ${short(norms[1])}, soft without T² ${short(norms[2])}`);
    this.picture.setAttribute("aria-label", `Gradient by the logit of “${this.explorer.data.names[this.explorer.label]}”, the label: hard ${short(this.hard[this.explorer.label])}, soft times T² ${short(scaled[this.explorer.label])}`);
  }

  drawBars(gradients) {
    const most = Math.max(1e-12, ...gradients.flat().map(Math.abs));
    this.rects.forEach((three, i) => three.forEach((rect, n) => {
      const value = gradients[n][i] / most * REACH; // upward: the logit rises
      rect.setAttribute("transform", `translate(0 ${MIDDLE}) scale(1 ${(-value || 0.01).toFixed(3)}) translate(0 ${-MIDDLE + 1})`);
    }));
  }
}

function percentOf(ratio) {
  return ratio < 0.001 ? "under 0.1 %" : `${Number((100 * ratio).toPrecision(2))} %`;
}

function legend() {
  return el("p", {class: "legend"}, ...ROLES.map(([role, label]) => el("span", {}, el("i", {class: `key ${role}`}), label)));
}
