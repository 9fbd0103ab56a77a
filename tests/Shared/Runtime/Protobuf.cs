using System.Text;

namespace Ops.Testing.Runtime;

/// <summary>Protobuf messages written field by field, for tests that want their own bytes and not a generated class's.</summary>
internal static class Protobuf
{
    /// <summary>A string field.</summary>
    public static byte[] Text(int field, string text) => Delimited(field, Encoding.UTF8.GetBytes(text));

    /// <summary>A message field holding the fields given.</summary>
    public static byte[] Message(int field, params ReadOnlySpan<byte[]> parts) => Delimited(field, Join(parts));

    /// <summary>A field of any bytes.</summary>
    public static byte[] Delimited(int field, ReadOnlySpan<byte> content)
    {
        var head = (byte[])[.. Number((ulong)((field << 3) | 2)), .. Number((ulong)content.Length)];
        var whole = new byte[head.Length + content.Length];
        head.CopyTo(whole, 0);
        content.CopyTo(whole.AsSpan(head.Length));
        return whole;
    }

    /// <summary>A whole number, not negative.</summary>
    public static byte[] Varint(int field, long value) => [.. Number((ulong)(field << 3)), .. Number((ulong)value)];

    /// <summary>Several whole numbers as one packed field.</summary>
    public static byte[] Packed(int field, params ReadOnlySpan<long> values)
    {
        var content = new List<byte>();
        foreach (var value in values)
        {
            content.AddRange(Number((ulong)value));
        }

        return Delimited(field, [.. content]);
    }

    /// <summary>Fields one after the other.</summary>
    public static byte[] Join(params ReadOnlySpan<byte[]> parts)
    {
        var length = 0;
        foreach (var part in parts)
        {
            length += part.Length;
        }

        var whole = new byte[length];
        var at = 0;
        foreach (var part in parts)
        {
            part.CopyTo(whole, at);
            at += part.Length;
        }

        return whole;
    }

    private static List<byte> Number(ulong value)
    {
        var bytes = new List<byte>(10);
        while (value >= 0x80)
        {
            bytes.Add((byte)(value | 0x80));
            value >>= 7;
        }

        bytes.Add((byte)value);
        return bytes;
    }
}
