using Ops.Data.Registry;

namespace Ops.Data.Tests.Registry;

public sealed class ModelTests
{
    private static readonly DateTimeOffset Later = Examples.Noon.AddDays(1);

    [Fact]
    public void Create_BadName_Refused() => Assert.Equal("name", Model.Create("Digits!", "", Guid.NewGuid(), "olga", Later).Failure?.Field);

    [Fact]
    public void Create_NameOfAPage_Refused() => Assert.Equal("name", Model.Create("upload", "", Guid.NewGuid(), "olga", Later).Failure?.Field);

    [Fact]
    public void Create_LongDescription_Refused() =>
        Assert.Equal("description", Model.Create("digits", new string('x', 4001), Guid.NewGuid(), "olga", Later).Failure?.Field);

    [Fact]
    public void Create_KeysSortByTheTimeTheyWereMade()
    {
        var first = Model.Create("a", "", Guid.NewGuid(), "olga", Later).Value;
        var second = Model.Create("b", "", Guid.NewGuid(), "olga", Later.AddMilliseconds(1)).Value;
        Assert.True(string.CompareOrdinal(first.Id.ToString(), second.Id.ToString()) < 0);
    }

    [Fact]
    public void Describe_TagsTwice_KeptOnce()
    {
        var model = Examples.Model();
        var revision = model.Revision;

        Assert.True(model.Describe(new string('x', 4000), ["vision", "vision", "Vision"], Later).Succeeded);

        Assert.Equal(["vision", "Vision"], model.Tags);
        Assert.Equal((Later, revision + 1), (model.UpdatedAt, model.Revision));
    }

    public static TheoryData<string[]> BadTags => [new string[] { "" }, new string[] { new('x', 64) }, new string[] { "a\nb" }, Enumerable.Range(0, 21).Select(i => $"t{i}").ToArray()];

    [Theory]
    [MemberData(nameof(BadTags))]
    public void Describe_BadTags_RefusedAndNothingChanged(string[] tags)
    {
        var model = Examples.Model();
        var revision = model.Revision;

        Assert.Equal("tags", model.Describe("other", tags, Later).Failure?.Field);
        Assert.Equal(("Reads digits.", revision), (model.Description, model.Revision));
    }

    [Fact]
    public void NextVersion_CountsUp()
    {
        var model = Examples.Model();
        Assert.Equal([1, 2, 3], Enumerable.Range(0, 3).Select(_ => model.NextVersion("onnx", Later).Value));
        Assert.Equal(3, model.LatestVersion);
    }

    [Fact]
    public void NextVersion_OfAnotherFormat_IsTheFormatOfTheLatest()
    {
        var model = Examples.Model();
        Assert.Null(model.LatestFormat);

        model.NextVersion("onnx", Later);
        model.NextVersion("gguf", Later);

        Assert.Equal((2, "gguf"), (model.LatestVersion, model.LatestFormat));
    }

    [Fact]
    public void NextVersion_OfAnArchivedModel_RefusedAndNoNumberLost()
    {
        var model = Examples.Model();
        model.Archive(Later);

        Assert.Equal(FailureKind.Conflict, model.NextVersion("onnx", Later).Failure?.Kind);
        Assert.Equal((0, null), (model.LatestVersion, model.LatestFormat));
    }

    [Fact]
    public void ArchiveAndRestore_EachOnlyOnce()
    {
        var model = Examples.Model();
        Assert.Equal(FailureKind.Conflict, model.Restore(Later).Failure?.Kind);
        Assert.True(model.Archive(Later).Succeeded);
        Assert.Equal(Later, model.ArchivedAt);
        Assert.Equal(FailureKind.Conflict, model.Archive(Later.AddDays(1)).Failure?.Kind);
        Assert.Equal(Later, model.ArchivedAt);
        Assert.True(model.Restore(Later).Succeeded);
        Assert.Null(model.ArchivedAt);
    }
}
