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

  // The images `rows` by pixel (compressed sparse columns): those of pixel p, by their place in
  // `rows`, are index[start[p]] to index[start[p + 1] - 1], with their values.
  columns(rows, size) {
    const start = new Uint32Array(size + 1);
    for (const row of rows) for (let k = this.start[row]; k < this.start[row + 1]; k++) start[this.index[k] + 1]++;
    for (let p = 0; p < size; p++) start[p + 1] += start[p];
    const next = start.slice(), index = new Uint16Array(start[size]), value = new Float32Array(start[size]);
    rows.forEach((row, place) => {
      for (let k = this.start[row]; k < this.start[row + 1]; k++) {
        const at = next[this.index[k]]++;
        index[at] = place;
        value[at] = this.value[k];
      }
    });
    return {start, index, value};
  }
}

// target[j] += Σ value[k] · rows[index[k] · width + j], k in [from, end); four rows at a time:
// fewer passes over the target. All time but the optimizer's goes by here.
function addRows(target, rows, width, index, value, from, end) {
  let k = from;
  for (; k + 3 < end; k += 4) {
    const x0 = value[k], x1 = value[k + 1], x2 = value[k + 2], x3 = value[k + 3];
    const o0 = index[k] * width, o1 = index[k + 1] * width;
    const o2 = index[k + 2] * width, o3 = index[k + 3] * width;
    for (let j = 0; j < width; j++) {
      target[j] += x0 * rows[o0 + j] + x1 * rows[o1 + j] + x2 * rows[o2 + j] + x3 * rows[o3 + j];
    }
  }
  for (; k < end; k++) {
    const x = value[k], offset = index[k] * width;
    for (let j = 0; j < width; j++) target[j] += x * rows[offset + j];
  }
}

export class Network {
  // Kernels start from N(0, 2 / fan in), biases from 0; `seed` decides them. `batch`: most images
  // in one call of `forward`.
  constructor(inputs, hidden, classes, seed, batch = 64) {
    Object.assign(this, {inputs, hidden, classes});
    const random = generator(seed);
    const kernel = (rows, columns) => Float32Array.from(
      {length: rows * columns}, () => normal(random) * Math.sqrt(2 / rows));
    this.weights = [kernel(inputs, hidden), new Float32Array(hidden),
      kernel(hidden, classes), new Float32Array(classes)];
    this.sum = new Float64Array(hidden); // float64: no rounding, and faster
    this.activation = new Float32Array(batch * hidden);
    this.logits = new Float64Array(batch * classes);
    this.inked = new Uint8Array(inputs); // pixels that a batch had
  }

  // logits (rows · classes) of some rows of SparseImages, valid until the next call
  forward(images, rows) {
    const [w1, b1, w2, b2] = this.weights, {hidden, classes, sum, activation, logits} = this;
    for (let i = 0; i < rows.length; i++) {
      sum.set(b1);
      addRows(sum, w1, hidden, images.index, images.value, images.start[rows[i]], images.start[rows[i] + 1]);
      logits.set(b2, i * classes);
      for (let j = 0; j < hidden; j++) {
        const h = activation[i * hidden + j] = sum[j] > 0 ? sum[j] : 0;
        if (h) for (let c = 0; c < classes; c++) logits[i * classes + c] += h * w2[j * classes + c];
      }
    }
    return logits.subarray(0, rows.length * classes);
  }

  // One step of `optimizer` for the batch whose `forward` was the last: its `columns`, and the
  // gradient by its logits, (rows · classes).
  step(columns, logitGradient, optimizer) {
    const {back, gradients} = this.backward(logitGradient), {hidden, inputs, sum, inked} = this;
    const {start, index, value} = columns;
    optimizer.begin();
    // one pixel's gradient at a time stays in the processor's cache; a pixel that no batch had yet
    // has none, nor has the optimizer a memory of one
    for (let p = 0; p < inputs; p++) {
      inked[p] ||= start[p + 1] > start[p];
      if (!inked[p]) continue;
      sum.fill(0);
      addRows(sum, back, hidden, index, value, start[p], start[p + 1]);
      optimizer.update(0, p * hidden, sum);
    }
    gradients.forEach((gradient, n) => optimizer.update(n + 1, 0, gradient));
  }

  // gradients by the hidden units' inputs, (rows · hidden), and by the weights but the first kernel
  backward(logitGradient) {
    const w2 = this.weights[2], {hidden, classes, activation} = this, rows = logitGradient.length / classes;
    const back = new Float32Array(rows * hidden), [gb1, g2, gb2] = this.weights.slice(1).map((w) => new Float64Array(w.length));
    for (let i = 0; i < rows; i++) {
      for (let c = 0; c < classes; c++) gb2[c] += logitGradient[i * classes + c];
      for (let j = 0; j < hidden; j++) {
        const h = activation[i * hidden + j];
        if (!h) continue; // the ReLU lets no gradient pass
        let slope = 0;
        for (let c = 0; c < classes; c++) {
          slope += w2[j * classes + c] * logitGradient[i * classes + c];
          g2[j * classes + c] += h * logitGradient[i * classes + c];
        }
        back[i * hidden + j] = slope;
        gb1[j] += slope;
      }
    }
    return {back, gradients: [gb1, g2, gb2]};
  }
}

// Adam (Kingma & Ba 2015, arXiv:1412.6980) with Keras's defaults. A step is `begin`, then `update`
// for each part of the weights once.
export class Adam {
  constructor(weights, rate) {
    Object.assign(this, {weights, rate, steps: 0});
    this.moments = weights.map((a) => [new Float32Array(a.length), new Float32Array(a.length)]);
  }

  begin() {
    this.steps++;
    this.scaled = this.rate * Math.sqrt(1 - 0.999 ** this.steps) / (1 - 0.9 ** this.steps);
  }

  // the gradient of the n-th array's weights from `start` on
  update(n, start, gradient) {
    const w = this.weights[n], [m, v] = this.moments[n], rate = this.scaled;
    for (let j = 0, i = start; j < gradient.length; j++, i++) {
      const g = gradient[j], first = m[i] + (g - m[i]) * 0.1, second = v[i] + (g * g - v[i]) * 0.001;
      m[i] = first;
      v[i] = second;
      w[i] -= rate * first / (Math.sqrt(second) + 1e-7);
    }
  }
}

// Stochastic gradient descent without momentum, used as Adam.
export class SGD {
  constructor(weights, rate) {
    Object.assign(this, {weights, rate});
  }

  begin() {}

  update(n, start, gradient) {
    const w = this.weights[n], {rate} = this;
    for (let j = 0; j < gradient.length; j++) w[start + j] -= rate * gradient[j];
  }
}
