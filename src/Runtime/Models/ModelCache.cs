using System.Buffers;
using System.Security.Cryptography;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;

namespace Ops.Runtime.Models;

/// <summary>
/// Brings a version's files into <c>CacheFolder/&lt;digest&gt;/</c> and lets nothing be loaded that was not hashed in
/// this process. Several processes may share the folder: a file appears in it by a rename, complete or not at all.
/// </summary>
internal sealed class ModelCache(IOptions<RuntimeOptions> options, ModelSource source, TimeProvider time, ILogger<ModelCache> log)
{
    private const int BufferSize = 128 * 1024;

    /// <summary>What a killed process left half-fetched is removed by a later one after this long.</summary>
    private static readonly TimeSpan LeftoverAge = TimeSpan.FromDays(1);

    private readonly string root = options.Value.CacheFolder;

    private string Incoming => Path.Combine(root, ".incoming");

    /// <summary>Makes every file of the version present and verified.</summary>
    /// <param name="model">The version.</param>
    /// <param name="progress">Called with each number of bytes that were verified.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <returns>The folder that holds exactly the verified files at their relative paths (and maybe stray others).</returns>
    /// <exception cref="ModelLoadException">A file is missing, cannot be fetched, or is not what was declared.</exception>
    public async Task<string> EnsureAsync(ModelOptions model, Action<long> progress, CancellationToken cancellation)
    {
        var folder = Path.Combine(root, model.Digest.ToLowerInvariant());
        try
        {
            Directory.CreateDirectory(root);
            RemoveLeftovers();
            foreach (var file in model.Files)
            {
                var path = PrepareFolders(folder, file.Path);
                if (await IsVerifiedAsync(path, file, cancellation))
                {
                    log.Reused(model.Name, model.Version, file.Path);
                    progress(file.Size);
                    continue;
                }

                await FetchAsync(model, file, path, progress, cancellation);
            }

            return folder;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ModelLoadException($"The files of {model.Name} version {model.Version} could not be stored in the cache.", exception);
        }
    }

    private async Task FetchAsync(ModelOptions model, ModelFileOptions file, string path, Action<long> progress, CancellationToken cancellation)
    {
        var incoming = Incoming;
        Directory.CreateDirectory(incoming);
        RefuseLink(incoming);
        var temporary = Path.Combine(incoming, Guid.NewGuid().ToString("N"));
        try
        {
            await using (var target = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1, FileOptions.Asynchronous))
            {
                await source.CopyAsync(model, file, target, progress, cancellation);
                target.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            log.Fetched(model.Name, model.Version, file.Path, file.Size);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    private void RemoveLeftovers()
    {
        var before = time.GetUtcNow().UtcDateTime - LeftoverAge;
        if (Directory.Exists(Incoming))
        {
            foreach (var leftover in new DirectoryInfo(Incoming).EnumerateFiles().Where(f => f.LastWriteTimeUtc < before))
            {
                leftover.Delete();
            }
        }
    }

    /// <summary>Creates the folders above a file one by one and refuses any of them, and the file, being a link.</summary>
    private static string PrepareFolders(string folder, string relative)
    {
        var current = folder;
        Directory.CreateDirectory(current);
        RefuseLink(current);
        var segments = relative.Split('/');
        foreach (var segment in segments[..^1])
        {
            current = Path.Combine(current, segment);
            Directory.CreateDirectory(current);
            RefuseLink(current);
        }

        var path = Path.Combine(current, segments[^1]);
        RefuseLink(path);
        return path;
    }

    private static void RefuseLink(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new ModelLoadException("The cache holds a symbolic link where a model file or folder belongs.");
        }
    }

    private static async Task<bool> IsVerifiedAsync(string path, ModelFileOptions file, CancellationToken cancellation)
    {
        var info = new FileInfo(path);
        if (!info.Exists || info.Length != file.Size)
        {
            return false;
        }

        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
        try
        {
            int read;
            while ((read = await stream.ReadAsync(buffer, cancellation)) > 0)
            {
                hash.AppendData(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return Convert.ToHexString(hash.GetHashAndReset()).Equals(file.Sha256, StringComparison.OrdinalIgnoreCase);
    }
}
