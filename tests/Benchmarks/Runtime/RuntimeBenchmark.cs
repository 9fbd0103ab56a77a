using System.Globalization;
using System.Runtime.InteropServices;
using Ops.Runtime.OnnxRuntime;
using Ops.Testing.Runtime;

namespace Ops.Benchmarks.Runtime;

/// <summary>
/// Compares the runtime, as a process of its own over loopback, with a loop around the engine that has no server at all:
/// same library, same session options, same threads, same models, in one run on one machine. The loop has the whole machine; the
/// server shares it with its client. Both ratios are printed: the plain one, and the one of what a CPU second of the server does.
/// </summary>
internal sealed class RuntimeBenchmark(RuntimeBenchmarkOptions options, string folder)
{
    private static readonly TimeSpan FirstWarmUp = TimeSpan.FromSeconds(6);
    private const int FirstWarmUpClients = 16;

    /// <summary>A request that runs nothing: what is left is what HTTP itself costs here.</summary>
    private static readonly byte[] LiveRequest = "GET /v2/health/live HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"u8.ToArray();

    private readonly OrtEnvironment environment = OrtEnvironment.Create(options.Threads, options.Spin, (_, text) => Console.Error.WriteLine(text));
    private readonly List<Row> table = [];
    private double othersBusy;
    private double measured;
    private int folders;

    public static async Task<int> RunAsync(string[] args)
    {
        RuntimeBenchmarkOptions options;
        try
        {
            options = RuntimeBenchmarkOptions.Parse(args);
        }
        catch (FormatException exception)
        {
            await Console.Error.WriteLineAsync($"{exception.Message}\nUsage: {RuntimeBenchmarkOptions.Usage}");
            return 2;
        }

        var folder = Directory.CreateTempSubdirectory("ops-benchmark-").FullName;
        try
        {
            return await new RuntimeBenchmark(options, folder).MeasureAsync();
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<int> MeasureAsync()
    {
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{Environment.ProcessorCount} CPUs, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, ONNX Runtime {OrtLibrary.Version}, {options.Threads} inference threads, spinning {(options.Spin ? "on" : "off")}, batching {options.Batching}, windows of {options.Window.TotalSeconds} s after {options.WarmUp.TotalSeconds} s"));
        var peer = options.Peer ? await FastifyPeer.InstallAsync(Folder()) : null;
        Console.WriteLine();
        Console.WriteLine(Row.Head);
        foreach (var name in options.Models)
        {
            var model = BenchmarkModel.Prepare(name, folder);
            using var session = OrtSession.Load(environment, model.Path);
            using var onOneThread = OrtSession.Load(environment, model.Path, OrtSessionSettings.Default with { OneThread = true });
            float[] expected;
            using (var once = new RawWorker(session, model.Bodies))
            {
                expected = once.Answer();
            }

            var raw = await BestRawAsync(model, session, onOneThread);
            var rows = await ServerAsync(model, expected);
            if (peer is not null)
            {
                rows.AddRange(await PeerAsync(peer, model, expected));
            }

            // The loop runs before and after the servers and counts with its better half, so that a machine that was busy for a
            // while does not flatter them.
            raw = Better(raw, await BestRawAsync(model, session, onOneThread));
            foreach (var row in raw.Concat(rows))
            {
                Console.WriteLine(row.Format(raw.First(r => r.Clients == row.Clients)));
            }

            table.AddRange(raw);
            table.AddRange(rows);
        }

        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"Other processes used {othersBusy / measured:F2} CPUs during the windows{(othersBusy / measured > 0.2 ? ": THE MACHINE WAS NOT QUIET, so the figures are no good" : string.Empty)}."));
        return Goals.Print(table) ? 0 : 1;
    }

    /// <summary>The better of both: runs that share the threads, and runs on one thread each, as the server chooses too.</summary>
    private async Task<List<Row>> BestRawAsync(BenchmarkModel model, OrtSession shared, OrtSession onOneThread) =>
        Better(await RawAsync(model, shared), await RawAsync(model, onOneThread));

    private static List<Row> Better(List<Row> some, List<Row> others) =>
        [.. some.Zip(others, (a, b) => a.Load.Throughput >= b.Load.Throughput ? a : b)];

    /// <summary>The loop with as many threads as the server runs at a time, at most one for each client.</summary>
    private async Task<List<Row>> RawAsync(BenchmarkModel model, OrtSession session)
    {
        var rows = new List<Row>();
        foreach (var clients in options.Concurrencies)
        {
            var workers = Math.Min(clients, options.Threads);
            if (rows.Find(r => Math.Min(r.Clients, options.Threads) == workers) is { } same)
            {
                rows.Add(same with { Clients = clients });
                continue;
            }

            var (before, after) = (Usage.OfThisProcess(), Usage.OfThisProcess());
            var first = true;
            var load = await LoadRun.RunAsync(() => new RawWorker(session, model.Bodies), workers, options.WarmUp, options.Window, () =>
            {
                (before, after) = first ? (Usage.OfThisProcess(), after) : (before, Usage.OfThisProcess());
                first = false;
                return Task.CompletedTask;
            });
            Count(before, after, load);
            rows.Add(new Row(model.Name, Row.Raw, clients, load, (after.ClientCpu - before.ClientCpu) / TimeSpan.FromSeconds(load.Seconds), 0, null, Environment.WorkingSet));
        }

        return rows;
    }

    private async Task<List<Row>> ServerAsync(BenchmarkModel model, float[] expected)
    {
        await using var server = await MeasuredProcess.StartRuntimeAsync(Folder(), [model], options.Threads, ("Ops__Runtime__Spin", options.Spin.ToString()), ("Ops__Runtime__Models__0__Batching__Enabled", options.Batching));
        var rows = await AskAsync(server, "server", model, expected);
        rows.AddRange(await LoadAsync(server, Row.HttpAlone, model, () => new ClientWorker(new WireHttpClient(server.Endpoints.Http), LiveRequest)));
        return rows;
    }

    private async Task<List<Row>> PeerAsync(FastifyPeer peer, BenchmarkModel model, float[] expected)
    {
        await using var server = await peer.StartAsync(model, options.Threads, options.Spin);
        return await AskAsync(server, FastifyPeer.Name, model, expected);
    }

    private async Task<List<Row>> AskAsync(MeasuredProcess server, string name, BenchmarkModel model, float[] expected)
    {
        var rows = new List<Row>();
        foreach (var protocol in options.Protocols)
        {
            if (protocol.Check(server.Endpoints, model.Bodies, expected) is { } wrong)
            {
                Console.Error.WriteLine($"{name} {protocol.Name} for {model.Name} is left out: {wrong}");
                continue;
            }

            var request = protocol.Request(model.Bodies);
            rows.AddRange(await LoadAsync(server, $"{name} {protocol.Name}", model, () => new ClientWorker(protocol.Connect(server.Endpoints)!, request)));
        }

        return rows;
    }

    private async Task<List<Row>> LoadAsync(MeasuredProcess server, string path, BenchmarkModel model, Func<IWorker> client)
    {
        var rows = new List<Row>();
        // Code that runs often is compiled again, better: that should be over before the first window.
        await LoadRun.RunAsync(client, FirstWarmUpClients, FirstWarmUp, TimeSpan.FromMilliseconds(100), () => Task.CompletedTask);
        foreach (var clients in options.Concurrencies)
        {
            var edges = new List<Usage>();
            var load = await LoadRun.RunAsync(client, clients, options.WarmUp, options.Window, async () => edges.Add(await server.ReadAsync()));
            var (before, after) = (edges[0], edges[1]);
            Count(before, after, load);
            var seconds = TimeSpan.FromSeconds(load.Seconds);
            var answered = after.Answered - before.Answered;
            rows.Add(new Row(
                model.Name,
                path,
                clients,
                load,
                (after.ServerCpu - before.ServerCpu) / seconds,
                (after.ClientCpu - before.ClientCpu) / seconds,
                answered > 0 ? (after.Allocated - before.Allocated) / answered : null,
                after.Resident));
        }

        return rows;
    }

    private void Count(Usage before, Usage after, LoadResult load)
    {
        othersBusy += Math.Max(0, (after.MachineCpu - before.MachineCpu - (after.ServerCpu - before.ServerCpu) - (after.ClientCpu - before.ClientCpu)).TotalSeconds);
        measured += load.Seconds;
    }

    private string Folder() => Directory.CreateDirectory(Path.Combine(folder, folders++.ToString(CultureInfo.InvariantCulture))).FullName;
}
