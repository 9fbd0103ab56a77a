using System.Collections.Concurrent;
using Ops.Dashboard.Features.Targets.Local;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Supply;

/// <summary>A version's files with addresses that pods reach, and until when these work.</summary>
internal sealed record SuppliedVersion(VersionSource Source, DateTimeOffset ExpiresAt);

/// <summary>Keeps addresses for the pods of each plan and makes new ones in time: a pod that is moved tomorrow fetches anew.</summary>
internal sealed class VersionSupply(Func<PlanSpec, CancellationToken, Task<Result<VersionSource>>> resolve, FetchLinks links, TimeProvider time)
{
    // Half of what stores are asked for, so that every pod that starts has hours left.
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(12);
    private static readonly TimeSpan Renewal = TimeSpan.FromHours(6);
    private readonly ConcurrentDictionary<Guid, SuppliedVersion> known = new();

    /// <summary>The files of a plan's version. The registry is asked anew each time addresses are made.</summary>
    public async Task<Result<SuppliedVersion>> GetAsync(Guid planId, PlanSpec plan, CancellationToken cancellation)
    {
        var now = time.GetUtcNow();
        if (known.TryGetValue(planId, out var kept) && kept.ExpiresAt - now > Renewal)
        {
            return kept;
        }

        var resolved = await resolve(plan, cancellation);
        if (!resolved.Succeeded)
        {
            return resolved.Failure;
        }

        List<FileSource> files = [];
        var authorities = resolved.Value.Authorities;
        foreach (var file in resolved.Value.Files)
        {
            if (!file.Source.IsFile)
            {
                files.Add(file);
                continue;
            }

            // A file of this machine is none of a pod's: it is fetched from the dashboard.
            var link = links.Make(plan.VersionId, file.Path, Lifetime);
            if (!link.Succeeded)
            {
                return link.Failure;
            }

            files.Add(file with { Source = link.Value });
            authorities = links.Authorities;
        }

        var supplied = new SuppliedVersion(resolved.Value with { Files = files, Authorities = authorities }, now + Lifetime);
        known[planId] = supplied;
        return supplied;
    }

    /// <summary>Forgets the addresses of plans that run no more.</summary>
    public void Forget(Guid planId) => known.TryRemove(planId, out _);
}
