using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Ops.Testing.Runtime;

/// <summary>
/// Speaks gRPC over HTTP/2 without TLS, one call at a time over one connection. It allows the server no header table, so
/// headers come as plain text and need no decompression.
/// </summary>
/// <param name="server">Gives address and port.</param>
/// <param name="path">The method, for instance <c>/inference.GRPCInferenceService/ModelInfer</c>.</param>
internal sealed class WireGrpcClient(Uri server, string path = WireGrpcClient.ModelInfer) : IWireClient
{
    /// <summary>The method that infers.</summary>
    public const string ModelInfer = "/inference.GRPCInferenceService/ModelInfer";

    private const int PatienceMilliseconds = 120_000;
    private const int FrameHead = 9;
    private const int MessageHead = 5;
    private const int MaxFrame = 16 * 1024;
    private const int FirstWindow = 65_535;
    private const int RefusedStream = 7;
    private const int Plenty = int.MaxValue;
    private readonly IPEndPoint address = new(IPAddress.Parse(server.Host), server.Port);
    private readonly byte[] headers = GrpcFrames.Headers(server.Authority, path);
    private Socket? socket;
    private byte[] received = new byte[64 * 1024];
    private int start;
    private int end;
    private byte[] sending = new byte[64 * 1024];
    private byte[] body = new byte[16 * 1024];
    private int bodyLength;
    private int stream;
    private long connectionWindow;
    private long streamWindow;
    private int firstStreamWindow;
    private int unacknowledged;
    private bool goingAway;
    private int status;
    private bool ended;
    private bool isRefused;

    public ReadOnlySpan<byte> Body => body.AsSpan(Math.Min(MessageHead, bodyLength), Math.Max(0, bodyLength - MessageHead));

    public int Exchange(ReadOnlySpan<byte> request)
    {
        try
        {
            do
            {
                Send(request);
                while (!ended)
                {
                    ReadFrame();
                }

                if (isRefused)
                {
                    // The server says that it has not looked at the call: every client sends it again.
                    Close();
                }
            }
            while (isRefused);

            if (goingAway)
            {
                Close();
            }

            return GrpcFrames.HttpStatus(status);
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
        // RST_STREAM with CANCEL, as a client does whose caller cancelled; the connection stays.
        Write(3, 0, stream, [0, 0, 0, 8]);
    }

    public void Dispose() => Close();

    private void Send(ReadOnlySpan<byte> message)
    {
        if (socket is not null)
        {
            TakeNews();
        }

        if (socket is null)
        {
            Connect();
        }

        stream += 2;
        (streamWindow, bodyLength, status, ended, isRefused) = (firstStreamWindow, 0, -1, false, false);
        var filled = AppendFrame(0, 1, 4, headers);
        var left = MessageHead + message.Length;
        var at = 0;
        var head = (Span<byte>)stackalloc byte[MessageHead];
        BinaryPrimitives.WriteInt32BigEndian(head[1..], message.Length);
        while (left > 0 && !ended)
        {
            var size = (int)Math.Min(Math.Min(left, MaxFrame), Math.Min(connectionWindow, streamWindow));
            if (size < Math.Min(left, MaxFrame))
            {
                // The server takes more once it has read what it has.
                Flush(ref filled);
                ReadFrame();
                continue;
            }

            Reserve(filled + FrameHead + size);
            GrpcFrames.WriteHead(sending.AsSpan(filled), size, 0, size == left ? (byte)1 : (byte)0, stream);
            var target = sending.AsSpan(filled + FrameHead, size);
            if (at == 0)
            {
                head.CopyTo(target);
                message[..(size - MessageHead)].CopyTo(target[MessageHead..]);
                at = size - MessageHead;
            }
            else
            {
                message.Slice(at, size).CopyTo(target);
                at += size;
            }

            filled += FrameHead + size;
            left -= size;
            connectionWindow -= size;
            streamWindow -= size;
        }

        Flush(ref filled);
    }

    /// <summary>Reads what came since the last answer: the server may have said that it closes the connection.</summary>
    private void TakeNews()
    {
        try
        {
            while (end > start || socket!.Available > 0)
            {
                ReadFrame();
            }
        }
        catch (IOException)
        {
            goingAway = true;
        }

        if (goingAway)
        {
            Close();
        }
    }

    private void Connect()
    {
        socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true, ReceiveTimeout = PatienceMilliseconds, SendTimeout = PatienceMilliseconds };
        socket.Connect(address);
        (start, end, stream, goingAway, unacknowledged) = (0, 0, -1, false, 0);
        (connectionWindow, firstStreamWindow) = (FirstWindow, FirstWindow);
        // No header table (1), no push (2), a window for answers that never fills (4).
        byte[] settings = [0, 1, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 4, 0x7F, 0xFF, 0xFF, 0xFF];
        var filled = 0;
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"u8.CopyTo(sending);
        filled = AppendFrame(24, 4, 0, settings, onConnection: true);
        Flush(ref filled);
        WindowUpdate(Plenty - FirstWindow);
        // The server's settings come first; its windows are needed before anything large is sent.
        ReadFrame();
    }

    private void ReadFrame()
    {
        Need(FrameHead);
        var head = received.AsSpan(start, FrameHead);
        var size = (head[0] << 16) | (head[1] << 8) | head[2];
        var (type, flags) = (head[3], head[4]);
        var id = BinaryPrimitives.ReadInt32BigEndian(head[5..]) & int.MaxValue;
        Need(FrameHead + size);
        var payload = received.AsSpan(start + FrameHead, size);
        start += FrameHead + size;
        switch (type)
        {
            case 0:
                TakeData(payload, id);
                break;
            case 1 or 9 when id == stream:
                TakeHeaders(payload);
                break;
            case 3 when id == stream:
                (status, ended) = (status < 0 ? 13 : status, true);
                isRefused = BinaryPrimitives.ReadInt32BigEndian(payload) == RefusedStream;
                break;
            case 4 when (flags & 1) == 0:
                TakeSettings(payload);
                Write(4, 1, 0, []);
                break;
            case 6 when (flags & 1) == 0:
                Write(6, 1, 0, payload);
                break;
            case 7:
                goingAway = true;
                isRefused = !ended && (BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue) < stream;
                ended |= isRefused;
                break;
            case 8:
                var more = BinaryPrimitives.ReadInt32BigEndian(payload) & int.MaxValue;
                connectionWindow += id == 0 ? more : 0;
                streamWindow += id == stream ? more : 0;
                break;
        }

        ended |= type is 0 or 1 && (flags & 1) != 0 && id == stream;
    }

    private void TakeData(ReadOnlySpan<byte> payload, int id)
    {
        if (id == stream)
        {
            if (body.Length < bodyLength + payload.Length)
            {
                Array.Resize(ref body, Math.Max(bodyLength + payload.Length, body.Length * 2));
            }

            payload.CopyTo(body.AsSpan(bodyLength));
            bodyLength += payload.Length;
        }

        unacknowledged += payload.Length;
        if (unacknowledged > Plenty / 4)
        {
            WindowUpdate(unacknowledged);
            unacknowledged = 0;
        }
    }

    private void TakeHeaders(ReadOnlySpan<byte> payload)
    {
        // A literal: the name, the length of the value in one byte, the value.
        var at = payload.IndexOf("grpc-status"u8);
        if (at < 0)
        {
            return;
        }

        var value = payload[(at + "grpc-status".Length)..];
        status = 0;
        foreach (var digit in value.Slice(1, value[0]))
        {
            status = (status * 10) + (digit - '0');
        }
    }

    private void TakeSettings(ReadOnlySpan<byte> payload)
    {
        for (; payload.Length >= 6; payload = payload[6..])
        {
            if (BinaryPrimitives.ReadUInt16BigEndian(payload) == 4)
            {
                var window = BinaryPrimitives.ReadInt32BigEndian(payload[2..]);
                streamWindow += window - firstStreamWindow;
                firstStreamWindow = window;
            }
        }
    }

    private void WindowUpdate(int more)
    {
        var payload = (Span<byte>)stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(payload, more);
        Write(8, 0, 0, payload);
    }

    private void Write(byte type, byte flags, int id, ReadOnlySpan<byte> payload)
    {
        var frame = (Span<byte>)stackalloc byte[FrameHead + 64];
        GrpcFrames.WriteHead(frame, payload.Length, type, flags, id);
        payload.CopyTo(frame[FrameHead..]);
        socket!.Send(frame[..(FrameHead + payload.Length)]);
    }

    private int AppendFrame(int filled, byte type, byte flags, byte[] payload, bool onConnection = false)
    {
        Reserve(filled + FrameHead + payload.Length);
        GrpcFrames.WriteHead(sending.AsSpan(filled), payload.Length, type, flags, onConnection ? 0 : stream);
        payload.CopyTo(sending, filled + FrameHead);
        return filled + FrameHead + payload.Length;
    }

    private void Reserve(int size)
    {
        if (sending.Length < size)
        {
            Array.Resize(ref sending, Math.Max(size, sending.Length * 2));
        }
    }

    private void Flush(ref int filled)
    {
        for (var rest = (ReadOnlySpan<byte>)sending.AsSpan(0, filled); rest.Length > 0;)
        {
            rest = rest[socket!.Send(rest)..];
        }

        filled = 0;
    }

    private void Need(int size)
    {
        if (start + size > received.Length)
        {
            received.AsSpan(start, end - start).CopyTo(received);
            (start, end) = (0, end - start);
            if (size > received.Length)
            {
                Array.Resize(ref received, size);
            }
        }

        while (end - start < size)
        {
            if (start == end)
            {
                (start, end) = (0, 0);
            }

            var count = socket!.Receive(received.AsSpan(end));
            end += count > 0 ? count : throw new IOException("The server closed the connection before its answer was whole.");
        }
    }

    private void Close()
    {
        socket?.Dispose();
        socket = null;
    }
}
