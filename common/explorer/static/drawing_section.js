// Section: a digit drawn with mouse, finger or pen, or from an image file, and what teacher and students say to it.

import {Bars} from "./bars.js";
import {mnistDigit} from "./digit.js";
import {drawPixels, dropZone, el, setText} from "./dom.js";
import {argmax, softTargets} from "./numerics.js";
import {readPicture} from "./picture.js";

const SIZE = 280; // pixels of the canvas
const REST = 200; // milliseconds without a stroke until the kernel is asked

export class DrawingSection {
  constructor(explorer) {
    this.explorer = explorer;
    this.heading = el("h2");
    this.canvas = el("canvas", {class: "drawing", width: SIZE, height: SIZE, role: "img", "aria-label": "drawing area; with a keyboard, use the button Put test image here"});
    this.small = el("canvas", {class: "small", role: "img", "aria-label": "the digit as the networks see it, 28×28 pixels"});
    this.bars = {teacher: new Bars("teacher", "teacher"), baseline: new Bars("baseline", "labels only"), distilled: new Bars("distilled", "soft targets")};
    this.titles = Object.fromEntries(Object.keys(this.bars).map((name) => [name, el("h3")]));
    this.answers = el("div", {class: "answers", "aria-live": "polite"}, ...Object.keys(this.bars).map((name) => el("div", {}, this.titles[name], this.bars[name].node)));
    this.kernelAnswers = el("div", {class: "answers", "aria-live": "polite", hidden: true});
    this.file = el("input", {type: "file", accept: "image/*", change: () => this.readFile(this.file.files[0])});
    this.problem = el("p", {class: "problem", role: "status", hidden: true});
    const button = (text, click) => el("button", {type: "button", click}, text);
    this.node = el("section", {id: "draw"}, this.heading, el("p", {},
      "The drawing is cropped, scaled to 20 pixels and centered by its mass, as MNIST's digits were. All networks answer at T = 1."),
    el("div", {class: "pair"}, el("div", {}, this.canvas, el("div", {class: "buttons"}, button("Clear", () => this.clear()), button("Put test image here", () => this.putImage()))),
      el("figure", {}, this.small, el("figcaption", {}, "as the networks see it"))),
    el("label", {class: "block drop"}, "Drop a picture of a digit here, or choose one: ", this.file), this.problem, this.answers, this.kernelAnswers);
    this.context = this.canvas.getContext("2d", {willReadFrequently: true});
    this.listen();
    dropZone(this.node, (file) => this.readFile(file));
    this.clear();
  }

  listen() {
    const {canvas} = this;
    canvas.addEventListener("pointerdown", (event) => {
      canvas.setPointerCapture(event.pointerId);
      this.last = this.point(event);
      this.stroke(event);
    });
    canvas.addEventListener("pointermove", (event) => this.last && this.stroke(event));
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { this.last = null; });
  }

  point(event) {
    const box = this.canvas.getBoundingClientRect();
    return [(event.clientX - box.left) * SIZE / box.width, (event.clientY - box.top) * SIZE / box.height];
  }

  stroke(event) {
    const {context} = this, point = this.point(event), pressure = event.pointerType === "pen" ? event.pressure : 0.5;
    Object.assign(context, {lineWidth: 14 + 16 * pressure, lineCap: "round", lineJoin: "round", strokeStyle: "#fff"});
    context.beginPath();
    context.moveTo(...this.last);
    context.lineTo(point[0] + 0.01, point[1]);
    context.stroke();
    this.last = point;
    this.answerSoon();
  }

  // once a frame at most, however many events a pen sends
  answerSoon() {
    this.waiting ??= requestAnimationFrame(() => {
      this.waiting = null;
      this.answer();
    });
  }

  clear() {
    this.context.fillStyle = "#000";
    this.context.fillRect(0, 0, SIZE, SIZE);
    this.problem.hidden = true;
    this.answer();
  }

  putImage() {
    const {explorer} = this, pixels = explorer.pixels(explorer.state.image);
    this.put(pixels, explorer.data.side, pixels); // itself, not scaled twice
  }

  async readFile(file) {
    if (!file) return;
    try {
      const {ink, size} = await readPicture(file);
      this.put(ink, size, mnistDigit(ink, size));
    } catch (error) {
      this.clear();
      this.problem.hidden = false;
      setText(this.problem, `${file.name}: ${error.message}.`);
    }
    this.file.value = ""; // so that the same file can be chosen again
  }

  // draw ink (side · side) and ask the networks about a digit
  put(ink, side, digit) {
    const picture = el("canvas");
    drawPixels(picture, ink.map((value) => 255 - value), side);
    this.clear();
    this.context.drawImage(picture, 0, 0, SIZE, SIZE);
    this.answer(digit);
  }

  answer(pixels = null) {
    const rgba = this.context.getImageData(0, 0, SIZE, SIZE).data;
    this.digit = pixels ?? mnistDigit(Float32Array.from({length: SIZE * SIZE}, (_, i) => rgba[4 * i]), SIZE);
    this.answers.hidden = !this.digit;
    drawPixels(this.small, this.digit ?? new Uint8Array(784), 28);
    setText(this.heading, "Draw a digit: teacher and students answer");
    if (this.digit) this.showAnswers();
    if (this.explorer.kernel) this.askKernelSoon();
  }

  // once the pen rests: networks that only the kernel has
  askKernelSoon() {
    const {digit, kernelAnswers} = this;
    clearTimeout(this.asking);
    kernelAnswers.hidden = true;
    if (!digit || !this.explorer.kernel.networks.length) return;
    this.asking = setTimeout(async () => {
      const answers = await this.explorer.kernel.ask(digit);
      if (digit !== this.digit) return; // drawn on since
      kernelAnswers.hidden = false;
      kernelAnswers.replaceChildren(...answers.map((answer) => this.kernelAnswer(answer)));
    }, REST);
  }

  kernelAnswer({title, role, logits}) {
    const bars = new Bars(role, title), probabilities = softTargets(logits);
    bars.show(probabilities, this.explorer.data.names);
    return el("div", {}, el("h3", {}, `${title}: ${argmax(probabilities)}`), bars.node);
  }

  showAnswers() {
    const {explorer, digit} = this;
    const logits = {teacher: explorer.teacherLogits(digit), baseline: explorer.answerOf("baseline", digit), distilled: explorer.answerOf("distilled", digit)};
    const words = {teacher: "Teacher", baseline: "Labels alone", distilled: "Soft targets"}, said = [];
    for (const [name, bars] of Object.entries(this.bars)) {
      bars.node.hidden = !logits[name];
      if (!logits[name]) {
        setText(this.titles[name], name === "teacher" ? "Teacher: only in the kernel" : `${words[name]}: not trained yet`);
        continue;
      }
      const probabilities = softTargets(logits[name]), best = argmax(probabilities);
      bars.show(probabilities, explorer.data.names);
      setText(this.titles[name], `${words[name]}: ${best}`);
      said.push(best);
    }
    if (said.length && logits.teacher) setText(this.heading, said.every((one) => one === said[0]) ? `All ${said.length > 1 ? "networks say" : "the teacher says"} ${said[0]}`.replace("All the", "The") : `The teacher says ${said[0]}, the students ${said.slice(1).join(" and ")}`);
  }
}
