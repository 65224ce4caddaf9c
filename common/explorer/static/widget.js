// The front end of the notebook's widgets: each shows some sections of one explorer, whose state,
// data and answers come from the kernel.

import {el} from "./dom.js";
import {openExplorer} from "./explorer.js";
import {Kernel} from "./kernel.js";
import {View} from "./view.js";

const REFERENCE = "IPY_MODEL_", SAVED = {T: "temperature", alpha: "alpha", image: "index"};
const SAVE = 100; // milliseconds between two messages to the kernel while a slider moves

// all panels share the explorer that their common model keeps
async function explorerOf(model) {
  const shared = await model.widget_manager.get_model(model.get("explorer").slice(REFERENCE.length));
  shared.distillation ??= open(shared);
  return shared.distillation;
}

async function open(model) {
  const data = JSON.parse(new TextDecoder().decode(model.get("data")));
  const explorer = await openExplorer(data, model.get("worker"));
  explorer.kernel = new Kernel(model);
  const trait = ([name, key]) => [name, model.get(key)];
  explorer.set(Object.fromEntries(Object.entries(SAVED).map(trait)));
  for (const one of Object.entries(SAVED)) {
    model.on(`change:${one[1]}`, () => {
      const [name, value] = trait(one);
      if (explorer.state[name] !== value) explorer.set({[name]: value});
    });
  }
  model.on("change:networks", () => { for (const view of explorer.views) view.showStudents(); });
  let saving;
  explorer.savers.push(() => {
    clearTimeout(saving);
    saving = setTimeout(() => explorer.kernel.save(Object.fromEntries(
      Object.entries(SAVED).map(([name, key]) => [key, explorer.state[name]]))), SAVE);
  });
  return explorer;
}

// JupyterLab's theme, where there is one, decides between light and dark
function followTheme(host) {
  const show = () => {
    const {jpThemeLight} = document.body.dataset;
    host.style.colorScheme = {true: "light", false: "dark"}[jpThemeLight] ?? "light dark";
  };
  const observer = new MutationObserver(show);
  observer.observe(document.body, {attributes: true, attributeFilter: ["data-jp-theme-light"]});
  show();
  return observer;
}

async function render({model, el: outer}) {
  const explorer = await explorerOf(model), host = el("div", {class: "distillation"});
  host.dataset.lmSuppressShortcuts = "true"; // keys are the sections', not the notebook's
  const view = new View(explorer, model.get("sections"));
  const style = el("style");
  style.textContent = model.get("css");
  host.attachShadow({mode: "open"}).append(style, el("div", {class: "panel"}, explorer.kernel.notice(), ...view.nodes));
  const observer = followTheme(host);
  outer.replaceChildren(host);
  return () => {
    observer.disconnect();
    explorer.views.delete(view);
  };
}

export const widget = {render};
