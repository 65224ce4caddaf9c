// Section: a student that the notebook's kernel trains, beside the recorded runs.

import {Chart, countAxis, linearAxis} from "./chart.js";
import {el, setText} from "./dom.js";

const IDLE = "Choose T and alpha, then press Train in kernel; you can turn the temperature meanwhile.";

export class KernelSection {
  constructor(explorer) {
    Object.assign(this, {explorer, kernel: explorer.kernel, model: explorer.kernel.model});
    const {students, epochs} = this.model.get("trainings");
    this.student = el("select", {change: () => this.show()}, ...Object.keys(students).map((name) => el("option", {value: name}, name)));
    this.epochs = el("input", {type: "number", min: 1, max: 1000, value: epochs});
    this.seed = el("input", {type: "number", min: 0, max: 9999, value: 0});
    this.train = el("button", {type: "button", class: "primary", click: () => this.start()}, "Train in kernel");
    this.stop = el("button", {type: "button", click: () => this.kernel.send({type: "stop"})}, "Stop");
    this.bar = el("progress", {max: 1, value: 0, "aria-label": "training in the kernel"});
    this.note = el("p", {role: "status"});
    this.chart = new Chart("validation errors against the epoch");
    this.table = el("table");
    const field = (name, node) => el("label", {class: "field"}, `${name} `, node);
    this.node = el("section", {id: "kernel-training"}, el("h2", {}, "Larger students, trained by the kernel on all images"),
      el("p", {}, "Keras trains a student with two hidden layers at your T and alpha. Validation errors appear during training, test errors once, at the end, beside the recorded runs. A single seed is not a result: the recorded rows show how much seeds differ."),
      el("div", {class: "fields"}, field("student", this.student), field("epochs of Keras", this.epochs), field("seed", this.seed)),
      el("div", {class: "buttons"}, this.train, this.stop), this.bar, this.note, this.chart.node, el("div", {class: "scroll"}, this.table));
    this.model.on("change:live", () => this.show());
  }

  start() {
    const {T, alpha} = this.explorer.state, number = (input) => Math.round(Number(input.value)) || 0;
    this.kernel.send({type: "train", student: this.student.value, temperature: T, alpha, epochs: Math.max(1, number(this.epochs)), seed: Math.max(0, number(this.seed))});
  }

  show() {
    const live = this.model.get("live"), recorded = this.model.get("trainings").students[this.student.value];
    const running = live.state === "running";
    this.train.disabled = running;
    this.stop.disabled = !running || live.stopping;
    this.bar.value = live.progress ?? 0;
    setText(this.note, live.status || IDLE);
    this.draw(live, recorded.baseline);
    const cells = (tag, texts) => texts.map((text) => el(tag, tag === "th" ? {scope: "col"} : {}, text));
    this.table.replaceChildren(el("tr", {}, ...cells("th", this.model.get("trainings").head)),
      ...(live.rows ?? []).map((row) => el("tr", {class: "own"}, ...cells("td", row))), ...recorded.rows.map((row) => el("tr", {}, ...cells("td", row))));
  }

  draw({curve = [], role, epochs = 1}, baseline) {
    const {chart} = this, last = Math.max(epochs, baseline.length, Number(this.epochs.value)), ends = [];
    chart.axes(countAxis("epoch", last), linearAxis("validation errors, %", 0, Math.max(1, ...curve, ...baseline)));
    for (const [name, values, kind, label] of [["baseline", baseline, {dashed: true}, "recorded"], [role, curve, {}, "yours"]]) {
      if (!values.length) continue;
      chart.curve(name, values.map((_, i) => i + 1), values, kind);
      chart.dot(name, values.length, values.at(-1), 4);
      ends.push({role: name, x: values.length, y: values.at(-1), label});
    }
    chart.names(ends);
  }
}
