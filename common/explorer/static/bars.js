// Bars of probabilities, one a class, or of the largest classes and the rest.

import {el, percent, setText} from "./dom.js";

const MOST = 12, TOP = 10; // with more classes than MOST, the TOP largest and the rest

export function barValues(probabilities, names) {
  const all = probabilities.map((p, i) => [i, names[i] ?? `class ${i}`, p]);
  if (all.length <= MOST) return all;
  const top = all.sort((a, b) => b[2] - a[2]).slice(0, TOP);
  const rest = 1 - top.reduce((sum, bar) => sum + bar[2], 0);
  return [...top, [-1, `other ${probabilities.length - TOP}`, Math.max(0, rest)]];
}

export class Bars {
  constructor(role, label) {
    this.node = el("div", {class: `bars ${role}`, role: "list", "aria-label": label});
    this.rows = [];
  }

  show(probabilities, names, label = null) {
    const values = barValues(probabilities, names);
    if (this.rows.length !== values.length) this.build(values.length);
    this.node.classList.toggle("long", values.some(([, name]) => name.length > 2));
    values.forEach(([index, name, p], position) => {
      const {row, title, bar, value} = this.rows[position], text = percent(p);
      row.classList.toggle("label", index === label);
      row.dataset.class = index;
      row.dataset.probability = p.toFixed(7);
      bar.style.transform = `scaleX(${p.toFixed(5)})`;
      setText(title, name);
      setText(value, text);
    });
  }

  // rows are built once; with T only widths and numbers change
  build(count) {
    this.rows = Array.from({length: count}, () => {
      const title = el("span", {class: "name"}), bar = el("span", {class: "bar"}), value = el("span", {class: "value"});
      return {row: el("div", {class: "row", role: "listitem"}, title, el("span", {class: "track"}, bar), value), title, bar, value};
    });
    this.node.replaceChildren(...this.rows.map(({row}) => row));
  }
}
