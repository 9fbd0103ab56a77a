namespace Ops.Runtime.Monitoring;

/// <summary>All counts of the process.</summary>
internal sealed class RuntimeMetrics
{
    private volatile ModelMetrics[] models;

    public RuntimeMetrics() => models = [Unknown];

    /// <summary>Requests to models that are not served. One entry, so that strangers cannot grow the exposition.</summary>
    public ModelMetrics Unknown { get; } = new(string.Empty, string.Empty);

    /// <summary>One entry per version, the unknown ones first.</summary>
    public IReadOnlyList<ModelMetrics> Models => models;

    /// <summary>Starts counting for a version.</summary>
    /// <param name="model">Its name.</param>
    /// <param name="version">Its version.</param>
    public ModelMetrics AddModel(string model, string version)
    {
        var added = new ModelMetrics(model, version);
        models = [.. models, added];
        return added;
    }
}
