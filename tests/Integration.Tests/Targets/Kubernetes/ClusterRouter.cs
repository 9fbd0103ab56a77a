using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Ops.Dashboard.Features.Serving;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>The address of a dashboard at which clients call endpoints, on a port of its own.</summary>
internal sealed class ClusterRouter : IAsyncDisposable
{
    private readonly WebApplication app;

    private ClusterRouter(WebApplication app) => (this.app, Client) = (app, new() { BaseAddress = new(app.Urls.First()) });

    /// <summary>A client.</summary>
    public HttpClient Client { get; }

    /// <summary>Opens the address of a dashboard that is at work.</summary>
    public static async Task<ClusterRouter> StartAsync(Dashboard dashboard)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        builder.Services.AddAuthorization();
        builder.Services.AddSingleton(dashboard.Services.GetRequiredService<RouteTable>());
        builder.Services.AddSingleton(dashboard.Services.GetRequiredService<UnroutedEndpoints>());
        builder.Services.AddSingleton(dashboard.Services.GetRequiredService<EndpointTokens>());
        builder.Services.AddSingleton(dashboard.Services.GetRequiredService<Forwarder>());
        var app = builder.Build();
        app.MapServing();
        await app.StartAsync();
        return new(app);
    }

    /// <summary>Asks the endpoint, or its preview, and gives back what the pod said, or the status where that is none of 200.</summary>
    public async Task<string> AskAsync(string path = "v2", string? body = null)
    {
        using var answer = body is null ? await Client.GetAsync($"/serve/digits/{path}") : await Client.PostAsync($"/serve/digits/{path}", new StringContent(body));
        return answer.StatusCode == HttpStatusCode.OK ? await answer.Content.ReadAsStringAsync() : $"{(int)answer.StatusCode}";
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await app.DisposeAsync();
    }
}
