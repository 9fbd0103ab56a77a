using Microsoft.AspNetCore.Http;
using Ops.Dashboard.Features.Serving;

namespace Ops.Dashboard.Tests.Features.Serving;

public sealed class RevisionChoiceTests
{
    private static readonly Guid Old = Guid.NewGuid();
    private static readonly Guid New = Guid.NewGuid();

    [Fact]
    public void Pick_TenPercent_GivesAboutATenth()
    {
        var choice = Choice(new() { [Old] = 90, [New] = 10 }, Old, New);

        var toNew = Enumerable.Range(0, 20_000).Count(_ => choice.Pick()[0].PlanId == New);

        // Fourteen standard deviations on either side.
        Assert.InRange(toNew, 1400, 2600);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100)]
    public void Pick_AllOrNothing_IsExact(int share)
    {
        var choice = Choice(new() { [Old] = 100 - share, [New] = share }, Old, New);

        Assert.All(Enumerable.Range(0, 1000), _ => Assert.Equal(share == 100 ? New : Old, choice.Pick()[0].PlanId));
    }

    [Fact]
    public void Pick_TheNewOneHasNoReadyReplica_GoesToTheOld()
    {
        var choice = Choice(new() { [Old] = 10, [New] = 90 }, Old);

        Assert.All(Enumerable.Range(0, 1000), _ => Assert.Equal(Old, choice.Pick()[0].PlanId));
    }

    [Fact]
    public void Pick_WithoutWeights_IsWhateverServes()
    {
        RevisionChoice choice = new(new(Guid.NewGuid(), "digits", false, new HashSet<Guid> { Old }), Replicas(Old, New));

        Assert.Same(choice.Serving, choice.Pick());
        Assert.Equal([Old], choice.Serving.Select(r => r.PlanId));
    }

    [Fact]
    public void Pick_ShadowOrPreview_NeverAnswersClients()
    {
        RevisionChoice choice = new(
            new(Guid.NewGuid(), "digits", false, new HashSet<Guid> { Old }) { Weights = new Dictionary<Guid, int> { [Old] = 100 }, Shadow = (New, 100), Preview = New },
            Replicas(Old, New));

        Assert.All(Enumerable.Range(0, 1000), _ => Assert.Equal(Old, choice.Pick()[0].PlanId));
        Assert.Equal([New], choice.Of(New).Select(r => r.PlanId));
    }

    [Fact]
    public void Begin_MoreLargeBodiesAtOnceThanThereIsRoomFor_GathersABoundedNumber()
    {
        using ReplicaSender sender = new([]);
        using ShadowCopies shadows = new(sender, new());
        EndpointRoute route = new(Guid.NewGuid(), "digits", false, new HashSet<Guid> { Old }) { Shadow = (New, 100) };

        // Each of them may come to hold four mebibytes while its client is still sending.
        var gathered = Enumerable.Range(0, 2000).Count(_ => shadows.Begin(route, new DefaultHttpContext()) is not null);

        Assert.InRange(gathered, 1, 256);
        Assert.Equal(2000 - gathered, shadows.Of(New).Dropped);
    }

    [Fact]
    public void Begin_RequestsThatAreOver_MakeRoomForOthers()
    {
        using ReplicaSender sender = new([]);
        using ShadowCopies shadows = new(sender, new());
        EndpointRoute route = new(Guid.NewGuid(), "digits", false, new HashSet<Guid> { Old }) { Shadow = (New, 100) };
        for (var i = 0; i < 1000; i++)
        {
            using var body = shadows.Begin(route, new DefaultHttpContext());
            Assert.NotNull(body);
        }

        Assert.Equal(0, shadows.Of(New).Dropped);
    }

    private static RevisionChoice Choice(Dictionary<Guid, int> weights, params Guid[] ready) =>
        new(new(Guid.NewGuid(), "digits", false, new HashSet<Guid> { Old, New }) { Weights = weights }, Replicas(ready));

    private static PooledReplica[] Replicas(params Guid[] plans) => [.. plans.Select((plan, i) => new PooledReplica($"r{i}", plan, new($"http://127.0.0.1:{i + 1}")))];
}
