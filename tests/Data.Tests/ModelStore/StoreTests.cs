using Ops.Data.ModelStore;

namespace Ops.Data.Tests.ModelStore;

public sealed class StoreTests
{
    private static readonly DateTimeOffset Later = Examples.Noon.AddHours(1);

    [Theory]
    [InlineData("../../etc/passwd")]
    [InlineData(@"\..\..\x")]
    [InlineData("artifact\0")]
    [InlineData("<script>")]
    [InlineData("=1+1")]
    [InlineData("store‮")]
    [InlineData("ѕ3")]
    [InlineData("My store")]
    [InlineData("")]
    public void Create_BadName_Refused(string name) =>
        Assert.Equal("name", Store.Create(new() { Id = Guid.NewGuid(), Name = name, Kind = StoreKinds.S3, ByName = "anna", Now = Examples.Noon }).Failure?.Field);

    [Fact]
    public void Change_SaysWhoAndWhen_AndMovesTheRevision()
    {
        var store = Examples.Store();
        Assert.True(store.Change("""{"bucket":"other"}""", "sealed", "berta", Later).Succeeded);
        Assert.Equal(("""{"bucket":"other"}""", "sealed", "berta", Later, 1), (store.SettingsJson, store.ProtectedSecrets, store.ChangedByName, store.ChangedAt, store.Revision));
        Assert.Equal(("anna", Examples.Noon), (store.CreatedByName, store.CreatedAt));
    }

    [Fact]
    public void Retire_ThenRestore_EachOnce()
    {
        var store = Examples.Store();
        Assert.Equal(FailureKind.Conflict, store.Restore("anna", Later).Failure?.Kind);
        Assert.True(store.Retire("anna", Later).Succeeded);
        Assert.Equal(FailureKind.Conflict, store.Retire("anna", Later).Failure?.Kind);
        Assert.Equal(FailureKind.Conflict, store.Change("{}", null, "anna", Later).Failure?.Kind);
        Assert.True(store.Restore("anna", Later).Succeeded);
        Assert.Null(store.RetiredAt);
        Assert.Equal(2, store.Revision);
    }

    [Fact]
    public void BuiltIn_CanBeNeitherChangedNorRetired()
    {
        var store = Examples.Store(Store.BuiltInName);
        Assert.Equal(FailureKind.Conflict, store.Change("{}", null, "anna", Later).Failure?.Kind);
        Assert.Equal(FailureKind.Conflict, store.Retire("anna", Later).Failure?.Kind);
        Assert.Equal(0, store.Revision);
    }
}
