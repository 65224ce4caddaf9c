// A view of an explorer: the temperature slider and some of the sections.

import {CurveSection} from "./curve_section.js";
import {el, setText} from "./dom.js";
import {DrawingSection} from "./drawing_section.js";
import {MAX_T, MIN_T} from "./explorer.js";
import {GradientSection} from "./gradient_section.js";
import {KernelSection} from "./kernel_section.js";
import {entropy, softTargets} from "./numerics.js";
import {OwnLogitsSection} from "./own_logits_section.js";
import {SoftTargetsSection} from "./soft_targets_section.js";
import {TrainingSection} from "./training_section.js";

const STEPS = 28; // steps of the slider that double T

// name: [section, whether an explorer has what it shows]
const SECTIONS = {
  soft_targets: [SoftTargetsSection, () => true],
  gradients: [GradientSection, ({data}) => data.train],
  curve: [CurveSection, ({data}) => data.sweeps.length],
  training: [TrainingSection, ({data}) => data.train],
  kernel_training: [KernelSection, ({kernel}) => kernel],
  drawing: [DrawingSection, ({data}) => data.train],
  own_logits: [OwnLogitsSection, () => true],
};

export class View {
  constructor(explorer, names = Object.keys(SECTIONS)) {
    this.explorer = explorer;
    this.slider = el("input", {type: "range", id: "temperature", min: 0, max: Math.ceil(STEPS * Math.log2(MAX_T / MIN_T)), step: 1, input: () => explorer.set({T: this.sliderT()})});
    this.value = el("output", {for: "temperature"});
    this.readout = el("span", {class: "readout"});
    this.sections = names.map((name) => SECTIONS[name]).filter(([, has]) => has(explorer)).map(([Section]) => new Section(explorer));
    this.nodes = [el("div", {class: "slider"}, el("label", {for: "temperature"}, "Temperature T"), this.slider, this.value, this.readout),
      ...this.sections.map(({node}) => node)];
    explorer.views.add(this);
    this.showAll();
    this.showStudents();
  }

  sliderT() {
    return Number(Math.min(MAX_T, MIN_T * 2 ** (this.slider.value / STEPS)).toPrecision(3));
  }

  showAll() {
    this.slider.value = Math.round(STEPS * Math.log2(this.explorer.state.T / MIN_T));
    for (const section of this.sections) (section.showImage ?? section.show)?.call(section);
    this.showTemperature();
  }

  showTemperature() {
    const {logits, state: {T}} = this.explorer, bits = entropy(softTargets(logits, T));
    setText(this.value, String(T));
    setText(this.readout, `${bits.toFixed(2)} bits · ${(2 ** bits).toFixed(1)} effective classes`);
    this.slider.setAttribute("aria-valuetext", `T = ${T}, entropy ${bits.toFixed(2)} bits, ${(2 ** bits).toFixed(1)} effective classes`);
    for (const section of this.sections) section.showTemperature?.();
  }

  showStudents() {
    for (const section of this.sections) section.offer?.(Object.keys(this.explorer.students));
  }
}
