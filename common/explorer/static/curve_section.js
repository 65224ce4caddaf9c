// Section: the measured test errors over T, after a guess.

import {Chart, linearAxis, logAxis} from "./chart.js";
import {el, reducedMotion, setText} from "./dom.js";
import {argmax, deviation, mean} from "./numerics.js";

const QUESTION = "Which temperature teaches best?";

const whole = (value) => Math.round(value).toLocaleString("en");

// Sweep: {student, teacher, images, alpha, temperatures, errors: [[seeds] at each T], baseline: [seeds], test}
export function summary({temperatures, errors, baseline}) {
  const means = errors.map(mean), best = argmax(means.map((value) => -value));
  const spread = deviation(errors[best]);
  const close = temperatures.filter((_, i) => i !== best && means[i] - means[best] <= spread);
  return {means, deviations: errors.map(deviation), best, close, baseline: mean(baseline), spread};
}

export class CurveSection {
  constructor(explorer) {
    this.explorer = explorer;
    this.heading = el("h2", {}, QUESTION);
    this.student = el("select", {change: () => explorer.set({sweep: this.student.value, guess: 0})},
      ...explorer.data.sweeps.map(({student}, i) => el("option", {value: String(i)}, student)));
    this.guesses = el("div", {class: "guesses", role: "group", "aria-label": QUESTION});
    this.chart = new Chart("test errors against the temperature");
    this.note = el("p", {role: "status"});
    this.table = el("table");
    this.details = el("details", {}, el("summary", {}, "Numbers behind the curve"), el("div", {class: "scroll"}, this.table));
    this.node = el("section", {id: "curve"}, this.heading, el("p", {},
      "Real students were trained at each of these temperatures, with several seeds. Guess first; then the measured curve is drawn. The temperature of a result is chosen on validation images; shown are test errors."),
    el("label", {class: "field"}, "Student ", this.student), this.guesses, this.note, this.chart.node, this.details);
    addEventListener("beforeprint", () => this.draw(true));
  }

  get sweep() {
    return this.explorer.data.sweeps[this.explorer.state.sweep];
  }

  show() {
    const {guess, sweep} = this.explorer.state;
    this.student.value = sweep;
    this.guesses.replaceChildren(...this.sweep.temperatures.map((T) => el("button", {type: "button", "aria-pressed": String(T === guess),
      click: () => this.explorer.set({guess: T})}, `T = ${T}`)));
    this.draw(guess > 0);
  }

  draw(answered) {
    const {sweep} = this, facts = summary(sweep), all = [...sweep.errors.flat(), ...sweep.baseline];
    const margin = 0.06 * (Math.max(...all) - Math.min(...all));
    this.chart.axes(logAxis("temperature T", 0.5, 50, [0.5, 1, 2, 5, 10, 20, 50]),
      linearAxis(`errors on ${sweep.test.toLocaleString("en")} test images`, Math.min(...all) - margin, Math.max(...all) + margin));
    this.drawBaseline(sweep, facts);
    if (answered) this.drawAnswer(sweep, facts);
    this.chart.names([{role: "baseline", x: 50, y: facts.baseline, label: "labels only"},
      ...(answered ? [{role: "distilled", x: sweep.temperatures.at(-1), y: facts.means.at(-1), label: "soft targets"}] : [])]);
    this.chart.mark(this.explorer.state.T);
    this.describe(sweep, facts, answered);
  }

  drawBaseline({baseline}, facts) {
    const spread = deviation(baseline), ends = [0.5, 50];
    this.chart.band("baseline", ends, [0, 0].fill(facts.baseline - spread), [0, 0].fill(facts.baseline + spread));
    this.chart.curve("baseline", ends, [facts.baseline, facts.baseline], {dashed: true});
  }

  drawAnswer({temperatures, errors}, {means, deviations}) {
    this.chart.band("distilled", temperatures, means.map((m, i) => m - deviations[i]), means.map((m, i) => m + deviations[i]));
    temperatures.forEach((T, i) => errors[i].forEach((value) => this.chart.dot("distilled", T, value)));
    const line = this.chart.curve("distilled", temperatures, means);
    if (reducedMotion() || !line.animate) return;
    line.setAttribute("pathLength", 1);
    line.animate({strokeDasharray: ["0 1", "1 0"]}, {duration: 900, easing: "ease-out"});
  }

  describe(sweep, facts, answered) {
    const {temperatures, errors, baseline} = sweep, {best, means} = facts;
    const finding = `T = ${temperatures[best]} teaches best: ${whole(means[best])} errors; labels only: ${whole(facts.baseline)}`;
    setText(this.heading, answered ? finding : QUESTION);
    this.chart.describe(answered ? finding : `${QUESTION} ${whole(facts.baseline)} errors with labels only; the curve follows your guess.`);
    setText(this.note, answered ? this.answer(temperatures, facts) : "");
    this.details.hidden = !answered;
    const row = (name, values) => el("tr", {}, el("th", {scope: "row"}, name), el("td", {}, `${mean(values).toFixed(1)} ± ${deviation(values).toFixed(1)}`), el("td", {}, values.join(", ")));
    this.table.replaceChildren(el("tr", {}, ...["", "mean ± sd", "each seed"].map((name) => el("th", {scope: "col"}, name))),
      row("labels only", baseline), ...temperatures.map((T, i) => row(`T = ${T}`, errors[i])));
  }

  answer(temperatures, {best, means, close}) {
    const {guess} = this.explorer.state, at = temperatures.indexOf(guess);
    const alike = at === best || close.includes(guess);
    const own = at < 0 ? "" : alike ? `Your guess, T = ${guess}, is as good as any. `
      : `Your guess, T = ${guess}, makes ${whole(means[at] - means[best])} errors more. `;
    const others = close.length ? `T = ${close.join(", ")} ${close.length > 1 ? "lie" : "lies"} within one standard deviation of the best. ` : "";
    const {teacher, images, alpha} = this.sweep, seeds = this.sweep.baseline.length;
    return `${own}${others}Band: ± one standard deviation over ${seeds} seeds; teacher: ${teacher}; ${images.toLocaleString("en")} training images; alpha = ${alpha}.`;
  }

  showTemperature() {
    this.chart.mark(this.explorer.state.T);
  }
}
