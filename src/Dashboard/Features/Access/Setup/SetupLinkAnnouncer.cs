using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Options;

namespace Ops.Dashboard.Features.Access.Setup;

/// <summary>Prints the setup link once the server listens, on every start until it was used. A demonstration has its own accounts instead.</summary>
internal sealed class SetupLinkAnnouncer(FirstAdministrator firstAdministrator, IServer server, IOptions<Demo.DemoOptions> demo) : IHostedLifecycleService
{
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (demo.Value.Enabled || await firstAdministrator.IssueLinkAsync(cancellationToken) is not { } link)
        {
            return;
        }

        // Straight to the console and not into the log, which may be kept and read by others.
        await Console.Out.WriteLineAsync($"""

            Ops is not set up yet. Open this link to create the first administrator (good once, until the next start):

                {Absolute(link, server.Features.Get<IServerAddressesFeature>()?.Addresses ?? [])}

            """);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The link on the first address listened on; a wildcard becomes a name that a browser on this machine can open.</summary>
    internal static string Absolute(string link, IEnumerable<string> addresses) =>
        (addresses.Select(BindingAddress.Parse).FirstOrDefault(address => !address.IsUnixPipe) is { } address
            ? $"{address.Scheme}://{(address.Host is "*" or "+" or "[::]" or "0.0.0.0" ? "localhost" : address.Host)}:{address.Port}"
            : "") + link;
}
