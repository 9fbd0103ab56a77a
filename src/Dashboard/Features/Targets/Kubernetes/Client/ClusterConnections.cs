using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Data;
using Ops.Data.Targets;

namespace Ops.Dashboard.Features.Targets.Kubernetes.Client;

/// <summary>The clusters of all targets, connected as long as their targets are in use. What another dashboard changes is taken over; a cluster that is down is in nobody's way.</summary>
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
                if (entries.TryGetValue(target.Id, out var known) && known.Settings == target.SettingsJson && known.Secrets == target.ProtectedSecrets)
                {
                    continue;
                }

                if (known is not null)
                {
                    left.Add(known);
                }

                entries[target.Id] = Connect(target);
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
                pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
                log.ClustersNotRead(pause.TotalSeconds, exception);
            }

            using var delay = new CancellationTokenSource(pause, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(delay.Token, stoppingToken);
            await wake.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private Entry Connect(Target target)
    {
        var (connection, problem) = TryConnect(target);
        if (problem is not null)
        {
            log.ClusterNotUsable(target.Name, problem);
        }

        return new(target.SettingsJson, target.ProtectedSecrets, connection, problem);
    }

    private (ClusterConnection? Connection, string? Problem) TryConnect(Target target)
    {
        try
        {
            var settings = KubernetesTargetSettings.Read(target.SettingsJson);
            var check = settings.Check();
            if (!check.Succeeded)
            {
                return (null, check.Failure.Message);
            }

            var access = factory.MakeAccess(settings, secrets.Unprotect(target.Id, target.ProtectedSecrets));
            return access.Succeeded
                ? (new(target.Name, settings, access.Value, factory.MakeApi(access.Value), Terms, TimeSpan.FromSeconds(factory.Options.LeaseSeconds), time, logs.CreateLogger<ClusterConnection>()), null)
                : (null, access.Failure.Message);
        }
        catch (CryptographicException)
        {
            return (null, "The kubeconfig of this target cannot be decrypted: the keys at hand are not those it was encrypted with. Upload it again.");
        }
        catch (InvalidOperationException exception)
        {
            return (null, exception.Message);
        }
    }

    private sealed record Entry(string Settings, string? Secrets, ClusterConnection? Connection, string? Problem);
}
