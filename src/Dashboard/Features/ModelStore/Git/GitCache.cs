using System.Collections.Concurrent;
using Ops.Dashboard.Features.ModelStore.FileSystem;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>
/// Files at hand: parts that are being uploaded, and copies of finished objects as far as there is room. Copies can go at any time,
/// since the remote has them; the ones used longest ago go first, and none that a runtime was told to fetch.
/// </summary>
internal sealed class GitCache(FileSystemStore local, string drafts, long limitBytes, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, DateTimeOffset> pins = new(StringComparer.Ordinal);
    private readonly Lock clearing = new();

    /// <summary>The file of a finished object, or null when it is not at hand.</summary>
    public string? Find(string objectId)
    {
        var file = local.FileOf(objectId, isFinished: true);
        try
        {
            // Also how it is known later which were used longest ago.
            File.SetLastWriteTimeUtc(file, time.GetUtcNow().UtcDateTime);
            return file;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    /// <summary>The file that parts of an object are written into, or null.</summary>
    public FileInfo? Part(string objectId)
    {
        var file = new FileInfo(local.FileOf(objectId, isFinished: false));
        return file.Exists ? file : null;
    }

    /// <summary>Keeps an object at hand for a while.</summary>
    public void Pin(string objectId, TimeSpan lifetime)
    {
        var until = time.GetUtcNow() + lifetime;
        pins.AddOrUpdate(objectId, until, (_, before) => before > until ? before : until);
    }

    /// <summary>Takes the copy of an object away.</summary>
    /// <returns>False, and the copy stays, where a runtime was told to fetch it.</returns>
    public bool Remove(string objectId)
    {
        lock (clearing)
        {
            if (pins.TryGetValue(objectId, out var until) && until >= time.GetUtcNow())
            {
                return false;
            }

            File.Delete(local.FileOf(objectId, isFinished: true));
            return true;
        }
    }

    /// <summary>Puts an object at hand. Nobody sees it before it is whole.</summary>
    /// <param name="objectId">Its id.</param>
    /// <param name="sizeBytes">Its length.</param>
    /// <param name="fill">Writes it.</param>
    /// <returns>Its file.</returns>
    /// <exception cref="ObjectLengthException">What was written has another length.</exception>
    public async Task<string> AddAsync(string objectId, long sizeBytes, Func<Stream, Task> fill)
    {
        MakeRoom(sizeBytes);
        var draft = Path.Combine(drafts, Guid.NewGuid().ToString("N"));
        try
        {
            await using (var stream = new FileStream(draft, FileMode.CreateNew, FileAccess.Write, FileShare.None))
            {
                await fill(stream);
                if (stream.Length != sizeBytes)
                {
                    throw new ObjectLengthException(stream.Length, sizeBytes);
                }

                stream.Flush(flushToDisk: true);
            }

            var file = local.FileOf(objectId, isFinished: true);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(draft, UnixFileMode.UserRead);
            }

            File.Move(draft, file, overwrite: true);
            return file;
        }
        finally
        {
            File.Delete(draft);
        }
    }

    /// <summary>Takes copies away until this many bytes more are within the limit.</summary>
    public void MakeRoom(long bytes)
    {
        lock (clearing)
        {
            var now = time.GetUtcNow();
            var shelves = new DirectoryInfo(Path.GetDirectoryName(Path.GetDirectoryName(local.FileOf(new string('0', 32), isFinished: true)))!);
            var files = shelves.EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(f => f.LastWriteTimeUtc).ToList();
            var used = files.Sum(f => f.Length) + bytes;
            foreach (var file in files.TakeWhile(_ => used > limitBytes).Where(f => !pins.TryGetValue(f.Name, out var until) || until < now))
            {
                used -= file.Length;
                pins.TryRemove(file.Name, out _);
                file.Delete();
            }
        }
    }
}
