using Microsoft.Extensions.Options;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>A file or folder of this machine, below a root that an administrator allowed. No link is followed, and what was opened is asked where it really lies.</summary>
internal sealed class FileSource(IOptions<ImportsOptions> options) : IImportSource
{
    /// <inheritdoc/>
    public string Scheme => "file";

    /// <inheritdoc/>
    public Result Check(ImportAddress address)
    {
        if (options.Value.AllowedRoots.Count == 0)
        {
            return Failure.Invalid("Files of the server are not imported here. An administrator can allow a folder.", "address");
        }

        return address.Uri.Host.Length > 0 || RootOf(address.Uri.LocalPath) is null
            ? Failure.Invalid("This is outside the folders that an administrator has allowed.", "address")
            : Result.Done;
    }

    /// <inheritdoc/>
    public Task<ImportListing> ListAsync(ImportJob job, CancellationToken cancellation)
    {
        var path = Inside(job.Address.Uri.LocalPath);
        if (File.Exists(path))
        {
            return Task.FromResult(new ImportListing([Describe(path, Path.GetFileName(path))]));
        }

        if (!Directory.Exists(path))
        {
            throw new ImportRefusedException($"{job.Address.Shown} is not there. Check the address.");
        }

        List<ImportFile> files = [];
        Walk(path, "", files, cancellation);
        return files.Count > 0 ? Task.FromResult(new ImportListing(files)) : throw new ImportRefusedException($"{job.Address.Shown} is an empty folder.");
    }

    /// <inheritdoc/>
    public Task<Stream> OpenAsync(ImportJob job, ImportFile file, long offset, CancellationToken cancellation)
    {
        var path = Inside(file.Origin);
        FileStream stream;
        try
        {
            stream = new FileStream(path, new FileStreamOptions { Mode = FileMode.Open, Access = FileAccess.Read, Share = FileShare.Read | FileShare.Delete, Options = FileOptions.Asynchronous | FileOptions.SequentialScan, BufferSize = 0 });
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ImportInterruptedException($"{file.Path} cannot be read on the server.", exception);
        }

        try
        {
            // Between the look and the opening somebody may have put a link in the way: the open file itself says where it lies.
            if (OperatingSystem.IsLinux() && File.ResolveLinkTarget($"/proc/self/fd/{stream.SafeFileHandle.DangerousGetHandle()}", returnFinalTarget: false)?.FullName is { } real && real != path)
            {
                throw new ImportRefusedException($"{file.Path} is a link. Links are not followed.");
            }

            if (stream.Length != file.Size || Stamp(path) != file.Validator)
            {
                throw new ImportChangedException($"{file.Path} has changed meanwhile, so everything is read anew.");
            }

            stream.Seek(offset, SeekOrigin.Begin);
            return Task.FromResult<Stream>(stream);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    private static string Stamp(string path) => File.GetLastWriteTimeUtc(path).Ticks.ToString();

    private static ImportFile Describe(string path, string name) => new() { Path = name, Origin = path, Size = new FileInfo(path).Length, Validator = Stamp(path) };

    private void Walk(string folder, string below, List<ImportFile> files, CancellationToken cancellation)
    {
        foreach (var entry in new DirectoryInfo(folder).EnumerateFileSystemInfos())
        {
            cancellation.ThrowIfCancellationRequested();
            if (entry.LinkTarget is not null)
            {
                throw new ImportRefusedException($"{below}{entry.Name} is a link. Links are not followed.");
            }

            if (entry is DirectoryInfo)
            {
                Walk(entry.FullName, $"{below}{entry.Name}/", files, cancellation);
            }
            else if (files.Count >= options.Value.MaxFiles)
            {
                throw new ImportRefusedException($"The folder has more than {options.Value.MaxFiles} files.");
            }
            else
            {
                files.Add(Describe(entry.FullName, below + entry.Name));
            }
        }
    }

    private string? RootOf(string path)
    {
        var full = Path.GetFullPath(path);
        return options.Value.AllowedRoots.Select(root => Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)))
            .FirstOrDefault(root => full == root || full.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal));
    }

    private string Inside(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var root = RootOf(full) ?? throw new ImportRefusedException("This is outside the folders that an administrator has allowed.");
        for (var part = full; part.Length > root.Length; part = Path.GetDirectoryName(part)!)
        {
            if (new FileInfo(part).LinkTarget is not null)
            {
                throw new ImportRefusedException($"{Path.GetRelativePath(root, part)} is a link. Links are not followed.");
            }
        }

        return full;
    }
}
