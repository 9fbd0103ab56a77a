using System.Runtime.CompilerServices;
using Ops.Dashboard.Features.ModelStore.FileSystem;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>
/// Objects in a git repository. Parts are gathered in the data folder; finishing is one push, after which the remote has everything that
/// is needed to read the object from anywhere. See docs/git-store.md.
/// </summary>
internal sealed class GitStore : IModelStore
{
    private const long MiB = 1024 * 1024;
    private readonly GitStoreSettings settings;
    private readonly GitProgram program;
    private readonly FileSystemStore local;
    private readonly GitCache cache;
    private readonly GitRepository repository;
    private readonly GitObjects objects;

    /// <param name="name">The store's name.</param>
    /// <param name="settings">Checked settings.</param>
    /// <param name="address">The repository, from the settings.</param>
    /// <param name="secrets">What signs in.</param>
    /// <param name="program">Git.</param>
    /// <param name="folder">A folder of its own in the data folder; another one for another repository.</param>
    /// <param name="time">The clock.</param>
    public GitStore(string name, GitStoreSettings settings, GitAddress address, GitSecrets secrets, GitProgram program, string folder, TimeProvider time)
    {
        (Name, this.settings, this.program) = (name, settings, program);
        local = new(name, folder);
        var home = Directory.CreateDirectory(Path.Combine(folder, "home")).FullName;
        cache = new(local, Directory.CreateDirectory(Path.Combine(folder, "drafts")).FullName, settings.CacheMiB * MiB, time);
        repository = new(program, new(address, settings, secrets, home), Path.Combine(folder, "repository.git"), TimeSpan.FromMinutes(settings.TimeoutMinutes));
        objects = new(repository, new(repository), cache, settings);
        Versions = new GitVersions(repository, objects, time);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public long LargestObjectBytes => settings.Lfs ? local.LargestObjectBytes : Math.Min(settings.LargestFileMiB * MiB, local.LargestObjectBytes);

    /// <inheritdoc/>
    public bool TakesPartsAfterAssembly => true;

    /// <inheritdoc/>
    public IVersionHistory Versions { get; }

    /// <inheritdoc/>
    public int PartSizeFor(long objectBytes) => local.PartSizeFor(objectBytes);

    /// <inheritdoc/>
    public Task<long?> FreeBytesAsync(CancellationToken cancellation) => local.FreeBytesAsync(cancellation);

    /// <inheritdoc/>
    public Task<UnfinishedObject> BeginAsync(string objectId, long sizeBytes, CancellationToken cancellation) => local.BeginAsync(objectId, sizeBytes, cancellation);

    /// <inheritdoc/>
    public Task<PartWritten> WritePartAsync(UnfinishedObject unfinished, PartRange part, Stream content, CancellationToken cancellation) =>
        local.WritePartAsync(unfinished, part, content, cancellation);

    /// <inheritdoc/>
    public async Task AssembleAsync(UnfinishedObject unfinished, IReadOnlyList<AcknowledgedPart> parts, CancellationToken cancellation)
    {
        try
        {
            await local.AssembleAsync(unfinished, parts, cancellation);
        }
        catch (FileNotFoundException)
        {
            // Finished before, and no longer at hand.
            await objects.FindAsync(unfinished.ObjectId, cancellation);
        }
    }

    /// <inheritdoc/>
    public Task AbandonAsync(string objectId, string? token, CancellationToken cancellation) => local.AbandonAsync(objectId, token, cancellation);

    /// <inheritdoc/>
    public async Task<Stream> OpenReadAsync(string objectId, CancellationToken cancellation)
    {
        ObjectIds.Check(objectId);
        if (cache.Find(objectId) is null && cache.Part(objectId) is null)
        {
            await objects.FileAsync(objectId, cancellation);
        }

        return await local.OpenReadAsync(objectId, cancellation);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlySet<string>> RefreshAsync(IReadOnlyCollection<string> objectIds, CancellationToken cancellation)
    {
        var ids = objectIds.Select(ObjectIds.Check).ToList();
        var found = (await objects.FindAgainAsync(ids, cancellation)).OfType<GitObject>().ToDictionary(o => o.ObjectId, StringComparer.Ordinal);
        foreach (var there in found.Values.Where(o => !cache.Remove(o.ObjectId)).ToList())
        {
            try
            {
                await objects.CopyAsync(there, cancellation);
            }
            catch (ObjectLengthException)
            {
                // The remote has something else in its place; what a runtime is fetching is still right.
                found.Remove(there.ObjectId);
            }
        }

        return ids.Where(id => !found.ContainsKey(id)).ToHashSet(StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public Task CompleteAsync(string objectId, CancellationToken cancellation) => CompleteAllAsync([objectId], cancellation);

    /// <inheritdoc/>
    public async Task CompleteAllAsync(IReadOnlyList<string> objectIds, CancellationToken cancellation)
    {
        var parts = objectIds.Distinct(StringComparer.Ordinal).Select(id => (Id: ObjectIds.Check(id), File: cache.Part(id))).ToList();
        var gone = parts.Where(p => p.File is null).Select(p => p.Id).ToList();
        if (gone.Count > 0 && (await objects.FindAllAsync(gone, cancellation)).Contains(null))
        {
            throw new FileNotFoundException("An object is neither here nor in the repository.");
        }

        var here = parts.Where(p => p.File is not null).ToDictionary(p => p.Id, p => p.File!, StringComparer.Ordinal);
        if (here.Count == 0)
        {
            return;
        }

        await objects.SendAsync(here, cancellation);

        // From here on what is here is a copy of what the remote has.
        foreach (var id in here.Keys)
        {
            await local.CompleteAsync(id, cancellation);
        }

        cache.MakeRoom(0);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string objectId, CancellationToken cancellation)
    {
        ObjectIds.Check(objectId);
        await objects.DeleteAsync(objectId, cancellation);
        await local.DeleteAsync(objectId, cancellation);
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<StoredObject> ListAsync([EnumeratorCancellation] CancellationToken cancellation)
    {
        await foreach (var item in local.ListAsync(cancellation))
        {
            if (!item.IsComplete)
            {
                yield return item;
            }
        }

        foreach (var item in await objects.ListAsync(cancellation))
        {
            yield return item;
        }
    }

    /// <inheritdoc/>
    public async Task<Uri> SourceForAsync(string objectId, TimeSpan lifetime, CancellationToken cancellation)
    {
        cache.Pin(ObjectIds.Check(objectId), lifetime);
        return new UriBuilder(Uri.UriSchemeFile, "") { Path = await objects.FileAsync(objectId, cancellation) }.Uri;
    }

    /// <inheritdoc/>
    public Task<Uri?> DownloadAddressAsync(string objectId, string fileName, TimeSpan lifetime, CancellationToken cancellation) => Task.FromResult<Uri?>(null);

    /// <inheritdoc/>
    public async Task CheckAsync(StoreCheckRun run, Uri? browserOrigin, CancellationToken cancellation)
    {
        var works = await run.TryAsync("The program git", async () => $"git {await program.VersionAsync(cancellation)} is there.");
        if (works && settings.Lfs)
        {
            works = await run.TryAsync("The program git-lfs", async () => await LfsVersionAsync(cancellation));
        }

        works = works && await run.TryAsync("Reach the repository", async () =>
        {
            var refs = await repository.RemoteRefsAsync("refs/heads/*", "Reading the repository", cancellation);
            return refs.Count == 0 ? "It answers; it has no branches yet." : $"It answers; it has {refs.Count} branch(es).";
        });
        if (works)
        {
            await StoreRoundTrip.CheckAsync(this, run, cancellation);
        }
    }

    private async Task<string> LfsVersionAsync(CancellationToken cancellation)
    {
        var outcome = await repository.AskAsync(["lfs", "version"], cancellation);
        return outcome.ExitCode == 0
            ? $"{outcome.Output.Split(' ')[0]} is there."
            : throw new IOException("Install git-lfs on the dashboard's machine, or switch LFS off for this store.");
    }
}
