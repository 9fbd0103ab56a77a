using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Data;

namespace Ops.Dashboard.Tests.Features.Serving;

/// <summary>The real router over real sockets, with stand-ins for replicas whose answers a test decides.</summary>
internal sealed class ServingHarness : IAsyncDisposable
{
    private readonly List<WebApplication> apps = [];
    private readonly string file = Path.Combine(Path.GetTempPath(), $"ops-serving-{Guid.NewGuid():N}.db");
    private WebApplication router = null!;

    public EndpointRef Endpoint { get; } = new(Guid.NewGuid(), "digits", Guid.NewGuid());

    public Guid PlanId { get; } = Guid.NewGuid();

    public HttpClient Client { get; private set; } = null!;

    public IServiceProvider Services => router.Services;

    public ServingStatistics Statistics => Services.GetRequiredService<ServingStatistics>();

    public static async Task<ServingHarness> StartAsync(double waitSeconds = 0.2, Action<IServiceCollection>? add = null)
    {
        var harness = new ServingHarness();
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["Ops:Serving:WaitForReplicaSeconds"] = waitSeconds.ToString();
        builder.Configuration["Ops:Serving:TokenCacheSeconds"] = "0";
        builder.Services.AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<ObservedEndpoints>();
        builder.Services.AddSqliteRegistry(harness.file);
        builder.Services.AddServing();
        add?.Invoke(builder.Services);
        builder.Services.AddAuthorization();
        harness.router = builder.Build();
        harness.router.MapServing();
        await harness.router.StartAsync();
        harness.apps.Add(harness.router);
        harness.Client = new(new SocketsHttpHandler { AllowAutoRedirect = false }) { BaseAddress = new(Address(harness.router)) };
        harness.Route(requiresToken: false);
        return harness;
    }

    /// <summary>A replica that always says the same.</summary>
    public static RequestDelegate Say(string text) => context => context.Response.WriteAsync(text);

    /// <summary>A stand-in replica on a port of its own.</summary>
    public async Task<(Uri Address, WebApplication App)> StartReplicaAsync(RequestDelegate answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0").ConfigureKestrel(o => o.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        app.Run(answer);
        await app.StartAsync();
        apps.Add(app);
        return (new(Address(app)), app);
    }

    public void Route(bool requiresToken) =>
        Services.GetRequiredService<RouteTable>().Publish(new(Endpoint.Id, Endpoint.Name, requiresToken, new HashSet<Guid> { PlanId }));

    public void Observe(params (string Id, Uri? Address, ReplicaPhase Phase)[] replicas) =>
        Services.GetRequiredService<ObservedEndpoints>().Publish(new(
            Endpoint,
            [.. replicas.Select(r => new ReplicaObservation { Id = r.Id, PlanId = PlanId, Node = "here", Phase = r.Phase, Address = r.Address })],
            TimeProvider.System.GetUtcNow()));

    /// <summary>An address at which nobody listens.</summary>
    public static Uri DeadAddress()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");
    }

    public async Task<RegistryDb> DatabaseAsync()
    {
        var db = await Services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContextAsync();
        await db.Database.EnsureCreatedAsync();
        return db;
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        foreach (var app in apps)
        {
            await app.DisposeAsync();
        }

        Microsoft.Data.Sqlite.SqliteConnection.ClearAllPools();
        foreach (var leftover in Directory.GetFiles(Path.GetTempPath(), Path.GetFileName(file) + "*"))
        {
            File.Delete(leftover);
        }
    }

    private static string Address(WebApplication app) =>
        app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First();
}
