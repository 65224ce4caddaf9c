// The MNIST teacher: 3×3 convolutions with ReLU and 2×2 max-pooling, then one dense layer.

// layers: [{kernel, bias, inputs, outputs}], a convolution's kernel (3, 3, inputs, outputs), batch
// normalization folded in; the last is dense. pixels: uint8 (side · side). Returns the logits.
export function teacherLogits(layers, pixels, side, {mean, deviation}) {
  let x = Float32Array.from(pixels, (pixel) => (pixel - mean) / deviation);
  for (const layer of layers.slice(0, -1)) {
    x = pooled(convolved(x, side, layer), side, layer.outputs);
    side = Math.floor(side / 2);
  }
  const {kernel, bias, outputs} = layers.at(-1), logits = Array.from(bias);
  for (let i = 0; i < x.length; i++) for (let o = 0; o < outputs; o++) logits[o] += x[i] * kernel[i * outputs + o];
  return logits;
}

function convolved(x, side, {kernel, bias, inputs, outputs}) {
  const y = new Float32Array(side * side * outputs);
  for (let row = 0; row < side; row++) for (let column = 0; column < side; column++) {
    const at = (row * side + column) * outputs;
    for (let o = 0; o < outputs; o++) y[at + o] = bias[o];
    for (let dy = 0; dy < 3; dy++) for (let dx = 0; dx < 3; dx++) {
      const r = row + dy - 1, c = column + dx - 1;
      if (r < 0 || c < 0 || r >= side || c >= side) continue; // zero padding
      const from = (r * side + c) * inputs, tap = (dy * 3 + dx) * inputs;
      for (let i = 0; i < inputs; i++) {
        const value = x[from + i], k = (tap + i) * outputs;
        if (value) for (let o = 0; o < outputs; o++) y[at + o] += value * kernel[k + o];
      }
    }
  }
  return y;
}

// ReLU and 2×2 max-pooling; an odd last row or column is dropped
function pooled(x, side, channels) {
  const half = Math.floor(side / 2), y = new Float32Array(half * half * channels);
  for (let row = 0; row < half; row++) for (let column = 0; column < half; column++) {
    for (let c = 0; c < channels; c++) {
      const at = (2 * row * side + 2 * column) * channels + c, down = side * channels;
      y[(row * half + column) * channels + c] = Math.max(0, x[at], x[at + channels], x[at + down], x[at + down + channels]);
    }
  }
  return y;
}
