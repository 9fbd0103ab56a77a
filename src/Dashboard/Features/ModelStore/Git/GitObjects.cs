using System.Globalization;
using System.Text.RegularExpressions;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>
/// Objects in the remote. Each has a ref <c>refs/ops/objects/ID-SIZE-TIME</c>, which says all that a list needs without fetching anything.
/// It leads to a commit with a file <c>ID</c>, or <c>ID.lfs</c> for a pointer to a large one; objects that were finished together share one.
/// </summary>
internal sealed partial class GitObjects(GitRepository repository, GitLfs lfs, GitCache cache, GitStoreSettings settings)
{
    private const string Prefix = "refs/ops/objects/";
    private const string PointerEnding = ".lfs";
    private const string What = "Reading the repository";

    /// <summary>Sends objects whose parts are here.</summary>
    public async Task SendAsync(IReadOnlyDictionary<string, FileInfo> parts, CancellationToken cancellation)
    {
        var large = parts.Where(p => IsLarge(p.Value.Length)).ToList();
        var whole = parts.Where(p => !IsLarge(p.Value.Length)).ToList();
        List<(string Path, string Blob)> entries = [];
        if (large.Count > 0)
        {
            entries.AddRange(await SendLargeAsync(large, cancellation));
        }

        if (whole.Count > 0)
        {
            var blobs = await repository.WriteBlobsAsync([.. whole.Select(p => p.Value.FullName)], cancellation);
            entries.AddRange(whole.Zip(blobs, (part, blob) => (part.Key, blob)));
        }

        // Times of the files, not of now: done again after an interruption, this is the same commit.
        var date = parts.Max(p => Time(p.Value));
        var tree = await repository.WriteTreeAsync(entries, cancellation);
        var commit = await repository.CommitAsync(tree, null, "Objects of one version\n", "Ops", date, cancellation);
        var refs = parts.Select(p => $"{Prefix}{p.Key}-{p.Value.Length}-{Time(p.Value).ToUnixTimeSeconds()}").ToList();
        await repository.PushAsync([.. refs.Select(name => $"+{commit}:{name}")], "Sending the files to the repository", cancellation);
        await repository.SetRefsAsync(refs.Select(name => (name, (string?)commit)), cancellation);
    }

    /// <summary>Finds an object here or in the remote.</summary>
    /// <exception cref="FileNotFoundException">Neither has it.</exception>
    public async Task<GitObject> FindAsync(string objectId, CancellationToken cancellation) =>
        (await FindAllAsync([objectId], cancellation))[0] ?? throw new FileNotFoundException("The object is not in the repository.");

    /// <summary>Finds objects, null for each that neither this clone nor the remote has.</summary>
    public async Task<IReadOnlyList<GitObject?>> FindAllAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var known = await LocalAsync(ids, cancellation);
        await FetchAsync(ids.Where(id => !known.ContainsKey(id)), cancellation);
        return await FindHereAsync(ids, cancellation);
    }

    /// <summary>Finds objects as the remote has them now, null for each that it does not have.</summary>
    public async Task<IReadOnlyList<GitObject?>> FindAgainAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        await FetchAsync(ids, cancellation);
        return await FindHereAsync(ids, cancellation);
    }

    /// <summary>The file of an object, brought here if it is not.</summary>
    /// <exception cref="FileNotFoundException">There is no such object.</exception>
    public async Task<string> FileAsync(string objectId, CancellationToken cancellation) =>
        cache.Find(objectId) ?? await CopyAsync(await FindAsync(objectId, cancellation), cancellation);

    /// <summary>Makes a file of an object, in place of one that is there.</summary>
    /// <returns>Its path.</returns>
    public Task<string> CopyAsync(GitObject found, CancellationToken cancellation) => cache.AddAsync(found.ObjectId, found.SizeBytes, async target =>
    {
        if (found.IsPointer)
        {
            await lfs.ReceiveAsync(await repository.TextAsync("blob", found.Blob, cancellation), target, cancellation);
        }
        else
        {
            await repository.CopyAsync(found.Blob, target, cancellation);
        }
    });

    /// <summary>Removes the refs of an object, in the remote first. Its bytes go when the remote next collects garbage, unless a branch has them.</summary>
    public async Task DeleteAsync(string objectId, CancellationToken cancellation)
    {
        var remote = await repository.RemoteRefsAsync($"{Prefix}{objectId}-*", What, cancellation);
        if (remote.Count > 0)
        {
            await repository.PushAsync([.. remote.Select(r => $":{r.Name}")], "Deleting from the repository", cancellation);
        }

        var local = await repository.LocalRefsAsync($"{Prefix}{objectId}-*", cancellation);
        if (local.Count > 0)
        {
            await repository.SetRefsAsync(local.Select(r => (r.Name, (string?)null)), cancellation);
        }
    }

    /// <summary>Lists what the remote has.</summary>
    public async Task<IReadOnlyList<StoredObject>> ListAsync(CancellationToken cancellation)
    {
        var refs = await repository.RemoteRefsAsync(Prefix + "*", What, cancellation);
        return
        [
            .. refs.Select(r => Read(r.Name)).OfType<ObjectRef>().GroupBy(r => r.Id, StringComparer.Ordinal).Select(same => same.MaxBy(r => r.Time)!)
                .Select(r => new StoredObject(r.Id, true, r.Size, DateTimeOffset.FromUnixTimeSeconds(r.Time))),
        ];
    }

    private static DateTimeOffset Time(FileInfo file) => new(file.LastWriteTimeUtc, TimeSpan.Zero);

    private static ObjectRef? Read(string name) => Form().Match(name) is { Success: true } match
        && long.TryParse(match.Groups[2].ValueSpan, CultureInfo.InvariantCulture, out var size)
        && long.TryParse(match.Groups[3].ValueSpan, CultureInfo.InvariantCulture, out var time)
            ? new(match.Groups[1].Value, size, time)
            : null;

    private bool IsLarge(long bytes) => settings.Lfs && bytes >= settings.LfsAboveMiB * 1024L * 1024L;

    private async Task<IReadOnlyList<(string Path, string Blob)>> SendLargeAsync(List<KeyValuePair<string, FileInfo>> large, CancellationToken cancellation)
    {
        Dictionary<string, string> files = new(StringComparer.Ordinal);
        List<(string Path, string Blob)> entries = [(".gitattributes", await repository.WriteBlobAsync($"*{PointerEnding} filter=lfs diff=lfs merge=lfs -text\n", cancellation))];
        foreach (var (id, part) in large)
        {
            var sha256 = await GitLfs.HashAsync(part.FullName, cancellation);
            files[sha256] = part.FullName;
            entries.Add((id + PointerEnding, await repository.WriteBlobAsync(GitLfs.Pointer(sha256, part.Length), cancellation)));
        }

        // Before the pointers: some hosts refuse a pointer whose bytes they do not have.
        await lfs.SendAsync(files, cancellation);
        return entries;
    }

    // A fetch also forgets what the remote does not have any more.
    private async Task FetchAsync(IEnumerable<string> ids, CancellationToken cancellation)
    {
        foreach (var some in ids.Distinct().Chunk(200))
        {
            await repository.FetchAsync([.. some.Select(id => $"+{Prefix}{id}-*:{Prefix}{id}-*")], What, cancellation);
        }
    }

    private async Task<IReadOnlyList<GitObject?>> FindHereAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var known = await LocalAsync(ids, cancellation);
        var found = ids.Where(known.ContainsKey).Distinct().ToList();
        var blobs = await repository.ResolveAsync([.. found.SelectMany(id => new[] { $"{known[id].Commit}:{id}", $"{known[id].Commit}:{id}{PointerEnding}" })], cancellation);
        var objects = new Dictionary<string, GitObject>(StringComparer.Ordinal);
        foreach (var (id, index) in found.Select((id, index) => (id, index)))
        {
            if ((blobs[2 * index] ?? blobs[(2 * index) + 1]) is { } blob)
            {
                objects[id] = new(id, blob, blobs[2 * index] is null, known[id].Size);
            }
        }

        return [.. ids.Select(objects.GetValueOrDefault)];
    }

    private async Task<Dictionary<string, (string Commit, long Size)>> LocalAsync(IReadOnlyList<string> ids, CancellationToken cancellation)
    {
        var refs = await repository.LocalRefsAsync(ids.Count == 1 ? $"{Prefix}{ids[0]}-*" : Prefix, cancellation);
        var known = new Dictionary<string, (string Commit, long Size)>(StringComparer.Ordinal);
        foreach (var (name, commit) in refs)
        {
            if (Read(name) is { } read)
            {
                known[read.Id] = (commit, read.Size);
            }
        }

        return known;
    }

    [GeneratedRegex(@"\Arefs/ops/objects/([0-9a-f]{32})-([0-9]{1,18})-([0-9]{1,12})\z")]
    private static partial Regex Form();

    private sealed record ObjectRef(string Id, long Size, long Time);
}

/// <summary>An object that a repository has.</summary>
/// <param name="ObjectId">Its id.</param>
/// <param name="Blob">The blob that is it, or points to it.</param>
/// <param name="IsPointer">Whether the blob is a pointer of git-lfs.</param>
/// <param name="SizeBytes">The object's length.</param>
internal sealed record GitObject(string ObjectId, string Blob, bool IsPointer, long SizeBytes);
