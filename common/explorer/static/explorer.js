// The explorer: data, state and trained students, which the views of a page or notebook share.

import {fromBase64, fromHalf, inflate} from "./bytes.js";
import {teacherLogits} from "./convnet.js";
import {Network, SparseImages} from "./network.js";

export const MIN_T = 0.5;
export const MAX_T = 50;
const CONTROLS = ["none", "same_class", "shuffled"];

async function loadSplit({count, images, labels, logits}) {
  return {count, images: await inflate(fromBase64(images)), labels: fromBase64(labels), logits: fromHalf(fromBase64(logits))};
}

// worker: text of the script that trains, for a Web Worker; null: train in slices of the page
export async function openExplorer(data, worker) {
  return new Explorer(data, await loadSplit(data.test), worker);
}

export class Explorer {
  constructor(data, test, worker) {
    Object.assign(this, {data, test, worker, students: {}, classes: data.names.length, views: new Set(), savers: []});
    this.fields = {
      T: {default: data.T, min: MIN_T, max: MAX_T},
      image: {default: data.choices[0], min: 0, max: test.count - 1, integer: true},
      sweep: {default: "0", choices: data.sweeps.map((_, i) => String(i))},
      guess: {default: 0, min: 0, max: 100},
      alpha: {default: 0.9, min: 0, max: 1},
      method: {default: "kd", choices: Object.keys(data.methods ?? {kd: {}})},
      hidden: {default: "30", choices: ["30", "100", "300"]},
      control: {default: "none", choices: CONTROLS},
    };
    this.state = Object.fromEntries(Object.entries(this.fields).map(([name, field]) => [name, field.default]));
    this.layers = data.layers?.map((layer) => ({...layer, kernel: fromHalf(fromBase64(layer.kernel)), bias: fromHalf(fromBase64(layer.bias))}));
  }

  // change the state, draw what depends on it, and save it: in the address or in the kernel
  set(values) {
    Object.assign(this.state, values);
    const keys = Object.keys(values), temperature = keys.length === 1 && keys[0] === "T";
    for (const view of this.views) temperature ? view.showTemperature() : view.showAll();
    for (const save of this.savers) save(values);
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

  // of any pixels; null where the teacher's weights are not in the data
  teacherLogits(pixels) {
    return this.layers ? teacherLogits(this.layers, pixels, this.data.side, this.data) : null;
  }

  // weights of students that were trained here: {name: arrays}
  setStudents(weights) {
    for (const [name, arrays] of Object.entries(weights)) {
      const network = new Network(this.data.side ** 2, arrays[1].length, this.classes, 0, 1);
      network.weights = arrays;
      this.students[name] = network;
    }
    for (const view of this.views) view.showStudents();
  }

  answerOf(name, pixels) {
    const network = this.students[name];
    return network && Array.from(network.forward(new SparseImages(pixels, pixels.length), [0]));
  }

  studentLogits(name, image) {
    return this.answerOf(name, this.pixels(image));
  }

  async trainingData() {
    const {images, labels, logits} = await loadSplit(this.data.train);
    return {train: {images, labels, logits}, test: {images: this.test.images, labels: this.test.labels}};
  }
}
