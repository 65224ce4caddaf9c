// A training session: in a worker, or in slices of the page where there are no workers.

import {SparseImages} from "./network.js";
import {SideBySide, controlLogits} from "./side_by_side.js";

const SLICE = 24; // milliseconds of training between two looks at the messages
const CHANCE = 0.8; // part of test images that a student which has lost its way gets wrong: of ten classes, nine
const REPORT = 100; // milliseconds between two reports within an epoch

// Trains as the messages say, and reports through `post`:
//   {type: "data", train: {images, labels, logits}, test: {images, labels}}
//   {type: "start", settings: {loss, control, hidden, seed, epochs, optimizer, rate}},
//     `loss` the settings of the distilled student's objective (losses.js)
//   {type: "pause"}, {type: "resume"}, {type: "stop"}
export class Session {
  constructor(post, slice = SLICE) {
    Object.assign(this, {post, slice, running: false, timer: null, students: null, reported: 0});
  }

  receive(message) {
    if (message.type === "data") this.load(message);
    else if (message.type === "start") this.begin(message.settings);
    else if (message.type === "resume") this.continue();
    else this.halt();
  }

  load({train, test, size}) {
    const sparse = ({images, labels}) => ({images: new SparseImages(images, size), labels});
    Object.assign(this, {train: sparse(train), test: sparse(test), logits: train.logits});
  }

  begin(settings) {
    const {loss, control, seed} = settings;
    const students = [{name: "baseline", loss: {hard: 1, soft: 0}, logits: null}, {name: "distilled", loss, logits: this.logits}];
    if (control !== "none") {
      const logits = controlLogits(this.logits, this.train.labels, control, seed);
      students.push({name: "control", loss, logits});
    }
    this.epochs = settings.epochs;
    this.students = new SideBySide({...settings, train: this.train, test: this.test, students});
    this.seconds = 0;
    this.report("epoch", {epoch: 0, results: this.students.evaluate(), weights: this.weights()});
    this.continue();
  }

  continue() {
    this.halt();
    this.running = true;
    this.timer = setTimeout(() => this.trainSlice(), 0);
  }

  halt() {
    this.running = false;
    clearTimeout(this.timer);
  }

  trainSlice() {
    const began = performance.now();
    while (performance.now() - began < this.slice) {
      if (!this.students.step()) continue;
      this.seconds += (performance.now() - began) / 1000;
      return this.endEpoch();
    }
    this.seconds += (performance.now() - began) / 1000;
    if (performance.now() - this.reported > REPORT) this.report("progress", {});
    this.timer = setTimeout(() => this.trainSlice(), 0);
  }

  endEpoch() {
    const epoch = this.students.epoch + 1;
    const results = this.students.evaluate();
    this.report("epoch", {epoch, results, weights: this.weights(), seconds: this.seconds});
    this.seconds = 0;
    const lost = ["baseline", "distilled"].find((name) => results[name].errors > CHANCE * this.test.labels.length);
    if (lost) return this.report("failed", {reason: `the ${lost} student is no better than chance after epoch ${epoch}; this optimizer's steps are too long for its loss, choose Adam`});
    if (epoch === this.epochs) return this.report("end", {epoch});
    this.timer = setTimeout(() => this.trainSlice(), 0);
  }

  weights() {
    return Object.fromEntries(this.students.students.map(({name, network}) => [
      name, network.weights.map((array) => array.slice())]));
  }

  report(type, values) {
    this.reported = performance.now();
    const {epoch, fraction} = this.students;
    this.post({type, done: epoch + fraction, ...values});
  }
}

// In a worker: `scope` is its global object.
export function serve(scope) {
  const session = new Session((message) => scope.postMessage(message));
  scope.onmessage = ({data}) => session.receive(data);
}

// {send(message), inWorker}: a session in a worker of `source`, the text of a script that calls
// `serve`. Where the browser has no workers, or `source` is null, it runs in slices of the page.
export function openSession(source, receive) {
  const worker = source && openWorker(source);
  if (!worker) {
    const session = new Session(receive, 8);
    return {inWorker: false, send: (message) => session.receive(message)};
  }
  worker.onmessage = ({data}) => receive(data);
  worker.onerror = (event) => receive({type: "failed", reason: event.message || "the worker did not start"});
  return {inWorker: true, send: (message) => worker.postMessage(message)};
}

// not a module worker: from a page opened as a file, Chromium refuses those
function openWorker(source) {
  try {
    return new Worker(URL.createObjectURL(new Blob([source], {type: "text/javascript"})));
  } catch {
    return null;
  }
}
