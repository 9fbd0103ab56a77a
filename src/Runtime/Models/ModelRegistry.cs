using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Monitoring;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Models;

/// <summary>
/// The versions in service, by name and version. Requests read a snapshot without a lock; every change replaces it as a
/// whole.
/// </summary>
internal sealed class ModelRegistry : IDisposable
{
    private readonly Lock gate = new();
    private readonly RuntimeMetrics metrics;
    private readonly SchedulerFactory schedulers;

    /// <summary>Versions by model, highest first. Never changed once it is here.</summary>
    private volatile Dictionary<string, ServedModel[]> byName = new(StringComparer.Ordinal);

    public ModelRegistry(IOptions<RuntimeOptions> options, RuntimeMetrics metrics, SchedulerFactory schedulers)
    {
        this.metrics = metrics;
        this.schedulers = schedulers;
        foreach (var model in options.Value.Models.Where(m => m.Load))
        {
            Publish(Create(model));
        }
    }

    /// <summary>Every version in service, in no particular order.</summary>
    public IReadOnlyList<ServedModel> All => [.. byName.Values.SelectMany(versions => versions)];

    /// <summary>The versions of a model, highest first; empty when none is in service.</summary>
    public IReadOnlyList<ServedModel> Versions(string name) => byName.TryGetValue(name, out var versions) ? versions : [];

    /// <summary>Finds a version; without one, the highest that is ready, or the highest when none is.</summary>
    /// <returns>Null when the model or the version is not in service. Good for looking: to run it, use
    /// <see cref="Acquire"/>.</returns>
    public ServedModel? Find(string name, string? version)
    {
        if (!byName.TryGetValue(name, out var versions))
        {
            return null;
        }

        return version is null
            ? Array.Find(versions, m => m.Signature is not null) ?? versions[0]
            : Array.Find(versions, m => m.Version == version);
    }

    /// <summary>Finds a version like <see cref="Find"/> and keeps it in service until the lease is disposed.</summary>
    public ModelLease Acquire(string name, string? version)
    {
        while (true)
        {
            // One that was found but refuses has left the snapshot already, so the next look finds another or none.
            var model = Find(name, version);
            if (model is null || model.Uses.TryEnter())
            {
                return new ModelLease(model);
            }
        }
    }

    /// <summary>Makes a version that nobody can find yet.</summary>
    public ServedModel Create(ModelOptions model)
    {
        var counts = new ModelMetrics(model.Name, model.Version);
        return new ServedModel(model, schedulers.Create(model, counts), counts);
    }

    /// <summary>Puts a version into service, in the place of one of the same name and version.</summary>
    /// <returns>The one that it replaced, which the caller has to retire and dispose; null when there was none.</returns>
    public ServedModel? Publish(ServedModel model)
    {
        lock (gate)
        {
            var versions = Versions(model.Name);
            var replaced = versions.FirstOrDefault(m => m.Version == model.Version);
            Replace(model.Name, [.. versions.Where(m => m != replaced).Append(model).OrderByDescending(m => m.Version, VersionComparer.Instance)]);
            metrics.Show(model.Metrics);
            return replaced;
        }
    }

    /// <summary>Takes a version out of service; the caller has to retire and dispose it.</summary>
    /// <returns>False when it was not in service any more.</returns>
    public bool Withdraw(ServedModel model)
    {
        lock (gate)
        {
            var versions = Versions(model.Name);
            if (!versions.Contains(model))
            {
                return false;
            }

            Replace(model.Name, [.. versions.Where(m => m != model)]);
            return true;
        }
    }

    /// <summary>Waits until a version that left the registry is used by nobody, then disposes it and forgets its counts.</summary>
    public async Task DisposeWhenIdleAsync(ServedModel model)
    {
        await model.Uses.RetireAsync();
        metrics.Hide(model.Metrics);
        model.Dispose();
    }

    public void Dispose()
    {
        foreach (var model in All)
        {
            model.Dispose();
        }
    }

    private void Replace(string name, ServedModel[] versions)
    {
        var next = new Dictionary<string, ServedModel[]>(byName, StringComparer.Ordinal);
        if (versions.Length > 0)
        {
            next[name] = versions;
        }
        else
        {
            next.Remove(name);
        }

        byName = next;
    }
}
