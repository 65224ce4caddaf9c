// Losses of the methods of distillation and their gradients, those of the package's Python losses,
// which name the sources. A batch is {student, teacher, labels, count, classes}, its logits
// (count · classes) numbers. Losses are means over the batch, in nats.

import {logSoftTargets, softTargets} from "./numerics.js";

// Loss of a batch: hard · cross-entropy with the labels + soft · the method's. Its gradient by the
// student's logits is written into `gradient`. Settings: {method, temperature, hard, soft, options}.
export function objective(batch, {method, temperature, hard, soft, options}, gradient) {
  gradient.fill(0);
  let loss = 0;
  if (hard) loss += crossEntropy(batch, temperature, {}, hard, gradient);
  if (soft) loss += METHODS[method](batch, temperature, options, soft, gradient);
  return loss;
}

// A loss of single rows as one of a batch: (batch, T, options, weight, gradient) => weight · mean,
// whose gradient is added. `loss` is (student, teacher, label, T, options, gradient) => number.
function overRows(loss) {
  return ({student, teacher, labels, count, classes}, temperature, options, weight, gradient) => {
    const slopes = new Float64Array(classes);
    let sum = 0;
    for (let row = 0; row < count; row++) {
      const from = row * classes, to = from + classes;
      slopes.fill(0);
      sum += loss(student.subarray(from, to), teacher?.subarray(from, to), labels[row], temperature, options, slopes);
      for (let c = 0; c < classes; c++) gradient[from + c] += slopes[c] * weight / count;
    }
    return sum * weight / count;
  };
}

const crossEntropy = overRows((student, _, label, T, options, gradient) => targetLoss(student, label, 1, gradient));

export const METHODS = {
  kd: overRows((student, teacher, label, T, _, gradient) => softLoss(student, teacher, T, 1, gradient)),
  dkd: overRows(dkd),
  dist,
  ls: overRows(ls),
  nkd: overRows(nkd),
  ttm: overRows((student, teacher, label, T, _, gradient) => divergence(student, teacher, 1, T, 1, gradient)),
  wttm: overRows(wttm),
};

// weight · -log q of the label, at T = 1
function targetLoss(student, label, weight, gradient) {
  const log = logSoftTargets(student);
  log.forEach((q, c) => { gradient[c] += weight * (Math.exp(q) - (c === label)); });
  return -weight * log[label];
}

// weight · KL(teacher ‖ student), each at its temperature
function divergence(student, teacher, studentT, teacherT, weight, gradient) {
  const q = logSoftTargets(student, studentT), p = logSoftTargets(teacher, teacherT);
  let loss = 0;
  for (let c = 0; c < q.length; c++) {
    const target = Math.exp(p[c]);
    if (target > 0) loss += target * (p[c] - q[c]); // 0 log 0 is 0
    gradient[c] += weight / studentT * (Math.exp(q[c]) - target);
  }
  return weight * loss;
}

function softLoss(student, teacher, T, weight, gradient) {
  return divergence(student, teacher, T, T, weight * T * T, gradient);
}

const without = (row, label) => row.filter((_, c) => c !== label);

// add a gradient by the other classes' logits to that by all
function addOthers(slopes, label, gradient) {
  slopes.forEach((slope, c) => { gradient[c < label ? c : c + 1] += slope; });
}

// the label's logit, and T · log Σ exp(z / T) of the others: at T, the logits of label and rest
function pair(row, others, label, T) {
  return [row[label], others[0] - T * logSoftTargets(others, T)[0]];
}

function dkd(student, teacher, label, T, {alpha, beta}, gradient) {
  const z = without(student, label), v = without(teacher, label);
  const slopes = new Float64Array(z.length), ofPair = new Float64Array(2);
  const target = softLoss(pair(student, z, label, T), pair(teacher, v, label, T), T, alpha, ofPair);
  const others = softLoss(z, v, T, beta, slopes);
  softTargets(z, T).forEach((q, c) => { slopes[c] += ofPair[1] * q; });
  gradient[label] += ofPair[0];
  addOthers(slopes, label, gradient);
  return target + others;
}

function nkd(student, teacher, label, T, {gamma}, gradient) {
  const z = without(student, label), v = without(teacher, label), slopes = new Float64Array(z.length);
  const target = targetLoss(student, label, Math.exp(logSoftTargets(teacher)[label]), gradient);
  const others = softLoss(z, v, T, gamma, slopes); // cross-entropy is KL and the teacher's entropy
  const entropy = logSoftTargets(v, T).reduce((sum, p) => sum - (Math.exp(p) && Math.exp(p) * p), 0);
  addOthers(slopes, label, gradient);
  return target + others + gamma * T * T * entropy;
}

function wttm(student, teacher, label, T, _, gradient) {
  const weight = logSoftTargets(teacher).reduce((sum, p) => sum + Math.exp(p / T), 0);
  return divergence(student, teacher, 1, T, weight, gradient);
}

// {scores: z-scores, centered, deviation}; rows of equal logits have scores of 0
function standardized(row) {
  const middle = row.reduce((a, b) => a + b, 0) / row.length, centered = Float64Array.from(row, (value) => value - middle);
  const deviation = Math.sqrt(centered.reduce((sum, value) => sum + value * value, 0) / (row.length - 1));
  return {scores: centered.map((value) => value / (deviation + 1e-7)), centered, deviation};
}

function ls(student, teacher, label, T, _, gradient) {
  const {scores, centered, deviation} = standardized(student), slopes = new Float64Array(scores.length);
  const loss = softLoss(scores, standardized(teacher).scores, T, 1, slopes);
  if (!deviation) return loss;
  const along = slopes.reduce((sum, slope, c) => sum + slope * centered[c], 0) / ((scores.length - 1) * deviation * (deviation + 1e-7));
  slopes.forEach((slope, c) => { // slopes sum to 0, so that the mean's part is 0
    gradient[c] += (slope - along * centered[c]) / (deviation + 1e-7);
  });
  return loss;
}

// correlations within rows and, over the batch, within columns of the soft targets
function dist({student, teacher, count, classes}, T, {beta, gamma}, weight, gradient) {
  const q = softRows(student, classes, T), p = softRows(teacher, classes, T);
  const slopes = new Float64Array(q.length), ofRow = weight * T * T * beta / count, ofColumn = weight * T * T * gamma / classes;
  let loss = 0;
  for (let row = 0; row < count; row++) loss += uncorrelated(q, p, row * classes, 1, classes, ofRow, slopes);
  for (let c = 0; c < classes; c++) loss += uncorrelated(q, p, c, classes, count, ofColumn, slopes);
  for (let from = 0; from < q.length; from += classes) {
    let along = 0;
    for (let c = from; c < from + classes; c++) along += q[c] * slopes[c];
    for (let c = from; c < from + classes; c++) gradient[c] += q[c] * (slopes[c] - along) / T;
  }
  return loss;
}

function softRows(logits, classes, T) {
  const rows = new Float64Array(logits.length);
  for (let from = 0; from < rows.length; from += classes) {
    rows.set(softTargets(logits.subarray(from, from + classes), T), from);
  }
  return rows;
}

// weight · (1 - Pearson's correlation) of q and p at `count` places from `from` on, `step` apart;
// 1e-8 in the denominator, as in the Python loss; the gradient by q is added to `slopes`
function uncorrelated(q, p, from, step, count, weight, slopes) {
  const end = from + step * count;
  let meanQ = 0, meanP = 0, square = 0, squareP = 0, product = 0;
  for (let i = from; i < end; i += step) {
    meanQ += q[i] / count;
    meanP += p[i] / count;
  }
  for (let i = from; i < end; i += step) {
    const a = q[i] - meanQ, b = p[i] - meanP;
    square += a * a;
    squareP += b * b;
    product += a * b;
  }
  const norm = Math.sqrt(square), normP = Math.sqrt(squareP), whole = norm * normP + 1e-8;
  const shrink = norm > 1e-15 ? product * normP / (norm * whole) : 0;
  for (let i = from; i < end; i += step) slopes[i] -= weight * (p[i] - meanP - shrink * (q[i] - meanQ)) / whole;
  return weight * (1 - product / whole);
}
