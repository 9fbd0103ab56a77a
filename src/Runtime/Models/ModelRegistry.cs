using System.Collections.Frozen;
using Microsoft.Extensions.Options;
using Ops.Runtime.Configuration;
using Ops.Runtime.Monitoring;
using Ops.Runtime.Scheduling;

namespace Ops.Runtime.Models;

/// <summary>The versions of this process, by name and version.</summary>
internal sealed class ModelRegistry : IDisposable
{
    private readonly FrozenDictionary<string, ServedModel[]> byName;

    public ModelRegistry(IOptions<RuntimeOptions> options, RuntimeMetrics metrics, SchedulerFactory schedulers)
    {
        var value = options.Value;
        byName = value.Models
            .GroupBy(m => m.Name, StringComparer.Ordinal)
            .ToFrozenDictionary(
                g => g.Key,
                g => g.OrderByDescending(m => m.Version, VersionComparer.Instance)
                    .Select(m => Create(m, metrics, schedulers))
                    .ToArray(),
                StringComparer.Ordinal);
        All = byName.Values.SelectMany(versions => versions).ToArray();
    }

    /// <summary>Every version, in no particular order.</summary>
    public IReadOnlyList<ServedModel> All { get; }

    /// <summary>The versions of a model, highest first; empty when the model is unknown.</summary>
    public IReadOnlyList<ServedModel> Versions(string name) => byName.TryGetValue(name, out var versions) ? versions : [];

    /// <summary>Finds a version; without one, the highest.</summary>
    /// <returns>Null when the model or the version is unknown.</returns>
    public ServedModel? Find(string name, string? version)
    {
        if (!byName.TryGetValue(name, out var versions))
        {
            return null;
        }

        return version is null ? versions[0] : Array.Find(versions, m => m.Version == version);
    }

    public void Dispose()
    {
        foreach (var model in All)
        {
            model.Dispose();
        }
    }

    private static ServedModel Create(ModelOptions model, RuntimeMetrics metrics, SchedulerFactory schedulers)
    {
        var counts = metrics.AddModel(model.Name, model.Version);
        return new ServedModel(model, schedulers.Create(model, counts), counts);
    }
}
