// Softmax at a temperature, entropy, gradients of hard and soft loss, statistics. Logits are arrays
// of numbers; losses are in nats, entropies in bits.

// softmax(logits / T), an array
export function softTargets(logits, temperature = 1) {
  return Array.from(logSoftTargets(logits, temperature), (value) => Math.exp(value));
}

// its logarithms, a Float64Array; subtracting the largest logit first avoids overflow
export function logSoftTargets(logits, temperature = 1) {
  const scaled = new Float64Array(logits.length);
  let largest = -Infinity, sum = 0;
  for (let c = 0; c < scaled.length; c++) if (logits[c] > largest) largest = logits[c];
  for (let c = 0; c < scaled.length; c++) sum += Math.exp(scaled[c] = (logits[c] - largest) / temperature);
  const log = Math.log(sum);
  for (let c = 0; c < scaled.length; c++) scaled[c] -= log;
  return scaled;
}

// from 0, one certain class, to log2(classes), all equally likely
export function entropy(probabilities) {
  return -probabilities.reduce((sum, p) => sum + (p > 0 ? p * Math.log2(p) : 0), 0);
}

// gradient of the cross-entropy with the label by the student's logits: softmax(z) - label
export function hardGradient(student, label) {
  return softTargets(student).map((q, i) => q - (i === label));
}

// gradient of KL(teacher ‖ student), without T², by the student's logits: (q - p) / T
// (Hinton et al. 2015, arXiv:1503.02531, equation 2)
export function softGradient(student, teacher, temperature) {
  const p = softTargets(teacher, temperature);
  return softTargets(student, temperature).map((q, i) => (q - p[i]) / temperature);
}

export function norm(values) {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
}

export function argmax(values) {
  return values.reduce((best, value, i) => (value > values[best] ? i : best), 0);
}

export function mean(values) {
  return values.reduce((a, b) => a + b, 0) / values.length;
}

// sample standard deviation; 0 for one value
export function deviation(values) {
  const middle = mean(values);
  const squares = values.reduce((sum, value) => sum + (value - middle) ** 2, 0);
  return values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0;
}
