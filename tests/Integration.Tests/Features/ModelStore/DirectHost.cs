using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.ModelStore.S3;
using Ops.Dashboard.Features.ModelStore.Uploads;
using Ops.Integration.Tests.Features.ModelStore.Conformance;

namespace Ops.Integration.Tests.Features.ModelStore;

/// <summary>The upload feature over a real S3 server that takes parts from browsers.</summary>
public sealed class DirectHost : IAsyncLifetime
{
    private readonly PartBuffers buffers = new(Options.Create(new ModelStoreOptions()));
    private UploadHost? host;
    private S3TestStore? server;

    internal UploadHost Host => host!;

    internal S3TestStore Server => server!;

    public async ValueTask InitializeAsync()
    {
        server = await S3TestStore.MakeAsync();
        host = await UploadHost.StartAsync(store: Open());
    }

    /// <summary>Starts the dashboard anew over the same registry.</summary>
    public async Task RestartAsync()
    {
        await Host.StopAsync();
        host = await UploadHost.StartAsync(Host.Root, store: Open());
    }

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        Server.Dispose();
        buffers.Dispose();
    }

    // Under the name of the store that every installation has, so that it is the default.
    private S3Store Open() => new("filesystem", Server.Settings, new S3Connection(Server.Settings, Server.Credentials), buffers, TimeProvider.System);
}

/// <summary>Sends parts as a browser does that reaches the store.</summary>
internal static class DirectClient
{
    private static readonly HttpClient Store = new() { Timeout = TimeSpan.FromMinutes(5) };

    /// <summary>A file of two parts, of which the second is small.</summary>
    public static (string Path, byte[] Bytes) File() => ("weights.gguf", UploadClient.Weights((16 * 1024 * 1024) + 1000));

    public static Task<HttpResponseMessage> TryAddressesAsync(this UploadClient client, Guid upload, params PartName[] parts) =>
        client.Http.PostAsJsonAsync($"/api/uploads/{upload}/addresses", new AskAddresses(parts));

    public static async Task<PartAddress> AddressAsync(this UploadClient client, UploadStatus upload, int number, byte[] bytes)
    {
        using var answer = await PatientlyAsync(() => client.TryAddressesAsync(upload.Id, new PartName(upload.Files[0].Id, number, UploadClient.Hash(bytes))));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return Assert.Single((await answer.Content.ReadFromJsonAsync<PartAddress[]>())!);
    }

    public static async Task<HttpResponseMessage> PutAsync(PartAddress address, byte[] bytes, string? url = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(address.Method), url ?? address.Url) { Content = new ByteArrayContent(bytes) };
        foreach (var (name, value) in address.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Store.SendAsync(request);
    }

    /// <summary>Asks for an address of the store and sends the part there.</summary>
    public static async Task SendDirectAsync(this UploadClient client, UploadStatus upload, int number, byte[] bytes)
    {
        var part = UploadClient.Part(upload.Files[0], number, bytes);
        var address = await client.AddressAsync(upload, number, part);
        Assert.False(address.SameOrigin);
        using var answer = await PutAsync(address, part);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    public static Task<HttpResponseMessage> TryReportAsync(this UploadClient client, Guid upload, params PartName[] parts) =>
        client.Http.PostAsJsonAsync($"/api/uploads/{upload}/parts", new ReportParts(parts));

    public static async Task<ReportedParts> ReportAsync(this UploadClient client, UploadStatus upload, byte[] bytes, params int[] numbers)
    {
        PartName[] parts = [.. numbers.Select(n => new PartName(upload.Files[0].Id, n, UploadClient.Hash(UploadClient.Part(upload.Files[0], n, bytes))))];
        using var answer = await PatientlyAsync(() => client.TryReportAsync(upload.Id, parts));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<ReportedParts>())!;
    }

    // A browser tries again too when the store is too busy to answer.
    private static async Task<HttpResponseMessage> PatientlyAsync(Func<Task<HttpResponseMessage>> ask)
    {
        for (var tries = 1; ; tries++)
        {
            var answer = await ask();
            if (answer.StatusCode != HttpStatusCode.ServiceUnavailable || tries == 10)
            {
                return answer;
            }

            answer.Dispose();
            await Task.Delay(500);
        }
    }
}
