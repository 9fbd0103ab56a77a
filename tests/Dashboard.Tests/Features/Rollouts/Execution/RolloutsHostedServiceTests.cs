using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Ops.Dashboard.Features.Rollouts;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Dashboard.Features.Targets;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Execution;

/// <summary>The loops themselves, on a clock moved by hand.</summary>
public sealed class RolloutsHostedServiceTests
{
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(250);

    [Fact]
    public async Task Start_ApprovedRollout_RunsToItsEndAndReleasesTheLeaseOnStop()
    {
        await using var world = await OpsWorld.CreateAsync();
        var service = Service(world.Services);
        await service.StartAsync(default);
        var asked = await world.ApprovedAsync(1);

        await AdvanceUntilAsync(world, asked.Id, RolloutState.Succeeded);
        await service.StopAsync(default);

        Assert.False(world.Get<LeaderLease>().IsHeld);
        Assert.True(await world.Start().GetRequiredService<LeaderLease>().TryHoldAsync(default));
    }

    [Fact]
    public async Task Stop_Leader_AnotherProcessGoesOnWhereItWas()
    {
        await using var world = await OpsWorld.CreateAsync();
        var first = Service(world.Services);
        await first.StartAsync(default);
        var asked = await world.ApprovedAsync(1);
        await world.Time.AdvanceUntilAsync(() => !world.Machine.Applied.IsEmpty, Tick);
        await first.StopAsync(default);

        var second = Service(world.Start());
        await second.StartAsync(default);
        await AdvanceUntilAsync(world, asked.Id, RolloutState.Succeeded);
        await second.StopAsync(default);
    }

    [Fact]
    public async Task Decide_AtADashboardThatDoesNotAct_IsCarriedOutLongBeforeTheNextRegularLook()
    {
        await using var world = await OpsWorld.CreateAsync(drivers: services => services.Configure<RolloutsOptions>(o => o.ResyncSeconds = 600));
        var acting = Service(world.Services);
        await acting.StartAsync(default);
        await world.Time.AdvanceUntilAsync(() => world.Get<LeaderLease>().IsHeld, Tick);
        var elsewhere = world.Start();
        var watching = Service(elsewhere);
        await watching.StartAsync(default);
        var asked = await world.RequestAsync(1);
        await world.Time.AdvanceUntilAsync(() => world.Get<ReconcileQueue>().Waiting == 0, Tick);

        var decided = await world.DecideAsync(asked.Id, Verdict.Approve, process: elsewhere);
        Assert.True(decided.Succeeded, decided.Failure?.Message);
        await AdvanceUntilAsync(world, asked.Id, RolloutState.Succeeded);

        // Pages of the dashboard that only watches hear of it as well.
        await world.Time.AdvanceUntilAsync(() => elsewhere.GetRequiredService<RolloutFeed>().Find(asked.EndpointId)?.Stable == "digits 1", Tick);
        await watching.StopAsync(default);
        await acting.StopAsync(default);
    }

    [Fact]
    public async Task Look_TargetDown_BacksOffShowsInHealthAndRecovers()
    {
        await using var world = await OpsWorld.CreateAsync();
        var service = Service(world.Services);
        var asked = await world.ApprovedAsync(1);
        world.Machine.Down = new InvalidOperationException("connection refused");
        await service.StartAsync(default);
        var health = world.Get<RolloutsHealth>();
        await world.Time.AdvanceUntilAsync(() => health.CheckHealthAsync(new()).Result.Status == HealthStatus.Degraded, Tick);
        Assert.Contains("connection refused", (await health.CheckHealthAsync(new())).Data.Values);

        world.Machine.Down = null;
        await AdvanceUntilAsync(world, asked.Id, RolloutState.Succeeded);
        await service.StopAsync(default);

        Assert.Equal(HealthStatus.Healthy, (await health.CheckHealthAsync(new())).Status);
    }

    [Fact]
    public async Task Stop_Always_LeavesNoTimerBehind()
    {
        await using var world = await OpsWorld.CreateAsync();
        var service = Service(world.Services);
        await service.StartAsync(default);
        await world.Time.AdvanceUntilAsync(() => world.Get<LeaderLease>().IsHeld, Tick);
        await service.StopAsync(default);
        world.Get<ReconcileQueue>().Dispose();

        Assert.Equal(0, world.Time.ActiveTimers);
    }

    [Fact]
    public async Task Recorder_EventsOfReplicas_LandInTheHistoryOfTheRolloutOnce()
    {
        await using var world = await OpsWorld.CreateAsync();
        var recorder = world.Get<TargetEventRecorder>();
        var asked = await world.ApprovedAsync(1);
        var plan = (await world.RolloutAsync(asked.Id)).PlanId;
        List<(Guid, TargetEvent)> batch =
        [
            .. Enumerable.Range(0, 3).Select(i => (Guid.CreateVersion7(world.Time.GetUtcNow()), new TargetEvent
            {
                EndpointId = asked.EndpointId,
                EndpointName = "digits",
                PlanId = plan,
                ReplicaId = $"r{i}",
                At = world.Time.GetUtcNow(),
                Level = RolloutEventLevel.Info,
                Kind = TargetEventKinds.Ready,
                Message = $"Replica r{i} answers.",
            })),
        ];

        await recorder.WriteAsync(batch, default);
        await recorder.WriteAsync(batch, default);

        Assert.Equal(3, (await world.EventsAsync(asked.Id)).Count(e => e.Kind == TargetEventKinds.Ready));
    }

    private static RolloutsHostedService Service(IServiceProvider process) => process.GetServices<IHostedService>().OfType<RolloutsHostedService>().Single();

    private static async Task AdvanceUntilAsync(OpsWorld world, Guid rolloutId, RolloutState state)
    {
        for (var i = 0; i < 400; i++)
        {
            if ((await world.RolloutAsync(rolloutId)).State == state)
            {
                return;
            }

            world.Machine.AllGetFurther();
            world.Time.Advance(Tick);
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }

        Assert.Fail($"It is {(await world.RolloutAsync(rolloutId)).State}: {(await world.RolloutAsync(rolloutId)).Status}");
    }
}
