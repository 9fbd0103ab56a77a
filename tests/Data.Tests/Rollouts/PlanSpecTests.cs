using System.Diagnostics;
using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Data.Tests.Rollouts;

public sealed class PlanSpecTests
{
    private static readonly PlanSpec Spec = Examples.Spec();

    /// <summary>One change of every field, so that a field left out of the hash shows.</summary>
    public static TheoryData<string, Func<PlanSpec, PlanSpec>> Changes => new()
    {
        { nameof(PlanSpec.Schema), s => s with { Schema = 2 } },
        { nameof(PlanSpec.EndpointId), s => s with { EndpointId = Guid.NewGuid() } },
        { nameof(PlanSpec.Endpoint), s => s with { Endpoint = "other" } },
        { nameof(PlanSpec.TargetId), s => s with { TargetId = Guid.NewGuid() } },
        { nameof(PlanSpec.Target), s => s with { Target = "other" } },
        { nameof(PlanSpec.Environment), s => s with { Environment = TargetEnvironment.Production } },
        { nameof(PlanSpec.Model), s => s with { Model = "other" } },
        { nameof(PlanSpec.VersionId), s => s with { VersionId = Guid.NewGuid() } },
        { nameof(PlanSpec.Version), s => s with { Version = 4 } },
        { nameof(PlanSpec.VersionDigest), s => s with { VersionDigest = new string('b', 64) } },
        { nameof(PlanSpec.Runtime), s => s with { Runtime = "other" } },
        { nameof(PlanSpec.Nodes), s => s with { Nodes = ["a"] } },
        { nameof(PlanSpec.Replicas), s => s with { Replicas = 3 } },
        { nameof(PlanResources.CpuThreads), s => s with { Resources = s.Resources with { CpuThreads = 2 } } },
        { nameof(PlanResources.MemoryMiB), s => s with { Resources = s.Resources with { MemoryMiB = 513 } } },
        { nameof(PlanResources.Gpus), s => s with { Resources = s.Resources with { Gpus = 1 } } },
        { nameof(PlanSpec.EnvironmentVariables), s => s with { EnvironmentVariables = new Dictionary<string, string> { ["A"] = "1", ["B"] = "3" } } },
        { nameof(PlanStrategy.Name), s => s with { Strategy = s.Strategy with { Name = "recreate" } } },
        { nameof(PlanStrategy.MaxSurge), s => s with { Strategy = s.Strategy with { MaxSurge = 2 } } },
        { nameof(PlanStrategy.ProgressDeadlineSeconds), s => s with { Strategy = s.Strategy with { ProgressDeadlineSeconds = 121 } } },
        { nameof(PlanStrategy.Steps), s => s with { Strategy = s.Strategy with { Steps = [new() { Weight = 10 }] } } },
        { nameof(PlanStrategy.Gates), s => s with { Strategy = s.Strategy with { Gates = [new() { Metric = GateMetrics.ErrorRate, Max = 0.01 }] } } },
        { nameof(PlanStrategy.RollBackOnFailure), s => s with { Strategy = s.Strategy with { RollBackOnFailure = true } } },
        { nameof(PlanStrategy.KeepOldSeconds), s => s with { Strategy = s.Strategy with { KeepOldSeconds = 60 } } },
        { nameof(PlanSpec.RequiresToken), s => s with { RequiresToken = false } },
        { nameof(PlanSpec.Kubernetes), s => s with { Kubernetes = Cluster } },
    };

    private static PlanKubernetes Cluster => new() { Namespace = "models", Image = "r/i@sha256:" + new string('a', 64) };

    /// <summary>One change of every field that only a cluster needs.</summary>
    public static TheoryData<string, Func<PlanKubernetes, PlanKubernetes>> ClusterChanges => new()
    {
        { nameof(PlanKubernetes.Namespace), k => k with { Namespace = "other" } },
        { nameof(PlanKubernetes.Image), k => k with { Image = "other" } },
        { nameof(PlanKubernetes.NodeSelector), k => k with { NodeSelector = new Dictionary<string, string> { ["a"] = "1" } } },
        { nameof(PlanKubernetes.NodeFilter), k => k with { NodeFilter = new Dictionary<string, string> { ["a"] = "1" } } },
        { nameof(PlanKubernetes.Tolerations), k => k with { Tolerations = [new("a")] } },
        { nameof(PlanKubernetes.RuntimeClass), k => k with { RuntimeClass = "a" } },
        { nameof(PlanKubernetes.PriorityClass), k => k with { PriorityClass = "a" } },
        { nameof(PlanKubernetes.DiskMiB), k => k with { DiskMiB = 1 } },
        { nameof(PlanKubernetes.CacheClaim), k => k with { CacheClaim = "a" } },
        { nameof(PlanKubernetes.GpuResource), k => k with { GpuResource = "amd.com/gpu" } },
        { nameof(PlanKubernetes.Autoscaling), k => k with { Autoscaling = new() { MinReplicas = 1, MaxReplicas = 2 } } },
        { nameof(PlanKubernetes.Hostname), k => k with { Hostname = "a.example" } },
    };

    [Theory]
    [MemberData(nameof(Changes))]
    public void Hash_AnyFieldChanges_Changes(string field, Func<PlanSpec, PlanSpec> change) =>
        Assert.True(Hash(Spec) != Hash(change(Spec)), $"{field} is not part of the hash.");

    [Theory]
    [MemberData(nameof(ClusterChanges))]
    public void Hash_AnyFieldOfAClusterChanges_ChangesAndIsReadBack(string field, Func<PlanKubernetes, PlanKubernetes> change)
    {
        var json = (Spec with { Kubernetes = change(Cluster) }).ToCanonicalJson();

        Assert.True(Hash(Spec with { Kubernetes = Cluster }) != PlanSpec.HashOf(json), $"{field} is not part of the hash.");
        Assert.Equal(json, PlanSpec.Parse(json).ToCanonicalJson());
    }

    [Fact]
    public void ClusterChanges_NameEveryFieldThereIs() => Assert.Equal(typeof(PlanKubernetes).GetProperties().Select(p => p.Name).Order(), ClusterChanges.Select(row => row.Data.Item1).Order());

    [Fact]
    public void ToCanonicalJson_ClusterOfAPlanFromBefore_TheSameText() => Assert.EndsWith(
        """ "kubernetes":{"namespace":"models","image":"r/i@sha256:x","nodeSelector":{},"gpuResource":"nvidia.com/gpu","autoscaling":null,"hostname":null}}""".Trim(),
        (Spec with { Kubernetes = Cluster with { Image = "r/i@sha256:x" } }).ToCanonicalJson(),
        StringComparison.Ordinal);

    [Fact]
    public void Changes_NameEveryFieldThereIs()
    {
        var fields = new[] { typeof(PlanSpec), typeof(PlanResources), typeof(PlanStrategy) }
            .SelectMany(t => t.GetProperties())
            .Where(p => p.PropertyType != typeof(PlanResources) && p.PropertyType != typeof(PlanStrategy))
            .Select(p => p.Name);

        Assert.Equal(fields.Order(), Changes.Select(row => row.Data.Item1).Order());
    }

    [Fact]
    public void ToCanonicalJson_NodesAndVariablesInAnyOrder_Same()
    {
        var other = Spec with
        {
            Nodes = ["a", "b"],
            EnvironmentVariables = new Dictionary<string, string> { ["A"] = "1", ["B"] = "2" },
        };

        Assert.Equal(Spec.ToCanonicalJson(), other.ToCanonicalJson());
    }

    [Fact]
    public void ToCanonicalJson_ForEver_TheSameText()
    {
        var spec = Spec with { EndpointId = Guid.Empty, TargetId = Guid.Empty, VersionId = Guid.Empty, VersionDigest = "d" };

        // Decisions in databases out there are about hashes of exactly this text.
        Assert.Equal(
            """{"schema":1,"endpointId":"00000000-0000-0000-0000-000000000000","endpoint":"digits","targetId":"00000000-0000-0000-0000-000000000000","target":"local","environment":"Staging","model":"digits","versionId":"00000000-0000-0000-0000-000000000000","version":3,"versionDigest":"d","runtime":"ops-runtime","nodes":["a","b"],"replicas":2,"resources":{"cpuThreads":1,"memoryMiB":512,"gpus":0},"environmentVariables":{"A":"1","B":"2"},"strategy":{"name":"rolling","maxSurge":1,"progressDeadlineSeconds":120},"requiresToken":true}""",
            spec.ToCanonicalJson());
    }

    [Fact]
    public void ToCanonicalJson_WithSteps_SaysThemAndReadsThemBack()
    {
        var spec = Spec with
        {
            Strategy = new()
            {
                Name = "canary",
                Steps = [new() { Weight = 10, PauseSeconds = 60 }, new() { Weight = 50, WaitsForPerson = true }],
                Gates = [new() { Metric = GateMetrics.LatencyP95, MaxRatio = 1.5, MinRequests = 20, WindowSeconds = 30 }],
                RollBackOnFailure = true,
            },
            Kubernetes = new() { Namespace = "models", Image = "r/i@sha256:x", NodeSelector = new Dictionary<string, string> { ["b"] = "2", ["a"] = "1" } },
        };

        var json = spec.ToCanonicalJson();

        Assert.Contains("""
            "steps":[{"weight":10,"pauseSeconds":60,"waitsForPerson":false},{"weight":50,"pauseSeconds":0,"waitsForPerson":true}],"gates":[{"metric":"latency-p95","max":null,"maxRatio":1.5,"minRequests":20,"windowSeconds":30}],"rollBackOnFailure":true}
            """.Trim(), json, StringComparison.Ordinal);
        Assert.Contains(""" "nodeSelector":{"a":"1","b":"2"} """.Trim(), json, StringComparison.Ordinal);
        Assert.Equal(json, PlanSpec.Parse(json).ToCanonicalJson());
    }

    [Fact]
    public void Parse_OfCanonicalJson_RoundTripsForAnyPlan()
    {
        var text = ArbMap.Default.GeneratorFor<NonNull<string>>();
        var plans =
            from endpoint in text
            from nodes in text.Select(t => t.Get).ListOf()
            from names in text.Select(t => t.Get).ListOf()
            from replicas in Gen.Choose(1, 64)
            from environment in Gen.Elements(Enum.GetValues<TargetEnvironment>())
            select Spec with
            {
                Endpoint = endpoint.Get,
                Nodes = [.. nodes],
                EnvironmentVariables = names.Distinct(StringComparer.Ordinal).ToDictionary(n => n, n => n + "=", StringComparer.Ordinal),
                Replicas = replicas,
                Environment = environment,
            };

        Prop.ForAll(plans.ToArbitrary(), plan =>
        {
            var json = plan.ToCanonicalJson();
            var shuffled = plan with
            {
                Nodes = [.. plan.Nodes.Reverse()],
                EnvironmentVariables = plan.EnvironmentVariables.Reverse().ToDictionary(StringComparer.Ordinal),
            };
            return PlanSpec.Parse(json).ToCanonicalJson() == json && shuffled.ToCanonicalJson() == json;
        }).QuickCheckThrowOnFailure();
    }

    [Theory]
    [InlineData("\"schema\":1,", "\"schema\":1,\"privileged\":true,")]
    [InlineData("\"cpuThreads\":1,", "\"cpuThreads\":1,\"hostNetwork\":true,")]
    [InlineData("\"environment\":\"Staging\"", "\"environment\":\"Moon\"")]
    [InlineData("\"environment\":\"Staging\"", "\"environment\":7")]
    [InlineData("\"endpoint\":\"digits\"", "\"endpoint\":null")]
    [InlineData("\"nodes\":[\"a\",\"b\"]", "\"nodes\":null")]
    [InlineData("\"schema\":1,", "\"schema\":1,\"replicas\":64,")]
    [InlineData("\"replicas\":2,", "")]
    [InlineData("\"replicas\":2", "\"replicas\":\"two\"")]
    public void Parse_WhatItDidNotWrite_Refused(string part, string instead)
    {
        var json = Spec.ToCanonicalJson();
        Assert.Contains(part, json, StringComparison.Ordinal);

        Assert.Throws<JsonException>(() => PlanSpec.Parse(json.Replace(part, instead, StringComparison.Ordinal)));
    }

    [Fact]
    public void Parse_Null_Refused() => Assert.Throws<JsonException>(() => PlanSpec.Parse("null"));

    [Fact]
    public void Seal_KeepsTheHashOfItsText()
    {
        var plan = Plan.Seal(Spec, Guid.NewGuid(), "pia", Examples.Noon);

        Assert.Equal(Hash(Spec), plan.Hash);
        Assert.True(plan.IsIntact);
        Assert.Equal((Spec.EndpointId, Spec.VersionId), (plan.EndpointId, plan.VersionId));
        Assert.Equal(["a", "b"], plan.Spec.Nodes);
    }

    [Fact]
    public void IsIntact_TheTextWasChangedBehindItsBack_False()
    {
        var plan = Plan.Seal(Spec, Guid.NewGuid(), "pia", Examples.Noon);
        var json = plan.SpecJson.Replace("\"replicas\":2", "\"replicas\":64", StringComparison.Ordinal);
        (typeof(Plan).GetProperty(nameof(Plan.SpecJson)) ?? throw new UnreachableException()).SetValue(plan, json);

        Assert.False(plan.IsIntact);
    }

    private static string Hash(PlanSpec spec) => PlanSpec.HashOf(spec.ToCanonicalJson());
}
