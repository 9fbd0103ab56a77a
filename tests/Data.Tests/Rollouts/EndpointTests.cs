using Ops.Data.Rollouts;

namespace Ops.Data.Tests.Rollouts;

public sealed class EndpointTests
{
    private static readonly DateTimeOffset Later = Examples.Noon.AddDays(1);
    private readonly Endpoint endpoint = Examples.Endpoint(Examples.Target());
    private readonly Guid rollout = Guid.NewGuid();
    private readonly Guid plan = Guid.NewGuid();

    [Fact]
    public void Create_BadName_Refused() => Assert.Equal("endpoint", Endpoint.Create("a/b", Guid.NewGuid(), Guid.NewGuid(), "olga", Later).Failure?.Field);

    [Fact]
    public void Create_ServesNothingYet() =>
        Assert.Equal((null, null, null), (endpoint.ActiveRolloutId, endpoint.StablePlanId, endpoint.RetiredAt));

    [Fact]
    public void Activate_TheSameRolloutAgain_StaysActive()
    {
        Assert.True(endpoint.Activate(rollout).Succeeded);
        Assert.True(endpoint.Activate(rollout).Succeeded);
        Assert.Equal(rollout, endpoint.ActiveRolloutId);
    }

    [Fact]
    public void Activate_WhileAnotherIsActive_Refused()
    {
        endpoint.Activate(rollout);
        Assert.Equal(FailureKind.Conflict, endpoint.Activate(Guid.NewGuid()).Failure?.Kind);
        Assert.Equal(rollout, endpoint.ActiveRolloutId);
    }

    [Fact]
    public void Activate_Retired_Refused()
    {
        endpoint.Retire(Later);
        Assert.Equal(FailureKind.Conflict, endpoint.Activate(rollout).Failure?.Kind);
        Assert.Null(endpoint.ActiveRolloutId);
    }

    [Fact]
    public void Settle_WithAPlan_MakesItStable()
    {
        endpoint.Activate(rollout);
        Assert.True(endpoint.Settle(rollout, plan).Succeeded);
        Assert.Equal((null, plan), (endpoint.ActiveRolloutId, endpoint.StablePlanId));
    }

    [Fact]
    public void Settle_WithoutAPlan_KeepsTheStableOne()
    {
        endpoint.Activate(rollout);
        endpoint.Settle(rollout, plan);
        endpoint.Activate(Guid.NewGuid());
        Assert.True(endpoint.Settle(endpoint.ActiveRolloutId!.Value, null).Succeeded);
        Assert.Equal(plan, endpoint.StablePlanId);
    }

    [Fact]
    public void Settle_ByARolloutThatIsNotActive_Refused()
    {
        Assert.Equal(FailureKind.Conflict, endpoint.Settle(rollout, plan).Failure?.Kind);
        endpoint.Activate(rollout);
        Assert.Equal(FailureKind.Conflict, endpoint.Settle(Guid.NewGuid(), plan).Failure?.Kind);
        Assert.Equal((rollout, null), (endpoint.ActiveRolloutId, endpoint.StablePlanId));
    }

    [Fact]
    public void Retire_WhileARolloutIsActive_Refused()
    {
        endpoint.Activate(rollout);
        Assert.Equal(FailureKind.Conflict, endpoint.Retire(Later).Failure?.Kind);
        Assert.Null(endpoint.RetiredAt);
    }

    [Fact]
    public void Retire_Twice_Refused()
    {
        Assert.True(endpoint.Retire(Later).Succeeded);
        Assert.Equal(FailureKind.Conflict, endpoint.Retire(Later.AddDays(1)).Failure?.Kind);
        Assert.Equal(Later, endpoint.RetiredAt);
    }

    [Fact]
    public void Revoke_Twice_RefusedAndTheFirstMomentStays()
    {
        var token = Examples.Token(endpoint);
        Assert.True(token.Revoke(Later).Succeeded);
        Assert.Equal(FailureKind.Conflict, token.Revoke(Later.AddDays(1)).Failure?.Kind);
        Assert.Equal(Later, token.RevokedAt);
    }

    [Fact]
    public void Accept_TheSameFieldAgain_KeepsTheNewerOneAndTheOthers()
    {
        Assert.True(endpoint.Accept([Examples.Change("spec.replicas"), Examples.Change("spec.paused")]).Succeeded);
        Assert.True(endpoint.Accept([Examples.Change("spec.replicas", "to 9")]).Succeeded);
        Assert.Equal([("spec.paused", "changed"), ("spec.replicas", "to 9")], endpoint.Accepted.Select(a => (a.Path, a.Sentence)));
    }

    [Fact]
    public void Accept_NothingOrWhileARolloutActsOrRetired_Refused()
    {
        Assert.Equal(FailureKind.Conflict, endpoint.Accept([]).Failure?.Kind);
        endpoint.Activate(rollout);
        Assert.Equal(FailureKind.Conflict, endpoint.Accept([Examples.Change("spec.replicas")]).Failure?.Kind);
        endpoint.Settle(rollout, plan);
        endpoint.Retire(Later);
        Assert.Equal(FailureKind.Conflict, endpoint.Accept([Examples.Change("spec.replicas")]).Failure?.Kind);
        Assert.Empty(endpoint.Accepted);
    }

    [Fact]
    public void Accept_MoreThanAreKept_Refused()
    {
        Assert.True(endpoint.Accept([.. Enumerable.Range(0, AcceptedChange.Most).Select(i => Examples.Change($"spec.f{i}"))]).Succeeded);
        Assert.Equal(FailureKind.Conflict, endpoint.Accept([Examples.Change("spec.more")]).Failure?.Kind);
        Assert.Equal(AcceptedChange.Most, endpoint.Accepted.Count);
    }

    [Fact]
    public void NoteOpen_ChangesAndAWishCarriedOut_AreKeptWithoutStandingInAnybodysWay()
    {
        var endpoint = Examples.Endpoint(Examples.Target());
        var (first, second) = (Guid.NewGuid(), Guid.NewGuid());
        endpoint.AskPutBack(first);
        var revision = endpoint.Revision;

        Assert.True(endpoint.NoteOpen([Examples.Open("spec.replicas")], null));
        Assert.False(endpoint.NoteOpen([Examples.Open("spec.replicas")], null));
        Assert.Equal((revision, first), (endpoint.Revision, endpoint.PutBackAsk));
        Assert.Equal("spec.replicas", Assert.Single(endpoint.Open).Path);

        endpoint.AskPutBack(second);
        Assert.False(endpoint.NoteOpen([Examples.Open("spec.replicas")], first));
        Assert.Equal(second, endpoint.PutBackAsk);
        Assert.True(endpoint.NoteOpen([], second));
        Assert.Null(endpoint.PutBackAsk);
        Assert.Null(endpoint.OpenJson);
    }

    [Fact]
    public void Open_ChangeThatWasAccepted_WaitsNoMoreButAnotherOfTheFieldDoes()
    {
        var endpoint = Examples.Endpoint(Examples.Target());
        endpoint.NoteOpen([Examples.Open("spec.replicas")], null);
        Assert.True(endpoint.Accept([.. endpoint.Open.Select(o => o.AcceptedBy("olga", Examples.Noon))]).Succeeded);
        Assert.Empty(endpoint.Open);

        endpoint.NoteOpen([Examples.Open("spec.replicas") with { FoundHash = "other" }], null);
        Assert.Single(endpoint.Open);
    }

    [Fact]
    public void Activate_AnotherRollout_EndsWhatWasAccepted()
    {
        endpoint.Accept([Examples.Change("spec.replicas")]);
        Assert.True(endpoint.Activate(rollout).Succeeded);
        Assert.Null(endpoint.AcceptedJson);
    }

    [Fact]
    public void EndAcceptance_OfSome_KeepsTheOthers()
    {
        endpoint.Accept([Examples.Change("spec.replicas"), Examples.Change("spec.paused")]);
        Assert.Equal(["spec.paused"], endpoint.EndAcceptance(a => a.Path == "spec.paused").Select(a => a.Path));
        Assert.Equal(["spec.replicas"], endpoint.Accepted.Select(a => a.Path));
        var revision = endpoint.Revision;
        Assert.Empty(endpoint.EndAcceptance(a => a.Path == "spec.paused"));
        Assert.Equal(revision, endpoint.Revision);
    }
}
