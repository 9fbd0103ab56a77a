using System.Net;
using System.Net.Sockets;

namespace Ops.Dashboard.Hosting;

/// <summary>Connects to addresses that were looked at, never to a name, which could stand for something else by now.</summary>
internal static class CheckedAddresses
{
    /// <summary>What a host stands for now: itself where it is an address, else what its name resolves to.</summary>
    /// <exception cref="SocketException">The name cannot be resolved.</exception>
    public static async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellation) =>
        IPAddress.TryParse(host, out var ip) ? [ip] : await Dns.GetHostAddressesAsync(host, cancellation);

    /// <summary>Looks a host up and connects to it at once, unless it stands for an address that is refused.</summary>
    /// <param name="place">Host and port.</param>
    /// <param name="isRefused">Whether an address is.</param>
    /// <param name="refusal">What to throw then, by the host.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="SocketException">The name cannot be resolved, or none of the addresses answers.</exception>
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint place, Func<IPAddress, bool> isRefused, Func<string, Exception> refusal, CancellationToken cancellation)
    {
        var addresses = await LookUpAsync(place.Host, cancellation);
        return addresses.Any(isRefused) ? throw refusal(place.Host) : await ConnectAsync(addresses, place.Port, cancellation);
    }

    /// <summary>Connects to the first of them that answers.</summary>
    /// <exception cref="SocketException">None does.</exception>
    public static async ValueTask<Stream> ConnectAsync(IPAddress[] addresses, int port, CancellationToken cancellation)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
