using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Local;

/// <summary>What a runtime needs to fetch a version.</summary>
internal sealed record VersionSource(string Format, IReadOnlyList<FileSource> Files)
{
    /// <summary>Certificates in PEM of the authorities that sign the sources' own, where these are not publicly trusted; null otherwise.</summary>
    public string? Authorities { get; init; }
}

/// <summary>One file of a version and where it is to be had.</summary>
internal sealed record FileSource(string Path, Uri Source, string Sha256, long SizeBytes);

/// <summary>Reads from the registry what a plan stands for. Nothing starts unless the registry still agrees with the plan.</summary>
internal sealed class VersionSources(IDbContextFactory<RegistryDb> databases, ModelStores stores)
{
    // A replica fetches when it starts, and a large model over a slow line takes its time; after a restart it is given new addresses.
    private static readonly TimeSpan SourceLifetime = TimeSpan.FromHours(12);

    /// <summary>The files of a plan's version, once their digest was found to be the one people decided about.</summary>
    public async Task<Result<VersionSource>> ResolveAsync(PlanSpec plan, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var version = await db.Versions.AsNoTracking().Include(v => v.Files).SingleOrDefaultAsync(v => v.Id == plan.VersionId, cancellation);
        if (version is null)
        {
            return Failure.NotFound($"{plan.Model} version {plan.Version} is no longer in the registry.");
        }

        if (version.IsDeleted)
        {
            return Failure.Conflict($"{plan.Model} version {plan.Version} is deleted.");
        }

        if (version.State == VersionState.Damaged)
        {
            return Failure.Conflict($"{plan.Model} version {plan.Version} is damaged: its stored bytes do not match their SHA-256.");
        }

        if (version.Digest != plan.VersionDigest || ModelVersion.ComputeDigest(version.Files.Select(f => (f.Path, f.Sha256))) != plan.VersionDigest)
        {
            return Failure.Conflict($"{plan.Model} version {plan.Version} is not the one that was planned: its digest is another. It is not started.");
        }

        if (!stores.TryGet(version.Store, out var store))
        {
            return Failure.Unavailable($"The model store '{version.Store}' that holds {plan.Model} version {plan.Version} is not configured or cannot be used.");
        }

        List<FileSource> files = [];
        foreach (var file in version.Files.OrderBy(f => f.Path, StringComparer.Ordinal))
        {
            files.Add(new(file.Path, await store.SourceForAsync(file.ObjectId, SourceLifetime, cancellation), file.Sha256, file.SizeBytes));
        }

        return new VersionSource(version.Format, files) { Authorities = store.SourceAuthorities };
    }

    /// <summary>Whether the registry still knows the plan of a replica that an earlier dashboard left behind, and its endpoint has not been retired.</summary>
    public async Task<bool> KnowsAsync(ReplicaRecord record, CancellationToken cancellation)
    {
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var plan = await db.Plans.AsNoTracking().SingleOrDefaultAsync(p => p.Id == record.PlanId, cancellation);
        return plan is { IsIntact: true } && plan.Hash == record.PlanHash && plan.EndpointId == record.EndpointId
            && await db.Endpoints.AnyAsync(e => e.Id == record.EndpointId && e.TargetId == record.TargetId && e.RetiredAt == null, cancellation);
    }
}
