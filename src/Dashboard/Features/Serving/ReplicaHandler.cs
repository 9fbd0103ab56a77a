using System.Net;

namespace Ops.Dashboard.Features.Serving;

/// <summary>How replicas are reached with requests of clients: as they are, by nothing in between, and with nothing added.</summary>
internal static class ReplicaHandler
{
    /// <summary>Makes one.</summary>
    public static SocketsHttpHandler Make() => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = TimeSpan.FromSeconds(2),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    };
}
