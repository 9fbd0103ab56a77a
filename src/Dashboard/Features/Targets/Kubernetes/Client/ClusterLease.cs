using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes.Objects;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>
/// A Lease (<c>coordination.k8s.io/v1</c>) of the name <see cref="Name"/> in a target's namespace, used as Kubernetes' own controllers use theirs
/// (<see href="https://pkg.go.dev/k8s.io/client-go/tools/leaderelection"/>): the holder renews it, and whoever has seen it unrenewed for as long as it
/// says takes it over. Times are counted on each process's own steady clock; those in the object are for people.
/// </summary>
internal sealed class ClusterLease(ClusterApi api, string space, TimeSpan duration, TimeProvider time) : IClusterLease, IDisposable
{
    /// <summary>What the Lease is called.</summary>
    public const string Name = "ops-dashboard";

    private readonly SemaphoreSlim turn = new(1);
    private readonly Lock gate = new();
    private (string Version, long At)? seen;
    private long? heldSince;
    private string holder = "";
    private volatile bool isOver;

    /// <inheritdoc/>
    public bool IsHeld
    {
        get
        {
            lock (gate)
            {
                // The last third is for whatever is under way when it is asked.
                return heldSince is { } since && time.GetElapsedTime(since) < duration * (2.0 / 3);
            }
        }
    }

    private TimeSpan RenewEvery => duration / 3;

    /// <summary>Takes in how the Lease is now, so that its time counts from its last renewal on and not from the moment when somebody wants it.</summary>
    public void See(V1Lease lease)
    {
        lock (gate)
        {
            if (lease.Metadata is { Name: Name, ResourceVersion: { } version } && seen?.Version != version)
            {
                seen = (version, time.GetTimestamp());
            }
        }
    }

    /// <inheritdoc/>
    public async Task HoldAsync(string holder, CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            lock (gate)
            {
                if (isOver)
                {
                    throw new InvalidOperationException("This dashboard is about to stop.");
                }

                if (heldSince is { } since && time.GetElapsedTime(since) < RenewEvery)
                {
                    return;
                }
            }

            // The moment before the question counts: the answer may be long under way.
            var asked = time.GetTimestamp();
            try
            {
                await WriteAsync(holder, cancellation);
            }
            catch (ClusterException refused) when (refused.Problem == ClusterProblem.Forbidden)
            {
                // An account of before has no right to Leases; the test of the connection says what that means.
            }

            lock (gate)
            {
                (heldSince, this.holder) = (asked, holder);
            }
        }
        catch (ClusterException refused) when (refused.Problem is ClusterProblem.Conflict or ClusterProblem.AlreadyExists)
        {
            Drop();
            throw new ClusterException(ClusterProblem.Conflict, $"Another dashboard has taken the Lease {Name} of {space} at this moment. Nothing is changed in the cluster until it is free.", refused);
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public async Task ReleaseAsync(CancellationToken cancellation)
    {
        await turn.WaitAsync(cancellation);
        try
        {
            var isMine = Drop();
            isOver = true;
            if (isMine && await FindAsync(cancellation) is { Spec: { } spec } lease && spec.HolderIdentity == holder)
            {
                (spec.HolderIdentity, spec.RenewTime) = ("", time.GetUtcNow().UtcDateTime);
                await api.UpdateAsync(lease, cancellation);
            }
        }
        finally
        {
            turn.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => turn.Dispose();

    private async Task WriteAsync(string holder, CancellationToken cancellation)
    {
        var now = time.GetUtcNow().UtcDateTime;
        if (await FindAsync(cancellation) is not { } lease)
        {
            See(await api.CreateAsync(new V1Lease
            {
                Metadata = new() { Name = Name, NamespaceProperty = space, Labels = new Dictionary<string, string> { [ObjectLabels.ManagedBy] = ObjectLabels.Manager } },
                Spec = new() { HolderIdentity = holder, AcquireTime = now, RenewTime = now, LeaseDurationSeconds = (int)duration.TotalSeconds, LeaseTransitions = 0 },
            }, cancellation));
            return;
        }

        var spec = lease.Spec ??= new();
        if (spec.HolderIdentity is { Length: > 0 } other && other != holder)
        {
            RefuseUnlessFree(lease, other);
        }

        if (spec.HolderIdentity != holder)
        {
            (spec.HolderIdentity, spec.AcquireTime, spec.LeaseTransitions) = (holder, now, (spec.LeaseTransitions ?? 0) + 1);
        }

        (spec.RenewTime, spec.LeaseDurationSeconds) = (now, (int)duration.TotalSeconds);
        See(await api.UpdateAsync(lease, cancellation));
    }

    private void RefuseUnlessFree(V1Lease lease, string other)
    {
        See(lease);
        var lasts = TimeSpan.FromSeconds(lease.Spec.LeaseDurationSeconds ?? duration.TotalSeconds);
        lock (gate)
        {
            if (seen is { } last && time.GetElapsedTime(last.At) >= lasts)
            {
                return;
            }

            heldSince = null;
        }

        throw new InvalidOperationException(
            $"{other} holds the Lease {Name} of {space}: the dashboard that acted before, or one of another installation, which must not share a namespace with this one. "
            + $"Nothing is changed in the cluster until that has not been renewed for {lasts.TotalSeconds:0} s.");
    }

    private Task<V1Lease?> FindAsync(CancellationToken cancellation) => api.FindAsync<V1Lease>(space, Name, cancellation);

    private bool Drop()
    {
        lock (gate)
        {
            var had = heldSince is not null;
            heldSince = null;
            return had;
        }
    }
}
