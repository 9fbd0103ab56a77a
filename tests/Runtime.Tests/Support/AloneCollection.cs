namespace Ops.Runtime.Tests.Support;

/// <summary>For tests that look at counts of the whole process: no other test runs beside them.</summary>
[CollectionDefinition(nameof(AloneCollection), DisableParallelization = true)]
public sealed class AloneCollection;
