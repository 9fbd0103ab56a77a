using System.Formats.Tar;
using System.IO.Compression;
using System.IO.Hashing;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Uploads;

namespace Ops.Dashboard.Features.ModelStore.Imports.Archives;

/// <summary>
/// Unpacks an archive entry by entry into files with numbers for names: what an archive calls an entry never becomes a path on our disks. The
/// whole archive is read and checked before anybody gets to see one of its files.
/// </summary>
internal sealed class ArchiveUnpacker(IOptions<ImportsOptions> options)
{
    private const int BufferBytes = 128 * 1024;
    private const long FreeOfRatio = 64L * 1024 * 1024;

    /// <summary>Unpacks it.</summary>
    /// <param name="archive">The archive; can seek. Stays open.</param>
    /// <param name="kind">What it is by its name.</param>
    /// <param name="folder">Where the files go; emptied first.</param>
    /// <param name="cancellation">Gives up.</param>
    /// <exception cref="ImportRefusedException">It is broken, or holds what is not unpacked; nothing of it is left.</exception>
    public async Task<IReadOnlyList<UnpackedFile>> UnpackAsync(Stream archive, ArchiveKind kind, string folder, CancellationToken cancellation)
    {
        Empty(folder);
        var work = new Work(folder, LimitOf(archive.Length), options.Value);
        try
        {
            await (kind switch
            {
                ArchiveKind.Zip => ReadZipAsync(archive, work, cancellation),
                ArchiveKind.Tar => ReadTarAsync(archive, work, cancellation),
                _ => ReadTarGzipAsync(archive, work, cancellation),
            });
            return work.Finish();
        }
        catch (Exception exception)
        {
            Empty(folder);
            throw exception switch
            {
                ImportRefusedException or OperationCanceledException or ImportInterruptedException => exception,
                InvalidDataException or EndOfStreamException or FormatException or ArgumentException or NotSupportedException or OverflowException
                    => new ImportRefusedException("The archive is broken or cut off. Make it anew.", exception),
                _ => exception,
            };
        }
    }

    private static async Task ReadZipAsync(Stream archive, Work work, CancellationToken cancellation)
    {
        await ZipDirectory.CheckAsync(archive, work.MaxFiles, cancellation);
        archive.Seek(0, SeekOrigin.Begin);
        using var zip = new ZipArchive(archive, ZipArchiveMode.Read, leaveOpen: true);
        work.CheckNames([.. zip.Entries.Where(e => !IsFolder(e.FullName)).Select(e => e.FullName)], [.. zip.Entries.Where(e => IsFolder(e.FullName)).Select(e => e.FullName)]);
        foreach (var entry in zip.Entries)
        {
            work.Count();
            if (IsFolder(entry.FullName))
            {
                if (entry.Length != 0)
                {
                    throw new ImportRefusedException($"The folder {entry.FullName} in the archive has content.");
                }

                continue;
            }

            await using var content = await entry.OpenAsync(cancellation);
            var crc = await work.KeepAsync(entry.FullName, content, entry.Length, cancellation);
            if (crc != entry.Crc32)
            {
                throw new ImportRefusedException($"{entry.FullName} in the archive is damaged: its checksum is wrong.");
            }
        }
    }

    private static async Task ReadTarGzipAsync(Stream archive, Work work, CancellationToken cancellation)
    {
        archive.Seek(0, SeekOrigin.Begin);
        await using var plain = new GZipStream(archive, CompressionMode.Decompress, leaveOpen: true);
        await ReadTarAsync(plain, work, cancellation);

        // What follows the last entry is padding of a few blocks; more of it would be a bomb of its own.
        var buffer = new byte[BufferBytes];
        for (int total = 0, read; (read = await plain.ReadAsync(buffer, cancellation)) > 0;)
        {
            total += read;
            if (total > 1024 * 1024)
            {
                throw new ImportRefusedException("The archive has something behind its end.");
            }
        }
    }

    private static async Task ReadTarAsync(Stream archive, Work work, CancellationToken cancellation)
    {
        if (archive.CanSeek)
        {
            archive.Seek(0, SeekOrigin.Begin);
        }

        await using var tar = new TarReader(archive, leaveOpen: true);
        while (await tar.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
        {
            work.Count();
            switch (entry.EntryType)
            {
                case TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile when !entry.Name.EndsWith('/'):
                    await work.KeepAsync(Named(entry.Name), entry.DataStream ?? Stream.Null, entry.Length, cancellation);
                    break;
                case TarEntryType.Directory:
                    work.CheckFolder(Named(entry.Name));
                    break;
                case TarEntryType.GlobalExtendedAttributes:
                    break;
                case TarEntryType.SymbolicLink or TarEntryType.HardLink:
                    throw new ImportRefusedException($"{Shown(entry.Name)} in the archive is a link. Only plain files and folders are unpacked.");
                default:
                    throw new ImportRefusedException($"{Shown(entry.Name)} in the archive is neither a file nor a folder.");
            }
        }
    }

    // tar writes ./ before names when it is given the folder itself.
    private static string Named(string name) => name.StartsWith("./", StringComparison.Ordinal) ? name[2..] : name;

    private static bool IsFolder(string name) => name.EndsWith('/');

    private static string Shown(string name) => new([.. name.Where(c => !char.IsControl(c)).Take(80)]);

    private static void Empty(string folder)
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
    }

    private long LimitOf(long archiveBytes)
    {
        var byRatio = archiveBytes > long.MaxValue / options.Value.MaxArchiveRatio ? long.MaxValue : archiveBytes * options.Value.MaxArchiveRatio;
        return Math.Min(options.Value.MaxBytes, Math.Max(FreeOfRatio, byRatio));
    }

    /// <summary>One unpacking: what was kept, and how much more may come.</summary>
    private sealed class Work(string folder, long limit, ImportsOptions options)
    {
        private readonly List<UnpackedFile> files = [];
        private readonly List<string> folders = [];
        private long bytes;
        private int entries;

        public int MaxFiles => options.MaxFiles;

        public void Count()
        {
            if (++entries > options.MaxFiles)
            {
                throw new ImportRefusedException($"The archive has more than {options.MaxFiles} entries.");
            }
        }

        public void CheckNames(IReadOnlyCollection<string> names, IReadOnlyCollection<string> folderNames)
        {
            Require(UploadPaths.CheckAll(names));
            foreach (var name in folderNames)
            {
                CheckFolder(name);
            }
        }

        public void CheckFolder(string name)
        {
            var plain = name.TrimEnd('/');
            if (plain is "" or ".")
            {
                return;
            }

            Require(UploadPaths.Check(plain));
            folders.Add(plain);
        }

        /// <summary>Keeps the bytes of an entry and gives back their CRC-32.</summary>
        public async Task<uint> KeepAsync(string path, Stream content, long announced, CancellationToken cancellation)
        {
            Require(UploadPaths.Check(path));
            if (announced < 0 || announced > limit - bytes)
            {
                throw TooLarge();
            }

            var name = $"{files.Count + 1:D6}";
            var size = 0L;
            var crc = new Crc32();
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            await using (var file = new FileStream(Path.Combine(folder, name), FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, useAsync: true))
            {
                var buffer = new byte[BufferBytes];
                for (int read; (read = await content.ReadAsync(buffer, cancellation)) > 0;)
                {
                    size += read;
                    if (size > announced)
                    {
                        throw new ImportRefusedException($"{path} in the archive is longer than the archive says.");
                    }

                    hash.AppendData(buffer, 0, read);
                    crc.Append(buffer.AsSpan(0, read));
                    await file.WriteAsync(buffer.AsMemory(0, read), cancellation);
                }
            }

            if (size != announced)
            {
                throw new ImportRefusedException($"{path} in the archive is shorter than the archive says.");
            }

            bytes += size;
            files.Add(new UnpackedFile(path, size, Convert.ToHexStringLower(hash.GetHashAndReset()), name));
            return crc.GetCurrentHashAsUInt32();
        }

        public List<UnpackedFile> Finish()
        {
            if (files.Count == 0)
            {
                throw new ImportRefusedException("The archive has no files.");
            }

            Require(UploadPaths.CheckAll([.. files.Select(f => f.Path)]));
            var names = files.Select(f => f.Path).ToHashSet(StringComparer.OrdinalIgnoreCase);
            return folders.FirstOrDefault(names.Contains) is { } both
                ? throw new ImportRefusedException($"{both} in the archive is a file and a folder at the same time.")
                : files;
        }

        private static void Require(Data.Result check)
        {
            if (!check.Succeeded)
            {
                throw new ImportRefusedException($"In the archive: {check.Failure.Message}");
            }
        }

        private ImportRefusedException TooLarge() => new(limit < options.MaxBytes
            ? $"The archive unpacks to more than {options.MaxArchiveRatio} times its own size, as a bomb does. Send its files without an archive."
            : $"The archive unpacks to more than {options.MaxBytes / (1024 * 1024)} MiB.");
    }
}

/// <summary>A file that was unpacked.</summary>
/// <param name="Path">Its path in the archive, checked.</param>
/// <param name="Size">Bytes.</param>
/// <param name="Sha256">SHA-256 (hex).</param>
/// <param name="Name">Its name in the folder.</param>
internal sealed record UnpackedFile(string Path, long Size, string Sha256, string Name);
