using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Data.Tests.Providers;

/// <summary>Tests that hold on every database: each class of them has one child for each.</summary>
public abstract class RegistryTests<TDatabase>(TDatabase database) : IClassFixture<TDatabase>, IAsyncLifetime
    where TDatabase : TestDatabase
{
    private protected TDatabase Database { get; } = database;

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await Database.Migrator.MigrateAsync(Cancel);

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    private protected RegistryDb Open() => Database.Open();

    private protected async Task SaveAsync(params object[] entities)
    {
        await using var db = Open();
        db.AddRange(entities);
        await db.SaveChangesAsync(Cancel);
    }

    /// <summary>A rollout with all that it hangs on, saved.</summary>
    private protected async Task<(Model Model, ModelVersion Version, Target Target, Endpoint Endpoint, Plan Plan, Rollout Rollout)> SaveRolloutAsync(int approvals = 1)
    {
        var model = Examples.Model();
        var version = Examples.Version(model);
        var target = Examples.Target();
        var endpoint = Examples.Endpoint(target);
        var plan = Examples.Plan(endpoint, version);
        var rollout = Examples.Rollout(approvals, plan);
        await SaveAsync(model, version, target, endpoint, plan, rollout);
        return (model, version, target, endpoint, plan, rollout);
    }
}
