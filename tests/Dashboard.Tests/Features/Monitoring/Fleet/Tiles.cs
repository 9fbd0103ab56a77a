using Ops.Dashboard.Features.Monitoring;
using Ops.Dashboard.Features.Monitoring.Fleet;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Dashboard.Tests.Features.Monitoring.Fleet;

/// <summary>Makes tiles for tests.</summary>
internal static class Tiles
{
    public static readonly PlanFacts Plan = new(Guid.NewGuid(), Guid.NewGuid(), "digits", 2, 2, 4, 512, false);

    public static EndpointFacts Facts(string name, TargetEnvironment environment = TargetEnvironment.Production) => new()
    {
        Id = Guid.NewGuid(),
        Name = name,
        TargetId = Guid.NewGuid(),
        Target = "local",
        TargetKind = TargetKinds.Local,
        Environment = environment,
        Stable = Plan,
    };

    public static EndpointTile Of(string name, Health health, bool rolling = false)
    {
        var facts = Facts(name);
        return new()
        {
            Facts = rolling ? facts with { Rollout = new(Guid.NewGuid(), 3, RolloutState.Running, "1 of 2 ready.", Plan with { Version = 3 }) } : facts,
            Health = health,
        };
    }

    public static EndpointPulse Pulse(EndpointFacts facts, int wanted, int ready, Health health = Health.Healthy, string? why = null) => new()
    {
        Endpoint = new(facts.Id, facts.Name, facts.TargetId),
        At = DateTimeOffset.UnixEpoch,
        Health = health,
        Why = why,
        Wanted = wanted,
        Ready = ready,
    };
}
