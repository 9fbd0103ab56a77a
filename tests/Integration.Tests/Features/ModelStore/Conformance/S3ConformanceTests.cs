using Ops.Dashboard.Features.ModelStore;

namespace Ops.Integration.Tests.Features.ModelStore.Conformance;

public sealed class S3ConformanceTests : StoreConformance, IDisposable
{
    private S3TestStore? made;

    public void Dispose() => made?.Dispose();

    private protected override async Task<IModelStore> StoreAsync() => (made ??= await S3TestStore.MakeAsync()).Store;

    private protected override Task<bool> ListsUnfinishedAsync() => made!.ListsUnfinishedAsync();
}
