using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>How watches behave where caches rely on it: the same on the double and on a real server.</summary>
public sealed class RawWatchTests(ClusterFixture cluster)
{
    private RawApi Api => cluster.Api;

    [Fact]
    public async Task Watch_FromTheVersionOfAList_TellsWhatCameSince()
    {
        var path = $"/api/v1/namespaces/{await cluster.NamespaceAsync()}/configmaps";
        var from = (await Api.GetAsync(path)).Version;
        await MakeAsync(path, "a");
        await Api.MergeAsync(path + "/a", """{"data":{"k":"v"}}""");
        await Api.DeleteAsync(path + "/a");

        var events = await Api.WatchAsync($"{path}?watch=true&fieldSelector=metadata.name=a&resourceVersion={from}&timeoutSeconds=20", e => e.Count == 3);

        Assert.Equal(["ADDED", "MODIFIED", "DELETED"], events.Select(e => e.Text("type")!));
        var versions = events.Select(e => long.Parse(e.Text("object", "metadata", "resourceVersion")!)).ToList();
        Assert.Equal(versions.Order(), versions);
        Assert.Equal("ConfigMap", events[0].Text("object", "kind"));
        var resumed = await Api.WatchAsync($"{path}?watch=true&fieldSelector=metadata.name=a&resourceVersion={versions[1]}&timeoutSeconds=20", e => e.Count == 1);
        Assert.Equal("DELETED", resumed.Single().Text("type"));
    }

    [Fact]
    public async Task Watch_BySelector_ObjectThatNoLongerMatchesIsDeleted()
    {
        var path = $"/api/v1/namespaces/{await cluster.NamespaceAsync()}/configmaps";
        var from = (await Api.GetAsync(path)).Version;
        await MakeAsync(path, "a", "x");
        await Api.MergeAsync(path + "/a", """{"metadata":{"labels":{"l":"y"}}}""");
        await Api.MergeAsync(path + "/a", """{"metadata":{"labels":{"l":"x"}}}""");

        var events = await Api.WatchAsync($"{path}?watch=true&labelSelector=l%3Dx&resourceVersion={from}&timeoutSeconds=20", e => e.Count == 3);

        Assert.Equal(["ADDED", "DELETED", "ADDED"], events.Select(e => e.Text("type")!));
        Assert.Equal(["x", "x", "x"], events.Select(e => e.Text("object", "metadata", "labels", "l")!));
        Assert.Single(events.Select(e => e.Text("object", "metadata", "uid")).Distinct());
        var versions = events.Select(e => long.Parse(e.Text("object", "metadata", "resourceVersion")!)).ToList();
        Assert.Equal(versions.Distinct().Order(), versions);
    }

    [Fact]
    public async Task Watch_UntilItsTime_EndsWithABookmark()
    {
        var path = $"/api/v1/namespaces/{await cluster.NamespaceAsync()}/configmaps";
        var from = (await Api.GetAsync(path)).Version;

        // Something happens elsewhere: a server need not tell of a version that has been told already.
        var elsewhere = $"/api/v1/namespaces/{await cluster.NamespaceAsync()}/configmaps";
        var events = await Api.WatchAsync($"{path}?watch=true&allowWatchBookmarks=true&resourceVersion={from}&timeoutSeconds=4", _ => false, () => MakeAsync(elsewhere, "a"));
        Assert.Equal("BOOKMARK", events[^1].Text("type"));
        Assert.True(long.Parse(events[^1].Text("object", "metadata", "resourceVersion")!) >= long.Parse(from));
    }

    [Fact]
    public async Task Watch_FromLongAgo_IsToldThatItExpired()
    {
        // Of events nothing is kept in a server's memory, so only the database's history counts, which a server that has just started still has whole.
        JsonNode? told = null;
        for (var attempt = 0; attempt < 60 && told?.Text("type") != "ERROR"; attempt++)
        {
            told = (await Api.WatchAsync("/api/v1/events?watch=true&resourceVersion=1&timeoutSeconds=1", e => e.Count == 1)).FirstOrDefault();
            await Task.Delay(told?.Text("type") == "ERROR" ? TimeSpan.Zero : TimeSpan.FromSeconds(1));
        }

        Assert.Equal("ERROR", told.Text("type"));
        Assert.Equal((410, "Expired"), (told.Number("object", "code"), told.Text("object", "reason")));
        Assert.Contains("too old", told.Text("object", "message"), StringComparison.Ordinal);
    }

    private async Task MakeAsync(string path, string name, string label = "none") =>
        Assert.Equal(201, (await Api.PostAsync(path, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = name, ["labels"] = new JsonObject { ["l"] = label } } })).Code);
}
