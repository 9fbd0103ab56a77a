using System.Text.Json;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Tests.Support;

/// <summary>Configuration files as whoever starts the runtime writes them.</summary>
internal static class Settings
{
    public static byte[] Json(IEnumerable<ModelOptions> models, string cacheFolder, string? runFolder, int threads = 2) =>
        JsonSerializer.SerializeToUtf8Bytes(new
        {
            Ops = new
            {
                Runtime = new
                {
                    Urls = "http://127.0.0.1:0",
                    RunFolder = runFolder,
                    Instance = "test-instance",
                    CacheFolder = cacheFolder,
                    Threads = threads,
                    LogFile = (string?)null,
                    Models = models,
                },
            },
        });
}
