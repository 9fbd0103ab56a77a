using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Options;
using Ops.Dashboard.Features.ModelStore.Imports.Guard;
using Ops.Data;

namespace Ops.Dashboard.Features.ModelStore.Imports.Sources;

/// <summary>The files of a git repository at one revision, <c>https://host/name.git#revision</c> or <c>git+https://host/name#revision</c>. Files of Git LFS are fetched from its server.</summary>
internal sealed partial class GitSource(GitFetcher git, GitLfs lfs, AddressGuard guard, IOptions<ImportsOptions> options) : IImportSource
{
    private const int MaxPointerBytes = 1024;

    /// <inheritdoc/>
    public string Scheme => "git";

    /// <inheritdoc/>
    public Result Check(ImportAddress address)
    {
        if (address.Uri.Scheme != Uri.UriSchemeHttps && !guard.IsAllowedByName(address.Uri.Host, address.Uri.Port))
        {
            return Failure.Invalid("Git repositories are read over https:// only.", "address");
        }

        return address.Revision is null || (Revision().IsMatch(address.Revision) && !address.Revision.Contains("..", StringComparison.Ordinal))
            ? Result.Done
            : Failure.Invalid("The revision behind # is a branch, a tag or a whole commit.", "address");
    }

    /// <inheritdoc/>
    public async Task<ImportListing> ListAsync(ImportJob job, CancellationToken cancellation)
    {
        var folder = FolderOf(job);
        var commit = await git.FetchAsync(folder, job.Address.Uri, job.Address.Revision ?? "HEAD", cancellation);
        var entries = Read(await git.ReadAsync(folder, ["ls-tree", "-r", "-z", "-l", "--full-tree", commit], cancellation));
        var pointers = await PointersAsync(folder, entries, cancellation);
        List<ImportFile> files = [.. entries.Select(entry => Describe(entry, pointers.GetValueOrDefault(entry.Id)))];
        return files.Count > 0 ? new ImportListing(files, commit) : throw new ImportRefusedException($"{job.Address.Shown} has no files at this revision.");
    }

    /// <inheritdoc/>
    public async Task<Stream> OpenAsync(ImportJob job, ImportFile file, long offset, CancellationToken cancellation)
    {
        if (file.Origin.StartsWith("lfs:", StringComparison.Ordinal))
        {
            return await lfs.OpenAsync(job.Address.Uri, file, offset, cancellation);
        }

        if (!File.Exists(Path.Combine(FolderOf(job), "HEAD")))
        {
            throw new ImportChangedException("The copy of the repository is gone, so it is fetched anew.");
        }

        var stream = git.OpenBlob(FolderOf(job), file.Origin);
        try
        {
            await HttpRanges.SkipAsync(stream, offset, cancellation);
            return stream;
        }
        catch
        {
            await stream.DisposeAsync();
            throw;
        }
    }

    private static string FolderOf(ImportJob job) => Path.Combine(job.Folder, "repository");

    private static ImportFile Describe(Entry entry, GitLfs.Pointer? pointer) => new()
    {
        Path = entry.Path,
        Origin = pointer is null ? entry.Id : $"lfs:{pointer.Sha256}",
        Size = pointer?.Size ?? entry.Size,
        Sha256 = pointer?.Sha256,
        IsImmutable = true,
    };

    private List<Entry> Read(string listing)
    {
        List<Entry> entries = [];
        foreach (var line in listing.Split('\0', StringSplitOptions.RemoveEmptyEntries))
        {
            var tab = line.IndexOf('\t', StringComparison.Ordinal);
            var fields = line[..Math.Max(0, tab)].Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var path = line[(tab + 1)..];
            if (fields is not [var mode, "blob", var id, var size] || mode is not ("100644" or "100755"))
            {
                throw new ImportRefusedException(fields is ["120000", ..]
                    ? $"{path} is a symbolic link. A version holds plain files only."
                    : $"{path} is a submodule. A version holds plain files only.");
            }

            // Settings of git itself, such as .gitattributes, are no part of a model.
            if (!path.Split('/')[^1].StartsWith(".git", StringComparison.Ordinal))
            {
                entries.Add(new Entry(path, id, long.Parse(size, CultureInfo.InvariantCulture)));
            }

            if (entries.Count > options.Value.MaxFiles)
            {
                throw new ImportRefusedException($"The repository has more than {options.Value.MaxFiles} files.");
            }
        }

        return entries;
    }

    private async Task<Dictionary<string, GitLfs.Pointer>> PointersAsync(string folder, List<Entry> entries, CancellationToken cancellation)
    {
        Dictionary<string, GitLfs.Pointer> found = [];
        var small = entries.Where(e => e.Size is >= 100 and <= MaxPointerBytes).Select(e => e.Id).Distinct().ToList();
        foreach (var batch in small.Chunk(500))
        {
            // Many small outputs behind one another; a pointer is told by its first line, and its name comes just before.
            var output = await git.ReadAsync(folder, ["cat-file", "--batch=%(objectname)"], cancellation, input: string.Join('\n', batch) + "\n");
            foreach (Match match in Pointed().Matches(output))
            {
                if (batch.Contains(match.Groups[1].Value) && GitLfs.Pointer.Read(match.Groups[2].Value) is { } pointer)
                {
                    found[match.Groups[1].Value] = pointer;
                }
            }
        }

        return found;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._/-]{0,199}\z")]
    private static partial Regex Revision();

    [GeneratedRegex(@"(?:\A|\n)([0-9a-f]{40,64})\n(version https://git-lfs\.github\.com/spec/v1\n[^\0]*?size [0-9]+\n)")]
    private static partial Regex Pointed();

    private sealed record Entry(string Path, string Id, long Size);
}
