using System.Buffers.Binary;

namespace Ops.Dashboard.Features.ModelStore.Imports.Archives;

/// <summary>
/// Compares the two places where a zip file says what it holds: the directory at its end and the header before each entry (APPNOTE 6.3.10, 4.3).
/// Programs differ in which one they believe, so a file in which they differ, overlap or leave gaps for something else is refused before it is read.
/// </summary>
internal static class ZipDirectory
{
    private const uint EndSignature = 0x06054b50;
    private const uint End64Signature = 0x06064b50;
    private const uint Locator64Signature = 0x07064b50;
    private const uint CentralSignature = 0x02014b50;
    private const uint LocalSignature = 0x04034b50;
    private const int EndBytes = 22;
    private const int CentralBytes = 46;
    private const int LocalBytes = 30;
    private const int DescriptorFlag = 8;

    // Encrypted, patched, strongly encrypted, masked headers.
    private const int RefusedFlags = 1 | 0x20 | 0x40 | 0x2000;

    /// <summary>Checks a zip file.</summary>
    /// <param name="file">Can seek.</param>
    /// <param name="maxEntries">The most entries.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ImportRefusedException">It is not sound; the message says what is wrong.</exception>
    public static async Task CheckAsync(Stream file, int maxEntries, CancellationToken cancellation)
    {
        var (count, offset, size) = await FindAsync(file, cancellation);
        if (count > (ulong)maxEntries)
        {
            throw new ImportRefusedException($"The archive has more than {maxEntries} entries.");
        }

        if (size > (ulong)maxEntries * 1024)
        {
            throw new ImportRefusedException("The archive's directory is far larger than it should be.");
        }

        var directory = await ReadAsync(file, (long)offset, (int)size, cancellation);
        List<(long From, long To)> taken = [];
        var at = 0;
        for (var entry = 0UL; entry < count; entry++)
        {
            var central = Central.Read(directory, ref at);
            taken.Add(await CheckLocalAsync(file, central, (long)offset, cancellation));
        }

        if (at != directory.Length)
        {
            throw Unsound("its directory has something behind its last entry");
        }

        var last = 0L;
        foreach (var (from, to) in taken.Order())
        {
            if (from < last)
            {
                throw Unsound("two of its entries share the same bytes");
            }

            last = to;
        }
    }

    private static async Task<(ulong Count, ulong Offset, ulong Size)> FindAsync(Stream file, CancellationToken cancellation)
    {
        var tailBytes = (int)Math.Min(file.Length, EndBytes + ushort.MaxValue);
        var tailAt = file.Length - tailBytes;
        var tail = await ReadAsync(file, tailAt, tailBytes, cancellation);
        for (var at = tail.Length - EndBytes; at >= 0; at--)
        {
            var end = tail.AsSpan(at);
            if (U32(end) != EndSignature || U16(end[20..]) != end.Length - EndBytes)
            {
                continue;
            }

            if (U16(end[4..]) != 0 || U16(end[6..]) != 0)
            {
                throw Unsound("it is one piece of several");
            }

            (ulong Count, ulong Offset, ulong Size) found = (U16(end[10..]), U32(end[16..]), U32(end[12..]));
            var endAt = (ulong)(tailAt + at);
            if (at >= 20 && U32(tail.AsSpan(at - 20)) == Locator64Signature)
            {
                endAt = U64(tail.AsSpan(at - 12));
                found = await Read64Async(file, endAt, cancellation);
            }

            return found.Offset <= (ulong)file.Length && found.Size <= (ulong)file.Length && found.Offset + found.Size == endAt
                ? found
                : throw Unsound("its directory is not where it says");
        }

        throw new ImportRefusedException("This is not a zip file, or its end is missing.");
    }

    private static async Task<(ulong Count, ulong Offset, ulong Size)> Read64Async(Stream file, ulong at, CancellationToken cancellation)
    {
        if (at > (ulong)file.Length)
        {
            throw Unsound("its directory is not where it says");
        }

        var end = await ReadAsync(file, (long)at, 56, cancellation);
        return U32(end) == End64Signature ? (U64(end.AsSpan(32)), U64(end.AsSpan(48)), U64(end.AsSpan(40))) : throw Unsound("its directory is not where it says");
    }

    private static async Task<(long From, long To)> CheckLocalAsync(Stream file, Central central, long directoryAt, CancellationToken cancellation)
    {
        if (central.Offset < 0 || central.Offset > directoryAt - LocalBytes)
        {
            throw Unsound("an entry lies outside of it");
        }

        var local = await ReadAsync(file, central.Offset, LocalBytes, cancellation);
        if (U32(local) != LocalSignature)
        {
            throw Unsound("an entry is not where its directory says");
        }

        int flags = U16(local.AsSpan(6)), nameBytes = U16(local.AsSpan(26)), extraBytes = U16(local.AsSpan(28));
        var name = await ReadAsync(file, central.Offset + LocalBytes, nameBytes, cancellation);
        if (!name.AsSpan().SequenceEqual(central.Name))
        {
            throw Unsound("an entry has two different names");
        }

        if (flags != central.Flags || U16(local.AsSpan(8)) != central.Method)
        {
            throw Unsound("an entry is described in two different ways");
        }

        uint crc = U32(local.AsSpan(14)), packed = U32(local.AsSpan(18)), plain = U32(local.AsSpan(22));
        var is64 = packed == uint.MaxValue || plain == uint.MaxValue;
        if ((flags & DescriptorFlag) == 0 && (crc != central.Crc || (!is64 && (packed != central.PackedBytes || plain != central.PlainBytes))))
        {
            throw Unsound("an entry has two different sizes or checksums");
        }

        var from = central.Offset + LocalBytes + nameBytes + extraBytes;
        return central.PackedBytes >= 0 && central.PackedBytes <= directoryAt - from ? (central.Offset, from + central.PackedBytes) : throw Unsound("an entry reaches beyond its end");
    }

    private static async Task<byte[]> ReadAsync(Stream file, long at, int count, CancellationToken cancellation)
    {
        var bytes = new byte[count];
        file.Seek(at, SeekOrigin.Begin);
        return await file.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, cancellation) == count ? bytes : throw Unsound("it ends too early");
    }

    private static ImportRefusedException Unsound(string why) => new($"The zip file is not sound: {why}. Make it anew.");

    private static ushort U16(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt16LittleEndian(bytes);

    private static uint U32(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt32LittleEndian(bytes);

    private static ulong U64(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadUInt64LittleEndian(bytes);

    private sealed record Central(int Flags, int Method, uint Crc, long PackedBytes, long PlainBytes, byte[] Name, long Offset)
    {
        public static Central Read(byte[] directory, ref int at)
        {
            var left = directory.AsSpan(at);
            if (left.Length < CentralBytes || U32(left) != CentralSignature)
            {
                throw Unsound("its directory is broken");
            }

            int flags = U16(left[8..]), method = U16(left[10..]), nameBytes = U16(left[28..]), extraBytes = U16(left[30..]), commentBytes = U16(left[32..]);
            var whole = CentralBytes + nameBytes + extraBytes + commentBytes;
            if (left.Length < whole)
            {
                throw Unsound("its directory is broken");
            }

            if ((flags & RefusedFlags) != 0)
            {
                throw new ImportRefusedException("The archive is encrypted. Make one without a password.");
            }

            if (method is not (0 or 8))
            {
                throw new ImportRefusedException("The archive is compressed in an unusual way. Use stored or deflated entries.");
            }

            // S_IFMT of the Unix mode in the upper half, where a Unix made the entry.
            var mode = (U32(left[38..]) >> 16) & 0xF000;
            if (left[5] == 3 && mode is not (0 or 0x8000 or 0x4000))
            {
                throw new ImportRefusedException("The archive has a link or a device in it. Only plain files and folders are unpacked.");
            }

            ulong plain = U32(left[24..]), packed = U32(left[20..]), offset = U32(left[42..]);
            Widen(left.Slice(CentralBytes + nameBytes, extraBytes), ref plain, ref packed, ref offset);
            if (plain > long.MaxValue || packed > long.MaxValue || offset > long.MaxValue)
            {
                throw Unsound("an entry lies outside of it");
            }

            at += whole;
            return new Central(flags, method, U32(left[16..]), (long)packed, (long)plain, left.Slice(CentralBytes, nameBytes).ToArray(), (long)offset);
        }

        private static void Widen(ReadOnlySpan<byte> extra, ref ulong plain, ref ulong packed, ref ulong offset)
        {
            while (extra.Length >= 4)
            {
                int kind = U16(extra), bytes = U16(extra[2..]);
                if (bytes > extra.Length - 4)
                {
                    throw Unsound("its directory is broken");
                }

                if (kind == 1)
                {
                    var fields = extra.Slice(4, bytes);
                    plain = Next(ref fields, plain);
                    packed = Next(ref fields, packed);
                    offset = Next(ref fields, offset);
                }

                extra = extra[(4 + bytes)..];
            }
        }

        private static ulong Next(ref ReadOnlySpan<byte> fields, ulong narrow)
        {
            if (narrow != uint.MaxValue)
            {
                return narrow;
            }

            var wide = fields.Length >= 8 ? U64(fields) : throw Unsound("its directory is broken");
            fields = fields[8..];
            return wide;
        }
    }
}
