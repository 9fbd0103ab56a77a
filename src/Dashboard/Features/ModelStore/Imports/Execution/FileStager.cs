using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Imports.Archives;

namespace Ops.Dashboard.Features.ModelStore.Imports.Execution;

/// <summary>Fetches files into the import's own folder first: archives, which are unpacked there, and files of which nobody knows the length.</summary>
internal sealed class FileStager(ArchiveUnpacker unpacker, ImportFolders folders, TransferBoard board, IOptions<ImportsOptions> options, IOptions<ModelStoreOptions> limits)
{
    private const int BufferBytes = 128 * 1024;

    /// <summary>Brings a listing into the form that can be uploaded: every file with its length.</summary>
    /// <param name="work">The import.</param>
    /// <param name="listing">What its source says.</param>
    /// <param name="unpack">Whether a single archive is unpacked.</param>
    /// <param name="cancellation">Gives up.</param>
    public async Task<IReadOnlyList<ImportFile>> PrepareAsync(ImportWork work, ImportListing listing, bool unpack, CancellationToken cancellation)
    {
        if (unpack && listing.Files is [var only] && ArchiveKinds.Of(only.Path) is var kind and not ArchiveKind.None)
        {
            var archive = await FetchAsync(work, only, "archive", cancellation);
            board.Begin(work.Id, "Unpacking");
            await using var content = new FileStream(archive.Path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, useAsync: true);
            var files = await unpacker.UnpackAsync(content, kind, Path.Combine(work.Job.Folder, "unpacked"), cancellation);
            return [.. files.Select(f => new ImportFile { Path = f.Path, Origin = $"unpacked/{f.Name}", Size = f.Size, Sha256 = f.Sha256, IsStaged = true })];
        }

        List<ImportFile> ready = [];
        foreach (var (index, file) in listing.Files.Index())
        {
            ready.Add(file.Size is null ? await StageAsync(work, file, $"file-{index + 1}", cancellation) : file);
        }

        return ready;
    }

    /// <summary>Opens a file that was staged.</summary>
    /// <exception cref="ImportChangedException">It is gone, as after a move to another machine.</exception>
    public static Stream Open(ImportWork work, ImportFile file, long offset)
    {
        var path = Path.Combine(work.Job.Folder, file.Origin);
        if (!File.Exists(path) || new FileInfo(path).Length != file.Size)
        {
            throw new ImportChangedException("What was fetched before is gone, so it is fetched anew.");
        }

        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, useAsync: true);
        stream.Seek(offset, SeekOrigin.Begin);
        return stream;
    }

    private async Task<ImportFile> StageAsync(ImportWork work, ImportFile file, string name, CancellationToken cancellation)
    {
        var staged = await FetchAsync(work, file, name, cancellation);
        return new ImportFile { Path = file.Path, Origin = name, Size = staged.Size, Sha256 = staged.Sha256, IsStaged = true };
    }

    private async Task<(string Path, long Size, string Sha256)> FetchAsync(ImportWork work, ImportFile file, string name, CancellationToken cancellation)
    {
        var path = Path.Combine(work.Job.Folder, name);
        var note = path + ".json";
        var state = JsonSerializer.Serialize(file);

        // The beginning that is there counts only when it is of this very state of the file.
        if (!File.Exists(note) || await File.ReadAllTextAsync(note, cancellation) != state)
        {
            File.Delete(path);
            await File.WriteAllTextAsync(note, state, cancellation);
        }

        if (file.Size is { } announced)
        {
            Room(announced - (File.Exists(path) ? new FileInfo(path).Length : 0));
        }

        if (!File.Exists(path) || new FileInfo(path).Length != file.Size)
        {
            await DownloadAsync(work, file, path, cancellation);
        }

        var size = new FileInfo(path).Length;
        await using var content = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, useAsync: true);
        var hash = Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancellation));
        return file.Sha256 is null || file.Sha256 == hash
            ? (path, size, hash)
            : throw new ImportRefusedException($"{file.Path} is not the expected file: what was fetched has the SHA-256 {hash} and not {file.Sha256}.");
    }

    private async Task DownloadAsync(ImportWork work, ImportFile file, string path, CancellationToken cancellation)
    {
        await using var target = new FileStream(path, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, 1, useAsync: true);

        // Where nobody can tell whether the beginning is still the same, it is fetched from the start.
        if (file.Size is null || target.Length > file.Size || (file.Validator is null && file.Sha256 is null && !file.IsImmutable))
        {
            target.SetLength(0);
        }

        target.Seek(0, SeekOrigin.End);
        board.Begin(work.Id, "Fetching", target.Length);
        await using var content = await work.Source.OpenAsync(work.Job, file, target.Length, cancellation);
        var buffer = new byte[BufferBytes];
        for (int read; (read = await content.ReadAsync(buffer, cancellation)) > 0;)
        {
            if (target.Length + read > (file.Size ?? options.Value.MaxBytes))
            {
                throw new ImportRefusedException(file.Size is null ? $"{file.Path} has more than {options.Value.MaxBytes / (1024 * 1024)} MiB." : $"{file.Path} is longer than its source said.");
            }

            await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
            board.Add(work.Id, read);
            if (file.Size is null)
            {
                Room(0);
            }
        }

        if (file.Size is { } size && target.Length != size)
        {
            throw new ImportInterruptedException($"{file.Path} ended after {target.Length} of {size} bytes.");
        }
    }

    private void Room(long bytes)
    {
        if (bytes > options.Value.MaxBytes)
        {
            throw new ImportRefusedException($"This has more than {options.Value.MaxBytes / (1024 * 1024)} MiB.");
        }

        if (bytes + limits.Value.ReserveBytes > folders.FreeBytes)
        {
            throw new ImportInterruptedException("The server's disk has not enough room. Ask an administrator to free or add some.");
        }
    }
}

/// <summary>One import while it is worked on.</summary>
/// <param name="Id">Its key.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Job">What the source needs.</param>
internal sealed record ImportWork(Guid Id, IImportSource Source, ImportJob Job);
