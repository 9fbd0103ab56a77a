using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;

namespace Ops.Benchmarks.Uploads;

/// <summary>
/// Uploads one large file to the real dashboard over loopback HTTP as a browser does, several parts in flight, and prints how fast that was
/// and how much the server's memory grew. Options: <c>--mib 2048</c>, <c>--parts 4</c>. Fails when memory grew by more than 64 MiB.
/// </summary>
internal static class UploadBenchmark
{
    private const long MiB = 1024 * 1024;
    private const double AllowedGrowthMiB = 64;

    public static async Task<int> RunAsync(string[] args)
    {
        var size = Option(args, "--mib", 2048) * MiB;
        var inFlight = (int)Option(args, "--parts", 4);
        var folder = Directory.CreateTempSubdirectory("ops-benchmark-").FullName;
        try
        {
            var file = Path.Combine(folder, "model.gguf");
            var sha256 = await GenerateAsync(file, size);
            var copy = await CopyAsync(file, Path.Combine(folder, "copy"));
            Console.WriteLine(Line("plain copy and fsync", size, copy));

            await using var server = await MeasuredServer.StartAsync(Path.Combine(folder, "data"));
            using var client = await server.SignInAsync();
            var warmUp = Path.Combine(folder, "warm-up.gguf");
            await UploadAsync(client, "warm-up", warmUp, await GenerateAsync(warmUp, 64 * MiB), inFlight);

            server.BeginMemory();
            var (sent, verified) = await UploadAsync(client, "big", file, sha256, inFlight);
            var (before, peak) = server.EndMemory();
            var growth = (peak - before) / (double)MiB;
            Console.WriteLine(Line($"upload, {inFlight} parts in flight", size, sent));
            Console.WriteLine(Line("server reads back, hashes and makes the version", size, verified));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"share of the plain copy's speed: {copy / sent:P0}"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"server memory (RSS): {before / MiB} MiB before, {peak / MiB} MiB at the peak, growth {growth:F1} MiB (at most {AllowedGrowthMiB})"));
            return growth <= AllowedGrowthMiB ? 0 : 1;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<(TimeSpan Sent, TimeSpan Verified)> UploadAsync(HttpClient client, string model, string path, string sha256, int inFlight)
    {
        var size = new FileInfo(path).Length;
        using var begun = await client.PostAsJsonAsync("/api/uploads", new { model, files = new[] { new { path = "model.gguf", size } } });
        begun.EnsureSuccessStatusCode();
        var upload = await begun.Content.ReadFromJsonAsync<JsonElement>();
        var id = upload.GetProperty("id").GetGuid();
        var file = upload.GetProperty("files")[0];
        var fileId = file.GetProperty("id").GetGuid();
        var partSize = file.GetProperty("partSize").GetInt64();

        var clock = Stopwatch.StartNew();
        await Parallel.ForEachAsync(Enumerable.Range(1, file.GetProperty("partCount").GetInt32()), new ParallelOptions { MaxDegreeOfParallelism = inFlight }, async (number, cancellation) =>
        {
            using var content = new PartContent(path, (number - 1) * partSize, Math.Min(partSize, size - ((number - 1) * partSize)));
            using var answer = await client.PutAsync($"/api/uploads/{id}/files/{fileId}/parts/{number}", content, cancellation);
            answer.EnsureSuccessStatusCode();
        });
        var sent = clock.Elapsed;

        clock.Restart();
        using var completed = await client.PostAsJsonAsync($"/api/uploads/{id}/complete", new { files = new[] { new { id = fileId, sha256 } } });
        completed.EnsureSuccessStatusCode();
        while (true)
        {
            var status = await client.GetFromJsonAsync<JsonElement>($"/api/uploads/{id}");
            switch (status.GetProperty("state").GetString())
            {
                case "Completed":
                    return (sent, clock.Elapsed);
                case "Verifying":
                    await Task.Delay(50);
                    break;
                default:
                    throw new InvalidOperationException($"The upload ended otherwise: {status}");
            }
        }
    }

    public static async Task<string> GenerateAsync(string path, long size)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        await using var stream = File.Create(path);
        var block = new byte[4 * MiB];
        for (var left = size; left > 0; left -= block.Length)
        {
            RandomNumberGenerator.Fill(block);
            if (left == size)
            {
                "GGUF"u8.CopyTo(block);
            }

            var length = (int)Math.Min(left, block.Length);
            hash.AppendData(block, 0, length);
            await stream.WriteAsync(block.AsMemory(0, length));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task<TimeSpan> CopyAsync(string from, string to)
    {
        var clock = Stopwatch.StartNew();
        await using (var source = File.OpenRead(from))
        await using (var target = File.Create(to))
        {
            await source.CopyToAsync(target, (int)MiB);
            target.Flush(flushToDisk: true);
        }

        var elapsed = clock.Elapsed;
        File.Delete(to);
        return elapsed;
    }

    public static string Line(string what, long bytes, TimeSpan time) =>
        string.Create(CultureInfo.InvariantCulture, $"{what}: {bytes / MiB} MiB in {time.TotalSeconds:F2} s = {bytes / (double)MiB / time.TotalSeconds:F0} MiB/s");

    public static long Option(string[] args, string name, long otherwise) =>
        Array.IndexOf(args, name) is >= 0 and var index && index + 1 < args.Length ? long.Parse(args[index + 1], CultureInfo.InvariantCulture) : otherwise;
}
