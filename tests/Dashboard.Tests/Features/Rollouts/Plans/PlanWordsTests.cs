using Ops.Dashboard.Features.Rollouts.Plans;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Rollouts.Plans;

public sealed class PlanWordsTests
{
    private static readonly PlanSpec Before = new()
    {
        EndpointId = Guid.NewGuid(),
        Endpoint = "digits",
        TargetId = Guid.NewGuid(),
        Target = "local",
        Environment = TargetEnvironment.Staging,
        Model = "digits",
        VersionId = Guid.NewGuid(),
        Version = 1,
        VersionDigest = "aa",
        Replicas = 2,
        EnvironmentVariables = new Dictionary<string, string> { ["KEPT"] = "1", ["GONE"] = "x" },
    };

    [Fact]
    public void Diff_NothingChanged_IsEmpty() => Assert.Empty(PlanDiff.Between(Before, Before with { }));

    [Fact]
    public void Diff_SomeChanges_ShowsOnlyThoseInTheOrderOfTheWizard()
    {
        var after = Before with
        {
            VersionId = Guid.NewGuid(),
            Version = 2,
            VersionDigest = "bb",
            Replicas = 3,
            Resources = Before.Resources with { MemoryMiB = 1536 },
            EnvironmentVariables = new Dictionary<string, string> { ["KEPT"] = "1", ["NEW"] = "y" },
            RequiresToken = true,
        };

        Assert.Equal(
            [
                new("Version", "digits 1", "digits 2"),
                new("Replicas", "2", "3"),
                new("Memory", "512 MiB", "1.5 GiB"),
                new("Variable GONE", "x", null),
                new("Variable NEW", null, "y"),
                new("Token", "not required", "required"),
            ],
            PlanDiff.Between(Before, after));
    }

    [Fact]
    public void Diff_FirstPlan_ShowsEverythingAsNew()
    {
        var changes = PlanDiff.Between(null, Before);

        Assert.All(changes, c => Assert.Null(c.Old));
        Assert.Contains(changes, c => c is { Label: "Variable KEPT", New: "1" });
    }

    [Fact]
    public void Diff_StrategyWithSteps_SaysStepsGatesAndWhatAFailureDoes()
    {
        PlanStrategy canary = new()
        {
            Name = "canary",
            Steps = [new() { Weight = 10, PauseSeconds = 60 }, new() { Weight = 50, WaitsForPerson = true }],
            Gates = [new() { Metric = GateMetrics.ErrorRate, Max = 0.01, MinRequests = 20 }, new() { Metric = GateMetrics.Ready, Max = 1 }],
            RollBackOnFailure = false,
        };

        Assert.Equal(
            [
                new("Strategy", "rolling", "canary"),
                new("Steps", null, "10 % for 1 min → 50 % then a person says go"),
                new("Gates", null, "Error rate at most 1 % over 1 min, from 20 requests on; Replicas ready at least 100 %"),
                new("When it fails", "goes back by itself", "waits for a person"),
            ],
            PlanDiff.Between(Before, Before with { Strategy = canary }));
    }

    [Fact]
    public void Diff_Kubernetes_SaysWhereAndHowItScales()
    {
        PlanKubernetes before = new() { Namespace = "models", Image = "r/ops@sha256:aa" };
        var after = before with
        {
            NodeSelector = new SortedDictionary<string, string> { ["pool"] = "gpu" },
            Autoscaling = new() { MinReplicas = 2, MaxReplicas = 10, CpuPercent = 70 },
            Hostname = "digits.example.org",
        };

        Assert.Equal(
            [new("Node labels", null, "pool=gpu"), new("Autoscaling", null, "2 to 10 replicas, CPU at 70 %"), new("Host name", null, "digits.example.org")],
            PlanDiff.Between(Before with { Kubernetes = before }, Before with { Kubernetes = after }));
    }

    [Theory]
    [InlineData(1, 1, "rolling", "1 replica of digits 1 on this machine, 1 thread and 512 MiB; rolling, one at a time.")]
    [InlineData(2, 1, "rolling", "2 replicas of digits 1 on this machine, 1 thread and 512 MiB each; rolling, one at a time.")]
    [InlineData(2, 4, "recreate", "2 replicas of digits 1 on this machine, 4 threads and 512 MiB each; recreate: the old replicas stop before the new ones start.")]
    public void Sentence_SaysWhatWillHappen(int replicas, int threads, string strategy, string expected)
    {
        var plan = Before with { Replicas = replicas, Resources = new() { CpuThreads = threads }, Strategy = new() { Name = strategy } };

        Assert.Equal(expected, PlanSentence.Of(plan, TargetKinds.Local));
    }

    [Fact]
    public void Risks_HarmlessChange_AreNone() => Assert.Empty(PlanRisks.Of(Before, Before with { Version = 2 }));

    [Fact]
    public void Risks_FirstPlan_SaysThereIsNothingToGoBackTo() =>
        Assert.Contains(PlanRisks.Of(null, Before), n => n.Message.Contains("nothing to go back to", StringComparison.Ordinal));

    public static TheoryData<string, Func<PlanSpec, PlanSpec>> Risky => new()
    {
        { "changes production", p => p with { Environment = TargetEnvironment.Production } },
        { "Fewer replicas: 2 become 1", p => p with { Replicas = 1 } },
        { "More memory: 1 GiB in all becomes 2 GiB", p => p with { Resources = new() { MemoryMiB = 1024 } } },
        { "More threads: 2 in all become 8", p => p with { Resources = new() { CpuThreads = 4 } } },
        { "refused as soon as it starts", p => p with { RequiresToken = true } },
        { "Another model", p => p with { Model = "letters" } },
        { "An older version", p => p with { Version = 0 } },
        { "No gate checks", p => p with { Strategy = new() { Name = "canary", Steps = [new() { Weight = 10 }] } } },
        { "Another image", p => p with { Kubernetes = new() { Namespace = "models", Image = "b" } } },
        { "answers nothing between", p => p with { Strategy = new() { Name = "recreate" } } },
    };

    [Theory]
    [MemberData(nameof(Risky))]
    public void Risks_RiskyChange_IsNamed(string words, Func<PlanSpec, PlanSpec> change) =>
        Assert.Contains(PlanRisks.Of(Before with { Kubernetes = new() { Namespace = "models", Image = "a" } }, change(Before)), n => n.Message.Contains(words, StringComparison.Ordinal));

    [Theory]
    [InlineData(null, "Whoever reaches the Service in the cluster")]
    [InlineData("digits.example.org", "Whoever reaches digits.example.org at the gateway, or the Service in the cluster")]
    public void Risks_TokenOnACluster_SaysWhatAsksForNone(string? host, string words)
    {
        var plan = Before with { RequiresToken = true, Kubernetes = new() { Namespace = "models", Image = "a", Hostname = host } };

        Assert.Contains(PlanRisks.Of(null, plan), n => n.Level == RiskLevel.Caution && n.Message.Contains(words, StringComparison.Ordinal));
        Assert.Contains(PlanRisks.Of(plan, plan with { Version = 2 }), n => n.Level == RiskLevel.Note && n.Message.Contains(words, StringComparison.Ordinal));
        Assert.DoesNotContain(PlanRisks.Of(null, plan with { RequiresToken = false }), n => n.Message.Contains("/serve", StringComparison.Ordinal));
        Assert.DoesNotContain(PlanRisks.Of(null, plan with { Kubernetes = null }), n => n.Message.Contains("/serve", StringComparison.Ordinal));
    }

    [Fact]
    public void Risks_TokenNoLongerRequired_ComesBeforeMereNotes()
    {
        var notes = PlanRisks.Of(Before with { RequiresToken = true }, Before with { Resources = new() { MemoryMiB = 1024 } });

        Assert.Equal([RiskLevel.Caution, RiskLevel.Note], notes.Select(n => n.Level));
    }
}
