// Elements, texts of numbers, and pictures of pixels.

const SVG = "http://www.w3.org/2000/svg";

function build(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") node.addEventListener(name, value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null) node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

// an HTML element; attributes that are functions are listeners
export function el(tag, attributes = {}, ...children) {
  return build(document.createElement(tag), attributes, children);
}

export function svg(tag, attributes = {}, ...children) {
  return build(document.createElementNS(SVG, tag), attributes, children);
}

// set a text only where it differs: nothing is laid out for an unchanged one
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

export function percent(p) {
  if (p > 0 && p < 1e-4) return "< 0.01 %";
  return `${(100 * p).toFixed(p >= 0.01 || p === 0 ? 1 : 2)} %`;
}

// three significant digits without trailing zeros
export function short(value) {
  return String(Number(value.toPrecision(3)));
}

// draw uint8 pixels, (side · side · channels); one channel is inverted: dark ink on light paper
export function drawPixels(canvas, pixels, side) {
  const channels = pixels.length / (side * side), data = new ImageData(side, side);
  for (let i = 0; i < side * side; i++) {
    for (let c = 0; c < 3; c++) data.data[4 * i + c] = channels === 1 ? 255 - pixels[i] : pixels[3 * i + c];
    data.data[4 * i + 3] = 255;
  }
  canvas.width = canvas.height = side;
  canvas.getContext("2d").putImageData(data, 0, 0);
}

// a node on which files are dropped; `read` is called with the first
export function dropZone(node, read) {
  node.addEventListener("dragover", (event) => { event.preventDefault(); node.classList.add("over"); });
  node.addEventListener("dragleave", () => node.classList.remove("over"));
  node.addEventListener("drop", (event) => {
    event.preventDefault();
    node.classList.remove("over");
    read(event.dataTransfer.files[0]);
  });
}

export function reducedMotion() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
