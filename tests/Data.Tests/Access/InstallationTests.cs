using Ops.Data.Access;

namespace Ops.Data.Tests.Access;

public sealed class InstallationTests
{
    private readonly Installation installation = new() { InstallationId = Guid.NewGuid() };

    [Fact]
    public void IssueSetupSecret_Again_ReplacesTheFirst()
    {
        Assert.True(installation.IssueSetupSecret("one").Succeeded);
        Assert.True(installation.IssueSetupSecret("two").Succeeded);
        Assert.Equal(("two", 2, false), (installation.SetupSecretHash, installation.Revision, installation.IsSetUp));
    }

    [Fact]
    public void CompleteSetup_UsesTheSecretUp_AndOnlyOnce()
    {
        installation.IssueSetupSecret("one");

        Assert.True(installation.CompleteSetup(Examples.Noon).Succeeded);

        Assert.Equal((null, Examples.Noon, true), (installation.SetupSecretHash, installation.SetUpAt, installation.IsSetUp));
        Assert.Equal(FailureKind.Conflict, installation.CompleteSetup(Examples.Noon.AddDays(1)).Failure?.Kind);
        Assert.Equal(FailureKind.Conflict, installation.IssueSetupSecret("two").Failure?.Kind);
        Assert.Equal((null, Examples.Noon, 2), (installation.SetupSecretHash, installation.SetUpAt, installation.Revision));
    }
}
