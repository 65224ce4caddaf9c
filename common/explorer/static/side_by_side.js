// Students that train side by side: the same first weights, the same batches, other targets.

import {objective} from "./losses.js";
import {argmax} from "./numerics.js";
import {Adam, Network, SGD} from "./network.js";
import {epochOrder, generator, shuffled} from "./random.js";

const OPTIMIZERS = {adam: Adam, sgd: SGD};

// the teacher's logits of another image: of any, or of one with the same label
export function controlLogits(logits, labels, control, seed) {
  const classes = logits.length / labels.length, random = generator(seed + 77);
  const all = Array.from(labels, (_, i) => i), result = new Float32Array(logits.length);
  const groups = control === "same_class"
    ? [...new Set(labels)].map((label) => all.filter((i) => labels[i] === label)) : [all];
  for (const rows of groups) {
    const others = shuffled(rows, random);
    others.forEach((other, i) => { // the next row of a random order is never the row itself
      const from = others[(i + 1) % others.length] * classes;
      result.set(logits.subarray(from, from + classes), other * classes);
    });
  }
  return result;
}

export class SideBySide {
  // train, test: {images: SparseImages, labels}; students: [{name, loss, logits}], `loss` the
  // settings of `objective`, logits of the teacher, (images · classes) floats, or null.
  constructor({train, test, students, inputs = 784, hidden = 30, classes = 10, seed = 0, batch = 64,
    optimizer = "adam", rate = 3e-3}) {
    Object.assign(this, {train, test, batch, seed, inputs, classes, epoch: 0, position: 0});
    this.order = epochOrder(train.images.count, seed, 0);
    this.students = students.map((student) => {
      const network = new Network(inputs, hidden, classes, seed, batch);
      return {...student, network, optimizer: new OPTIMIZERS[optimizer](network.weights, rate), sum: 0};
    });
  }

  get fraction() { // of the epoch
    return this.position / this.order.length;
  }

  // one batch for every student; true at the end of an epoch
  step() {
    if (this.fraction === 1) this.nextEpoch();
    const rows = this.order.subarray(this.position, this.position + this.batch);
    const columns = this.train.images.columns(rows, this.inputs);
    for (const student of this.students) this.trainStudent(student, rows, columns);
    this.position += rows.length;
    return this.fraction === 1;
  }

  nextEpoch() {
    this.epoch++;
    this.position = 0;
    this.order = epochOrder(this.order.length, this.seed, this.epoch);
    for (const student of this.students) student.sum = 0;
  }

  trainStudent(student, rows, columns) {
    const {network, optimizer, loss, logits} = student, {images, labels} = this.train, {classes} = this;
    const batch = {student: network.forward(images, rows), teacher: logits && gather(logits, rows, classes),
      labels: Array.from(rows, (row) => labels[row]), count: rows.length, classes};
    const gradient = new Float64Array(rows.length * classes);
    student.sum += rows.length * objective(batch, loss, gradient);
    network.step(columns, gradient, optimizer);
  }

  // {name: {loss: mean of the epoch, errors: of the test images}}
  evaluate() {
    return Object.fromEntries(this.students.map(({name, network, sum}) => [
      name, {loss: sum / this.position, errors: this.errors(network)}]));
  }

  errors(network) {
    const {images, labels} = this.test, {batch, classes} = this;
    let errors = 0;
    for (let first = 0; first < labels.length; first += batch) {
      const count = Math.min(batch, labels.length - first), rows = Array.from({length: count}, (_, i) => first + i);
      const logits = network.forward(images, rows);
      for (const row of rows) {
        const from = (row - first) * classes;
        errors += argmax(logits.subarray(from, from + classes)) !== labels[row];
      }
    }
    return errors;
  }
}

function gather(logits, rows, classes) {
  const result = new Float32Array(rows.length * classes);
  rows.forEach((row, i) => result.set(logits.subarray(row * classes, (row + 1) * classes), i * classes));
  return result;
}
