using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;

namespace Ops.Dashboard.Tests.Features.Monitoring.Fleet;

public sealed class TileOrderTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 22, 10, 0, 0, TimeSpan.Zero);

    [Fact]
    public void WorstFirst_AllStates_BurningDegradedRollingHealthyIdleThenByName()
    {
        EndpointTile[] tiles =
        [
            Tiles.Of("b-idle", Health.Idle), Tiles.Of("a-healthy", Health.Healthy), Tiles.Of("z-rolling", Health.Healthy, rolling: true),
            Tiles.Of("y-degraded", Health.Degraded, rolling: true), Tiles.Of("x-burning", Health.Burning), Tiles.Of("c-healthy", Health.Healthy),
        ];

        Assert.Equal(["x-burning", "y-degraded", "z-rolling", "a-healthy", "c-healthy", "b-idle"], Names(TileOrder.WorstFirst(tiles)));
    }

    [Fact]
    public void Arrange_EndpointOnTheEdge_MovesOnceInTenSeconds()
    {
        var order = new TileOrder();
        var (a, b) = (Tiles.Of("a", Health.Healthy), Tiles.Of("b", Health.Healthy));
        Assert.Equal(["a", "b"], Arrange(order, Now, a, b));

        var burning = b with { Health = Health.Burning };
        Assert.Equal(["b", "a"], Arrange(order, Now.AddSeconds(1), a, burning));
        Assert.Equal(["b", "a"], Arrange(order, Now.AddSeconds(2), a, b));
        Assert.Equal(["b", "a"], Arrange(order, Now.AddSeconds(10.9), a, b));
        Assert.Equal(["a", "b"], Arrange(order, Now.AddSeconds(11), a, b));
    }

    [Fact]
    public void Arrange_NewAndGone_AtOnceWithoutMovingOthers()
    {
        var order = new TileOrder();
        var (a, b, c) = (Tiles.Of("a", Health.Healthy), Tiles.Of("b", Health.Healthy), Tiles.Of("c", Health.Healthy));
        Arrange(order, Now, a, b, c);
        Arrange(order, Now.AddSeconds(1), a, b, c with { Health = Health.Degraded });

        var newcomer = Tiles.Of("new", Health.Burning);
        Assert.Equal(["new", "c", "a", "b"], Arrange(order, Now.AddSeconds(2), a, b, c, newcomer));
        Assert.Equal(["new", "c", "b"], Arrange(order, Now.AddSeconds(3), b, c, newcomer));
    }

    [Fact]
    public void Arrange_AfterReset_TakesTheNewOrderAtOnce()
    {
        var order = new TileOrder();
        var (a, b) = (Tiles.Of("a", Health.Healthy), Tiles.Of("b", Health.Healthy));
        Arrange(order, Now, a, b);
        Arrange(order, Now.AddSeconds(1), a, b with { Health = Health.Burning });
        order.Reset();
        Assert.Equal(["a", "b"], Arrange(order, Now.AddSeconds(2), a, b));
    }

    private static IEnumerable<string> Arrange(TileOrder order, DateTimeOffset now, params EndpointTile[] tiles) => Names(order.Arrange(TileOrder.WorstFirst(tiles), now));

    private static IEnumerable<string> Names(IEnumerable<EndpointTile> tiles) => tiles.Select(t => t.Facts.Name);
}
