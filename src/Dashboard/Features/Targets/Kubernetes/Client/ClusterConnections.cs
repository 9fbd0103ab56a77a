using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>The clusters of all targets, connected as long as their targets are in use. What another dashboard changes is taken over, and so are files of this machine that change; a cluster that is down is in nobody's way.</summary>
internal sealed class ClusterConnections(
    IDbContextFactory<RegistryDb> databases, ClusterFactory factory, TargetSecrets secrets, TimeProvider time, ILoggerFactory logs) : BackgroundService, IClusters, IAsyncDisposable
{
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(1);
    private readonly ILogger log = logs.CreateLogger<ClusterConnections>();
    private readonly SemaphoreSlim gate = new(1);
    private readonly SemaphoreSlim wake = new(0);
    private readonly ConcurrentDictionary<Guid, Entry> entries = new();

    /// <summary>How watches wait; tests shorten it.</summary>
    internal WatchTerms Terms { get; init; } = new();

    /// <summary>The connection of a target, if there is one now.</summary>
    public ClusterConnection? Find(Guid targetId) => entries.GetValueOrDefault(targetId)?.Connection;

    /// <summary>All that there are now.</summary>
    public IReadOnlyCollection<ClusterConnection> All => [.. entries.Values.Select(e => e.Connection).OfType<ClusterConnection>()];

    /// <summary>Looks at the targets soon, because one was changed.</summary>
    public void Wake() => wake.Release();

    /// <inheritdoc/>
    public async Task<ICluster> GetAsync(Guid targetId, CancellationToken cancellation)
    {
        if (!entries.TryGetValue(targetId, out var entry))
        {
            await RefreshAsync(cancellation);
            entry = entries.GetValueOrDefault(targetId);
        }

        return entry is null ? throw new InvalidOperationException("There is no such cluster, or its target is retired.")
            : entry.Connection ?? throw new InvalidOperationException(entry.Problem);
    }

    /// <summary>Connects to what is new or changed, and lets go of what is not in use any more.</summary>
    public async Task RefreshAsync(CancellationToken cancellation)
    {
        await gate.WaitAsync(cancellation);
        try
        {
            List<Target> targets;
            await using (var db = await databases.CreateDbContextAsync(cancellation))
            {
                targets = await db.Targets.AsNoTracking().Where(t => t.Kind == TargetKinds.Kubernetes && t.RetiredAt == null).ToListAsync(cancellation);
            }

            List<Entry> left = [];
            foreach (var target in targets)
            {
                var known = entries.GetValueOrDefault(target.Id);
                if (Renewed(target, known) is not { } entry)
                {
                    continue;
                }

                entries[target.Id] = entry;
                if (known?.Connection is not null && known.Connection != entry.Connection)
                {
                    left.Add(known);
                }
            }

            foreach (var id in entries.Keys.Except(targets.Select(t => t.Id)).ToList())
            {
                if (entries.TryRemove(id, out var entry))
                {
                    left.Add(entry);
                }
            }

            await Task.WhenAll(left.Select(e => e.Connection?.DisposeAsync().AsTask() ?? Task.CompletedTask));
        }
        finally
        {
            gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync(CancellationToken.None);
        foreach (var id in entries.Keys.ToList())
        {
            if (entries.TryRemove(id, out var entry) && entry.Connection is { } connection)
            {
                await connection.DisposeAsync();
            }
        }

        gate.Dispose();
        wake.Dispose();
        Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await Task.Yield();
        var pause = factory.Options.RefreshEvery;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await RefreshAsync(stoppingToken);
                pause = factory.Options.RefreshEvery;
            }
            catch (Exception exception) when (exception is not OperationCanceledException)
            {
                pause = Shorter(pause * 2, LongestPause);
                log.ClustersNotRead(pause.TotalSeconds, exception);
            }

            using var delay = new CancellationTokenSource(pause, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(delay.Token, stoppingToken);
            await wake.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>What a target's entry becomes; null when it stays as it is.</summary>
    private Entry? Renewed(Target target, Entry? known)
    {
        var now = time.GetUtcNow();
        if (known is null || known.Settings != target.SettingsJson || known.Secrets != target.ProtectedSecrets)
        {
            return Connect(target, null, now);
        }

        if (known.Connection is null)
        {
            // What it needs may be there now: a file that somebody was just writing, or a key.
            return now < known.TryAt ? null : Connect(target, known, now);
        }

        return known.Connection.Said.ReadsFiles ? Reread(target, known, known.Connection, now) : null;
    }

    private Entry Connect(Target target, Entry? before, DateTimeOffset now)
    {
        var (settings, access, problem) = MakeAccess(target);
        if (problem is not null)
        {
            if (problem != before?.Problem)
            {
                log.ClusterNotUsable(target.Name, problem);
            }

            var pause = before is not { Connection: null } ? factory.Options.RefreshEvery : Shorter(before.Pause * 2, LongestPause);
            return new(target.SettingsJson, target.ProtectedSecrets, null, problem) { Pause = pause, TryAt = now + pause };
        }

        return new(target.SettingsJson, target.ProtectedSecrets, Open(target, settings!, access!), null);
    }

    // Files of the machine change without anybody telling: certificates are renewed, and a cluster gets another authority.
    private Entry? Reread(Target target, Entry known, ClusterConnection connection, DateTimeOffset now)
    {
        var (settings, access, problem) = MakeAccess(target);
        if (problem is not null)
        {
            if (known.Problem != problem)
            {
                log.ClusterFilesNotRead(target.Name, problem);
            }

            // Files are replaced one after the other, so what was read before counts for a while.
            return known.BrokenSince is { } since && now - since >= LongestPause ? Connect(target, known, now) : known with { Problem = problem, BrokenSince = known.BrokenSince ?? now };
        }

        if (access!.Mark == connection.Mark)
        {
            access.Dispose();
            return known.Problem is null ? null : known with { Problem = null, BrokenSince = null };
        }

        log.ClusterFilesChanged(target.Name);
        return new(target.SettingsJson, target.ProtectedSecrets, Open(target, settings!, access), null);
    }

    private ClusterConnection Open(Target target, KubernetesTargetSettings settings, ClusterAccess access) =>
        new(target.Name, settings, access, factory.MakeApi(access), Terms, TimeSpan.FromSeconds(factory.Options.LeaseSeconds), time, logs.CreateLogger<ClusterConnection>());

    private (KubernetesTargetSettings? Settings, ClusterAccess? Access, string? Problem) MakeAccess(Target target)
    {
        try
        {
            var settings = KubernetesTargetSettings.Read(target.SettingsJson);
            var check = settings.Check();
            if (!check.Succeeded)
            {
                return (null, null, check.Failure.Message);
            }

            var access = factory.MakeAccess(settings, secrets.Unprotect(target.Id, target.ProtectedSecrets));
            return access.Succeeded ? (settings, access.Value, null) : (null, null, access.Failure.Message);
        }
        catch (CryptographicException)
        {
            return (null, null, "The kubeconfig of this target cannot be decrypted: the keys at hand are not those it was encrypted with. Upload it again.");
        }
        catch (InvalidOperationException exception)
        {
            return (null, null, exception.Message);
        }
    }

    private static TimeSpan Shorter(TimeSpan one, TimeSpan other) => one < other ? one : other;

    /// <summary>What there is of a target.</summary>
    private sealed record Entry(string Settings, string? Secrets, ClusterConnection? Connection, string? Problem)
    {
        /// <summary>When it is tried again without a connection.</summary>
        public DateTimeOffset TryAt { get; init; }

        /// <summary>How long it was waited for that.</summary>
        public TimeSpan Pause { get; init; }

        /// <summary>Since when files of a connection cannot be read.</summary>
        public DateTimeOffset? BrokenSince { get; init; }
    }
}
