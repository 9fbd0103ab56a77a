using System.Security.Cryptography;

namespace Ops.Runtime.Fetching;

/// <summary>Brings files into a folder. A file appears there by a rename, complete and verified, or not at all.</summary>
internal sealed class VerifiedFiles(FileFetcher fetcher, ILogger<VerifiedFiles> log)
{
    /// <summary>Makes every file present and verified. What is there already and is right is kept.</summary>
    /// <param name="folder">Holds exactly the verified files at their relative paths afterwards, and maybe stray others.</param>
    /// <param name="incoming">Where files lie before.</param>
    /// <param name="files">The files; their paths are safe.</param>
    /// <param name="progress">Called with each number of bytes that were verified.</param>
    /// <param name="cancellation">Stops the work.</param>
    /// <exception cref="FetchException">A file is missing, cannot be fetched or stored, or is not what was declared.</exception>
    public async Task EnsureAsync(string folder, IncomingFolder incoming, IReadOnlyList<WantedFile> files, FetchProgress progress, CancellationToken cancellation)
    {
        foreach (var file in files)
        {
            try
            {
                var path = PrepareFolders(folder, file.Path);
                if (await IsVerifiedAsync(path, file, progress, cancellation))
                {
                    log.Kept(file.Label);
                    continue;
                }

                await FetchAsync(file, incoming, path, progress, cancellation);
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                throw FetchException.Storing(file.Label, exception);
            }
        }
    }

    /// <summary>Refuses a symbolic link where a file or folder of ours belongs.</summary>
    /// <exception cref="FetchException">It is one.</exception>
    public static void RefuseLink(string path)
    {
        if (new FileInfo(path).LinkTarget is not null)
        {
            throw new FetchException(FetchTrouble.Storage, "There is a symbolic link where a model file or folder belongs.");
        }
    }

    private async Task FetchAsync(WantedFile file, IncomingFolder incoming, string path, FetchProgress progress, CancellationToken cancellation)
    {
        var temporary = incoming.PathOf(file);
        var keeps = false;
        try
        {
            RefuseLink(temporary);
            await using (var target = new FileStream(temporary, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None, 1, FileOptions.Asynchronous))
            {
                await fetcher.FetchAsync(file, target, progress, cancellation);
                target.Flush(flushToDisk: true);
            }

            File.Move(temporary, path, overwrite: true);
            log.Fetched(file.Label, file.Size);
        }
        catch (Exception exception) when (incoming.Resumes && exception is FetchException { Trouble: FetchTrouble.Refused or FetchTrouble.Unreachable } or OperationCanceledException)
        {
            // What has come so far is still good when somebody tries again.
            keeps = true;
            throw;
        }
        finally
        {
            if (!keeps)
            {
                File.Delete(temporary);
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

    private static async Task<bool> IsVerifiedAsync(string path, WantedFile file, FetchProgress progress, CancellationToken cancellation)
    {
        var info = new FileInfo(path);
        if (!info.Exists || info.Length != file.Size)
        {
            return false;
        }

        await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, 1, FileOptions.Asynchronous | FileOptions.SequentialScan);
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var read = 0L;
        await PartialFile.ReadAsync(
            stream,
            bytes =>
            {
                hash.AppendData(bytes.Span);
                read += bytes.Length;
                progress(bytes.Length, fetched: false);
                return ValueTask.CompletedTask;
            },
            cancellation);
        if (Convert.ToHexString(hash.GetHashAndReset()).Equals(file.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }

        progress(-read, fetched: false);
        return false;
    }
}
