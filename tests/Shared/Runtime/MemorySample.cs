using System.Globalization;

namespace Ops.Testing.Runtime;

/// <summary>Memory of a server at one moment.</summary>
/// <param name="At">Since the start of the run.</param>
/// <param name="Resident">Resident memory in bytes.</param>
/// <param name="Heap">Managed heap in bytes.</param>
internal sealed record MemorySample(TimeSpan At, long Resident, long Heap)
{
    /// <summary>Asks a runtime for its metrics.</summary>
    public static async Task<MemorySample> ReadAsync(HttpClient server, TimeSpan at)
    {
        var lines = (await server.GetStringAsync("/metrics")).Split('\n');
        return new MemorySample(at, Value("process_resident_memory_bytes "), Value("dotnet_gc_heap_size_bytes "));

        long Value(string name) => (long)double.Parse(lines.First(l => l.StartsWith(name, StringComparison.Ordinal)).AsSpan(name.Length), CultureInfo.InvariantCulture);
    }

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{At.TotalSeconds,6:F0} s: resident {Resident / 1048576.0:F1} MiB, managed heap {Heap / 1048576.0:F1} MiB");
}
