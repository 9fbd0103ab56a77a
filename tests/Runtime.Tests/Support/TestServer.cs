using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Ops.Runtime.Configuration;
using Ops.Runtime.Connections;
using Ops.Runtime.Lifecycle;

namespace Ops.Runtime.Tests.Support;

/// <summary>The whole server in this process, on a free port, reached over real HTTP.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly TestFolder folder;
    private readonly WebApplication app;
    private readonly Box configuration;

    private TestServer(WebApplication app, TestFolder folder, Box configuration)
    {
        this.app = app;
        this.folder = folder;
        this.configuration = configuration;
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.First()) };
    }

    public HttpClient Http { get; }

    public string CacheFolder => folder.File("cache");

    /// <summary>Where it speaks gRPC; null unless a test set GrpcUrls.</summary>
    public string? GrpcUrl => app.Services.GetRequiredService<ListenAddresses>().Grpc;

    public RequestsInFlight InFlight => app.Services.GetRequiredService<RequestsInFlight>();

    public IServiceProvider Services => app.Services;

    public RuntimeState State => app.Services.GetRequiredService<RuntimeState>();

    /// <summary>Starts a server and waits until it is ready or has failed.</summary>
    public static async Task<TestServer> StartAsync(IEnumerable<ModelOptions> models, params (string Key, string Value)[] settings)
    {
        var folder = new TestFolder();
        var box = new Box(Settings.Json(models, folder.File("cache"), null));
        var app = RuntimeServer.Build(configuration =>
        {
            configuration.AddJsonStream(new MemoryStream(box.Json));
            configuration.AddInMemoryCollection(
                settings.Append(("DrainGraceSeconds", "0")).Select(s => KeyValuePair.Create(FullKey(s.Item1), (string?)s.Item2)));
            configuration.AddInMemoryCollection([KeyValuePair.Create("Logging:LogLevel:Default", (string?)"None")]);
        });
        await app.StartAsync();
        var server = new TestServer(app, folder, box);
        await Eventually.TrueAsync(() => server.State.Snapshot.Phase is RuntimePhase.Ready or RuntimePhase.Failed, "the server to be ready or failed");
        return server;
    }

    /// <summary>Changes the versions that the configuration file names.</summary>
    public void Configure(params ModelOptions[] models) => configuration.Json = Settings.Json(models, folder.File("cache"), null);

    /// <summary>A service of the server; null when it is not registered.</summary>
    public T? Find<T>() => app.Services.GetService<T>();

    public async Task<(int Status, JsonElement Body)> GetAsync(string path)
    {
        using var response = await Http.GetAsync(path);
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    public async Task<(int Status, JsonElement Body)> PostAsync(string path, string body)
    {
        using var response = await Http.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        return ((int)response.StatusCode, await response.Content.ReadFromJsonAsync<JsonElement>());
    }

    /// <summary>Keys are the runtime's own, except for those of the log and of OpenTelemetry.</summary>
    private static string FullKey(string key) =>
        key.StartsWith("Logging:", StringComparison.Ordinal) || key.StartsWith("OTEL_", StringComparison.Ordinal) ? key : $"{RuntimeOptions.Section}:{key}";

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await app.StopAsync();
        await app.DisposeAsync();
        folder.Dispose();
    }

    private sealed class Box(byte[] json)
    {
        public volatile byte[] Json = json;
    }
}
