// The page: an explorer of the data in its script element, with its state in the address.

import {readAddress, writeAddress} from "./address.js";
import {el, setText} from "./dom.js";
import {openExplorer} from "./explorer.js";
import {View} from "./view.js";

async function main() {
  const root = document.getElementById("page"), text = (id) => document.getElementById(id).textContent;
  const data = JSON.parse(text("data")), explorer = await openExplorer(data, text("worker"));
  const problems = el("p", {class: "problem", role: "alert", hidden: true});
  const read = () => {
    const address = readAddress(location.hash, explorer.fields);
    problems.hidden = !address.problems.length;
    setText(problems, address.problems.join(" "));
    explorer.set(address.state);
  };
  read();
  addEventListener("hashchange", read);
  saveInAddress(explorer);
  root.replaceChildren(
    el("header", {}, el("p", {class: "kicker"}, `Knowledge distillation · ${data.title}`), el("h1", {}, data.finding), el("p", {class: "lead"}, data.lead), problems),
    ...new View(explorer).nodes, el("footer", {}, data.source));
  globalThis.distillation = explorer;
  root.dataset.ready = Math.round(performance.now());
}

// browsers limit how often the address may change
function saveInAddress(explorer) {
  let saving;
  explorer.savers.push(() => {
    clearTimeout(saving);
    saving = setTimeout(() => history.replaceState(null, "", writeAddress(explorer.state, explorer.fields) || "#"), 250);
  });
}

main();
