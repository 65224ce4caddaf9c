// Section: logits of the reader's own, from a pasted row or a .npy file.

import {Bars} from "./bars.js";
import {dropZone, el, setText} from "./dom.js";
import {entropy, softTargets} from "./numerics.js";
import {parseNpy, parseRow} from "./own_logits.js";

export class OwnLogitsSection {
  constructor(explorer) {
    Object.assign(this, {explorer, rows: [], names: []});
    this.text = el("textarea", {rows: 2, placeholder: "9.1, 2.3, -0.4", spellcheck: "false", input: () => this.read(() => [parseRow(this.text.value)], !this.text.value.trim())});
    this.namesText = el("input", {type: "text", placeholder: "cat, dog, fox", input: () => this.show()});
    this.file = el("input", {type: "file", accept: ".npy", change: () => this.readFile(this.file.files[0])});
    this.row = el("input", {type: "number", min: 0, value: 0, input: () => this.show()});
    this.rowField = el("label", {class: "field", hidden: true}, "row ", this.row);
    this.message = el("p", {role: "status"});
    this.bars = new Bars("teacher", "probability of each class");
    this.node = el("section", {id: "own-logits"}, el("h2", {}, "Your own logits at the same temperature"),
      el("p", {}, "Paste a row of logits, or drop a .npy file of one row an image. Nothing leaves this page."),
      el("label", {class: "block"}, "Logits", this.text), el("label", {class: "block"}, "Names of the classes, if you like", this.namesText),
      el("label", {class: "block drop"}, "Drop a .npy file here, or choose one: ", this.file), this.rowField, this.message, this.bars.node);
    dropZone(this.node, (file) => this.readFile(file));
  }

  async readFile(file) {
    if (!file) return;
    const buffer = await file.arrayBuffer();
    this.read(() => parseNpy(buffer), false, file.name);
  }

  read(parse, empty, source = "") {
    this.rows = [];
    this.problem = "";
    try {
      if (!empty) this.rows = parse();
    } catch (error) {
      this.problem = source ? `${source}: ${error.message}.` : `${error.message}.`;
    }
    this.row.value = 0;
    this.show();
  }

  show() {
    const index = Math.min(this.rows.length - 1, Math.max(0, Math.round(Number(this.row.value)) || 0));
    const logits = this.rows[index], names = this.namesText.value.split(",").map((name) => name.trim()).filter(Boolean);
    this.rowField.hidden = this.rows.length < 2;
    this.row.max = this.rows.length - 1;
    this.bars.node.hidden = !logits;
    this.message.classList.toggle("problem", Boolean(this.problem));
    if (!logits) return setText(this.message, this.problem ?? "");
    const probabilities = softTargets(logits, this.explorer.state.T), bits = entropy(probabilities);
    this.bars.show(probabilities, names);
    const many = this.rows.length > 1 ? `Row ${index} of ${this.rows.length}, ` : "";
    setText(this.message, `${many}${logits.length} classes at T = ${this.explorer.state.T}: entropy ${bits.toFixed(2)} of ${Math.log2(logits.length).toFixed(2)} bits, ${(2 ** bits).toFixed(2)} effective classes`);
  }

  showTemperature() {
    if (this.rows.length) this.show();
  }
}
