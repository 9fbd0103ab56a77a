using System.Globalization;
using Ops.Testing.Runtime;

namespace Ops.Benchmarks.Runtime;

/// <summary>What to measure and for how long.</summary>
/// <param name="Window">Length of each measured window.</param>
/// <param name="WarmUp">Length of the load before each window.</param>
/// <param name="Models">Names out of <see cref="BenchmarkModel.Names"/>.</param>
/// <param name="Protocols">Names out of <see cref="Protocol.All"/>.</param>
/// <param name="Concurrencies">Numbers of clients, each with one request under way.</param>
/// <param name="Threads">CPU threads of inference, for the raw loop and the servers alike.</param>
/// <param name="Spin">Whether idle inference threads spin, for the raw loop and the server alike.</param>
/// <param name="Batching">What the server is told about batching: <c>auto</c>, <c>on</c> or <c>off</c>.</param>
/// <param name="Peer">Whether to measure the peer server too.</param>
internal sealed record RuntimeBenchmarkOptions(
    TimeSpan Window, TimeSpan WarmUp, string[] Models, Protocol[] Protocols, int[] Concurrencies, int Threads, bool Spin, string Batching, bool Peer)
{
    public const string Usage = "runtime [--quick] [--seconds 3] [--warm-up 1] [--models digits_mlp,digits_cnn,resnet18,brightness] [--protocols binary,json,grpc] "
        + "[--concurrency 1,4,16,64] [--threads N] [--spin] [--batching auto|on|off] [--peer fastify]";

    /// <exception cref="FormatException">An option is unknown or has a wrong value.</exception>
    public static RuntimeBenchmarkOptions Parse(string[] args)
    {
        var options = new RuntimeBenchmarkOptions(
            TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(1), BenchmarkModel.Names, Protocol.All, [1, 4, 16, 64], Environment.ProcessorCount, Spin: false, "auto", Peer: false);
        for (var i = 0; i < args.Length; i++)
        {
            options = args[i] switch
            {
                "--quick" => options with { Window = TimeSpan.FromSeconds(1), WarmUp = TimeSpan.FromSeconds(0.5), Concurrencies = [1, 16] },
                "--spin" => options with { Spin = true },
                "--batching" => options with { Batching = Words(args, ref i)[0] },
                "--seconds" => options with { Window = TimeSpan.FromSeconds(Number(args, ref i)) },
                "--warm-up" => options with { WarmUp = TimeSpan.FromSeconds(Number(args, ref i)) },
                "--threads" => options with { Threads = (int)Number(args, ref i) },
                "--concurrency" => options with { Concurrencies = [.. Words(args, ref i).Select(w => int.Parse(w, CultureInfo.InvariantCulture))] },
                "--models" => options with { Models = Words(args, ref i) },
                "--protocols" => options with { Protocols = [.. Words(args, ref i).Select(Protocol.Named)] },
                "--peer" => options with { Peer = Words(args, ref i) is ["fastify"] ? true : throw new FormatException("The only peer is fastify.") },
                _ => throw new FormatException($"Unknown option {args[i]}."),
            };
        }

        return options.Models.Except(BenchmarkModel.Names).FirstOrDefault() is { } unknown
            ? throw new FormatException($"There is no model {unknown}.")
            : options;
    }

    private static string[] Words(string[] args, ref int i) =>
        ++i < args.Length ? args[i].Split(',') : throw new FormatException($"{args[i - 1]} needs a value.");

    private static double Number(string[] args, ref int i) =>
        double.TryParse(Words(args, ref i)[0], CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"{args[i - 1]} needs a number above 0.");
}
