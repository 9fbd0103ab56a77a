// What the playground knows about tensors: examples, checking, pictures, .npy files, curl. Nothing here touches a page, so that it
// can be tried without one.

const integers = {
  UINT8: [0n, 255n], UINT16: [0n, 65535n], UINT32: [0n, 4294967295n], UINT64: [0n, 18446744073709551615n],
  INT8: [-128n, 127n], INT16: [-32768n, 32767n], INT32: [-2147483648n, 2147483647n], INT64: [-9223372036854775808n, 9223372036854775807n],
};

/** The number of elements of a shape. */
export function count(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

/** An example of the right shape as nested JSON text, or null where it would be too long to edit. */
export function example(datatype, shape, mostElements = 2000) {
  if (count(shape) > mostElements) return null;
  let next = 0;
  const leaf = () => {
    const index = next++;
    if (datatype === "BOOL") return index % 2 === 0 ? "true" : "false";
    if (datatype === "BYTES") return JSON.stringify(`text ${index + 1}`);
    if (datatype in integers) return String(index % 10);
    return String(Math.round((index % 10) * 10) / 100);
  };
  const level = depth => {
    if (depth === shape.length) return leaf();
    const items = Array.from({ length: shape[depth] }, () => level(depth + 1));
    // The innermost dimension stays on one line; the others show their nesting.
    return depth === shape.length - 1 ? `[${items.join(", ")}]` : `[\n${items.map(item => indent(item)).join(",\n")}\n]`;
  };
  return shape.length === 0 ? `[${leaf()}]` : level(0);
}

function indent(text) {
  return text.split("\n").map(line => `  ${line}`).join("\n");
}

/** Values to fill a tensor with, as JSON text of a flat array. */
export function filled(datatype, shape, way, random = Math.random) {
  const value = () => {
    if (datatype === "BOOL") return way === "zeros" ? "false" : way === "ones" ? "true" : random() < 0.5 ? "false" : "true";
    if (datatype === "BYTES") return way === "zeros" ? '""' : '"text"';
    const number = way === "zeros" ? 0 : way === "ones" ? 1 : random();
    return datatype in integers ? String(Math.round(number)) : String(Math.round(number * 10000) / 10000);
  };
  return `[${Array.from({ length: count(shape) }, value).join(",")}]`;
}

/**
 * Checks JSON text against datatype and shape. Returns null when it fits, else one sentence on what to change.
 * Whole numbers are compared as text, because a parsed number of 64 bits is not the number any more.
 */
export function check(text, datatype, shape) {
  let data;
  try {
    data = JSON.parse(text);
  } catch (error) {
    return `This is not JSON: ${error.message}`;
  }
  if (!Array.isArray(data)) return "Give an array: values in brackets.";
  const wanted = count(shape);
  const flat = data.every(item => !Array.isArray(item));
  if (!flat) {
    const wrong = nesting(data, shape, 0);
    if (wrong) return wrong;
  }
  const values = flat ? data : data.flat(Infinity);
  if (values.length !== wanted) return `The shape ${shape.join(" × ") || "()"} takes ${wanted} values; there are ${values.length}.`;
  for (let index = 0; index < values.length; index++) {
    const wrong = element(values[index], datatype);
    if (wrong) return `Value ${index + 1} ${wrong}`;
  }
  return datatype in integers ? range(text, datatype) : null;
}

function nesting(data, shape, depth) {
  if (depth >= shape.length) return `The values are nested ${depth + 1} deep or more; the shape has ${shape.length} dimensions.`;
  if (data.length !== shape[depth]) return `Dimension ${depth + 1} has ${data.length} entries; the shape ${shape.join(" × ")} takes ${shape[depth]}.`;
  for (const item of data) {
    const last = depth === shape.length - 1;
    if (Array.isArray(item) === last) return last ? `The values are nested deeper than the shape's ${shape.length} dimensions.` : `Dimension ${depth + 2} is missing somewhere: a value stands where a list belongs.`;
    if (!last) {
      const wrong = nesting(item, shape, depth + 1);
      if (wrong) return wrong;
    }
  }
  return null;
}

function element(value, datatype) {
  if (datatype === "BOOL") return typeof value === "boolean" ? null : "is not true or false.";
  if (datatype === "BYTES") return typeof value === "string" ? null : "is not a text in quotes.";
  if (typeof value !== "number") return "is not a number.";
  if (datatype in integers && !Number.isInteger(value)) return `is not a whole number, as ${datatype} asks for.`;
  return null;
}

function range(text, datatype) {
  const [least, most] = integers[datatype];
  for (const word of text.match(/-?\d[\d.eE+-]*/g) ?? []) {
    if (!/^-?\d+$/.test(word)) {
      if (Math.abs(Number(word)) > Number.MAX_SAFE_INTEGER) return `${word} must be written without a point or an exponent.`;
      continue;
    }
    const value = BigInt(word);
    if (value < least || value > most) return `${word} does not fit ${datatype}: ${least} to ${most}.`;
  }
  return null;
}

/** The body of a request. `inputs`: name, datatype, shape, and the values as JSON text, which goes in as it was written. */
export function body(inputs) {
  const parts = inputs.map(input =>
    `{"name":${JSON.stringify(input.name)},"shape":[${input.shape.join(",")}],"datatype":"${input.datatype}","data":${input.text.trim()}}`);
  return `{"inputs":[${parts.join(",")}]}`;
}

/** A command for a POSIX shell that sends the same; a long body goes into a file. */
export function curl(url, text, withToken, mostLength = 4000) {
  const quote = word => `'${word.replaceAll("'", "'\\''")}'`;
  const parts = [`curl -sS ${quote(url)}`];
  if (withToken) parts.push('-H "Authorization: Bearer $TOKEN"');
  parts.push("-H 'Content-Type: application/json'", text.length > mostLength ? "--data-binary @request.json" : `--data-binary ${quote(text)}`);
  return { text: parts.join(" \\\n  "), inFile: text.length > mostLength };
}

/**
 * Shrinks RGBA pixels to height × width by the mean over the area that each new pixel covers, and writes them as the model takes
 * them: grey (by luminance) or colour, 0 to 1, or 0 to 255 for UINT8, channels first or last. Edges of areas count by their part.
 */
export function shrink(rgba, fromWidth, fromHeight, width, height, channels, channelsFirst, datatype, invert = false) {
  const means = new Float64Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const [top, bottom] = [y * fromHeight / height, (y + 1) * fromHeight / height];
    for (let x = 0; x < width; x++) {
      const [left, right] = [x * fromWidth / width, (x + 1) * fromWidth / width];
      let weight = 0;
      const sums = [0, 0, 0];
      for (let row = Math.floor(top); row < Math.min(fromHeight, Math.ceil(bottom)); row++) {
        const high = Math.min(row + 1, bottom) - Math.max(row, top);
        for (let column = Math.floor(left); column < Math.min(fromWidth, Math.ceil(right)); column++) {
          const part = high * (Math.min(column + 1, right) - Math.max(column, left));
          const at = (row * fromWidth + column) * 4;
          weight += part;
          for (let colour = 0; colour < 3; colour++) sums[colour] += part * rgba[at + colour];
        }
      }
      for (let colour = 0; colour < 3; colour++) means[(y * width + x) * 3 + colour] = sums[colour] / weight / 255;
    }
  }
  const values = new Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [red, green, blue] = means.subarray(pixel * 3, pixel * 3 + 3);
    const colours = channels === 1 ? [0.299 * red + 0.587 * green + 0.114 * blue] : [red, green, blue];
    for (let channel = 0; channel < channels; channel++) {
      const value = invert ? 1 - colours[channel] : colours[channel];
      const index = channelsFirst ? channel * width * height + pixel : pixel * channels + channel;
      values[index] = datatype === "UINT8" ? Math.round(value * 255) : Math.round(value * 1e5) / 1e5;
    }
  }
  return values;
}

const npyTypes = {
  "|b1": ["getUint8", 1], "|u1": ["getUint8", 1], "|i1": ["getInt8", 1], "<u2": ["getUint16", 2], "<i2": ["getInt16", 2], "<u4": ["getUint32", 4], "<i4": ["getInt32", 4],
  "<u8": ["getBigUint64", 8], "<i8": ["getBigInt64", 8], "<f4": ["getFloat32", 4], "<f8": ["getFloat64", 8],
};

/** Reads a NumPy .npy file (format 1 to 3, C order, little-endian): its shape and its values as JSON text of a flat array. Throws an Error in plain words. */
export function npy(buffer, datatype) {
  const view = new DataView(buffer);
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  if (buffer.byteLength < 12 || magic.some((byte, index) => view.getUint8(index) !== byte)) throw new Error("This is not a .npy file.");
  const major = view.getUint8(6);
  const start = major === 1 ? 10 : 12;
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (start + length > buffer.byteLength) throw new Error("The .npy file is cut short.");
  const header = new TextDecoder("utf-8").decode(new Uint8Array(buffer, start, length));
  const descr = header.match(/'descr':\s*'([^']+)'/)?.[1];
  const shape = header.match(/'shape':\s*\(([^)]*)\)/)?.[1].split(",").map(part => part.trim()).filter(part => part.length > 0).map(Number);
  if (!descr || !shape || shape.some(size => !Number.isSafeInteger(size) || size < 0)) throw new Error("The header of the .npy file cannot be read.");
  if (/'fortran_order':\s*True/.test(header)) throw new Error("The array is stored in Fortran order. Save it with numpy.ascontiguousarray.");
  const type = npyTypes[descr];
  if (!type) throw new Error(`Arrays of type ${descr} are not read here. Save it as float32, float64, bool or whole numbers.`);
  const [read, size] = type;
  const total = count(shape);
  if (start + length + total * size > buffer.byteLength) throw new Error("The .npy file is cut short.");
  const words = new Array(total);
  for (let index = 0; index < total; index++) {
    const value = view[read](start + length + index * size, true);
    if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`Value ${index + 1} is ${value}, for which JSON has no number.`);
    words[index] = datatype === "BOOL" ? (value ? "true" : "false") : String(value);
  }
  return { shape, text: `[${words.join(",")}]` };
}

/** The scores of the first row of a [N, classes] or [classes] output: values, shares for bars, and the place of the largest; null for anything else. */
export function scores(output, mostClasses = 1000) {
  const shape = output?.shape ?? [];
  if (!/^FP/.test(output?.datatype ?? "") || shape.length === 0 || shape.length > 2) return null;
  const classes = shape[shape.length - 1];
  if (classes < 2 || classes > mostClasses) return null;
  const values = output.data.flat(Infinity).slice(0, classes);
  if (values.length !== classes || values.some(value => typeof value !== "number")) return null;
  const best = values.indexOf(Math.max(...values));
  const sum = values.reduce((total, value) => total + value, 0);
  const shares = values.every(value => value >= 0 && value <= 1) && Math.abs(sum - 1) < 0.02 ? values : softmax(values);
  return { values, shares, best };
}

function softmax(values) {
  const most = Math.max(...values);
  const powers = values.map(value => Math.exp(value - most));
  const sum = powers.reduce((total, value) => total + value, 0);
  return powers.map(value => value / sum);
}
