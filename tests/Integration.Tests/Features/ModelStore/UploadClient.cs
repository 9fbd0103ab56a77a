using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text.Json;
using Ops.Dashboard.Features.ModelStore.Uploads;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>Speaks the upload protocol as the browser does.</summary>
internal sealed class UploadClient(HttpClient http)
{
    public HttpClient Http => http;

    public static byte[] Onnx { get; } = File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "TestData", "digits_cnn.onnx"));

    /// <summary>Bytes of a format without code, of any length above 64: what matters here is where they end up.</summary>
    public static byte[] Weights(int length)
    {
        var bytes = RandomNumberGenerator.GetBytes(length);
        "GGUF"u8.CopyTo(bytes);
        return bytes;
    }

    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    public Task<HttpResponseMessage> TryBeginAsync(object request) => http.PostAsJsonAsync("/api/uploads", request);

    public async Task<UploadStatus> BeginAsync(string model, params (string Path, byte[] Bytes)[] files)
    {
        using var response = await TryBeginAsync(new { model, files = files.Select(f => new { path = f.Path, size = f.Bytes.Length }) });
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        return (await response.Content.ReadFromJsonAsync<UploadStatus>())!;
    }

    public async Task<UploadStatus> StatusAsync(Guid id) => (await http.GetFromJsonAsync<UploadStatus>($"/api/uploads/{id}"))!;

    public async Task<HttpResponseMessage> PutAsync(Guid id, Guid file, int number, byte[] bytes, string? hash = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Put, $"/api/uploads/{id}/files/{file}/parts/{number}") { Content = new ByteArrayContent(bytes) };
        if (hash is not null)
        {
            request.Headers.Add("X-Part-SHA256", hash);
        }

        return await http.SendAsync(request);
    }

    public async Task SendAsync(UploadStatus upload, params (string Path, byte[] Bytes)[] files)
    {
        foreach (var (path, bytes) in files)
        {
            var file = upload.Files.Single(f => f.Path == path);
            await Parallel.ForEachAsync(Enumerable.Range(1, file.PartCount).Reverse(), new ParallelOptions { MaxDegreeOfParallelism = 4 }, async (number, _) =>
            {
                using var response = await PutAsync(upload.Id, file.Id, number, Part(file, number, bytes));
                Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(CancellationToken.None));
            });
        }
    }

    public static byte[] Part(UploadFileStatus file, int number, byte[] bytes) =>
        bytes[((number - 1) * file.PartSize)..(int)Math.Min((long)number * file.PartSize, bytes.Length)];

    public Task<HttpResponseMessage> CompleteAsync(UploadStatus upload, params (string Path, byte[] Bytes)[] files) =>
        http.PostAsJsonAsync($"/api/uploads/{upload.Id}/complete", new { files = files.Select(f => new { id = upload.Files.Single(s => s.Path == f.Path).Id, sha256 = Hash(f.Bytes) }) });

    public async Task<UploadStatus> WaitAsync(Guid id, Func<UploadStatus, bool> until)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            var status = await StatusAsync(id);
            if (until(status))
            {
                return status;
            }

            await Task.Delay(25, patience.Token);
        }
    }

    public Task<UploadStatus> WaitForEndAsync(Guid id) => WaitAsync(id, s => s.State is not ("Verifying" or "Open"));

    public async Task<UploadStatus> UploadAsync(string model, params (string Path, byte[] Bytes)[] files)
    {
        var upload = await BeginAsync(model, files);
        await SendAsync(upload, files);
        using var completed = await CompleteAsync(upload, files);
        Assert.True(completed.IsSuccessStatusCode, await completed.Content.ReadAsStringAsync());
        return await WaitForEndAsync(upload.Id);
    }

    public static async Task<string> DetailAsync(HttpResponseMessage response)
    {
        using var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return problem.RootElement.GetProperty("detail").GetString() ?? "";
    }
}
