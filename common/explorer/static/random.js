// Numbers that a seed decides, the same in every browser.

// mulberry32: a function that returns uniform numbers in [0, 1)
export function generator(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// one of N(0, 1), by Box and Muller
export function normal(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

// a copy of an array in random order (Fisher and Yates)
export function shuffled(values, random) {
  const result = values.slice();
  for (let i = result.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [result[i], result[j]] = [result[j], result[i]];
  }
  return result;
}

// the images' order in one epoch
export function epochOrder(count, seed, epoch) {
  return shuffled(Uint32Array.from({length: count}, (_, i) => i), generator(1000003 * (seed + 1) + epoch));
}
