using System.Buffers.Text;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Ops.Testing.Runtime;

/// <summary>Speaks HTTP/1.1 over one kept-alive connection.</summary>
/// <param name="server">Gives address and port.</param>
internal sealed class WireHttpClient(Uri server) : IWireClient
{
    private const int PatienceMilliseconds = 120_000;
    private readonly IPEndPoint address = new(IPAddress.Parse(server.Host), server.Port);
    private Socket? socket;
    private byte[] received = new byte[16 * 1024];
    private int length;
    private byte[] body = new byte[16 * 1024];
    private int bodyLength;

    public ReadOnlySpan<byte> Body => body.AsSpan(0, bodyLength);

    /// <summary>Whether the last answer ended its connection.</summary>
    public bool Closed => socket is null;

    public int Exchange(ReadOnlySpan<byte> request)
    {
        try
        {
            Send(request);
            return ReadAnswer();
        }
        catch
        {
            Close();
            throw;
        }
    }

    public void Abandon(ReadOnlySpan<byte> request)
    {
        Send(request);
        Close();
    }

    public void Dispose() => Close();

    private void Send(ReadOnlySpan<byte> request)
    {
        if (socket is null)
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = PatienceMilliseconds, SendTimeout = PatienceMilliseconds };
            socket.Connect(address);
            length = 0;
        }

        while (request.Length > 0)
        {
            request = request[socket.Send(request)..];
        }
    }

    private int ReadAnswer()
    {
        int head;
        while ((head = received.AsSpan(0, length).IndexOf("\r\n\r\n"u8)) < 0)
        {
            Receive();
        }

        var lines = received.AsSpan(0, head);
        var status = int.Parse(lines.Slice("HTTP/1.1 ".Length, 3), CultureInfo.InvariantCulture);
        var (announced, chunked, close) = (0, false, false);
        foreach (var range in lines.SplitAny("\r\n"u8))
        {
            var line = lines[range];
            if (Value(line, "content-length:"u8, out var value))
            {
                _ = Utf8Parser.TryParse(value, out announced, out _);
            }
            else if (Value(line, "transfer-encoding:"u8, out value))
            {
                chunked = value.SequenceEqual("chunked"u8);
            }
            else if (Value(line, "connection:"u8, out value))
            {
                close = Ascii.EqualsIgnoreCase(value, "close"u8);
            }
        }

        Consume(head + 4);
        bodyLength = 0;
        if (chunked)
        {
            ReadChunks();
        }
        else
        {
            TakeBody(announced);
        }

        if (close)
        {
            Close();
        }

        return status;
    }

    private void ReadChunks()
    {
        while (true)
        {
            int line;
            while ((line = received.AsSpan(0, length).IndexOf("\r\n"u8)) < 0)
            {
                Receive();
            }

            var size = int.Parse(received.AsSpan(0, line), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            Consume(line + 2);
            TakeBody(size);
            while (length < 2)
            {
                Receive();
            }

            Consume(2);
            if (size == 0)
            {
                return;
            }
        }
    }

    private void TakeBody(int count)
    {
        if (body.Length < bodyLength + count)
        {
            Array.Resize(ref body, Math.Max(bodyLength + count, body.Length * 2));
        }

        while (count > 0)
        {
            if (length == 0)
            {
                Receive();
            }

            var taken = Math.Min(count, length);
            received.AsSpan(0, taken).CopyTo(body.AsSpan(bodyLength));
            bodyLength += taken;
            count -= taken;
            Consume(taken);
        }
    }

    private void Consume(int count)
    {
        received.AsSpan(count, length - count).CopyTo(received);
        length -= count;
    }

    private void Receive()
    {
        if (length == received.Length)
        {
            Array.Resize(ref received, received.Length * 2);
        }

        var count = socket!.Receive(received.AsSpan(length));
        length += count > 0 ? count : throw new IOException("The server closed the connection before its answer was whole.");
    }

    private void Close()
    {
        socket?.Dispose();
        socket = null;
    }

    private static bool Value(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name, out ReadOnlySpan<byte> value)
    {
        var found = line.Length > name.Length && Ascii.EqualsIgnoreCase(line[..name.Length], name);
        value = found ? line[name.Length..].Trim((byte)' ') : default;
        return found;
    }
}
