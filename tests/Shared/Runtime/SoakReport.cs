using System.Collections.Concurrent;
using System.Globalization;

namespace Ops.Testing.Runtime;

/// <summary>What happened in a <see cref="SoakRun"/>.</summary>
internal sealed class SoakReport
{
    private const int MostErrors = 20;
    private readonly ConcurrentDictionary<string, int> counts = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> errors = new(StringComparer.Ordinal);
    private int errorCount;

    /// <summary>Memory of the server over time, oldest first.</summary>
    public List<MemorySample> Samples { get; } = [];

    /// <summary>How often each thing was done, for instance <c>grpc answered</c>.</summary>
    public IReadOnlyDictionary<string, int> Counts => counts;

    /// <summary>What should not have happened; each once, the first few of it.</summary>
    public IEnumerable<string> Errors => errors.Select(e => $"{e.Value} times: {e.Key}");

    /// <summary>How often something happened that should not have.</summary>
    public int ErrorCount => Volatile.Read(ref errorCount);

    /// <summary>Growth of resident memory in bytes: the median of the last quarter of the time less that of the second, since
    /// a server fills its pools in the first.</summary>
    public long Growth => Samples.Count < 8 ? 0 : Median(Samples.Count * 3 / 4, Samples.Count) - Median(Samples.Count / 4, Samples.Count / 2);

    public void Count(string what) => counts.AddOrUpdate(what, 1, (_, n) => n + 1);

    public void Error(string what)
    {
        Interlocked.Increment(ref errorCount);
        if (errors.ContainsKey(what) || errors.Count < MostErrors)
        {
            errors.AddOrUpdate(what, 1, (_, n) => n + 1);
        }
    }

    /// <summary>A few lines for people.</summary>
    public override string ToString()
    {
        var every = Math.Max(1, Samples.Count / 12);
        var lines = counts.OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key}: {c.Value}")
            .Concat(Samples.Where((_, i) => i % every == 0 || i == Samples.Count - 1).Select(s => s.ToString()))
            .Append(string.Create(CultureInfo.InvariantCulture, $"resident memory grew by {Growth / 1048576.0:F1} MiB from the second to the last quarter"))
            .Append($"unexpected: {ErrorCount}")
            .Concat(Errors);
        return string.Join('\n', lines);
    }

    private long Median(int from, int to)
    {
        var sorted = Samples[from..to].Select(s => s.Resident).Order().ToArray();
        return sorted[sorted.Length / 2];
    }
}
