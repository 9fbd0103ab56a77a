// Run by TensorScriptTests with node: node --test tensors.test.mjs, with the script's folder in OPS_SCRIPTS.
import { test } from "node:test";
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";

// A browser takes .js for a module where the page says so; node goes by the name, and so is given the text itself.
const script = await readFile(path.join(process.env.OPS_SCRIPTS, "tensors.js"), "base64");
const { body, check, curl, example, filled, npy, scores, shrink } = await import(`data:text/javascript;base64,${script}`);

test("an example has the shape and passes its own check, for every datatype", () => {
  for (const datatype of ["BOOL", "UINT8", "UINT64", "INT8", "INT64", "FP16", "FP32", "FP64", "BYTES"]) {
    for (const shape of [[], [3], [1, 1, 8, 8], [2, 3]]) {
      const text = example(datatype, shape);
      assert.equal(check(text, datatype, shape), null, `${datatype} ${shape}: ${text}`);
    }
  }
  assert.deepEqual(JSON.parse(example("INT32", [2, 3])), [[0, 1, 2], [3, 4, 5]]);
});

test("an example that nobody could edit is not made", () => assert.equal(example("FP32", [1, 3, 224, 224]), null));

test("values to fill with pass the check", () => {
  for (const way of ["zeros", "ones", "random"])
    for (const datatype of ["BOOL", "INT8", "FP32", "BYTES"]) assert.equal(check(filled(datatype, [2, 2], way, () => 0.7), datatype, [2, 2]), null);
});

test("what does not fit is refused in words", () => {
  const refused = (text, datatype, shape, words) => assert.match(check(text, datatype, shape) ?? "accepted", words);
  refused("[1,", "FP32", [1], /not JSON/);
  refused("[NaN]", "FP32", [1], /not JSON/);
  refused("{}", "FP32", [1], /array/);
  refused("[1, 2, 3]", "FP32", [2, 2], /takes 4 values; there are 3/);
  refused("[[1, 2], [3]]", "FP32", [2, 2], /Dimension 2 has 1 entries/);
  refused("[[1, 2], 3]", "FP32", [2, 2], /value stands where a list belongs/);
  refused("[[[1]]]", "FP32", [1, 1], /deeper/);
  refused('["1"]', "FP32", [1], /Value 1 is not a number/);
  refused("[1.5]", "INT8", [1], /whole number/);
  refused("[128]", "INT8", [1], /128 does not fit INT8/);
  refused("[-1]", "UINT32", [1], /-1 does not fit/);
  refused("[9223372036854775808]", "INT64", [1], /9223372036854775808 does not fit INT64/);
  refused("[1]", "BOOL", [1], /true or false/);
  refused("[1]", "BYTES", [1], /text in quotes/);
});

test("whole numbers of 64 bits go through as they were written", () => {
  assert.equal(check("[9223372036854775807]", "INT64", [1]), null);
  assert.equal(check("[18446744073709551615]", "UINT64", [1]), null);
  assert.equal(body([{ name: "x", datatype: "INT64", shape: [1], text: "[9223372036854775807]" }]), '{"inputs":[{"name":"x","shape":[1],"datatype":"INT64","data":[9223372036854775807]}]}');
});

test("curl quotes for the shell, and puts a long body into a file", () => {
  assert.deepEqual(curl("http://h/x", '{"a":"it\'s"}', false), { text: "curl -sS 'http://h/x' \\\n  -H 'Content-Type: application/json' \\\n  --data-binary '{\"a\":\"it'\\''s\"}'", inFile: false });
  const long = curl("http://h/x", "x".repeat(5000), true);
  assert.ok(long.inFile);
  assert.match(long.text, /Bearer \$TOKEN" \\\n.*@request\.json/s);
});

test("a picture is shrunk by area", () => {
  // Four by four, the left half white: two by two must be 1, 0, 1, 0.
  const rgba = Uint8ClampedArray.from({ length: 64 }, (_, index) => index % 4 === 3 ? 255 : Math.floor(index / 4) % 4 < 2 ? 255 : 0);
  assert.deepEqual(shrink(rgba, 4, 4, 2, 2, 1, true, "FP32"), [1, 0, 1, 0]);
  assert.deepEqual(shrink(rgba, 4, 4, 2, 2, 1, true, "FP32", true), [0, 1, 0, 1]);
  assert.deepEqual(shrink(rgba, 4, 4, 2, 2, 1, true, "UINT8"), [255, 0, 255, 0]);
  // Three columns out of four: the middle one covers one white and one black half.
  assert.deepEqual(shrink(rgba, 4, 4, 3, 1, 1, true, "FP32"), [1, 0.5, 0]);
  assert.equal(shrink(rgba, 4, 4, 4, 4, 3, false, "FP32").length, 48);
});

test("channels come first or last", () => {
  const red = Uint8ClampedArray.from([255, 0, 0, 255, 255, 0, 0, 255]);
  assert.deepEqual(shrink(red, 2, 1, 2, 1, 3, true, "FP32"), [1, 1, 0, 0, 0, 0]);
  assert.deepEqual(shrink(red, 2, 1, 2, 1, 3, false, "FP32"), [1, 0, 0, 1, 0, 0]);
  assert.deepEqual(shrink(red, 2, 1, 2, 1, 1, false, "FP32"), [0.299, 0.299]);
});

function npyFile(descr, shape, bytes, fortran = "False") {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`.padEnd(117) + "\n";
  const head = Uint8Array.from([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, header.length & 255, header.length >> 8, ...new TextEncoder().encode(header)]);
  const file = new Uint8Array(head.length + bytes.length);
  file.set(head);
  file.set(bytes, head.length);
  return file.buffer;
}

test("a NumPy file is read, whatever its alignment", () => {
  assert.deepEqual(npy(npyFile("<f4", [1, 2], new Uint8Array(Float32Array.of(0.5, -2).buffer)), "FP32"), { shape: [1, 2], text: "[0.5,-2]" });
  assert.deepEqual(npy(npyFile("<i8", [1], new Uint8Array(BigInt64Array.of(9223372036854775807n).buffer)), "INT64"), { shape: [1], text: "[9223372036854775807]" });
  assert.deepEqual(npy(npyFile("|b1", [2], Uint8Array.of(1, 0)), "BOOL"), { shape: [2], text: "[true,false]" });
});

test("a NumPy file that cannot be used is refused in words", () => {
  assert.throws(() => npy(Uint8Array.from({ length: 20 }, () => 1).buffer, "FP32"), /not a \.npy file/);
  assert.throws(() => npy(npyFile("<f4", [3], new Uint8Array(4)), "FP32"), /cut short/);
  assert.throws(() => npy(npyFile("<f4", [1], new Uint8Array(4), "True"), "FP32"), /Fortran/);
  assert.throws(() => npy(npyFile("<c8", [1], new Uint8Array(8)), "FP32"), /not read here/);
  assert.throws(() => npy(npyFile("<f4", [1], new Uint8Array(Float32Array.of(NaN).buffer)), "FP32"), /NaN/);
});

test("scores of classes: the largest, and shares from logits or from probabilities as they are", () => {
  const logits = scores({ datatype: "FP32", shape: [1, 3], data: [1, 3, 2] });
  assert.equal(logits.best, 1);
  assert.ok(Math.abs(logits.shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9);
  assert.deepEqual(scores({ datatype: "FP32", shape: [2], data: [0.25, 0.75] }).shares, [0.25, 0.75]);
  assert.equal(scores({ datatype: "FP32", shape: [2, 3], data: [[9, 1, 1], [1, 1, 9]] }).best, 0);
  assert.equal(scores({ datatype: "INT64", shape: [1, 3], data: [1, 2, 3] }), null);
  assert.equal(scores({ datatype: "FP32", shape: [1, 3], data: ["NaN", 1, 2] }), null);
  assert.equal(scores({ datatype: "FP32", shape: [1, 3, 8, 8], data: [] }), null);
});
