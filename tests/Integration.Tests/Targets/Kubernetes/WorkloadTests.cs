using System.Text.Json.Nodes;
using Ops.Testing.Kubernetes;

namespace Ops.Integration.Tests.Targets.Kubernetes;

/// <summary>How workloads behave behind the API where rollouts rely on it: the same on the double and on a real control plane with hollow nodes.</summary>
public sealed class WorkloadTests(ClusterFixture cluster)
{
    private RawApi Api => cluster.Api;

    [Fact]
    public async Task Deployment_NewImage_RollsAndCounts()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        await Api.ApplyAsync(path, Objects.Deployment("a", "roll/one:1", replicas: 3));
        var first = await Api.UntilAsync(path, IsComplete);
        Assert.Equal("1", first.Text("metadata", "annotations", "deployment.kubernetes.io/revision"));
        Assert.Equal((1, 3, 3), (first.Number("status", "observedGeneration"), first.Number("status", "readyReplicas"), first.Number("status", "availableReplicas")));
        Assert.Equal("NewReplicaSetAvailable", Conditions.Find(first.AsObject(), "Progressing").Text("reason"));
        Assert.Equal(1, first.Number("metadata", "generation"));

        await Api.ApplyAsync(path, Objects.Deployment("a", "roll/two:1", replicas: 3));
        var second = await Api.UntilAsync(path, IsComplete);
        Assert.Equal("2", second.Text("metadata", "annotations", "deployment.kubernetes.io/revision"));
        Assert.Equal(2, second.Number("status", "observedGeneration"));
        var sets = (await Api.GetAsync($"/apis/apps/v1/namespaces/{space}/replicasets")).Body.Items("items").OrderBy(s => s.Text("metadata", "annotations", "deployment.kubernetes.io/revision"), StringComparer.Ordinal).ToList();
        Assert.Equal([0L, 3L], sets.Select(s => s.Number("spec", "replicas")!.Value));
        Assert.All(sets, s => Assert.EndsWith("-" + s.Text("metadata", "labels", "pod-template-hash"), s.Text("metadata", "name"), StringComparison.Ordinal));

        // Back to the first template: its replica set is used again and becomes revision 3.
        await Api.ApplyAsync(path, Objects.Deployment("a", "roll/one:1", replicas: 3));
        var third = await Api.UntilAsync(path, IsComplete);
        Assert.Equal("3", third.Text("metadata", "annotations", "deployment.kubernetes.io/revision"));
        Assert.Equal(2, (await Api.GetAsync($"/apis/apps/v1/namespaces/{space}/replicasets")).Body.Items("items").Count());
    }

    [Fact]
    public async Task Deployment_NewPodsCrash_OldOnesStayAndTheDeadlinePasses()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        JsonObject With(string image) => Objects.Deployment("a", image, replicas: 2, d =>
        {
            d["spec"]!["progressDeadlineSeconds"] = 2;
            d["spec"]!["strategy"] = new JsonObject { ["rollingUpdate"] = new JsonObject { ["maxUnavailable"] = 0, ["maxSurge"] = 1 } };
        });
        await Api.ApplyAsync(path, With("good/one:1"));
        await Api.UntilAsync(path, IsComplete);
        await cluster.ScriptAsync("crash/one", PodScript.CrashLoop(3, "last words"));
        await Api.ApplyAsync(path, With("crash/one:1"));

        var stuck = await Api.UntilAsync(path, d => Conditions.Find(d.AsObject(), "Progressing").Text("reason") == "ProgressDeadlineExceeded");

        Assert.Equal("False", Conditions.Find(stuck.AsObject(), "Progressing").Text("status"));
        Assert.Equal("True", Conditions.Find(stuck.AsObject(), "Available").Text("status"));
        Assert.Equal((3, 1, 2, 1), (stuck.Number("status", "replicas"), stuck.Number("status", "updatedReplicas"), stuck.Number("status", "availableReplicas"), stuck.Number("status", "unavailableReplicas")));
        var crashed = (await Api.GetAsync($"/api/v1/namespaces/{space}/pods")).Body.Items("items").Single(p => p.Items("spec", "containers").First().Text("image") == "crash/one:1");
        var state = crashed.Items("status", "containerStatuses").Single();
        Assert.Equal(("CrashLoopBackOff", 3), (state.Text("state", "waiting", "reason"), state.Number("lastState", "terminated", "exitCode")));
    }

    [Fact]
    public async Task Deployment_NoFreeGpu_PodSaysWhyItWaits()
    {
        var space = await cluster.NamespaceAsync();
        await Api.ApplyAsync($"/apis/apps/v1/namespaces/{space}/deployments/a", Objects.Deployment("a", "gpu/one:1", 1, d =>
        {
            var pod = d.Object("spec", "template", "spec")!;
            pod.Items("containers").First()["resources"] = new JsonObject { ["limits"] = new JsonObject { ["nvidia.com/gpu"] = "9" } };
            pod["tolerations"] = new JsonArray(new JsonObject { ["key"] = "nvidia.com/gpu", ["operator"] = "Exists", ["effect"] = "NoSchedule" });
        }));

        var pods = await Api.UntilAsync($"/api/v1/namespaces/{space}/pods", l => l.Items("items").Any(p => Conditions.Find(p, "PodScheduled").Text("reason") == "Unschedulable"));
        Assert.Matches("^0/[0-9]+ nodes are available: .*[0-9]+ Insufficient nvidia.com/gpu", Conditions.Find(pods.Items("items").Single(), "PodScheduled").Text("message"));
        var events = await Api.UntilAsync($"/api/v1/namespaces/{space}/events?fieldSelector=reason=FailedScheduling", l => l.Items("items").Any());
        Assert.Equal("Warning", events.Items("items").First().Text("type"));
    }

    [Fact]
    public async Task Deployment_OverQuota_SaysSoInItsConditions()
    {
        var space = await cluster.NamespaceAsync();
        await Api.PostAsync($"/api/v1/namespaces/{space}/resourcequotas", new JsonObject { ["apiVersion"] = "v1", ["kind"] = "ResourceQuota", ["metadata"] = new JsonObject { ["name"] = "q" }, ["spec"] = new JsonObject { ["hard"] = new JsonObject { ["pods"] = "1" } } });
        await Api.UntilAsync($"/api/v1/namespaces/{space}/resourcequotas/q", q => q.Text("status", "used", "pods") == "0");
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        await Api.ApplyAsync(path, Objects.Deployment("a", "quota/one:1", replicas: 2));

        var refused = await Api.UntilAsync(path, d => Conditions.Find(d.AsObject(), "ReplicaFailure") is not null);

        var condition = Conditions.Find(refused.AsObject(), "ReplicaFailure");
        Assert.Equal("FailedCreate", condition.Text("reason"));
        Assert.Contains("exceeded quota: q, requested: pods=1, used: pods=1, limited: pods=1", condition.Text("message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Evict_AgainstBudget_IsRefusedUntilThereAreEnoughPods()
    {
        var space = await cluster.NamespaceAsync();
        await Api.PostAsync($"/apis/policy/v1/namespaces/{space}/poddisruptionbudgets", JsonNode.Parse("""{"apiVersion":"policy/v1","kind":"PodDisruptionBudget","metadata":{"name":"b"},"spec":{"minAvailable":1,"selector":{"matchLabels":{"app":"a"}}}}""")!);
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        await Api.ApplyAsync(path, Objects.Deployment("a", "evict/one:1", replicas: 1));
        await Api.UntilAsync(path, IsComplete);
        await Api.UntilAsync($"/apis/policy/v1/namespaces/{space}/poddisruptionbudgets/b", b => b.Number("status", "currentHealthy") == 1);
        var pod = (await Api.GetAsync($"/api/v1/namespaces/{space}/pods")).Body.Items("items").Single().Text("metadata", "name");
        var eviction = new JsonObject { ["apiVersion"] = "policy/v1", ["kind"] = "Eviction", ["metadata"] = new JsonObject { ["name"] = pod } };

        var refused = await Api.PostAsync($"/api/v1/namespaces/{space}/pods/{pod}/eviction", eviction);
        Assert.Equal(429, refused.Code);
        Assert.Equal("Cannot evict pod as it would violate the pod's disruption budget.", refused.Message);
        Assert.Equal("The disruption budget b needs 1 healthy pods and has 1 currently", refused.Body.Items("details", "causes").Single().Text("message"));

        await Api.MergeAsync(path, """{"spec":{"replicas":2}}""");
        await Api.UntilAsync($"/apis/policy/v1/namespaces/{space}/poddisruptionbudgets/b", b => b.Number("status", "disruptionsAllowed") == 1);
        Assert.Equal(201, (await Api.PostAsync($"/api/v1/namespaces/{space}/pods/{pod}/eviction", eviction)).Code);
        await Api.UntilAsync(path, d => IsComplete(d) && d.Number("status", "readyReplicas") == 2);
    }

    [Fact]
    public async Task Delete_Deployment_TakesSetsAndPodsAlong()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        await Api.ApplyAsync(path, Objects.Deployment("a", "gone/one:1", replicas: 2));
        await Api.UntilAsync(path, IsComplete);
        var wrong = await Api.DeleteAsync(path, """{"preconditions":{"uid":"00000000-0000-0000-0000-000000000000"}}""");
        Assert.Equal(409, wrong.Code);

        var deleted = await Api.DeleteAsync(path, """{"kind":"DeleteOptions","apiVersion":"v1","propagationPolicy":"Foreground"}""");

        Assert.Equal(200, deleted.Code);
        await Api.UntilAsync(path, d => d.Number("code") == 404);
        Assert.Empty((await Api.GetAsync($"/apis/apps/v1/namespaces/{space}/replicasets")).Body.Items("items"));
        await Api.UntilAsync($"/api/v1/namespaces/{space}/pods", l => !l.Items("items").Any());
    }

    [Fact]
    public async Task Update_Selector_IsRefused()
    {
        var space = await cluster.NamespaceAsync();
        var path = $"/apis/apps/v1/namespaces/{space}/deployments/a";
        await Api.ApplyAsync(path, Objects.Deployment("a", "sel/one:1"));
        var other = Objects.Deployment("a", "sel/one:1");
        other["spec"]!["selector"]!["matchLabels"] = new JsonObject { ["app"] = "b" };
        other["spec"]!["template"]!["metadata"]!["labels"] = new JsonObject { ["app"] = "b" };

        var refused = await Api.ApplyAsync(path, other);

        Assert.Equal(422, refused.Code);
        Assert.Equal("Deployment.apps \"a\" is invalid: spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"b\"}}: field is immutable", refused.Message);
    }

    private static bool IsComplete(JsonNode deployment) =>
        deployment.Number("status", "observedGeneration") == deployment.Number("metadata", "generation")
        && deployment.Number("spec", "replicas") is var wanted && deployment.Number("status", "updatedReplicas") == wanted && deployment.Number("status", "replicas") == wanted && deployment.Number("status", "availableReplicas") == wanted
        && Conditions.Find(deployment.AsObject(), "Progressing").Text("reason") == "NewReplicaSetAvailable";
}
