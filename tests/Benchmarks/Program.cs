using Ops.Benchmarks.Cluster;
using Ops.Benchmarks.Live;
using Ops.Benchmarks.Registry;
using Ops.Benchmarks.Runtime;
using Ops.Benchmarks.Stores;
using Ops.Benchmarks.Uploads;

// Each benchmark is a command of its own and prints what it measured on this machine, now.
Dictionary<string, Func<string[], Task<int>>> benchmarks = new()
{
    ["upload"] = UploadBenchmark.RunAsync,
    ["stores"] = StoresBenchmark.RunAsync,
    ["lists"] = _ => ListsBenchmark.RunAsync(),
    ["live"] = LiveBenchmark.RunAsync,
    ["runtime"] = RuntimeBenchmark.RunAsync,
    ["soak"] = SoakCommand.SoakAsync,
    ["loads"] = SoakCommand.LoadsAsync,
    ["cluster"] = ClusterBenchmark.RunAsync,
    ["screens"] = ScreensCommand.RunAsync,
};

if (args.Length == 0 || !benchmarks.TryGetValue(args[0], out var run))
{
    Console.Error.WriteLine($"Usage: Benchmarks <{string.Join('|', benchmarks.Keys)}> [options]");
    return 2;
}

return await run(args[1..]);
