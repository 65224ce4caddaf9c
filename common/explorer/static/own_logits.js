// Logits that the reader pastes or drops: a row of numbers, or a .npy file of rows.

import {halfToNumber} from "./bytes.js";

const MOST_CLASSES = 1000, MOST_BYTES = 50e6;
const READERS = {
  f2: (view, at, little) => halfToNumber(view.getUint16(at, little)),
  f4: (view, at, little) => view.getFloat32(at, little),
  f8: (view, at, little) => view.getFloat64(at, little),
};

// Array of numbers of one row, separated by commas, spaces, tabs or line ends; brackets are ignored.
export function parseRow(text) {
  const words = text.replace(/[[\](){}]/g, " ").split(/[\s,;]+/).filter(Boolean);
  const wrong = words.find((word) => !/^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(word));
  if (wrong) throw new Error(`“${wrong.slice(0, 30)}” is not a number: paste logits only, such as 2.5, -1, 0.3`);
  checkClasses(words.length);
  return checkFinite(words.map(Number));
}

// {rows: [[numbers], …]} of a .npy file's bytes: float16, 32 or 64, of shape (classes,) or (n, classes).
export function parseNpy(buffer) {
  if (buffer.byteLength > MOST_BYTES) throw new Error(`the file has ${(buffer.byteLength / 1e6).toFixed(0)} MB: give at most 50 MB`);
  const {descr, fortran, shape, start} = parseHeader(buffer);
  const [, order, kind] = /^([<>|=]?)(\w+)$/.exec(descr) ?? [];
  if (!READERS[kind]) throw new Error(`the array's dtype is ${descr}: save logits as float16, float32 or float64`);
  if (shape.length < 1 || shape.length > 2 || !shape.every((side) => side > 0)) {
    throw new Error(`the array's shape is (${shape}): save logits as (classes,) or (images, classes)`);
  }
  const classes = shape.at(-1), count = shape.length === 2 ? shape[0] : 1, size = Number(kind[1]);
  checkClasses(classes);
  if (buffer.byteLength < start + count * classes * size) throw new Error("the file ends before its array does: save it again");
  const view = new DataView(buffer, start);
  const at = (row, column) => size * (fortran ? column * count + row : row * classes + column);
  return Array.from({length: count}, (_, row) => checkFinite(Array.from(
    {length: classes}, (_, column) => READERS[kind](view, at(row, column), order !== ">")), row));
}

function parseHeader(buffer) {
  const view = new DataView(buffer), magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (buffer.byteLength < 12 || magic.some((byte, i) => view.getUint8(i) !== byte)) {
    throw new Error("this is not a .npy file: write one with numpy.save");
  }
  const long = view.getUint8(6) > 1, length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = (long ? 12 : 10) + length;
  if (start > buffer.byteLength) throw new Error("the file ends within its header: save it again");
  const text = new TextDecoder("latin1").decode(new Uint8Array(buffer, long ? 12 : 10, length));
  const descr = /'descr': *'([^']*)'/.exec(text), shape = /'shape': *\(([^)]*)\)/.exec(text);
  if (!descr || !shape) throw new Error("the file's header names no plain dtype: save logits as one float array");
  return {descr: descr[1], fortran: /'fortran_order': *True/.test(text), start,
    shape: shape[1].split(",").filter((side) => side.trim()).map(Number)};
}

function checkClasses(count) {
  if (count < 2) throw new Error(`${count ? "one number is" : "no numbers are"} not a row of logits: give one for each class, at least two`);
  if (count > MOST_CLASSES) throw new Error(`${count} classes are too many to show: give at most ${MOST_CLASSES}`);
}

function checkFinite(values, row) {
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new Error(`${values[wrong]} ${row === undefined ? "" : `in row ${row}, `}at class ${wrong}: logits must be finite numbers`);
  return values;
}
