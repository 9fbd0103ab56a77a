using Xunit.Sdk;
using Xunit.v3;

namespace Ops.Testing;

/// <summary>Runs the classes that take longest first, so that the others run beside them rather than before them. Derive one that names them.</summary>
public abstract class LongestFirst(params string[] classes) : ITestCollectionOrderer
{
    /// <inheritdoc/>
    public IReadOnlyCollection<TTestCollection> OrderTestCollections<TTestCollection>(IReadOnlyCollection<TTestCollection> testCollections)
        where TTestCollection : ITestCollection =>
        [.. testCollections.OrderBy(PlaceOf)];

    private int PlaceOf<TTestCollection>(TTestCollection collection)
        where TTestCollection : ITestCollection
    {
        var place = Array.FindIndex(classes, name => collection.TestCollectionDisplayName.Contains($".{name} ", StringComparison.Ordinal));
        return place < 0 ? classes.Length : place;
    }
}
