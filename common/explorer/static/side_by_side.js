// Students that train side by side: the same first weights, the same batches, other targets.

import {argmax} from "./numerics.js";
import {Adam, Network, SGD} from "./network.js";
import {epochOrder, generator, shuffled} from "./random.js";

const OPTIMIZERS = {adam: Adam, sgd: SGD};

// Gradient of (1 - alpha) · cross-entropy + alpha · T² · KL by the logits, written into `gradient`
// and divided by `count`; returns the loss. `teacher` is read from `offset`; null: labels alone.
export function objective(logits, label, teacher, offset, temperature, alpha, gradient, count) {
  const classes = logits.length;
  let largest = -Infinity, largestTeacher = -Infinity, sum = 0, softSum = 0, teacherSum = 0;
  for (let c = 0; c < classes; c++) {
    if (logits[c] > largest) largest = logits[c];
    if (teacher && teacher[offset + c] > largestTeacher) largestTeacher = teacher[offset + c];
  }
  for (let c = 0; c < classes; c++) {
    sum += Math.exp(logits[c] - largest);
    if (!alpha) continue;
    softSum += Math.exp((logits[c] - largest) / temperature);
    teacherSum += Math.exp((teacher[offset + c] - largestTeacher) / temperature);
  }
  let loss = (1 - alpha) * (Math.log(sum) - logits[label] + largest);
  const logQ = Math.log(softSum), logP = Math.log(teacherSum);
  for (let c = 0; c < classes; c++) {
    let slope = (1 - alpha) * (Math.exp(logits[c] - largest) / sum - (c === label ? 1 : 0));
    if (alpha) {
      const q = (logits[c] - largest) / temperature - logQ;
      const p = (teacher[offset + c] - largestTeacher) / temperature - logP;
      loss += alpha * temperature * temperature * Math.exp(p) * (p - q);
      slope += alpha * temperature * (Math.exp(q) - Math.exp(p));
    }
    gradient[c] = slope / count;
  }
  return loss;
}

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
  // train, test: {images: SparseImages, labels}; students: [{name, temperature, alpha, logits}],
  // logits of the teacher, (images · classes) floats, or null.
  constructor({train, test, students, inputs = 784, hidden = 30, classes = 10, seed = 0, batch = 64,
    optimizer = "adam", rate = 3e-3}) {
    Object.assign(this, {train, test, batch, seed, classes, epoch: 0, position: 0});
    this.order = epochOrder(train.images.count, seed, 0);
    this.students = students.map((student) => {
      const network = new Network(inputs, hidden, classes, seed);
      return {...student, network, optimizer: new OPTIMIZERS[optimizer](network.weights, rate), loss: 0};
    });
  }

  get fraction() { // of the epoch
    return this.position / this.order.length;
  }

  // one batch for every student; true at the end of an epoch
  step() {
    if (this.fraction === 1) this.nextEpoch();
    const rows = this.order.subarray(this.position, this.position + this.batch);
    for (const student of this.students) this.trainStudent(student, rows);
    this.position += rows.length;
    return this.fraction === 1;
  }

  nextEpoch() {
    this.epoch++;
    this.position = 0;
    this.order = epochOrder(this.order.length, this.seed, this.epoch);
    for (const student of this.students) student.loss = 0;
  }

  trainStudent(student, rows) {
    const {network, temperature, alpha, logits} = student, {images, labels} = this.train;
    const gradient = new Float64Array(this.classes);
    for (const row of rows) {
      const z = network.forward(images, row);
      student.loss += objective(
        z, labels[row], logits, row * this.classes, temperature, alpha, gradient, rows.length);
      network.backward(images, row, gradient);
    }
    student.optimizer.update(network.weights, network.gradients);
  }

  // {name: {loss: mean of the epoch, errors: of the test images}}
  evaluate() {
    const {images, labels} = this.test;
    return Object.fromEntries(this.students.map(({name, network, loss}) => {
      let errors = 0;
      for (let row = 0; row < labels.length; row++) {
        errors += argmax(network.forward(images, row)) !== labels[row];
      }
      return [name, {loss: loss / this.position, errors}];
    }));
  }
}
