using Ops.Dashboard.Components.Controls;
using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Dashboard.Features.Monitoring.Pages;
using Ops.Dashboard.Tests.Features.Monitoring.Fleet;

namespace Ops.Dashboard.Tests.Features.Monitoring.Pages;

public sealed class EndpointListTests
{
    private static readonly EndpointTile[] All =
    [
        Tiles.Of("alpha", Health.Healthy) with { Rate = 5 },
        Tiles.Of("beta", Health.Burning) with { Rate = double.NaN },
        Tiles.Of("gamma", Health.Degraded, rolling: true) with { Rate = 50 },
        Retired("old"),
    ];

    [Theory]
    [InlineData(null, null, "alpha beta gamma")]
    [InlineData(null, "burning", "beta")]
    [InlineData(null, "rolling", "gamma")]
    [InlineData(null, "retired", "old")]
    [InlineData(null, "nonsense", "alpha beta gamma")]
    [InlineData("ALPH", null, "alpha")]
    [InlineData("digits a", null, "alpha beta gamma")]
    [InlineData("digits alpha", null, "alpha")]
    [InlineData("nothing", null, "")]
    public void Filter_SearchAndHealth_WhatFits(string? search, string? health, string expected) =>
        Assert.Equal(expected, string.Join(' ', EndpointList.Filter(All, search, health).Select(t => t.Facts.Name)));

    [Theory]
    [InlineData(null, "beta gamma alpha")]
    [InlineData("name", "alpha beta gamma")]
    [InlineData("-name", "gamma beta alpha")]
    [InlineData("rate", "alpha gamma beta")]
    [InlineData("-rate", "gamma alpha beta")]
    [InlineData("nonsense", "beta gamma alpha")]
    public void Sort_Column_UnknownValuesLast(string? key, string expected) =>
        Assert.Equal(expected, string.Join(' ', EndpointList.Sort(All.Where(t => !t.IsRetired), key).Select(t => t.Facts.Name)));

    private static EndpointTile Retired(string name)
    {
        var tile = Tiles.Of(name, Health.Idle);
        return tile with { Facts = tile.Facts with { RetiredAt = DateTimeOffset.UnixEpoch } };
    }
}
