using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Ops.Dashboard.Features.Rollouts.Commands;
using Ops.Dashboard.Features.Serving;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Approvals;
using Ops.Data.Rollouts;

namespace Ops.Dashboard.Tests.Features.Rollouts.Execution;

/// <summary>Kills the controller before and after every commit and every call of the target, starts another one over the same registry and machine, and asks for the same end as without the kill.</summary>
public sealed class KillTests
{
    private const int MostLines = 400;

    [Theory]
    [InlineData("succeeds", RolloutState.Succeeded)]
    [InlineData("fails", RolloutState.Failed)]
    [InlineData("rolls-back", RolloutState.Succeeded)]
    [InlineData("recreates", RolloutState.Succeeded)]
    public async Task Kill_AtAnyLine_TheNextControllerReachesTheSameEnd(string course, RolloutState end)
    {
        await using var world = await OpsWorld.CreateAsync();
        var without = await RunAsync(world, course, 0);
        Assert.Equal(end, without.State);
        var killed = 0;
        for (var line = 1; ; line++)
        {
            Assert.InRange(line, 1, MostLines);
            var with = await RunAsync(world, course, line);
            Assert.Equal(without.Without(), with.Without());
            Assert.Equal(with.Kinds.Distinct(StringComparer.Ordinal), with.Kinds);
            if (!with.WasKilled)
            {
                break;
            }

            killed++;
        }

        Assert.InRange(killed, 10, MostLines);
    }

    private static async Task<Ending> RunAsync(OpsWorld world, string course, int line)
    {
        var endpoint = $"{course}-{line}";
        var calm = world.Start();
        var controller = await Controller.StartAsync(world, calm);
        var first = await ApproveAsync(world, endpoint, 1, course);
        await controller.SettleAsync(first.EndpointId);
        var rollout = course == "rolls-back" ? await RollBackAsync(world, controller, endpoint, first) : await ApproveAsync(world, endpoint, 2, course);
        await controller.Lease.ReleaseAsync(default);

        var wasKilled = await DriveUntilKilledAsync(world, rollout.EndpointId, line);
        var next = world.Start();
        await (await Controller.StartAsync(world, next)).SettleAsync(rollout.EndpointId);
        return await EndAsync(world, next, endpoint, rollout, wasKilled);
    }

    private static async Task<RolloutRef> ApproveAsync(OpsWorld world, string endpoint, int version, string course)
    {
        world.Machine.Broken.Clear();
        if (course == "fails" && version == 2)
        {
            world.Machine.Broken[2] = "out of memory";
        }

        return await world.ApprovedAsync(
            version, d => d with { Endpoint = endpoint, Strategy = course == "recreates" ? "recreate" : "rolling", ProgressDeadlineSeconds = 10 });
    }

    private static async Task<RolloutRef> RollBackAsync(OpsWorld world, Controller controller, string endpoint, RolloutRef first)
    {
        await ApproveAsync(world, endpoint, 2, "");
        await controller.SettleAsync(first.EndpointId);
        var back = await world.Get<RequestRollback>().RunAsync(world.As("oncall"), first.EndpointId, (await world.RolloutAsync(first.Id)).PlanId);
        return back.Value;
    }

    private static async Task<bool> DriveUntilKilledAsync(OpsWorld world, Guid endpointId, int line)
    {
        var passed = 0;
        var armed = false;
        void Pass()
        {
            if (armed && ++passed == line)
            {
                // Nothing of this process runs any further.
                throw new KilledException();
            }
        }

        await using var process = world.Start(services => services.Replace(ServiceDescriptor.Singleton<IDbContextFactory<RegistryDb>>(
            new KillingFactory(world.Get<IDbContextFactory<RegistryDb>>(), Pass))));
        world.Machine.AtLine = _ => Pass();
        try
        {
            var controller = await Controller.StartAsync(world, process);
            armed = line > 0;
            await controller.SettleAsync(endpointId);
            return false;
        }
        catch (KilledException)
        {
            return true;
        }
        finally
        {
            armed = false;
            world.Machine.AtLine = null;
        }
    }

    private static async Task<Ending> EndAsync(OpsWorld world, IServiceProvider process, string endpoint, RolloutRef rollout, bool wasKilled)
    {
        await using var db = world.Open();
        var row = await db.Rollouts.SingleAsync(r => r.Id == rollout.Id);
        var stable = (await db.Endpoints.SingleAsync(e => e.Id == rollout.EndpointId)).StablePlanId!.Value;
        string[] single = [RolloutEventKinds.Requested, RolloutEventKinds.Approved, RolloutEventKinds.Started, RolloutEventKinds.Failed, RolloutEventKinds.Succeeded, RolloutEventKinds.RolledBack];
        var kinds = (await world.EventsAsync(rollout.Id)).Select(e => e.Kind).Where(single.Contains).ToList();
        var replicas = world.Machine.Of(rollout.EndpointId);
        var undone = await db.Rollouts.CountAsync(r => r.EndpointId == rollout.EndpointId && r.State == RolloutState.RolledBack);
        var audits = await db.AuditEntries.CountAsync(e => e.SubjectName.StartsWith(endpoint + " #"));
        return new(
            row.State,
            row.PlanId == stable,
            replicas.Count(r => r.Phase == ReplicaPhase.Ready && r.PlanId == stable),
            replicas.Count,
            process.GetRequiredService<RouteTable>().Find(endpoint)!.ServingPlans.SetEquals([stable]),
            audits,
            undone,
            kinds,
            wasKilled);
    }

    private sealed record Ending(
        RolloutState State, bool IsStable, int Ready, int Replicas, bool ServesOnlyStable, int Audits, int Undone, IReadOnlyList<string> Kinds, bool WasKilled)
    {
        public string Without() => $"{State} {IsStable} {Ready} {Replicas} {ServesOnlyStable} {Audits} {Undone} {string.Join(',', Kinds)}";
    }

    private sealed class KilledException : Exception;

    private sealed class KillingFactory(IDbContextFactory<RegistryDb> inner, Action pass) : IDbContextFactory<RegistryDb>
    {
        public RegistryDb CreateDbContext()
        {
            var db = inner.CreateDbContext();
            db.SavingChanges += (_, _) => pass();
            db.SavedChanges += (_, _) => pass();
            return db;
        }
    }
}
