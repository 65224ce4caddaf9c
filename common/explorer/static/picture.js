// A digit from an image file: dark on light paper or light on dark.

const MOST = 280, MOST_BYTES = 20e6; // pixels of the longer side that are kept; of a file
const LEAST = 40; // levels of gray between ink and paper

// {ink, size}: ink (size · size) of `mnistDigit`, from a PNG, JPEG or other image file
export async function readPicture(file) {
  if (file.size > MOST_BYTES) throw new Error(`it has ${(file.size / 1e6).toFixed(0)} MB: give an image of at most 20 MB`);
  const bitmap = await createImageBitmap(file).catch(() => {
    throw new Error("this browser reads no image from it: give a PNG or JPEG of one digit");
  });
  const scale = Math.min(1, MOST / Math.max(bitmap.width, bitmap.height));
  const [width, height] = [bitmap.width, bitmap.height].map((side) => Math.max(1, Math.round(scale * side)));
  const canvas = Object.assign(document.createElement("canvas"), {width, height}), context = canvas.getContext("2d");
  context.fillStyle = "#fff"; // what is transparent is paper
  context.fillRect(0, 0, width, height);
  context.drawImage(bitmap, 0, 0, width, height);
  return squareInk(context.getImageData(0, 0, width, height).data, width, height);
}

// {ink, size} of RGBA bytes: how far each pixel's gray is from the paper's, 255 at the farthest; the
// paper's is the median of the border's
export function squareInk(rgba, width, height) {
  const gray = Float32Array.from({length: width * height}, (_, i) => 0.299 * rgba[4 * i] + 0.587 * rgba[4 * i + 1] + 0.114 * rgba[4 * i + 2]);
  const onBorder = (_, i) => i < width || i >= width * (height - 1) || i % width === 0 || i % width === width - 1;
  const border = gray.filter(onBorder).sort(), paper = border[border.length >> 1];
  const most = gray.reduce((far, value) => Math.max(far, Math.abs(value - paper)), 0);
  if (most < LEAST) throw new Error("it shows no digit: all its pixels are nearly alike");
  const size = Math.max(width, height), ink = new Float32Array(size * size);
  const left = (size - width) >> 1, top = (size - height) >> 1;
  gray.forEach((value, i) => {
    ink[(top + Math.floor(i / width)) * size + left + i % width] = 255 * Math.abs(value - paper) / most;
  });
  return {ink, size};
}
