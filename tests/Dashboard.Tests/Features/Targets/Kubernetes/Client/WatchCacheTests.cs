using k8s.Models;
using Ops.Dashboard.Features.Targets.Kubernetes;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;

namespace Ops.Dashboard.Tests.Features.Targets.Kubernetes.Client;

/// <summary>What a cache makes of events that come late, twice, out of order or about what was gone.</summary>
public sealed class WatchCacheTests
{
    private readonly List<ClusterChange> changes = [];
    private readonly WatchCache cache;

    public WatchCacheTests() => cache = new(changes.Add);

    [Fact]
    public void Take_DeletedAndAddedAgainUnderTheSameUid_IsSeenAgain()
    {
        Take(Map("1"));
        Take(Map("2"), isGone: true);

        Assert.Equal(WatchNews.New, Take(Map("3")));
        Assert.Equal(WatchNews.New, Take(Map("4")));
        Assert.Equal("4", cache.Find("ops", "a")?.Metadata.ResourceVersion);
        Assert.Equal([false, true, false, false], changes.Select(c => c.IsGone));
        Assert.Equal(WatchNews.New, Take(Map("5"), isGone: true));
        Assert.Null(cache.Find("ops", "a"));
    }

    [Theory]
    [InlineData("8")]
    [InlineData("9")]
    [InlineData("10")]
    public void Take_EventFromBeforeTheDeletion_DoesNotBringItBack(string version)
    {
        Take(Map("9"));
        Take(Map("10"), isGone: true);

        Assert.Equal(WatchNews.Old, Take(Map(version)));
        Assert.Empty(cache.All);
        Assert.Equal(2, changes.Count);
    }

    [Fact]
    public void Take_DeletionFromBeforeItCameBack_DoesNotTakeItAway()
    {
        Take(Map("9"));
        Take(Map("10"), isGone: true);
        Take(Map("11"));

        Assert.Equal(WatchNews.Old, Take(Map("10"), isGone: true));
        Assert.NotNull(cache.Find("ops", "a"));
    }

    [Fact]
    public void Take_VersionsLongerThanAnyIntegerType_AreComparedAsNumbers()
    {
        var (nine, ten) = (new string('9', 40), "1" + new string('0', 40));
        Take(Map(nine));

        Assert.Equal(WatchNews.New, Take(Map(ten)));
        Assert.Equal(WatchNews.Old, Take(Map(nine)));
        Assert.Equal(WatchNews.New, Take(Map(ten + "0"), isGone: true));
        Assert.Equal(WatchNews.Old, Take(Map(ten)));
        Assert.Empty(cache.All);
    }

    [Fact]
    public void Take_GoneObjectWithVersionsThatAreNoNumbers_AsksForTheList_WhichBringsItBack()
    {
        Take(Map("x1"));
        Take(Map("x2"), isGone: true);

        Assert.Equal(WatchNews.Unclear, Take(Map("x3")));
        Assert.Empty(cache.All);
        cache.Replace([Map("x3")], "x4");
        Assert.Equal(WatchNews.New, Take(Map("x5")));

        Assert.Equal("x5", cache.Find("ops", "a")?.Metadata.ResourceVersion);
    }

    [Fact]
    public void Replace_ObjectThatWasGone_IsThereAgain()
    {
        Take(Map("1"));
        Take(Map("2"), isGone: true);

        cache.Replace([Map("3")], "5");

        Assert.Equal(WatchNews.New, Take(Map("6")));
        Assert.Equal("6", cache.Find("ops", "a")?.Metadata.ResourceVersion);
    }

    [Fact]
    public void Replace_ObjectThatIsNotInTheList_IsGone_AndOnlyWhatIsNewerThanTheListBringsItBack()
    {
        cache.Replace([Map("3"), Map("4", "b", "uid-b")], "5");
        cache.Replace([Map("4", "b", "uid-b")], "8");

        Assert.True(changes[^1].IsGone);
        Assert.Equal(WatchNews.Old, Take(Map("7")));
        Assert.Null(cache.Find("ops", "a"));
        Assert.Equal(WatchNews.New, Take(Map("9")));
    }

    [Fact]
    public void Take_EventThatTheListKnows_ChangesNothing()
    {
        cache.Replace([Map("3")], "8");
        changes.Clear();

        // One of an object that was deleted before the list, and of which nobody here has heard.
        Assert.Equal(WatchNews.Old, Take(Map("6", "b", "uid-b")));
        Assert.Equal(WatchNews.Old, Take(Map("7"), isGone: true));
        Assert.Empty(changes);
        Assert.Single(cache.All);
    }

    [Fact]
    public void Take_MadeAnewUnderTheSameName_TellsThatTheFirstIsGone()
    {
        Take(Map("1", uid: "first"));
        Take(Map("3", uid: "second"));

        Assert.Equal([("first", false), ("first", true), ("second", false)], changes.Select(c => (c.Object.Metadata.Uid, c.IsGone)));
        Assert.Equal(WatchNews.Old, Take(Map("2", uid: "first"), isGone: true));
        Assert.Equal("second", cache.Find("ops", "a")?.Metadata.Uid);
    }

    private WatchNews Take(V1ConfigMap item, bool isGone = false) => cache.Take(item, isGone);

    private static V1ConfigMap Map(string version, string name = "a", string uid = "uid-a") =>
        new() { Metadata = new() { Name = name, NamespaceProperty = "ops", Uid = uid, ResourceVersion = version } };
}
