// Section: a test image and its soft targets at T.

import {Bars} from "./bars.js";
import {drawPixels, el, setText} from "./dom.js";
import {argmax, entropy, softTargets} from "./numerics.js";

export class SoftTargetsSection {
  constructor(explorer) {
    this.explorer = explorer;
    this.heading = el("h2");
    this.picture = el("canvas", {class: "picture", role: "img"});
    this.caption = el("figcaption");
    this.bars = new Bars("teacher", "probability of each class");
    this.facts = el("p", {class: "facts"});
    this.node = el("section", {id: "soft-targets"}, this.heading,
      el("p", {}, "Soft targets are the softmax of the teacher's logits divided by T. The label is one class and nothing else; soft targets say which other classes the image resembles."),
      this.choices(), el("div", {class: "pair"},
        el("figure", {}, this.picture, this.caption), el("div", {class: "answer"}, this.bars.node, this.facts)));
  }

  choices() {
    const {explorer} = this;
    this.options = explorer.data.choices.map((index) => this.choice(index));
    this.number = el("input", {type: "number", min: 0, max: explorer.test.labels.length - 1, "aria-label": "test image number",
      change: () => this.chooseNumber(), keydown: ({key}) => key === "Enter" && this.chooseNumber()}); // JupyterLab keeps Enter from changing it
    return el("fieldset", {class: "choices"}, el("legend", {}, "Images that are hard for the teacher, or any by number"),
      ...this.options.map(({node}) => node), this.number);
  }

  chooseNumber() {
    const {value, max} = this.number;
    this.explorer.set({image: Math.min(max, Math.max(0, Math.round(Number(value)) || 0))});
  }

  choice(index) {
    const {explorer} = this, canvas = el("canvas", {role: "img", "aria-label": explorer.describe(index)});
    const input = el("input", {type: "radio", name: "image", change: () => explorer.set({image: index})});
    drawPixels(canvas, explorer.pixels(index), explorer.data.side);
    return {index, input, node: el("label", {}, input, canvas)};
  }

  showImage() {
    const {explorer} = this, {image} = explorer.state;
    drawPixels(this.picture, explorer.pixels(image), explorer.data.side);
    this.picture.setAttribute("aria-label", explorer.describe(image));
    setText(this.caption, explorer.describe(image));
    this.number.value = image;
    for (const {index, input} of this.options) input.checked = index === image;
  }

  showTemperature() {
    const {explorer} = this, {names} = explorer.data, {T} = explorer.state;
    const probabilities = softTargets(explorer.logits, T), bits = entropy(probabilities);
    this.bars.show(probabilities, names, explorer.label);
    setText(this.heading, finding(probabilities, names, T));
    setText(this.facts, `Entropy ${bits.toFixed(2)} of ${Math.log2(names.length).toFixed(2)} bits: as spread out as ${(2 ** bits).toFixed(2)} equally likely classes`);
  }
}

function finding(probabilities, names, T) {
  const first = argmax(probabilities), others = probabilities.map((p, i) => (i === first ? -1 : p)), second = argmax(others);
  const whole = (p) => (p > 0 && p < 0.01 ? "under 1 %" : `${Math.round(100 * p)} %`);
  return `At T = ${T} the teacher says ${whole(probabilities[first])} “${names[first]}”, ${whole(probabilities[second])} “${names[second]}”`;
}
