using System.Diagnostics;
using System.Globalization;

namespace Ops.Benchmarks.Runtime;

/// <summary>
/// The same engine behind a quick web framework of another platform: onnxruntime-node behind fastify, one process, the same
/// requests and answers. Installed from npm into a scratch folder, without install scripts, and only when asked for.
/// </summary>
internal sealed class FastifyPeer
{
    /// <summary>What the table calls it.</summary>
    public const string Name = "fastify";

    private static readonly string[] Packages = ["fastify@5.12.8", "onnxruntime-node@1.30.0"];

    private const string Program = """
        const fs = require('fs');
        const fastify = require('fastify')({ bodyLimit: 64 * 1024 * 1024 });
        const ort = require('onnxruntime-node');
        const [, , file, name, threads, spin, urlFile] = process.argv;
        const run = async (session, input, data) => {
          const results = await session.run({ [input.name]: new ort.Tensor('float32', data, input.shape) });
          return Object.entries(results).map(([output, tensor]) => ({ output, tensor }));
        };
        const start = async () => {
          const session = await ort.InferenceSession.create(file, {
            intraOpNumThreads: Number(threads), interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
            extra: { session: { intra_op: { allow_spinning: spin } } },
          });
          fastify.addContentTypeParser('application/octet-stream', { parseAs: 'buffer' }, (request, body, done) => done(null, body));
          fastify.post(`/v2/models/${name}/infer`, async (request, reply) => {
            const length = Number(request.headers['inference-header-content-length'] || 0);
            if (!length) {
              const input = request.body.inputs[0];
              const results = await run(session, input, Float32Array.from(input.data));
              return {
                model_name: name, model_version: '1',
                outputs: results.map(({ output, tensor }) => ({ name: output, datatype: 'FP32', shape: tensor.dims, data: Array.from(tensor.data) })),
              };
            }
            const body = request.body;
            const input = JSON.parse(body.toString('utf8', 0, length)).inputs[0];
            const from = body.byteOffset + length;
            const results = await run(session, input, new Float32Array(body.buffer.slice(from, from + input.parameters.binary_data_size)));
            const head = Buffer.from(JSON.stringify({
              model_name: name, model_version: '1',
              outputs: results.map(({ output, tensor }) => ({ name: output, datatype: 'FP32', shape: tensor.dims, parameters: { binary_data_size: tensor.data.byteLength } })),
            }));
            reply.header('content-type', 'application/octet-stream').header('inference-header-content-length', head.length);
            return Buffer.concat([head, ...results.map(({ tensor }) => Buffer.from(tensor.data.buffer, tensor.data.byteOffset, tensor.data.byteLength))]);
          });
          const url = await fastify.listen({ host: '127.0.0.1', port: 0 });
          fs.writeFileSync(`${urlFile}.new`, url);
          fs.renameSync(`${urlFile}.new`, urlFile);
        };
        start();
        """;

    private readonly string folder;
    private int started;

    private FastifyPeer(string folder) => this.folder = folder;

    /// <summary>Installs it.</summary>
    /// <param name="folder">An empty folder.</param>
    public static async Task<FastifyPeer> InstallAsync(string folder)
    {
        await File.WriteAllTextAsync(Path.Combine(folder, "package.json"), "{\"private\": true}");
        await File.WriteAllTextAsync(Path.Combine(folder, "server.js"), Program);
        var start = new ProcessStartInfo("npm") { WorkingDirectory = folder, RedirectStandardOutput = true };
        foreach (var argument in (string[])["install", "--ignore-scripts", "--no-audit", "--no-fund", "--silent", .. Packages])
        {
            start.ArgumentList.Add(argument);
        }

        using var npm = Process.Start(start)!;
        await npm.StandardOutput.ReadToEndAsync();
        await npm.WaitForExitAsync();
        return npm.ExitCode == 0 ? new FastifyPeer(folder) : throw new InvalidOperationException($"npm install ended with {npm.ExitCode}.");
    }

    /// <summary>Starts a process that serves one model.</summary>
    public Task<MeasuredProcess> StartAsync(BenchmarkModel model, int threads, bool spin)
    {
        var urlFile = Path.Combine(folder, $"url-{started++}");
        var start = new ProcessStartInfo("node") { WorkingDirectory = folder };
        foreach (var argument in (string[])["server.js", model.Path, model.Name, threads.ToString(CultureInfo.InvariantCulture), spin ? "1" : "0", urlFile])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["NODE_ENV"] = "production";
        return MeasuredProcess.StartPeerAsync(start, urlFile);
    }
}
