using Ops.Dashboard.Features.ModelStore;
using Ops.Integration.Tests.Features.ModelStore.Conformance;

namespace Ops.Integration.Tests.Features.ModelStore.Git;

public sealed class GitConformanceTests : StoreConformance, IDisposable
{
    private readonly GitPlace place = new();

    public void Dispose() => place.Dispose();

    private protected override Task<IModelStore> StoreAsync() => Task.FromResult<IModelStore>(place.Store());
}
