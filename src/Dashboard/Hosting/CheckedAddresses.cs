using System.Net;
using System.Net.Sockets;

namespace Ops.Dashboard.Hosting;

/// <summary>Connects to addresses that were looked at, never to a name, which could stand for something else by now.</summary>
internal static class CheckedAddresses
{
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
