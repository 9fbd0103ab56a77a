using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>How the API behaves where this product relies on it: the same on the double and on a real server.</summary>
public sealed class RawApiTests(ClusterFixture cluster)
{
    private RawApi Api => cluster.Api;

    [Fact]
    public async Task Apply_FieldOwnedByAnother_ConflictNamesManagerAndField()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        Assert.Equal(201, (await Api.ApplyAsync(path, Objects.Deployment("a", "img/one:1"))).Code);
        Assert.Equal(200, (await Api.MergeAsync(path + "?fieldManager=somebody", """{"spec":{"replicas":3}}""")).Code);

        var refused = await Api.ApplyAsync(path, Objects.Deployment("a", "img/one:1", replicas: 2));

        Assert.Equal(409, refused.Code);
        Assert.Equal("Conflict", refused.Body.Text("reason"));
        Assert.StartsWith("Apply failed with 1 conflict: conflict with \"somebody\" using apps/v1", refused.Message, StringComparison.Ordinal);
        Assert.EndsWith(": .spec.replicas", refused.Message, StringComparison.Ordinal);
        var cause = Assert.Single(refused.Body.Items("details", "causes"));
        Assert.Equal("FieldManagerConflict", cause.Text("reason"));
        Assert.Equal(".spec.replicas", cause.Text("field"));

        var forced = await Api.ApplyAsync(path, Objects.Deployment("a", "img/one:1", replicas: 2), options: "&force=true");
        Assert.Equal(200, forced.Code);
        Assert.Equal(2, forced.Body.Number("spec", "replicas"));
        Assert.DoesNotContain(forced.Body.Items("metadata", "managedFields"), m => m.Text("manager") == "somebody" && m.Dig("fieldsV1", "f:spec", "f:replicas") is not null);
    }

    [Fact]
    public async Task Apply_ForeignContainerFieldsAndImage_ConflictsAreListed()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        await Api.ApplyAsync(path, Objects.Deployment("a", "img/one:1"));
        await Api.ApplyAsync(path, Objects.Deployment("a", "img/two:1", replicas: 5), "other", "&force=true");

        var refused = await Api.ApplyAsync(path, Objects.Deployment("a", "img/one:1"));

        Assert.Equal(409, refused.Code);
        Assert.Equal("Apply failed with 2 conflicts: conflicts with \"other\":\n- .spec.replicas\n- .spec.template.spec.containers[name=\"server\"].image", refused.Message);
    }

    [Fact]
    public async Task Apply_FieldNoLongerSet_IsTakenAway_AndForeignOnesStay()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        var with = Objects.Deployment("a", "img/one:1");
        with.Items("spec", "template", "spec", "containers").First()["env"] = new JsonArray(new JsonObject { ["name"] = "A", ["value"] = "1" }, new JsonObject { ["name"] = "B", ["value"] = "2" });
        with["metadata"]!["annotations"] = new JsonObject { ["mine"] = "1" };
        await Api.ApplyAsync(path, with);
        await Api.MergeAsync(path + "?fieldManager=somebody", """{"metadata":{"annotations":{"theirs":"2"}}}""");
        var without = Objects.Deployment("a", "img/one:1");
        without.Items("spec", "template", "spec", "containers").First()["env"] = new JsonArray(new JsonObject { ["name"] = "B", ["value"] = "2" });

        var applied = await Api.ApplyAsync(path, without);

        Assert.Equal(["B"], applied.Body.Items("spec", "template", "spec", "containers").First().Items("env").Select(e => e.Text("name")!));
        Assert.Null(applied.Body.Text("metadata", "annotations", "mine"));
        Assert.Equal("2", applied.Body.Text("metadata", "annotations", "theirs"));
    }

    [Fact]
    public async Task Apply_SameAgain_WritesNothing()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/services/a";
        var first = await Api.ApplyAsync(path, Objects.Service("a"));
        var again = await Api.ApplyAsync(path, Objects.Service("a"));
        Assert.Equal(first.Version, again.Version);
        Assert.Equal(201, first.Code);
        Assert.Equal(200, again.Code);
    }

    [Fact]
    public async Task Write_UnknownOrDoubledField_IsRefusedByName()
    {
        var space = await cluster.NamespaceAsync();
        var body = Objects.Deployment("a", "img/one:1");
        body["spec"]!["replicaz"] = 3;
        var created = await Api.PostAsync($"/apis/apps/v1/namespaces/{space}/deployments?fieldValidation=Strict", body);
        var applied = await Api.ApplyAsync($"/apis/apps/v1/namespaces/{space}/deployments/a", body, options: "&fieldValidation=Strict");

        Assert.Equal(400, created.Code);
        Assert.Equal("Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error: unknown field \"spec.replicaz\"", created.Message);
        Assert.Equal(500, applied.Code);
        Assert.Equal("failed to create typed patch object (/a; apps/v1, Kind=Deployment): .spec.replicaz: field not declared in schema", applied.Message);
        Assert.Equal(404, (await Api.GetAsync($"/apis/apps/v1/namespaces/{space}/deployments/a")).Code);
    }

    [Fact]
    public async Task Write_DryRun_KeepsNothing()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        var tried = await Api.ApplyAsync(path, Objects.Deployment("a", "img/one:1"), options: "&dryRun=All");
        Assert.Equal(201, tried.Code);
        Assert.Equal("RollingUpdate", tried.Body.Text("spec", "strategy", "type"));
        Assert.Equal(404, (await Api.GetAsync(path)).Code);
    }

    [Fact]
    public async Task Create_BadNames_AreRefusedWithFields()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{space}/deployments";
        var broken = await Api.PostAsync(path, Objects.Deployment("a\nhostNetwork: true", "img/one:1"));
        var label = Objects.Deployment("a", "img/one:1");
        label["metadata"]!["labels"] = new JsonObject { ["ops/x"] = new string('a', 64) };
        var longLabel = await Api.PostAsync(path, label);
        var foreign = await Api.PostAsync("/apis/apps/v1/namespaces/no-such-namespace/deployments", Objects.Deployment("a", "img/one:1"));

        Assert.Equal(422, broken.Code);
        Assert.Contains(broken.Body.Items("details", "causes"), c => c.Text("field") == "metadata.name" && c.Text("reason") == "FieldValueInvalid");
        Assert.Equal(422, longLabel.Code);
        Assert.Contains(longLabel.Body.Items("details", "causes"), c => c.Text("field") == "metadata.labels" && c.Text("message")!.EndsWith("must be no more than 63 bytes", StringComparison.Ordinal));
        Assert.Equal((404, "namespaces \"no-such-namespace\" not found"), (foreign.Code, foreign.Message));
    }

    [Fact]
    public async Task List_InPages_ShowsOneVersion()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/api/v1/namespaces/{space}/configmaps";
        for (var i = 0; i < 5; i++)
        {
            await Api.PostAsync(path, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = $"m{i}", ["labels"] = new JsonObject { ["page"] = "yes" } } });
        }

        var first = await Api.GetAsync(path + "?limit=2&labelSelector=page=yes");
        await Api.PostAsync(path, new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ConfigMap", ["metadata"] = new JsonObject { ["name"] = "m9", ["labels"] = new JsonObject { ["page"] = "yes" } } });
        var names = first.Body.Items("items").Select(i => i.Text("metadata", "name")!).ToList();
        var next = first;
        while (next.Body.Text("metadata", "continue") is { Length: > 0 } token)
        {
            next = await Api.GetAsync($"{path}?limit=2&labelSelector=page=yes&continue={Uri.EscapeDataString(token)}");
            names.AddRange(next.Body.Items("items").Select(i => i.Text("metadata", "name")!));
            Assert.Equal(first.Version, next.Version);
        }

        Assert.Equal(["m0", "m1", "m2", "m3", "m4"], names);
        Assert.All(next.Body.Items("items"), i => Assert.Null(i["kind"]));
    }

    [Fact]
    public async Task Update_OldVersionOfALease_IsAConflict()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/coordination.k8s.io/v1/namespaces/{space}/leases";
        var made = await Api.PostAsync(path, Objects.Lease("l", "one"));
        var taken = made.Body.AsObject().Copy();
        taken["spec"]!["holderIdentity"] = "two";
        var second = await Api.PutAsync(path + "/l", taken);
        taken["spec"]!["holderIdentity"] = "three";
        var third = await Api.PutAsync(path + "/l", taken);
        taken["metadata"]!.AsObject().Remove("resourceVersion");
        var blind = await Api.PutAsync(path + "/l", taken);

        Assert.Equal((201, 200, 409), (made.Code, second.Code, third.Code));
        Assert.Equal("Operation cannot be fulfilled on leases.coordination.k8s.io \"l\": the object has been modified; please apply your changes to the latest version and try again", third.Message);
        Assert.Equal((422, "leases.coordination.k8s.io \"l\" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update"), (blind.Code, blind.Message));
        Assert.Equal(409, (await Api.PostAsync(path, Objects.Lease("l", "four"))).Code);
    }
}
