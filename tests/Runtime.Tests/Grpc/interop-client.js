// Asks the runtime over gRPC as a client made elsewhere: the protocol comes from the .proto file, the transport from grpc-js.
// Arguments: the .proto file, the server's address, the file of known answers. Prints what went wrong and ends with 1.
const fs = require('fs');
const grpc = require('@grpc/grpc-js');
const loader = require('@grpc/proto-loader');

const [, , proto, address, expectedFile] = process.argv;
const { inference } = grpc.loadPackageDefinition(loader.loadSync(proto, { keepCase: true, longs: Number, enums: String, defaults: true, oneofs: true }));
const client = new inference.GRPCInferenceService(address, grpc.credentials.createInsecure());
const expected = JSON.parse(fs.readFileSync(expectedFile, 'utf8')).digits_mlp;

const call = (method, request) => new Promise((resolve, reject) =>
  client[method](request, { deadline: Date.now() + 120_000 }, (error, response) => error ? reject(error) : resolve(response)));

function request(first, count, raw) {
  const x = expected.x.slice(first * 64, (first + count) * 64);
  const input = { name: 'input', datatype: 'FP32', shape: [count, 1, 8, 8] };
  return raw
    ? { model_name: 'digits', id: `${first}`, inputs: [input], raw_input_contents: [Buffer.from(new Float32Array(x).buffer)] }
    : { model_name: 'digits', id: `${first}`, inputs: [{ ...input, contents: { fp32_contents: x } }] };
}

function check(response, first, count) {
  const raw = response.raw_output_contents[0];
  const y = expected.y.slice(first * 10, (first + count) * 10);
  if (response.id !== `${first}` || response.outputs[0].name !== 'logits' || raw.length !== y.length * 4) {
    throw new Error(`Unexpected answer: ${JSON.stringify(response.outputs)}`);
  }
  y.forEach((value, i) => {
    if (!(Math.abs(raw.readFloatLE(i * 4) - value) <= 1e-4)) {
      throw new Error(`Element ${i}: ${raw.readFloatLE(i * 4)} instead of ${value}`);
    }
  });
}

function stream() {
  return new Promise((resolve, reject) => {
    const duplex = client.ModelStreamInfer({ deadline: Date.now() + 120_000 });
    let answered = 0;
    duplex.on('error', reject);
    duplex.on('data', message => {
      try {
        if (message.error_message) {
          throw new Error(message.error_message);
        }
        check(message.infer_response, answered++, 1);
      } catch (error) {
        reject(error);
      }
    });
    duplex.on('end', () => answered === 16 ? resolve() : reject(new Error(`${answered} answers instead of 16`)));
    for (let i = 0; i < 16; i++) {
      duplex.write(request(i, 1, i % 2 === 0));
    }
    duplex.end();
  });
}

(async () => {
  if (!(await call('ServerReady', {})).ready || !(await call('ModelReady', { name: 'digits' })).ready) {
    throw new Error('Not ready.');
  }
  const metadata = await call('ModelMetadata', { name: 'digits' });
  if (JSON.stringify(metadata.inputs[0].shape) !== '[-1,1,8,8]') {
    throw new Error(`Unexpected metadata: ${JSON.stringify(metadata)}`);
  }
  check(await call('ModelInfer', request(0, 16, true)), 0, 16);
  check(await call('ModelInfer', request(0, 16, false)), 0, 16);
  await stream();
  const failure = await call('ModelInfer', { model_name: 'none' }).then(() => null, error => error);
  if (failure?.code !== grpc.status.NOT_FOUND) {
    throw new Error(`Unexpected answer for an unknown model: ${failure}`);
  }
  console.log('all as expected');
  client.close();
})().catch(error => {
  console.error(error);
  process.exit(1);
});
