using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Dashboard.Features.Rollouts.Execution;
using Ops.Data;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Execution;

/// <summary>One process's controller, driven by hand. A new one over the same world stands for a restart.</summary>
internal sealed class Controller(OpsWorld world, IServiceProvider process)
{
    public EndpointReconciler Reconciler => process.GetRequiredService<EndpointReconciler>();

    public LeaderLease Lease => process.GetRequiredService<LeaderLease>();

    public IServiceProvider Process => process;

    /// <summary>A controller that may act.</summary>
    public static async Task<Controller> StartAsync(OpsWorld world, IServiceProvider? process = null)
    {
        Controller controller = new(world, process ?? world.Services);
        for (var i = 0; i < 40 && !await controller.Lease.TryHoldAsync(default); i++)
        {
            world.Time.Advance(TimeSpan.FromSeconds(1));
        }

        Assert.True(controller.Lease.IsHeld);
        return controller;
    }

    /// <summary>Looks, lets replicas get further and a second pass, until nothing more is to be done at once.</summary>
    public async Task SettleAsync(Guid endpointId, int looks = 60)
    {
        for (var i = 0; i < looks; i++)
        {
            await Lease.TryHoldAsync(default);
            var again = await Reconciler.ReconcileAsync(endpointId, default);
            if (again is null)
            {
                return;
            }

            world.Machine.AllGetFurther();
            world.Time.Advance(again.Value);
        }

        Assert.Fail("It does not settle.");
    }

    /// <summary>Looks a few times without letting replicas get further.</summary>
    public async Task LookAsync(Guid endpointId, int looks = 1)
    {
        for (var i = 0; i < looks; i++)
        {
            await Lease.TryHoldAsync(default);
            await Reconciler.ReconcileAsync(endpointId, default);
        }
    }

    public async Task<RolloutState> StateAsync(Guid rolloutId)
    {
        await using var db = await process.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContextAsync();
        return (await db.Rollouts.SingleAsync(r => r.Id == rolloutId)).State;
    }
}
