using System.Text;

namespace Ops.Runtime.Models;

/// <summary>Reads the few things of the protobuf wire format that a walk needs, from a file that may be large.</summary>
internal sealed class OnnxFileReader : IDisposable
{
    /// <summary>Wire type of strings, bytes and messages.</summary>
    public const int LengthDelimited = 2;

    private readonly FileStream stream;
    private readonly byte[] buffer = new byte[64 * 1024];
    private long bufferStart;
    private int bufferLength;

    public OnnxFileReader(string path)
    {
        stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1);
        Length = stream.Length;
    }

    /// <summary>Bytes of the file.</summary>
    public long Length { get; }

    /// <summary>The next byte to read.</summary>
    public long Position { get; set; }

    public (int Field, int WireType) ReadTag()
    {
        var tag = ReadVarint();
        return tag is > 7 and <= uint.MaxValue ? ((int)(tag >> 3), (int)(tag & 7)) : throw Damaged();
    }

    /// <summary>Reads the length of a field and gives the position behind it.</summary>
    /// <param name="end">Where the message ends that holds it.</param>
    public long ReadEnd(long end)
    {
        var length = ReadVarint();
        return length <= (ulong)Math.Max(0, end - Position) ? Position + (long)length : throw Damaged();
    }

    /// <summary>Reads text up to a position.</summary>
    public string ReadText(long end)
    {
        var bytes = new byte[end - Position];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = ReadByte();
        }

        return Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Skips a value that is no length-delimited one.</summary>
    public void SkipValue(int wireType, long end)
    {
        switch (wireType)
        {
            case 0:
                ReadVarint();
                break;
            case 1:
                Position += 8;
                break;
            case 5:
                Position += 4;
                break;
            default:
                throw Damaged();
        }

        if (Position > end)
        {
            throw Damaged();
        }
    }

    public void Dispose() => stream.Dispose();

    private ulong ReadVarint()
    {
        var value = 0UL;
        for (var shift = 0; shift < 70; shift += 7)
        {
            var next = ReadByte();
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80)
            {
                return value;
            }
        }

        throw Damaged();
    }

    private byte ReadByte()
    {
        var offset = Position - bufferStart;
        if (offset < 0 || offset >= bufferLength)
        {
            stream.Position = Position;
            bufferStart = Position;
            bufferLength = stream.Read(buffer);
            offset = 0;
            if (bufferLength == 0)
            {
                throw Damaged();
            }
        }

        Position++;
        return buffer[offset];
    }

    private static ModelLoadException Damaged() => new("The file is damaged or is no ONNX model.");
}
