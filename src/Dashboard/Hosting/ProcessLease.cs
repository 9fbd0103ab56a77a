using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Commands;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Hosting;

/// <summary>
/// Whether this process may do what only one process may do. One row says who may; the holder renews it, and whoever sees it unrenewed for too long takes
/// it over. Time is counted on each process's own steady clock, as Kubernetes' leader election does: clocks that differ or jump neither make
/// two holders nor none.
/// </summary>
internal abstract class ProcessLease(IDbContextFactory<RegistryDb> databases, TimeProvider time, LeaseTerms terms)
{
    private static readonly TimeSpan Margin = TimeSpan.FromSeconds(1);
    private readonly Lock gate = new();
    private long? heldSince;
    private (int Revision, long At)? seen;

    /// <summary>What this process is called in the row: machine, process, and a part that no restart repeats.</summary>
    public string Holder { get; } = $"{Environment.MachineName}/{Environment.ProcessId}/{Guid.NewGuid().ToString("N")[..8]}";

    /// <summary>Whether this process may act at this moment. A process that was stopped for a while finds that it may not.</summary>
    public bool IsHeld
    {
        get
        {
            lock (gate)
            {
                return heldSince is { } since && time.GetElapsedTime(since) < terms.Duration - Margin;
            }
        }
    }

    /// <summary>Renews the lease or tries to take it over.</summary>
    /// <returns>Whether this process holds it now.</returns>
    public async Task<bool> TryHoldAsync(CancellationToken cancellation)
    {
        // The moment before the question counts: the answer may have been long under way.
        var asked = time.GetTimestamp();
        await using var db = await databases.CreateDbContextAsync(cancellation);
        var lease = await db.Leases.SingleOrDefaultAsync(l => l.Name == terms.Name, cancellation);
        if (lease is null)
        {
            lease = new Lease { Name = terms.Name, Holder = Holder };
            db.Leases.Add(lease);
        }
        else if (lease.Holder != Holder && !IsFree(lease))
        {
            Drop(lease.Holder);
            return false;
        }

        lease.Holder = Holder;
        lease.ExpiresAt = time.GetUtcNow() + terms.Duration;
        lease.Revision++;
        try
        {
            await db.SaveChangesAsync(cancellation);
        }
        catch (DbUpdateException exception) when (exception is DbUpdateConcurrencyException || DatabaseErrors.IsUniqueViolation(exception))
        {
            Drop("another process");
            return false;
        }

        lock (gate)
        {
            if (heldSince is null)
            {
                Gained();
            }

            heldSince = asked;
        }

        return true;
    }

    /// <summary>Gives it back, so that another process need not wait.</summary>
    public async Task ReleaseAsync(CancellationToken cancellation)
    {
        lock (gate)
        {
            if (heldSince is null)
            {
                return;
            }

            heldSince = null;
        }

        await using var db = await databases.CreateDbContextAsync(cancellation);
        if (await db.Leases.SingleOrDefaultAsync(l => l.Name == terms.Name && l.Holder == Holder, cancellation) is { } lease)
        {
            lease.Holder = "";
            lease.ExpiresAt = time.GetUtcNow();
            lease.Revision++;
            await db.SaveChangesAsync(cancellation);
        }
    }

    /// <summary>This process may act from now on; for the log.</summary>
    protected abstract void Gained();

    /// <summary>This process may not act any more; for the log.</summary>
    /// <param name="other">Who may.</param>
    protected abstract void Lost(string other);

    private bool IsFree(Lease lease)
    {
        if (lease.Holder.Length == 0)
        {
            return true;
        }

        if (seen is not { } last || last.Revision != lease.Revision)
        {
            seen = (lease.Revision, time.GetTimestamp());
            return false;
        }

        // Expired by the wall clock and not renewed when it was due is enough; otherwise the whole time must have passed before our eyes.
        var unchanged = time.GetElapsedTime(last.At);
        return unchanged >= terms.Duration || (lease.ExpiresAt <= time.GetUtcNow() && unchanged >= terms.RenewEvery + Margin);
    }

    private void Drop(string other)
    {
        lock (gate)
        {
            if (heldSince is not null)
            {
                Lost(other);
            }

            heldSince = null;
        }
    }
}

/// <summary>What a lease is for and how long it lasts.</summary>
/// <param name="Name">The row.</param>
/// <param name="Duration">How long the holder may act after it last said that it is alive.</param>
/// <param name="RenewEvery">How often it says so.</param>
internal sealed record LeaseTerms(string Name, TimeSpan Duration, TimeSpan RenewEvery);
