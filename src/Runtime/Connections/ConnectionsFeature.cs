using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Connections;

/// <summary>The web server: where it listens and how bytes come in.</summary>
internal static class ConnectionsFeature
{
    public static void AddConnections(this WebApplicationBuilder builder)
    {
        builder.WebHost.UseKestrelCore();
        builder.Services.AddSingleton<ListenAddresses>();
        // Behind UseKestrelCore, which registers a factory of its own.
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>, ReceiveBlocks.Factory>();
        builder.Services.Configure<SocketTransportOptions>(sockets =>
        {
            // A request is parsed and answered on the thread that received it, which is one of the pool in any case. What takes
            // long (a run that is not known to be short) leaves that thread, see ModelScheduler.
            sockets.UnsafePreferInlineScheduling = true;
            // Spares a call to the system per request; an idle connection holds a block instead.
            sockets.WaitForDataBeforeAllocatingBuffer = false;
        });
        builder.Services.AddOptions<KestrelServerOptions>().Configure<IOptions<RuntimeOptions>, ListenAddresses>((kestrel, runtime, addresses) =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = runtime.Value.MaxRequestBytes;
            addresses.Configure(kestrel);
        });
    }
}
