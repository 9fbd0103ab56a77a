using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Connections;

/// <summary>
/// Where the server listens. HTTP/1.1 and HTTP/2 cannot share a port without TLS to choose between them, so gRPC has
/// addresses of its own.
/// </summary>
internal sealed class ListenAddresses(IOptions<RuntimeOptions> options)
{
    private readonly List<ListenOptions> http = [];
    private readonly List<ListenOptions> grpc = [];

    /// <summary>The first address for HTTP/1.1, with the port that was taken; null before the server listens.</summary>
    public string? Http => http.FirstOrDefault()?.ToString();

    /// <summary>The first address for gRPC, with the port that was taken; null when there is none.</summary>
    public string? Grpc => grpc.FirstOrDefault()?.ToString();

    /// <summary>Tells the server where to listen.</summary>
    public void Configure(KestrelServerOptions kestrel)
    {
        Listen(kestrel, options.Value.Urls, HttpProtocols.Http1, http);
        Listen(kestrel, options.Value.GrpcUrls, HttpProtocols.Http2, grpc);
    }

    private static void Listen(KestrelServerOptions kestrel, string urls, HttpProtocols protocols, List<ListenOptions> addresses)
    {
        foreach (var url in urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            var address = BindingAddress.Parse(url);
            void Keep(ListenOptions listen)
            {
                listen.Protocols = protocols;
                addresses.Add(listen);
            }

            if (IPAddress.TryParse(address.Host, out var ip))
            {
                kestrel.Listen(ip, address.Port, Keep);
            }
            else if (string.Equals(address.Host, "localhost", StringComparison.OrdinalIgnoreCase))
            {
                kestrel.ListenLocalhost(address.Port, Keep);
            }
            else
            {
                // Any other host means every address of the machine, as it always did.
                kestrel.ListenAnyIP(address.Port, Keep);
            }
        }
    }
}
