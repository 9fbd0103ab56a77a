using System.Globalization;

namespace Ops.Benchmarks.Runtime;

/// <summary>What the runtime is meant to reach, held against the table.</summary>
internal static class Goals
{
    private const double ShareOfRaw = 0.90;
    private const double AddedMedianMilliseconds = 0.3;
    private const double AddedTailMilliseconds = 1;
    private const double TimesPeer = 1.3;
    private const int Saturating = 16;

    /// <summary>Prints each goal with what was measured. A goal whose rows are missing is said to be not measured.</summary>
    /// <returns>Whether every goal that was measured is reached.</returns>
    public static bool Print(IReadOnlyList<Row> table)
    {
        Console.WriteLine();
        var good = true;
        Share("resnet18", "server binary");
        Share("digits_cnn", "server binary");
        foreach (var model in table.Select(r => r.Model).Distinct())
        {
            Added(model, "server binary");
            Added(model, "server grpc");
        }

        foreach (var model in table.Select(r => r.Model).Distinct())
        {
            Peer(model, "binary");
        }

        return good;

        void Share(string model, string path)
        {
            var goal = $"{model}, {path}: saturated throughput at least {ShareOfRaw:F2} of the raw loop's";
            if (Best(model, path) is { } server && Best(model, Row.Raw) is { } raw)
            {
                var share = server.Load.Throughput / raw.Load.Throughput;
                var perCpu = server.PerCpuSecond / raw.PerCpuSecond;
                Say(share >= ShareOfRaw, goal, string.Create(CultureInfo.InvariantCulture, $"{share:F2} with {server.Clients} clients ({perCpu:F2} for each CPU second of the server)"));
            }
            else
            {
                NotMeasured(goal);
            }
        }

        void Added(string model, string path)
        {
            var goal = string.Create(CultureInfo.InvariantCulture, $"{model}, {path}, one client: adds at most {AddedMedianMilliseconds} ms to p50 and {AddedTailMilliseconds} ms to p99");
            if (Alone(model, path) is { } server && Alone(model, Row.Raw) is { } raw)
            {
                var median = (server.Load.P50 - raw.Load.P50).TotalMilliseconds;
                var tail = (server.Load.P99 - raw.Load.P99).TotalMilliseconds;
                Say(median <= AddedMedianMilliseconds && tail <= AddedTailMilliseconds, goal, string.Create(CultureInfo.InvariantCulture, $"{median:F3} and {tail:F3} ms"));
            }
            else
            {
                NotMeasured(goal);
            }
        }

        void Peer(string model, string protocol)
        {
            var goal = string.Create(CultureInfo.InvariantCulture, $"{model}, {protocol}: saturated throughput at least {TimesPeer} times that of {FastifyPeer.Name}");
            if (Best(model, $"{FastifyPeer.Name} {protocol}") is { } peer && Best(model, $"server {protocol}") is { } server)
            {
                var times = server.Load.Throughput / peer.Load.Throughput;
                Say(times >= TimesPeer, goal, string.Create(CultureInfo.InvariantCulture, $"{times:F2} times"));
            }
            else
            {
                NotMeasured(goal);
            }
        }

        Row? Best(string model, string path) =>
            table.Where(r => r.Model == model && r.Path == path && r.Clients >= Saturating).MaxBy(r => r.Load.Throughput);

        Row? Alone(string model, string path) => table.FirstOrDefault(r => r.Model == model && r.Path == path && r.Clients == 1);

        void Say(bool reached, string goal, string found)
        {
            good &= reached;
            Console.WriteLine($"{(reached ? "PASS" : "FAIL")} {goal}: {found}");
        }

        static void NotMeasured(string goal) => Console.WriteLine($"NOT MEASURED {goal}");
    }
}
