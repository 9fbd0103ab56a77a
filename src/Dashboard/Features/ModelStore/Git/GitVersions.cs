using System.Globalization;
using System.Text;

namespace Ops.Dashboard.Features.ModelStore.Git;

/// <summary>
/// Versions as commits: <c>refs/heads/models/MODEL</c> grows by one commit with the real paths for each, and <c>refs/tags/MODEL/vNUMBER</c>
/// names it. Both are pushed together or not at all, so a tag is the proof that a version is written down.
/// </summary>
internal sealed class GitVersions(GitRepository repository, GitObjects objects, TimeProvider time) : IVersionHistory
{
    private const string TagPrefix = "refs/tags/";
    private const string Attributes = ".gitattributes";
    private const int MaxTries = 8;

    /// <summary>Commits after which the local repository is packed: every push leaves loose objects behind.</summary>
    private const int TidyAfter = 50;

    private const long MaxAttributesBytes = 64 * 1024;
    private volatile Dictionary<string, string> seen = new(StringComparer.Ordinal);
    private int sinceTidied;

    /// <inheritdoc/>
    public async Task<WrittenVersion?> FindAsync(string model, int number, CancellationToken cancellation)
    {
        var (_, tag) = Refs(model, number);
        var key = VersionRecord.Key(model, number);
        if (seen.TryGetValue(key, out var known))
        {
            return new(known, key);
        }

        var refs = await repository.RemoteRefsAsync(tag, "Reading the repository", cancellation);
        return refs.Where(r => r.Name == tag).Select(r => new WrittenVersion(Remember(key, r.Object), key)).FirstOrDefault();
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, string>> ListAsync(CancellationToken cancellation)
    {
        var refs = await repository.RemoteRefsAsync(TagPrefix + "*", "Reading the repository", cancellation);
        return seen = refs.Where(r => r.Name.StartsWith(TagPrefix, StringComparison.Ordinal)).ToDictionary(r => r.Name[TagPrefix.Length..], r => r.Object, StringComparer.Ordinal);
    }

    /// <inheritdoc/>
    public async Task<string> RecordAsync(VersionRecord version, CancellationToken cancellation)
    {
        var (branch, tag) = Refs(version.Model, version.Number);
        string? tree = null;
        for (var attempt = 1; ; attempt++)
        {
            var (parent, existing) = await FetchAsync(version, cancellation);
            if (existing is not null)
            {
                return Remember(VersionRecord.Key(version.Model, version.Number), await SameAsync(existing, version, cancellation));
            }

            tree ??= await repository.WriteTreeAsync(await EntriesAsync(version, cancellation), cancellation);
            var commit = await repository.CommitAsync(tree, parent, Message(version), Author(version.UploadedBy), version.CreatedAt, cancellation);
            if (await repository.PushTogetherAsync([$"{commit}:{branch}", $"{commit}:{tag}"], $"Committing {version.Model} version {version.Number}", cancellation))
            {
                await TidyAsync(cancellation);
                return Remember(VersionRecord.Key(version.Model, version.Number), commit);
            }

            if (attempt == MaxTries)
            {
                throw new StoreUnavailableException(StoreProblem.Unreachable, $"Others push to {branch} all the time; {version.Model} version {version.Number} is committed later.");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(Random.Shared.Next(50, 100 << attempt)), time, cancellation);
        }
    }

    /// <inheritdoc/>
    public async Task ForgetAsync(string model, int number, CancellationToken cancellation)
    {
        var (_, tag) = Refs(model, number);
        var remote = await repository.RemoteRefsAsync(tag, "Reading the repository", cancellation);
        if (remote.Any(r => r.Name == tag))
        {
            await repository.PushAsync([$":{tag}"], $"Removing the tag of {model} version {number}", cancellation);
        }

        Dictionary<string, string> left = new(seen, StringComparer.Ordinal);
        left.Remove(VersionRecord.Key(model, number));
        seen = left;
    }

    private static (string Branch, string Tag) Refs(string model, int number)
    {
        // An altered row must not become an option or another ref.
        var check = Ops.Data.Names.Check(model, "model");
        return check.Succeeded && number > 0
            ? ($"refs/heads/models/{model}", $"{TagPrefix}{VersionRecord.Key(model, number)}")
            : throw new ArgumentException("Not a model's name or a version's number.", nameof(model));
    }

    private static string Message(VersionRecord version) => string.Create(
        CultureInfo.InvariantCulture,
        $"{version.Model} version {version.Number}\n\nOps-Model: {version.Model}\nOps-Version: {version.Number}\nOps-Digest: sha256:{version.Digest}\nOps-Uploaded-By: {Author(version.UploadedBy)}\n");

    // Git takes no name without a letter, and none with these.
    private static string Author(string name)
    {
        var plain = string.Concat(name.Where(c => !char.IsControl(c) && c is not ('<' or '>'))).Trim();
        return plain.Any(char.IsLetterOrDigit) ? plain : "unknown";
    }

    private static string Pattern(string path)
    {
        var text = new StringBuilder("\"/");
        foreach (var c in path)
        {
            _ = c is '[' or ']' or '*' or '?' or '!' or '#' ? text.Append("\\\\").Append(c) : text.Append(c);
        }

        return text.Append('"').ToString();
    }

    private async Task TidyAsync(CancellationToken cancellation)
    {
        if (Interlocked.Increment(ref sinceTidied) < TidyAfter)
        {
            return;
        }

        Interlocked.Exchange(ref sinceTidied, 0);
        try
        {
            await repository.TidyAsync(cancellation);
        }
        catch (StoreUnavailableException)
        {
            // It only takes more room than it need, and is tried again after as many versions.
        }
    }

    private string Remember(string key, string commit)
    {
        seen = new(seen, StringComparer.Ordinal) { [key] = commit };
        return commit;
    }

    private async Task<(string? Parent, string? Existing)> FetchAsync(VersionRecord version, CancellationToken cancellation)
    {
        var model = version.Model;
        await repository.FetchAsync([$"+refs/heads/models/{model}*:refs/remotes/origin/models/{model}*", $"+refs/tags/{model}/*:refs/tags/{model}/*"], "Reading the repository", cancellation);
        var found = await repository.ResolveAsync([$"refs/remotes/origin/models/{model}", $"{TagPrefix}{VersionRecord.Key(model, version.Number)}^{{commit}}"], cancellation);
        return (found[0], found[1]);
    }

    private async Task<string> SameAsync(string commit, VersionRecord version, CancellationToken cancellation)
    {
        var text = await repository.TextAsync("commit", commit, cancellation);
        return text.Split('\n').Contains($"Ops-Digest: sha256:{version.Digest}")
            ? commit
            : throw new StoreUnavailableException(
                StoreProblem.Refused, $"The repository has a tag {VersionRecord.Key(version.Model, version.Number)} for something else. Remove the tag, or use a repository of its own for this installation.");
    }

    private async Task<List<(string Path, string Blob)>> EntriesAsync(VersionRecord version, CancellationToken cancellation)
    {
        var found = await objects.FindAllAsync([.. version.Files.Select(f => f.ObjectId)], cancellation);
        List<(string Path, string Blob)> entries = [];
        var pointers = new StringBuilder();
        foreach (var (file, stored) in version.Files.Zip(found))
        {
            if (!Uploads.UploadPaths.Check(file.Path).Succeeded)
            {
                throw new ArgumentException("A file of the version has a path that no upload may have.", nameof(version));
            }

            if (stored is null)
            {
                throw new FileNotFoundException($"{file.Path} of {version.Model} version {version.Number} is not in the repository.");
            }

            entries.Add((file.Path, stored.Blob));
            if (stored.IsPointer)
            {
                pointers.Append(Pattern(file.Path)).Append(" filter=lfs diff=lfs merge=lfs -text\n");
            }
        }

        if (pointers.Length > 0)
        {
            await AddAttributesAsync(entries, version, pointers.ToString(), cancellation);
        }

        return entries;
    }

    // A checkout needs to know which files are pointers. Where the version has such a file of its own, these lines come after it; the
    // object that the registry knows stays as it was uploaded.
    private async Task AddAttributesAsync(List<(string Path, string Blob)> entries, VersionRecord version, string pointers, CancellationToken cancellation)
    {
        var own = version.Files.FirstOrDefault(f => f.Path == Attributes);
        if (own is { SizeBytes: > MaxAttributesBytes })
        {
            return;
        }

        var before = own is null ? "" : (await repository.TextAsync("blob", entries.First(e => e.Path == Attributes).Blob, cancellation)).TrimEnd('\n') + "\n";
        entries.RemoveAll(e => e.Path == Attributes);
        entries.Add((Attributes, await repository.WriteBlobAsync(before + pointers, cancellation)));
    }
}
