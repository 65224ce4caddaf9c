// Results of a training in the page: finding, curves with their band over seeds, table.

import {Chart, countAxis, linearAxis} from "./chart.js";
import {el, setText} from "./dom.js";
import {deviation, mean} from "./numerics.js";
import {describeBands, recordedErrors} from "./recorded.js";

const ROLES = ["baseline", "distilled", "control"];
const NAMES = {baseline: "labels only", distilled: "soft targets", control: "control"};

export class TrainingResults {
  // of an explorer's data
  constructor({test: {count}, methods, recorded}) {
    Object.assign(this, {count, methods, recorded, rate: 100 / count}); // errors as %
    this.heading = el("h2");
    this.chart = new Chart("test errors against the epoch");
    this.bands = el("p", {class: "facts"});
    this.table = el("table");
    this.nodes = [this.chart.node, this.bands, el("div", {class: "scroll"}, this.table)];
  }

  // current: the training {settings, results: [{student: {errors}} of each epoch, from 0]} or null;
  // settings: of `current` or, if it is null, of the training that would start now; alike: finished
  // trainings that differ only in their seed
  show(current, settings, alike, finished) {
    const {chart} = this, shown = current ? current.results.slice(1) : [], recorded = this.recordedRates(settings);
    const values = [...shown, ...alike.flatMap(({results}) => results.slice(1))].flatMap((one) => ["baseline", "distilled"].map((name) => one[name].errors * this.rate));
    const all = [...values, ...Object.values(recorded).flat(2).filter((value) => value !== null)];
    chart.axes(countAxis("epoch", settings.epochs), linearAxis("test errors, %", 0, Math.min(100, Math.max(10, ...all))));
    const bands = ROLES.map((role) => this.drawBand(role, recorded[role] ?? this.trainedRates(role, alike)));
    const curves = ROLES.map((role) => shown.length > 0 && shown[0][role] && this.drawCurve(role, shown));
    chart.names(ROLES.map((_, i) => curves[i] || bands[i]).filter(Boolean));
    this.drawTable(alike);
    setText(this.bands, describeBands(this.recorded, recorded));
    setText(this.heading, this.finding(current, shown.at(-1), finished ? alike : []));
    chart.describe(this.heading.textContent);
  }

  // errors in % [[each epoch] for each seed] of the committed students, by role
  recordedRates(settings) {
    const {rate, recorded} = this;
    return Object.fromEntries(Object.entries(recordedErrors(recorded, settings)).map(([role, runs]) => [
      role, runs && runs.map((errors) => errors.slice(0, settings.epochs).map((value) => value * rate))]));
  }

  // the same of finished trainings in the page
  trainedRates(role, runs) {
    return runs.length > 1 && runs[0].results[0][role] ? runs.map(({results}) => results.slice(1).map((one) => one[role].errors * this.rate)) : null;
  }

  // from the lowest to the highest seed of each epoch, and their mean; returns its end
  drawBand(role, runs) {
    if (!runs) return null;
    const epochs = runs[0].map((_, i) => i + 1), at = (epoch) => runs.map((rates) => rates[epoch - 1]), means = epochs.map((epoch) => mean(at(epoch)));
    this.chart.band(role, epochs, epochs.map((epoch) => Math.min(...at(epoch))), epochs.map((epoch) => Math.max(...at(epoch))));
    this.chart.curve(role, epochs, means, {dashed: true, width: 1});
    return {role, x: epochs.at(-1), y: means.at(-1), label: NAMES[role]};
  }

  drawCurve(role, results) {
    const values = results.map((one) => one[role].errors * this.rate), {chart} = this;
    chart.curve(role, values.map((_, i) => i + 1), values);
    chart.dot(role, values.length, values.at(-1), 4);
    return {role, x: values.length, y: values.at(-1), label: NAMES[role]};
  }

  drawTable(alike) {
    const roles = ROLES.filter((role) => alike[0]?.results[0][role]);
    const row = (name, cells) => el("tr", {}, el("th", {scope: "row"}, name), ...cells.map((text) => el("td", {}, text)));
    const last = (run, role) => run.results.at(-1)[role].errors;
    const rows = alike.map((run) => row(`seed ${run.settings.seed}`, roles.map((role) => String(last(run, role)))));
    if (alike.length > 1) rows.push(row("mean ± sd", roles.map((role) => {
      const values = alike.map((run) => last(run, role));
      return `${mean(values).toFixed(1)} ± ${deviation(values).toFixed(1)}`;
    })));
    this.table.hidden = !alike.length;
    this.table.replaceChildren(el("caption", {}, `errors on ${this.count.toLocaleString("en")} test digits, same settings`),
      el("tr", {}, el("td"), ...roles.map((role) => el("th", {scope: "col"}, NAMES[role]))), ...rows);
  }

  // `last`: of the current training; `runs`: the finished ones, if the current is among them
  finding(current, last, runs) {
    if (!last) return "Train both students here";
    const results = runs.length ? runs.map((run) => run.results.at(-1)) : [last];
    const [hard, soft] = ["baseline", "distilled"].map((role) => mean(results.map((one) => one[role].errors)));
    const change = hard ? Math.round(100 * Math.abs(1 - soft / hard)) : 0;
    const scope = runs.length > 1 ? `, mean of ${runs.length} seeds` : runs.length ? "" : " so far";
    const {method, temperature} = current.settings.loss, name = method === "kd" ? "Soft targets" : this.methods[method].title;
    return `${name} at T = ${temperature}: ${change} % ${soft <= hard ? "fewer" : "more"} test errors than labels only${scope}`;
  }
}
