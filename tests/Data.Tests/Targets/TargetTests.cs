using Ops.Data.Targets;

namespace Ops.Data.Tests.Targets;

public sealed class TargetTests
{
    [Fact]
    public void Create_BadName_Refused() =>
        Assert.Equal("name", Target.Create("My cluster", TargetKinds.Kubernetes, TargetEnvironment.Dev, Examples.Noon).Failure?.Field);

    [Fact]
    public void SetEnvironment_ChangesTheRevision()
    {
        var target = Examples.Target();
        target.SetEnvironment(TargetEnvironment.Production);
        Assert.Equal((TargetEnvironment.Production, 1), (target.Environment, target.Revision));
    }
}
