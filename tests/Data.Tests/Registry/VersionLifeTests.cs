using Ops.Data.Registry;

namespace Ops.Data.Tests.Registry;

public sealed class VersionLifeTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Recover_ArchivedBeforeTheDamage_IsArchivedAgain()
    {
        var version = Version();
        version.Archive();
        version.MarkDamaged("a is missing");
        version.MarkDamaged("a and b are missing");
        Assert.Equal((VersionState.Damaged, "a and b are missing"), (version.State, version.DamageMessage));

        Assert.True(version.Recover().Succeeded);

        Assert.Equal((VersionState.Archived, (string?)null), (version.State, version.DamageMessage));
        Assert.False(version.Recover().Succeeded);
    }

    [Fact]
    public void Undelete_DamagedBefore_IsDamagedStill()
    {
        var version = Version();
        version.MarkDamaged("a is missing");
        Assert.True(version.Delete("olga", Now).Succeeded);

        Assert.True(version.Undelete(Now).Succeeded);

        Assert.Equal((VersionState.Damaged, "a is missing", (DateTimeOffset?)Now), (version.State, version.DamageMessage, version.VerifyRequestedAt));
        Assert.True(version.Recover().Succeeded);
        Assert.Equal(VersionState.Ready, version.State);
    }

    [Fact]
    public void Purge_OnlyFromDeleted_AndForGood()
    {
        var version = Version();
        Assert.False(version.Purge(Now).Succeeded);
        Assert.True(version.Delete("olga", Now).Succeeded);

        Assert.True(version.Purge(Now).Succeeded);

        Assert.False(version.Undelete(Now).Succeeded);
        Assert.False(version.Delete("olga", Now).Succeeded);
        Assert.False(version.RequestVerification(Now).Succeeded);
        Assert.Equal((VersionState.Purged, "olga"), (version.State, version.DeletedByName));
    }

    [Fact]
    public void MoveTo_NotEveryObjectCopied_StaysWhereItIs()
    {
        var version = Version();

        Assert.False(version.MoveTo("other", new Dictionary<string, string> { ["a"] = "c" }).Succeeded);
        Assert.Equal("filesystem", version.Store);
        Assert.True(version.MoveTo("other", new Dictionary<string, string> { ["a"] = "c", ["b"] = "d" }).Succeeded);
        Assert.Equal(["c", "d"], version.Files.Select(f => f.ObjectId));
    }

    private static ModelVersion Version() => ModelVersion.Create(
        [
            new() { Path = "a", SizeBytes = 1, Sha256 = new string('a', 64), ObjectId = "a" },
            new() { Path = "b", SizeBytes = 1, Sha256 = new string('b', 64), ObjectId = "b" },
        ],
        new() { Id = Guid.NewGuid(), ModelId = Guid.NewGuid(), Number = 1, Format = "onnx", Store = "filesystem", UploadedById = Guid.NewGuid(), UploadedByName = "uli", Now = Now });
}
