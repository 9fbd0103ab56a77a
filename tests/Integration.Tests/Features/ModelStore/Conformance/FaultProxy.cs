using System.Net;
using System.Net.Sockets;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

/// <summary>A connection to a server that breaks when a test says so.</summary>
internal sealed class FaultProxy : IDisposable
{
    private readonly TcpListener listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource end = new();
    private readonly Uri server;
    private int answersToCut;

    public FaultProxy(Uri server)
    {
        this.server = server;
        listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}");

    /// <summary>Whether connections are closed at once, as by a server that is down.</summary>
    public bool IsDown { get; set; }

    /// <summary>How many bytes of an answer come through before it is cut, for as many connections as <see cref="CutAnswers"/> said.</summary>
    public int CutAfter { get; set; }

    /// <summary>Cuts the answers of the next so many connections.</summary>
    public void CutAnswers(int connections, int after)
    {
        CutAfter = after;
        Interlocked.Exchange(ref answersToCut, connections);
    }

    public void Dispose()
    {
        end.Cancel();
        listener.Dispose();
        end.Dispose();
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

    private async Task CarryAsync(TcpClient browser)
    {
        using var down = browser;
        using var up = new TcpClient();
        try
        {
            if (IsDown)
            {
                return;
            }

            await up.ConnectAsync(server.Host, server.Port, end.Token);
            await Task.WhenAny(CopyAsync(down, up, answers: false), CopyAsync(up, down, answers: true));
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Broken, as connections are.
        }
    }

    private async Task CopyAsync(TcpClient from, TcpClient to, bool answers)
    {
        var buffer = new byte[16 * 1024];
        var carried = 0;
        var (source, target) = (from.GetStream(), to.GetStream());
        for (int read; (read = await source.ReadAsync(buffer, end.Token)) > 0;)
        {
            if (IsDown)
            {
                return;
            }

            if (answers && Volatile.Read(ref answersToCut) > 0 && (carried += read) > CutAfter)
            {
                Interlocked.Decrement(ref answersToCut);
                return;
            }

            await target.WriteAsync(buffer.AsMemory(0, read), end.Token);
        }
    }
}
