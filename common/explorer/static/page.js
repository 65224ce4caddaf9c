// The page: data, state in the address, and the sections that show them.

import {readAddress, writeAddress} from "./address.js";
import {fromBase64, fromHalf, inflate} from "./bytes.js";
import {teacherLogits} from "./convnet.js";
import {CurveSection} from "./curve_section.js";
import {el, setText} from "./dom.js";
import {DrawingSection} from "./drawing_section.js";
import {GradientSection} from "./gradient_section.js";
import {Network, SparseImages} from "./network.js";
import {OwnLogitsSection} from "./own_logits_section.js";
import {serve} from "./session.js";
import {SoftTargetsSection} from "./soft_targets_section.js";
import {TrainingSection} from "./training_section.js";

const MIN_T = 0.5, MAX_T = 50, STEPS = 28; // steps of the slider that double T

async function loadSplit({count, images, labels, logits}) {
  return {count, images: await inflate(fromBase64(images)), labels: fromBase64(labels), logits: fromHalf(fromBase64(logits))};
}

class Page {
  constructor(data, test, source, root) {
    Object.assign(this, {data, test, source, root, students: {}, classes: data.names.length});
    this.fields = {
      T: {default: data.T, min: MIN_T, max: MAX_T},
      image: {default: data.choices[0], min: 0, max: test.count - 1, integer: true},
      sweep: {default: "0", choices: data.sweeps.map((_, i) => String(i))},
      guess: {default: 0, min: 0, max: 100},
      alpha: {default: 0.9, min: 0, max: 1},
      hidden: {default: "30", choices: ["30", "100", "300"]},
      control: {default: "none", choices: ["none", "same_class", "shuffled"]},
    };
    this.problems = el("p", {class: "problem", role: "alert", hidden: true});
    this.readAddress();
    if (data.layers) this.layers = data.layers.map((layer) => ({...layer, kernel: fromHalf(fromBase64(layer.kernel)), bias: fromHalf(fromBase64(layer.bias))}));
    this.build();
    addEventListener("hashchange", () => { this.readAddress(); this.showAll(); });
  }

  readAddress() {
    const {state, problems} = readAddress(location.hash, this.fields);
    this.state = state;
    this.problems.hidden = !problems.length;
    setText(this.problems, problems.join(" "));
  }

  build() {
    const {data} = this;
    this.slider = el("input", {type: "range", id: "temperature", min: 0, max: Math.ceil(STEPS * Math.log2(MAX_T / MIN_T)), step: 1, input: () => this.set({T: this.sliderT()})});
    this.value = el("output", {for: "temperature"});
    this.readout = el("span", {class: "readout"});
    const sections = [SoftTargetsSection, ...(data.train ? [GradientSection] : []), ...(data.sweeps.length ? [CurveSection] : []),
      ...(data.train ? [TrainingSection, DrawingSection] : []), OwnLogitsSection];
    this.sections = sections.map((Section) => new Section(this));
    this.root.replaceChildren(
      el("header", {}, el("p", {class: "kicker"}, `Knowledge distillation · ${data.title}`), el("h1", {}, data.finding), el("p", {class: "lead"}, data.lead), this.problems),
      el("div", {class: "slider"}, el("label", {for: "temperature"}, "Temperature T"), this.slider, this.value, this.readout),
      ...this.sections.map(({node}) => node), el("footer", {}, data.source));
    this.showAll();
  }

  sliderT() {
    return Number(Math.min(MAX_T, MIN_T * 2 ** (this.slider.value / STEPS)).toPrecision(3));
  }

  // change the state, draw what depends on it
  set(values) {
    Object.assign(this.state, values);
    const keys = Object.keys(values);
    if (keys.length === 1 && keys[0] === "T") this.showTemperature();
    else this.showAll();
    clearTimeout(this.saving); // browsers limit how often the address may change
    this.saving = setTimeout(() => history.replaceState(null, "", writeAddress(this.state, this.fields) || "#"), 250);
  }

  showAll() {
    this.slider.value = Math.round(STEPS * Math.log2(this.state.T / MIN_T));
    for (const section of this.sections) (section.showImage ?? section.show)?.call(section);
    this.showTemperature();
  }

  showTemperature() {
    setText(this.value, String(this.state.T));
    for (const section of this.sections) section.showTemperature?.();
  }

  pixels(index) {
    const size = this.test.images.length / this.test.count;
    return this.test.images.subarray(index * size, (index + 1) * size);
  }

  describe(index) {
    return `test image ${index}, label “${this.data.names[this.test.labels[index]]}”`;
  }

  get logits() {
    const {image} = this.state;
    return this.test.logits.subarray(image * this.classes, (image + 1) * this.classes);
  }

  get label() {
    return this.test.labels[this.state.image];
  }

  teacherLogits(pixels) {
    return teacherLogits(this.layers, pixels, this.data.side, this.data);
  }

  // weights of students that this page trained: {name: arrays}
  setStudents(weights) {
    for (const [name, arrays] of Object.entries(weights)) {
      const network = new Network(this.data.side ** 2, arrays[1].length, this.classes, 0);
      network.weights = arrays;
      this.students[name] = network;
    }
    for (const section of this.sections) section.offer?.(["baseline", "distilled"]);
  }

  answerOf(name, pixels) {
    const network = this.students[name];
    return network && Array.from(network.forward(new SparseImages(pixels, pixels.length), 0));
  }

  studentLogits(name, image) {
    return this.answerOf(name, this.pixels(image));
  }

  async trainingData() {
    const {images, labels, logits} = await loadSplit(this.data.train);
    return {train: {images, labels, logits}, test: {images: this.test.images, labels: this.test.labels}};
  }
}

// Build the page out of its script elements; the module's own text starts the worker.
async function main() {
  const root = document.getElementById("page"), text = (id) => document.getElementById(id).textContent;
  const data = JSON.parse(text("data"));
  globalThis.distillation = new Page(data, await loadSplit(data.test), text("module"), root);
  root.dataset.ready = Math.round(performance.now());
}

if (typeof document === "undefined") serve(globalThis);
else main();
