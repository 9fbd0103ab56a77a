using System.Diagnostics;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using Ops.Benchmarks.Uploads;

namespace Ops.Benchmarks.Stores;

/// <summary>Uploads as the browser's modules do, without a browser: the same requests, part sizes and parts in flight.</summary>
internal sealed class StoreUpload(HttpClient dashboard, HttpClient store)
{
    private const int BufferBytes = 1024 * 1024;
    private const int MostReported = 100;

    /// <summary>Uploads files of one folder.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="files">Paths on this machine with their SHA-256.</param>
    /// <param name="direct">Whether large files go straight to the store.</param>
    /// <param name="inFlight">How many parts at the same time.</param>
    /// <returns>Until every part counted, and from then until it was a version.</returns>
    public async Task<(TimeSpan Sent, TimeSpan Verified)> RunAsync(string model, IReadOnlyDictionary<string, string> files, bool direct, int inFlight)
    {
        using var begun = await dashboard.PostAsJsonAsync("/api/uploads", new { model, files = files.Keys.Select(path => new { path = Path.GetFileName(path), size = new FileInfo(path).Length }) });
        var upload = await ReadAsync(begun);
        var id = upload.GetProperty("id").GetGuid();
        var byName = files.Keys.ToDictionary(path => Path.GetFileName(path)!);
        var parts = upload.GetProperty("files").EnumerateArray().SelectMany(file => Parts(file, byName[file.GetProperty("path").GetString()!])).ToList();
        if (!direct)
        {
            using var told = await dashboard.PostAsJsonAsync($"/api/uploads/{id}/through-dashboard", new { trouble = "NotAllowed" });
            told.EnsureSuccessStatusCode();
        }

        var clock = Stopwatch.StartNew();
        var sent = Channel.CreateUnbounded<Part>();
        var reporting = ReportAsync(id, sent.Reader);
        await Parallel.ForEachAsync(parts, new ParallelOptions { MaxDegreeOfParallelism = inFlight }, async (part, cancellation) =>
        {
            if (direct && part.IsOneOfMany)
            {
                await SendDirectAsync(id, part, sent.Writer, cancellation);
            }
            else
            {
                using var content = new PartContent(part.Path, part.Offset, part.Length);
                using var answer = await dashboard.PutAsync($"/api/uploads/{id}/files/{part.FileId}/parts/{part.Number}", content, cancellation);
                answer.EnsureSuccessStatusCode();
            }
        });
        sent.Writer.Complete();
        await reporting;
        var elapsed = clock.Elapsed;

        clock.Restart();
        var hashes = upload.GetProperty("files").EnumerateArray().Select(file => new { id = file.GetProperty("id").GetGuid(), sha256 = files[byName[file.GetProperty("path").GetString()!]] });
        using var completed = await dashboard.PostAsJsonAsync($"/api/uploads/{id}/complete", new { files = hashes });
        await ReadAsync(completed);
        for (string? state; (state = (await dashboard.GetFromJsonAsync<JsonElement>($"/api/uploads/{id}")).GetProperty("state").GetString()) != "Completed";)
        {
            if (state != "Verifying")
            {
                throw new InvalidOperationException($"The upload ended as {state}.");
            }

            await Task.Delay(50);
        }

        return (elapsed, clock.Elapsed);
    }

    private static IEnumerable<Part> Parts(JsonElement file, string path)
    {
        var (size, partSize, count) = (file.GetProperty("size").GetInt64(), file.GetProperty("partSize").GetInt64(), file.GetProperty("partCount").GetInt32());
        return Enumerable.Range(1, count).Select(number => new Part(
            file.GetProperty("id").GetGuid(), number, path, (number - 1) * partSize, Math.Min(partSize, size - ((number - 1) * partSize)), count > 1));
    }

    private static async Task<string> HashAsync(Part part, CancellationToken cancellation)
    {
        await using var file = new FileStream(part.Path, FileMode.Open, FileAccess.Read, FileShare.Read, 0, FileOptions.Asynchronous);
        file.Position = part.Offset;
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[BufferBytes];
        for (var left = part.Length; left > 0;)
        {
            var read = await file.ReadAsync(buffer.AsMemory(0, (int)Math.Min(buffer.Length, left)), cancellation);
            hash.AppendData(buffer, 0, read);
            left -= read;
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task<JsonElement> ReadAsync(HttpResponseMessage answer) => answer.IsSuccessStatusCode
        ? await answer.Content.ReadFromJsonAsync<JsonElement>()
        : throw new InvalidOperationException($"{(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync()}");

    private async Task SendDirectAsync(Guid id, Part part, ChannelWriter<Part> sent, CancellationToken cancellation)
    {
        var sha256 = await HashAsync(part, cancellation);
        using var asked = await dashboard.PostAsJsonAsync($"/api/uploads/{id}/addresses", new { parts = new[] { new { fileId = part.FileId, number = part.Number, sha256 } } }, cancellation);
        var address = (await ReadAsync(asked))[0];
        if (address.GetProperty("sameOrigin").GetBoolean())
        {
            throw new InvalidOperationException("The store does not take parts from browsers.");
        }

        using var request = new HttpRequestMessage(HttpMethod.Put, address.GetProperty("url").GetString()) { Content = new PartContent(part.Path, part.Offset, part.Length) };
        foreach (var header in address.GetProperty("headers").EnumerateObject())
        {
            request.Headers.TryAddWithoutValidation(header.Name, header.Value.GetString());
        }

        using var answer = await store.SendAsync(request, cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            throw new InvalidOperationException($"The store answered {(int)answer.StatusCode} {await answer.Content.ReadAsStringAsync(cancellation)}");
        }

        await sent.WriteAsync(part with { Sha256 = sha256 }, cancellation);
    }

    private async Task ReportAsync(Guid id, ChannelReader<Part> sent)
    {
        List<Part> waiting = [];
        while (await sent.WaitToReadAsync())
        {
            await Task.Delay(300);
            while (waiting.Count < MostReported && sent.TryRead(out var part))
            {
                waiting.Add(part);
            }

            using var answer = await dashboard.PostAsJsonAsync($"/api/uploads/{id}/parts", new { parts = waiting.Select(p => new { fileId = p.FileId, number = p.Number, sha256 = p.Sha256 }) });
            if ((await ReadAsync(answer)).GetProperty("recorded").GetArrayLength() != waiting.Count)
            {
                throw new InvalidOperationException("The store does not list a part that it took.");
            }

            waiting.Clear();
        }
    }

    private sealed record Part(Guid FileId, int Number, string Path, long Offset, long Length, bool IsOneOfMany, string? Sha256 = null);
}
