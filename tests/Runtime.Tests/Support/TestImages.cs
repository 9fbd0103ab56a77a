using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;
using SkiaSharp;

namespace Ops.Runtime.Tests.Support;

/// <summary>Encoded images with known pixels, good ones and bad ones.</summary>
internal static class TestImages
{
    /// <summary>A PNG, encoded by Skia.</summary>
    public static byte[] Png(int width, int height, Func<int, int, SKColor> pixel) => Encode(width, height, pixel, SKEncodedImageFormat.Png);

    /// <summary>A JPEG, encoded by Skia: its pixels are near to what was asked for.</summary>
    public static byte[] Jpeg(int width, int height, Func<int, int, SKColor> pixel) => Encode(width, height, pixel, SKEncodedImageFormat.Jpeg);

    /// <summary>A PNG of gray pixels.</summary>
    public static byte[] GrayPng(int width, int height, Func<int, int, byte> pixel) => Png(width, height, (x, y) => new SKColor(pixel(x, y), pixel(x, y), pixel(x, y)));

    /// <summary>A PNG put together chunk by chunk, which Skia's encoder would not make.</summary>
    /// <param name="width">As its header claims.</param>
    /// <param name="height">As its header claims.</param>
    /// <param name="bits">Per channel.</param>
    /// <param name="colorType">0 gray, 2 RGB, 6 RGBA.</param>
    /// <param name="rows">Each row with its filter byte, uncompressed.</param>
    /// <param name="extra">Chunks between header and data.</param>
    public static byte[] RawPng(int width, int height, byte bits, byte colorType, byte[] rows, params (string Type, byte[] Content)[] extra)
    {
        var header = new byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        header[8] = bits;
        header[9] = colorType;
        using var compressed = new MemoryStream();
        using (var zlib = new ZLibStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(rows);
        }

        return
        [
            0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A,
            .. Chunk("IHDR", header), .. extra.SelectMany(c => Chunk(c.Type, c.Content)), .. Chunk("IDAT", compressed.ToArray()), .. Chunk("IEND", []),
        ];
    }

    /// <summary>A JPEG with an EXIF orientation, 1 to 8.</summary>
    public static byte[] WithOrientation(byte[] jpeg, byte orientation)
    {
        byte[] exif =
        [
            .. "Exif\0\0"u8, (byte)'M', (byte)'M', 0, 42, 0, 0, 0, 8, 0, 1,
            0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0, 0, 0, 0, 0,
        ];
        return [.. jpeg[..2], 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, .. jpeg[2..]];
    }

    /// <summary>A JPEG of 8 x 8 equal CMYK pixels, stored inverted as Adobe's programs do: the smallest baseline file that
    /// says so.</summary>
    public static byte[] CmykJpeg(byte cyan, byte magenta, byte yellow, byte black)
    {
        var bits = new StringBuilder();
        foreach (var ink in (ReadOnlySpan<byte>)[cyan, magenta, yellow, black])
        {
            // With a quantizer of 8 the first coefficient of an even block is its value less 128; code n is category n.
            var value = 255 - ink - 128;
            var category = value == 0 ? 0 : (int)Math.Log2(Math.Abs(value)) + 1;
            bits.Append(Convert.ToString(category, 2).PadLeft(4, '0'));
            if (category > 0)
            {
                bits.Append(Convert.ToString(value > 0 ? value : value + (1 << category) - 1, 2).PadLeft(category, '0'));
            }

            bits.Append('0');
        }

        while (bits.Length % 8 != 0)
        {
            bits.Append('1');
        }

        var scan = Enumerable.Range(0, bits.Length / 8).Select(i => Convert.ToByte(bits.ToString(i * 8, 8), 2)).SelectMany(b => b == 0xFF ? new byte[] { 0xFF, 0 } : [b]);
        byte[] components = [1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0];
        return
        [
            0xFF, 0xD8,
            .. Segment(0xEE, [.. "Adobe"u8, 0, 100, 0, 0, 0, 0, 0]),
            .. Segment(0xDB, [0, .. Enumerable.Repeat((byte)8, 64)]),
            .. Segment(0xC0, [8, 0, 8, 0, 8, 4, .. components]),
            .. Segment(0xC4, [0x00, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]),
            .. Segment(0xC4, [0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
            .. Segment(0xDA, [4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0]),
            .. scan,
            0xFF, 0xD9,
        ];
    }

    private static byte[] Segment(byte marker, byte[] content) => [0xFF, marker, (byte)((content.Length + 2) >> 8), (byte)(content.Length + 2), .. content];

    private static byte[] Encode(int width, int height, Func<int, int, SKColor> pixel, SKEncodedImageFormat format)
    {
        using var bitmap = new SKBitmap(new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Unpremul));
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                bitmap.SetPixel(x, y, pixel(x, y));
            }
        }

        using var data = bitmap.Encode(format, 100);
        return data.ToArray();
    }

    private static byte[] Chunk(string type, byte[] content)
    {
        byte[] named = [.. Encoding.ASCII.GetBytes(type), .. content];
        var chunk = new byte[named.Length + 8];
        BinaryPrimitives.WriteInt32BigEndian(chunk, content.Length);
        named.CopyTo(chunk, 4);
        BinaryPrimitives.WriteUInt32BigEndian(chunk.AsSpan(4 + named.Length), Crc(named));
        return chunk;
    }

    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc >> 1) ^ ((crc & 1) == 1 ? 0xEDB88320 : 0);
            }
        }

        return ~crc;
    }
}
