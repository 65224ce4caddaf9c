// Section: two students that train in this page, on labels only and on soft targets.

import {el, setText} from "./dom.js";
import {mean} from "./numerics.js";
import {openSession} from "./session.js";
import {TrainingResults} from "./training_results.js";

const EPOCHS = 20, RATES = {adam: 0.003, sgd: 0.1};
const CONTROLS = {none: "no control", same_class: "soft targets of another image of its class", shuffled: "soft targets of any other image"};

export class TrainingSection {
  constructor(explorer) {
    Object.assign(this, {explorer, session: null, current: null, finished: [], status: "idle"});
    this.note = el("p", {role: "status"});
    this.results = new TrainingResults(explorer.data);
    this.bar = el("progress", {max: 1, value: 0, "aria-label": "training"});
    const {train, test} = explorer.data;
    this.node = el("section", {id: "train"}, this.results.heading, el("p", {},
      `Two networks with one hidden layer start from the same weights and see the same batches of ${train.count.toLocaleString("en")} digits; one learns from labels only, the other also from the teacher's soft targets at your T, by the method that you choose. Errors are counted on ${test.count.toLocaleString("en")} test digits.`),
    this.fields(), this.methodNote, this.buttons(), this.bar, this.note, ...this.results.nodes);
    this.show();
  }

  fields() {
    const {state, data: {methods}} = this.explorer, set = (values) => this.explorer.set(values);
    const titles = Object.entries(methods).map(([name, {title}]) => [name, title]);
    this.method = select(Object.fromEntries(titles), state.method, () => set({method: this.method.value}));
    this.methodNote = el("p", {class: "facts"});
    this.alpha = el("input", {type: "range", min: 0, max: 1, step: 0.05, value: state.alpha, input: () => set({alpha: Number(this.alpha.value)})});
    this.alphaText = el("output");
    this.hidden = select({30: "30 units", 100: "100 units", 300: "300 units"}, state.hidden, () => set({hidden: this.hidden.value}));
    this.control = select(CONTROLS, state.control, () => set({control: this.control.value}));
    this.optimizer = select({adam: `Adam, ${RATES.adam}`, sgd: `SGD, ${RATES.sgd}`}, "adam", () => {});
    this.epochs = el("input", {type: "number", min: 1, max: 100, value: EPOCHS});
    const field = (name, ...nodes) => el("label", {class: "field"}, `${name} `, ...nodes);
    this.alphaField = field("alpha, weight of soft targets", this.alpha, this.alphaText);
    return el("div", {class: "fields"}, field("method", this.method), this.alphaField, field("hidden layer", this.hidden),
      field("third student", this.control), field("optimizer", this.optimizer), field("epochs", this.epochs));
  }

  buttons() {
    const button = (text, click) => el("button", {type: "button", click}, text);
    this.train = button("Train", () => this.start(this.settings(0)));
    this.pause = button("Pause", () => this.togglePause());
    this.another = button("Another seed", () => this.start(this.nextSeed()));
    this.train.className = "primary";
    return el("div", {class: "buttons"}, this.train, this.pause, this.another);
  }

  settings(seed) {
    const {control, hidden} = this.explorer.state, optimizer = this.optimizer.value;
    const epochs = Math.min(100, Math.max(1, Math.round(Number(this.epochs.value)) || EPOCHS));
    this.epochs.value = epochs;
    return {loss: this.loss(), hidden: Number(hidden), control, epochs, optimizer, rate: RATES[optimizer], seed};
  }

  // settings of losses.js: KD with the weights of alpha, another method with the published ones
  loss() {
    const {T: temperature, alpha, method} = this.explorer.state, {hard, soft, options} = this.explorer.data.methods[method];
    return {method, temperature, options, ...(method === "kd" ? {hard: 1 - alpha, soft: alpha} : {hard, soft})};
  }

  // the last training's settings with a seed that is not among its seeds yet
  nextSeed() {
    if (!this.current) return this.settings(0);
    const {settings} = this.current, seeds = this.alike().map((run) => run.settings.seed);
    return {...settings, seed: Math.max(settings.seed, ...seeds) + 1};
  }

  alike() { // finished trainings that differ from the current one only in their seed
    return this.current ? this.finished.filter(({settings}) => key(settings) === key(this.current.settings)) : [];
  }

  async start(settings) {
    this.current = {settings, results: [], done: 0, seconds: []};
    this.status = "preparing";
    this.show();
    if (!this.session) this.openSession(await this.explorer.trainingData());
    this.status = "running";
    this.session.send({type: "start", settings: this.current.settings});
    this.show();
  }

  openSession(data) {
    this.session = openSession(this.explorer.worker, (message) => this.receive(message));
    this.session.send({type: "data", size: this.explorer.data.side ** 2, ...data});
  }

  togglePause() {
    this.status = this.status === "paused" ? "running" : "paused";
    this.session.send({type: this.status === "paused" ? "pause" : "resume"});
    this.show();
  }

  receive(message) {
    if (message.type === "failed") return this.fail(message.reason);
    const {current} = this;
    current.done = message.done;
    if (message.type === "epoch") {
      current.results.push(message.results);
      if (message.seconds) current.seconds.push(message.seconds);
      this.explorer.setStudents(message.weights);
    }
    if (message.type === "end") this.end();
    if (message.type === "progress") this.showProgress();
    else this.show();
  }

  // a browser may refuse workers only once the worker starts: train in slices of the page instead
  fail(reason) {
    if (this.session?.inWorker && !this.current.results.length) {
      this.explorer.worker = null;
      this.session = null;
      return this.start(this.current.settings);
    }
    this.status = `failed: ${reason}`;
    this.show();
  }

  end() {
    this.status = "finished";
    this.finished = this.finished.filter(({settings}) => key(settings) !== key(this.current.settings) || settings.seed !== this.current.settings.seed);
    this.finished.push(this.current);
  }

  show() {
    const {explorer, status} = this, running = status === "running" || status === "preparing";
    this.method.value = explorer.state.method;
    this.alphaField.hidden = explorer.state.method !== "kd";
    setText(this.methodNote, describe(explorer.data.methods[explorer.state.method], explorer.state.method));
    setText(this.alphaText, explorer.state.alpha.toFixed(2));
    this.alpha.value = explorer.state.alpha;
    this.hidden.value = explorer.state.hidden;
    this.control.value = explorer.state.control;
    setText(this.train, this.current ? "Train again" : "Train");
    this.train.disabled = this.another.disabled = running;
    this.pause.disabled = !(status === "running" || status === "paused");
    setText(this.pause, status === "paused" ? "Resume" : "Pause");
    this.showProgress();
    this.results.show(this.current, this.current?.settings ?? this.settings(0), this.alike(), status === "finished");
  }

  showTemperature() {
    if (!this.current) this.show(); // the recorded band depends on T
  }

  showProgress() {
    const {current, status} = this, epochs = current?.settings.epochs ?? 1;
    this.bar.value = current ? current.done / epochs : 0;
    setText(this.note, current ? this.progressText(current, status) : "Press Train. You can turn the temperature meanwhile; a training keeps the T that it started with.");
  }

  progressText({settings, results, seconds}, status) {
    const {loss, hidden, epochs, seed} = settings, each = seconds.length ? `, ${mean(seconds).toFixed(2)} s an epoch` : "";
    const left = seconds.length && status === "running" ? `, about ${Math.ceil((epochs - results.length + 1) * mean(seconds))} s left` : "";
    const where = this.session && !this.session.inWorker ? " This browser has no workers: training runs in slices of the page." : "";
    const {title} = this.explorer.data.methods[loss.method], weight = loss.method === "kd" ? `, alpha = ${loss.soft}` : "";
    return `Seed ${seed}, ${title} at T = ${loss.temperature}${weight}, ${hidden} units: ${status}, ${Math.max(0, results.length - 1)} of ${epochs} epochs${each}${left}.${where}`;
  }
}

// a method in words
function describe({title, summary, temperature, hard, soft, options}, method) {
  if (method === "kd") return `${summary} Alpha weighs its loss, 1 - alpha the labels; published: alpha = ${soft}, T = ${temperature}.`;
  const list = Object.entries(options).map(([name, value]) => `${name} = ${value}`).join(", ");
  return `${summary} The loss, as published: ${hard} · labels + ${soft} · ${title}${list && ` (${list})`}; T is yours, published: T = ${temperature}.`;
}

function select(options, value, change) {
  const node = el("select", {change}, ...Object.entries(options).map(([name, text]) => el("option", {value: name}, text)));
  node.value = value;
  return node;
}

function key({seed, ...settings}) {
  return JSON.stringify(settings);
}
