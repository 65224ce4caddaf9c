// A drawn digit, prepared as MNIST's were (LeCun et al. 1998, section III.A): cropped, its longer
// side scaled to 20 pixels, its center of mass in the middle of 28×28.

const SIDE = 28, BOX = 20;

// ink: (size · size) numbers from 0, paper, to 255. Returns uint8 (28 · 28), or null for no ink.
export function mnistDigit(ink, size) {
  const box = boundingBox(ink, size);
  if (!box) return null;
  const scale = BOX / Math.max(box.width, box.height);
  const width = Math.max(1, Math.round(scale * box.width)), height = Math.max(1, Math.round(scale * box.height));
  const small = resized(ink, size, box, width, height), most = Math.max(...small);
  const [left, top] = corner(small, width, height), digit = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    digit[(top + y) * SIDE + left + x] = Math.round(255 * small[y * width + x] / most);
  }
  return digit;
}

function boundingBox(ink, size) {
  let left = size, right = -1, top = size, bottom = -1;
  for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) {
    if (ink[y * size + x] <= 25) continue;
    left = Math.min(left, x);
    right = Math.max(right, x);
    top = Math.min(top, y);
    bottom = y;
  }
  return right < 0 ? null : {left, top, width: right - left + 1, height: bottom - top + 1};
}

// means over the area of each small pixel
function resized(ink, size, box, width, height) {
  const small = new Float64Array(width * height);
  const spans = (count, length) => Array.from({length: count}, (_, i) => [i * length / count, (i + 1) * length / count]);
  const columns = spans(width, box.width), rows = spans(height, box.height);
  rows.forEach(([y0, y1], j) => columns.forEach(([x0, x1], i) => {
    let sum = 0;
    for (let y = Math.floor(y0); y < y1; y++) for (let x = Math.floor(x0); x < x1; x++) {
      const cover = (Math.min(y + 1, y1) - Math.max(y, y0)) * (Math.min(x + 1, x1) - Math.max(x, x0));
      sum += cover * ink[(box.top + y) * size + box.left + x];
    }
    small[j * width + i] = sum / ((y1 - y0) * (x1 - x0));
  }));
  return small;
}

// left and top that bring the center of mass nearest to the middle
function corner(small, width, height) {
  let mass = 0, momentX = 0, momentY = 0;
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) {
    const value = small[y * width + x];
    mass += value;
    momentX += value * x;
    momentY += value * y;
  }
  const place = (moment, side) => Math.max(0, Math.min(SIDE - side, Math.round(SIDE / 2 - moment / mass)));
  return [place(momentX, width), place(momentY, height)];
}
