namespace Ops.Runtime.Monitoring;

/// <summary>All counts of the process.</summary>
internal sealed class RuntimeMetrics
{
    private readonly Lock gate = new();
    private volatile ModelMetrics[] models;

    public RuntimeMetrics() => models = [Unknown];

    /// <summary>Requests to models that are not served. One entry, so that strangers cannot grow the exposition.</summary>
    public ModelMetrics Unknown { get; } = new(string.Empty, string.Empty);

    /// <summary>One entry per version, the unknown ones first.</summary>
    public IReadOnlyList<ModelMetrics> Models => models;

    /// <summary>Exposes what is counted about a version, in the place of what was counted about one of the same name and
    /// version: an exposition must not repeat a series.</summary>
    public void Show(ModelMetrics added)
    {
        lock (gate)
        {
            models = [.. models.Where(m => (m.Model, m.Version) != (added.Model, added.Version)), added];
        }
    }

    /// <summary>No longer exposes what was counted about a version, unless something else took its place already.</summary>
    public void Hide(ModelMetrics removed)
    {
        lock (gate)
        {
            models = [.. models.Where(m => m != removed)];
        }
    }
}
