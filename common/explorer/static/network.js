// Multilayer perceptron inputs-hidden-classes on typed float32 arrays, with Adam or SGD.

import {generator, normal} from "./random.js";

// Nonzero pixels of uint8 images, divided by 255: four of five pixels of a digit are 0.
export class SparseImages {
  constructor(pixels, size) {
    this.count = pixels.length / size;
    this.start = new Uint32Array(this.count + 1);
    let used = 0;
    for (let i = 0; i < pixels.length; i++) if (pixels[i]) used++;
    this.index = new Uint16Array(used);
    this.value = new Float32Array(used);
    for (let row = 0, k = 0; row < this.count; row++) {
      for (let i = 0; i < size; i++) {
        const pixel = pixels[row * size + i];
        if (!pixel) continue;
        this.index[k] = i;
        this.value[k++] = pixel / 255;
      }
      this.start[row + 1] = k;
    }
  }
}

export class Network {
  // Kernels start from N(0, 2 / fan in), biases from 0; `seed` decides them.
  constructor(inputs, hidden, classes, seed) {
    Object.assign(this, {inputs, hidden, classes});
    const random = generator(seed);
    const kernel = (rows, columns) => Float32Array.from(
      {length: rows * columns}, () => normal(random) * Math.sqrt(2 / rows));
    this.weights = [kernel(inputs, hidden), new Float32Array(hidden),
      kernel(hidden, classes), new Float32Array(classes)];
    // sums over images and pixels are kept as float64: no rounding, and faster
    this.gradients = this.weights.map((array) => new Float64Array(array.length));
    this.activation = new Float64Array(hidden);
    this.back = new Float64Array(hidden);
    this.active = new Uint16Array(hidden); // units whose ReLU lets a gradient pass
    this.logits = new Float64Array(classes);
  }

  // logits of one row of SparseImages, valid until the next call
  forward(images, row) {
    const [w1, b1, w2, b2] = this.weights, {hidden, classes, activation, logits} = this;
    const {index, value} = images, end = images.start[row + 1];
    let k = images.start[row];
    activation.set(b1);
    for (; k + 3 < end; k += 4) { // four pixels at a time: fewer passes over the units
      const x0 = value[k], x1 = value[k + 1], x2 = value[k + 2], x3 = value[k + 3];
      const o0 = index[k] * hidden, o1 = index[k + 1] * hidden;
      const o2 = index[k + 2] * hidden, o3 = index[k + 3] * hidden;
      for (let j = 0; j < hidden; j++) {
        activation[j] += x0 * w1[o0 + j] + x1 * w1[o1 + j] + x2 * w1[o2 + j] + x3 * w1[o3 + j];
      }
    }
    for (; k < end; k++) {
      const x = value[k], offset = index[k] * hidden;
      for (let j = 0; j < hidden; j++) activation[j] += x * w1[offset + j];
    }
    logits.set(b2);
    for (let j = 0; j < hidden; j++) {
      const h = activation[j] > 0 ? activation[j] : 0;
      activation[j] = h;
      if (h) for (let c = 0; c < classes; c++) logits[c] += h * w2[j * classes + c];
    }
    return logits;
  }

  // add the gradient of one image, whose `forward` was the last, to `gradients`
  backward(images, row, logitGradient) {
    const [g1, gb1, g2, gb2] = this.gradients, w2 = this.weights[2];
    const {hidden, classes, activation, back, active} = this;
    let count = 0;
    for (let c = 0; c < classes; c++) gb2[c] += logitGradient[c];
    for (let j = 0; j < hidden; j++) {
      if (!(activation[j] > 0)) continue;
      let sum = 0;
      for (let c = 0; c < classes; c++) {
        sum += w2[j * classes + c] * logitGradient[c];
        g2[j * classes + c] += activation[j] * logitGradient[c];
      }
      back[count] = sum;
      active[count++] = j;
      gb1[j] += sum;
    }
    for (let k = images.start[row]; k < images.start[row + 1]; k++) {
      const x = images.value[k], offset = images.index[k] * hidden;
      for (let n = 0; n < count; n++) g1[offset + active[n]] += x * back[n];
    }
  }
}

// Adam (Kingma & Ba 2015, arXiv:1412.6980) with Keras's defaults.
export class Adam {
  constructor(arrays, rate) {
    this.rate = rate;
    this.steps = 0;
    this.moments = arrays.map((a) => [new Float32Array(a.length), new Float32Array(a.length)]);
  }

  update(weights, gradients) {
    this.steps++;
    const rate = this.rate * Math.sqrt(1 - 0.999 ** this.steps) / (1 - 0.9 ** this.steps);
    weights.forEach((w, n) => {
      const g = gradients[n], [m, v] = this.moments[n];
      for (let i = 0; i < w.length; i++) {
        m[i] += (g[i] - m[i]) * 0.1;
        v[i] += (g[i] * g[i] - v[i]) * 0.001;
        w[i] -= rate * m[i] / (Math.sqrt(v[i]) + 1e-7);
      }
      g.fill(0);
    });
  }
}

// Stochastic gradient descent without momentum.
export class SGD {
  constructor(arrays, rate) {
    this.rate = rate;
  }

  update(weights, gradients) {
    weights.forEach((w, n) => {
      const g = gradients[n];
      for (let i = 0; i < w.length; i++) w[i] -= this.rate * g[i];
      g.fill(0);
    });
  }
}
