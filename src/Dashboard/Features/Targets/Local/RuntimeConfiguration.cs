using System.Text.Json;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>Writes the configuration of a runtime process.</summary>
internal static class RuntimeConfiguration
{
    // Routers were told before the signal, so the runtime itself need not wait long for them to notice.
    private const double DrainGraceSeconds = 0.2;

    /// <summary>The JSON file for <c>Ops.Runtime --config</c>.</summary>
    /// <param name="record">The replica and the process to be started.</param>
    /// <param name="source">Where the version is to be had.</param>
    /// <param name="runFolder">Where the process reports.</param>
    /// <param name="cacheFolder">Where verified files are kept, shared by all replicas.</param>
    /// <param name="drainTimeout">How long requests in flight may take after the signal to stop.</param>
    public static byte[] Write(ReplicaRecord record, VersionSource source, string runFolder, string cacheFolder, TimeSpan drainTimeout)
    {
        var plan = record.Spec;
        var runtime = new
        {
            Urls = "http://127.0.0.1:0",
            RunFolder = runFolder,
            record.Instance,
            CacheFolder = cacheFolder,
            Threads = plan.Resources.CpuThreads,
            DrainGraceSeconds,
            DrainTimeoutSeconds = drainTimeout.TotalSeconds,
            Models = new[]
            {
                new
                {
                    Name = plan.Model,
                    Version = plan.Version.ToString(System.Globalization.CultureInfo.InvariantCulture),
                    Digest = plan.VersionDigest,
                    source.Format,
                    Files = source.Files.Select(f => new { f.Path, Source = f.Source.AbsoluteUri, f.Sha256, Size = f.SizeBytes }).ToArray(),
                },
            },
        };
        return JsonSerializer.SerializeToUtf8Bytes(new { Ops = new { Runtime = runtime } });
    }
}
