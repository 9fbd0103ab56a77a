using System.Buffers;
using System.IO.Compression;
using System.Security.Cryptography;
using Ops.Dashboard.Features.ModelStore.Integrity;

namespace Ops.Dashboard.Features.ModelStore.Downloads;

/// <summary>Writes the files of a version as a ZIP straight to whoever downloads it: no copy on a disk, one buffer of memory.</summary>
internal static class VersionZip
{
    private const int BufferBytes = 256 * 1024;

    /// <summary>Writes it. Weights do not get smaller, so nothing is compressed.</summary>
    /// <exception cref="InvalidDataException">A file does not have its SHA-256. The download breaks off, so that nobody takes it for whole, and the version is put into the line to verify.</exception>
    public static async Task WriteAsync(Stream body, IModelStore store, ReadableVersion version, IntegrityCommands integrity, CancellationToken cancellation)
    {
        await using var writes = new HeldBackWrites(body);
        await using (var archive = await ZipArchive.CreateAsync(writes, ZipArchiveMode.Create, leaveOpen: true, entryNameEncoding: null, cancellation))
        {
            foreach (var file in version.Files)
            {
                var entry = archive.CreateEntry(file.Path, CompressionLevel.NoCompression);
                entry.LastWriteTime = version.CreatedAt;
                await using var target = await entry.OpenAsync(cancellation);
                await using var source = await store.OpenReadAsync(file.ObjectId, cancellation);
                if (await CopyAsync(source, target, cancellation) != file.Sha256)
                {
                    await integrity.SuspectAsync(version.Id, CancellationToken.None);
                    throw new InvalidDataException($"{file.Path} of {version.Name} does not have its SHA-256.");
                }
            }
        }

        await writes.FlushAsync(cancellation);
    }

    private static async Task<string> CopyAsync(Stream source, Stream target, CancellationToken cancellation)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            for (int read; (read = await source.ReadAsync(buffer.AsMemory(0, BufferBytes), cancellation)) > 0;)
            {
                hash.AppendData(buffer, 0, read);
                await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }
}
