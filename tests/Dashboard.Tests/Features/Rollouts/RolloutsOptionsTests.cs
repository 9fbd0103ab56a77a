using Ops.Dashboard.Features.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts;

public sealed class RolloutsOptionsTests
{
    [Fact]
    public void Validate_Defaults_AreRight() => Assert.True(new ValidateRolloutsOptions().Validate(null, new()).Succeeded);

    [Fact]
    public void Validate_AllWrong_NamesEveryKey()
    {
        RolloutsOptions options = new()
        {
            ResyncSeconds = 0,
            LeaseSeconds = 1,
            LeaseRenewSeconds = 8,
            Workers = 0,
            TargetTimeoutSeconds = 0,
            BackoffMaxSeconds = 0,
            ExpirySweepSeconds = 0,
        };

        var failures = new ValidateRolloutsOptions().Validate(null, options).Failures!.ToList();

        Assert.Equal(typeof(RolloutsOptions).GetProperties().Length, failures.Count);
        Assert.All(typeof(RolloutsOptions).GetProperties(), p => Assert.Contains(failures, f => f.StartsWith($"Ops:Rollouts:{p.Name} ", StringComparison.Ordinal)));
    }
}
