// Section: a test image and its soft targets at T.

import {Bars} from "./bars.js";
import {drawPixels, el, setText} from "./dom.js";
import {argmax, entropy, softTargets} from "./numerics.js";

export class SoftTargetsSection {
  constructor(page) {
    this.page = page;
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
    const {page} = this;
    this.options = page.data.choices.map((index) => this.choice(index));
    this.number = el("input", {type: "number", min: 0, max: page.test.labels.length - 1, "aria-label": "test image number",
      change: () => page.set({image: Math.min(this.number.max, Math.max(0, Math.round(Number(this.number.value)) || 0))})});
    return el("fieldset", {class: "choices"}, el("legend", {}, "Images that are hard for the teacher, or any by number"),
      ...this.options.map(({node}) => node), this.number);
  }

  choice(index) {
    const {page} = this, canvas = el("canvas", {role: "img", "aria-label": page.describe(index)});
    const input = el("input", {type: "radio", name: "image", change: () => page.set({image: index})});
    drawPixels(canvas, page.pixels(index), page.data.side);
    return {index, input, node: el("label", {}, input, canvas)};
  }

  showImage() {
    const {page} = this, {image} = page.state;
    drawPixels(this.picture, page.pixels(image), page.data.side);
    this.picture.setAttribute("aria-label", page.describe(image));
    setText(this.caption, page.describe(image));
    this.number.value = image;
    for (const {index, input} of this.options) input.checked = index === image;
  }

  showTemperature() {
    const {page} = this, {names} = page.data, {T} = page.state;
    const probabilities = softTargets(page.logits, T), bits = entropy(probabilities);
    this.bars.show(probabilities, names, page.label);
    setText(this.heading, finding(probabilities, names, T));
    setText(this.facts, `Entropy ${bits.toFixed(2)} of ${Math.log2(names.length).toFixed(2)} bits: as spread out as ${(2 ** bits).toFixed(2)} equally likely classes`);
    page.slider.setAttribute("aria-valuetext", `T = ${T}, entropy ${bits.toFixed(2)} bits, ${(2 ** bits).toFixed(1)} effective classes`);
    setText(page.readout, `${bits.toFixed(2)} bits · ${(2 ** bits).toFixed(1)} effective classes`);
  }
}

function finding(probabilities, names, T) {
  const first = argmax(probabilities), others = probabilities.map((p, i) => (i === first ? -1 : p)), second = argmax(others);
  const whole = (p) => (p > 0 && p < 0.01 ? "under 1 %" : `${Math.round(100 * p)} %`);
  return `At T = ${T} the teacher says ${whole(probabilities[first])} “${names[first]}”, ${whole(probabilities[second])} “${names[second]}”`;
}
