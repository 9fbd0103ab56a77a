using Ops.Dashboard.Features.ModelStore.Retention;
using Ops.Data.Registry;

namespace Ops.Dashboard.Tests.Features.ModelStore.Retention;

public sealed class RetentionDecisionTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Decide_RuleOff_KeepsAll() =>
        Assert.All(RetentionDecision.Decide(new(false, 1, 0), Versions(5), Now), v => Assert.Equal(["the rule is off"], v.Kept));

    [Fact]
    public void Decide_RuleOn_GivesEveryReasonToStay()
    {
        var versions = Versions(6);
        versions[0] = versions[0] with { Aliases = ["champion"], Uses = ["serves on digits"] };

        var verdicts = RetentionDecision.Decide(new(true, 2, 35), versions, Now);

        Assert.Equal([6, 5, 4, 3, 2, 1], verdicts.Select(v => v.Version.Number));
        Assert.Equal(["one of the newest 2", "younger than 35 days"], verdicts[0].Kept);
        Assert.Equal(["younger than 35 days"], verdicts[2].Kept);
        Assert.Equal([3, 2], verdicts.Where(v => v.Goes).Select(v => v.Version.Number));
        Assert.Equal(["serves on digits", "carries champion"], verdicts[^1].Kept);
    }

    // Version n is 10 days older than version n + 1; the newest is ten days old.
    private static List<RetainedVersion> Versions(int count) =>
        [.. Enumerable.Range(1, count).Select(n => new RetainedVersion { Id = Guid.NewGuid(), Number = n, CreatedAt = Now.AddDays(-10 * (count - n + 1)), SizeBytes = 1 })];
}
