using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>An HTTP proxy on loopback that opens tunnels (CONNECT), for all or for one user.</summary>
internal sealed class ConnectProxy : IAsyncDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource over = new();
    private readonly string? wanted;
    private readonly Task running;

    /// <summary>Starts it.</summary>
    /// <param name="user">User and password, separated by a colon; null for everybody.</param>
    public ConnectProxy(string? user)
    {
        wanted = user is null ? null : $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes(user))}";
        listener.Start();
        running = RunAsync();
    }

    /// <summary>Where it listens.</summary>
    public string Address => listener.LocalEndpoint.ToString()!;

    /// <summary>The places that tunnels were opened to.</summary>
    public ConcurrentQueue<string> Connected { get; } = new();

    public async ValueTask DisposeAsync()
    {
        await over.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        listener.Dispose();
        over.Dispose();
    }

    private async Task RunAsync()
    {
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync(over.Token);
            _ = ServeAsync(client);
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var from = client;
            await using var stream = from.GetStream();
            while (true)
            {
                var head = await HeadAsync(stream);
                if (head.Length == 0)
                {
                    return;
                }

                if (wanted is not null && !head.Contains(wanted))
                {
                    await stream.WriteAsync("HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n"u8.ToArray(), over.Token);
                    continue;
                }

                var place = head[0].Split(' ')[1];
                using var to = new TcpClient();
                await to.ConnectAsync(IPEndPoint.Parse(place), over.Token);
                Connected.Enqueue(place);
                await stream.WriteAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), over.Token);
                await using var there = to.GetStream();
                await Task.WhenAny(stream.CopyToAsync(there, over.Token), there.CopyToAsync(stream, over.Token));
                return;
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException)
        {
            // Either side went.
        }
    }

    private async Task<string[]> HeadAsync(NetworkStream stream)
    {
        var read = new List<byte>();
        var one = new byte[1];
        while (await stream.ReadAsync(one, over.Token) > 0)
        {
            read.Add(one[0]);
            if (read is [.., (byte)'\r', (byte)'\n', (byte)'\r', (byte)'\n'])
            {
                return Encoding.ASCII.GetString([.. read]).Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
            }
        }

        return [];
    }
}
