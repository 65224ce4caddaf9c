// The committed students of this page, which Keras trained with several seeds.

// Test errors [[each epoch] for each seed] of the students that the record has for a training's
// settings: {baseline, distilled}, each null if there are none.
export function recordedErrors({settings: known, errors}, {loss, hidden, optimizer, rate}) {
  const students = errors?.[hidden], same = students && optimizer === known.optimizer && rate === known.rate;
  if (!same) return {baseline: null, distilled: null};
  const atSettings = loss.temperature === known.temperature && (loss.method !== "kd" || loss.soft === known.alpha);
  return {baseline: students.baseline, distilled: (atSettings && students[loss.method]) || null};
}

// what the bands are, in words
export function describeBands({settings, seeds}, {baseline, distilled}) {
  if (!baseline) return "Once two seeds are trained, bands show their range and dashed lines their mean.";
  const whole = `Bands: the lowest to the highest of ${seeds.length} seeds that Keras trained on these digits with these settings, dashed their mean`;
  return distilled ? `${whole}.` : `${whole}; for soft targets at this T and weight no seeds are recorded, only for T = ${settings.temperature} (KD: alpha = ${settings.alpha}).`;
}
