// The notebook's kernel: saves the state, answers with Keras's networks, trains larger students.

import {el, setText} from "./dom.js";

const PATIENCE = 5000; // milliseconds until a silent kernel is called so
const SILENT = "The kernel does not answer: it is busy or has ended. Soft targets, gradients, the networks of this page and their training go on; recorded networks and trainings in the kernel do not.";

export class Kernel {
  constructor(model) {
    Object.assign(this, {model, asked: new Map(), next: 0, notices: new Set(), timer: null, silent: false});
    model.on("msg:custom", (message) => this.receive(message));
    model.on("change:live", () => this.heard());
  }

  // titles of the networks that answer
  get networks() {
    return this.model.get("networks");
  }

  // logits of the kernel's trained networks for pixels: [{title, role, logits}]
  ask(pixels) {
    const id = this.next++;
    return new Promise((resolve) => {
      this.asked.set(id, resolve);
      this.send({type: "answer", id}, [pixels.slice().buffer]);
    });
  }

  // a message that the kernel confirms, by which a silent one is noticed
  send(message, buffers = []) {
    this.timer ??= setTimeout(() => this.fallSilent(), PATIENCE);
    this.guarded(() => this.model.send(message, {}, buffers));
  }

  save(values) {
    if (this.silent) return; // else the browser's console says so at every move of a slider
    this.guarded(() => {
      for (const [name, value] of Object.entries(values)) this.model.set(name, value);
      this.model.save_changes();
    });
  }

  // a kernel that has ended throws, now or later
  guarded(action) {
    Promise.resolve().then(action).catch(() => this.fallSilent());
  }

  fallSilent() {
    this.silent = true;
    this.say(SILENT);
  }

  receive(message) {
    this.heard();
    this.asked.get(message.id)?.(message.answers);
    this.asked.delete(message.id);
    if (message.problem) this.say(message.problem);
  }

  heard() {
    clearTimeout(this.timer);
    Object.assign(this, {timer: null, silent: false});
    this.say("");
  }

  say(text) {
    for (const notice of this.notices) {
      notice.hidden = !text;
      setText(notice, text);
    }
  }

  // a line that says what does not work
  notice() {
    const node = el("p", {class: "problem", role: "alert", hidden: true});
    this.notices.add(node);
    return node;
  }
}
