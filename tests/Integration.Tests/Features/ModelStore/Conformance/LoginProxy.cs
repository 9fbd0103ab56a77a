using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

/// <summary>A proxy that opens tunnels for those who say who they are (CONNECT with Basic authentication, RFC 9110).</summary>
internal sealed class LoginProxy : IDisposable
{
    private const int MostHead = 16 * 1024;
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly string login;
    private int opened;

    /// <param name="user">The one it knows.</param>
    /// <param name="password">Of that user.</param>
    public LoginProxy(string user, string password)
    {
        login = "Proxy-Authorization: Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}"));
        listener.Start();
        _ = AcceptAsync();
    }

    public string Address => $"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}";

    /// <summary>How many tunnels it opened.</summary>
    public int Opened => Volatile.Read(ref opened);

    public void Dispose()
    {
        end.Cancel();
        listener.Dispose();
        end.Dispose();
    }

    private static async Task<string> ReadHeadAsync(NetworkStream stream, CancellationToken cancellation)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < MostHead && !head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one, cancellation) == 1)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = CarryAsync(await listener.AcceptTcpClientAsync(end.Token));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task CarryAsync(TcpClient asking)
    {
        using var client = asking;
        try
        {
            var near = client.GetStream();
            var lines = (await ReadHeadAsync(near, end.Token)).Split("\r\n");
            if (!lines[0].StartsWith("CONNECT ", StringComparison.Ordinal) || !lines.Contains(login))
            {
                await near.WriteAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"tests\"\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), end.Token);
                return;
            }

            var place = lines[0].Split(' ')[1].Split(':');
            using var server = new TcpClient();
            await server.ConnectAsync(place[0], int.Parse(place[1], System.Globalization.CultureInfo.InvariantCulture), end.Token);
            Interlocked.Increment(ref opened);
            await near.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray(), end.Token);
            var far = server.GetStream();
            await Task.WhenAny(near.CopyToAsync(far, end.Token), far.CopyToAsync(near, end.Token));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // One of both has gone.
        }
    }
}
