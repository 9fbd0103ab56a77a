using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Tests.Support;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;
using Endpoint = Ops.Data.Rollouts.Endpoint;

namespace Ops.Dashboard.Tests.Features.Registry;

/// <summary>A model with versions in a real registry, and endpoints that use them.</summary>
internal sealed class RegistryExamples
{
    private readonly TestRegistry registry;
    private readonly Target target;

    private RegistryExamples(TestRegistry registry, Model model, IReadOnlyList<ModelVersion> versions, Target target) =>
        (this.registry, Model, Versions, this.target) = (registry, model, versions, target);

    public Model Model { get; }

    public IReadOnlyList<ModelVersion> Versions { get; }

    /// <summary>The end of the names of its endpoints.</summary>
    public string Suffix => Model.Name[^8..];

    private static DateTimeOffset Now => TimeProvider.System.GetUtcNow();

    public static async Task<RegistryExamples> AddAsync(TestRegistry registry, int versions, string format = "onnx", bool sameBytes = false)
    {
        var suffix = Guid.NewGuid().ToString("N")[..8];
        var model = Model.Create($"model-{suffix}", "Reads digits.", Guid.NewGuid(), "olga", Now).Value;
        var made = Enumerable.Range(1, versions).Select(n => Version(model, n, format, sameBytes ? 0 : n)).ToList();
        var target = Target.Create($"target-{suffix}", TargetKinds.Local, TargetEnvironment.Staging, Now).Value;
        await using var db = await registry.Databases.CreateDbContextAsync();
        db.Models.Add(model);
        db.Versions.AddRange(made);
        db.Targets.Add(target);
        await db.SaveChangesAsync();
        return new(registry, model, made, target);
    }

    /// <summary>An endpoint whose stable plan is about the version.</summary>
    public async Task<Endpoint> ServeAsync(int version, string name)
    {
        var endpoint = await RollAsync(version, name);
        await using var db = await registry.Databases.CreateDbContextAsync();
        var rollout = await db.Rollouts.SingleAsync(r => r.Id == endpoint.ActiveRolloutId);
        rollout.Start(Now);
        rollout.Succeed(Now);
        var row = await db.Endpoints.SingleAsync(e => e.Id == endpoint.Id);
        row.Settle(rollout.Id, rollout.PlanId);
        await db.SaveChangesAsync();
        return row;
    }

    /// <summary>A new endpoint with an active rollout of the version.</summary>
    public Task<Endpoint> RollAsync(int version, string name) =>
        RollAsync(version, Endpoint.Create($"{name}-{Suffix}", target.Id, Guid.NewGuid(), "olga", Now).Value, approvals: 0, isNew: true);

    /// <summary>An active rollout of the version on an endpoint that is there.</summary>
    public Task<Endpoint> RollAsync(int version, Endpoint endpoint) => RollAsync(version, endpoint, approvals: 0, isNew: false);

    /// <summary>A rollout of the version that waits for approval, on a new endpoint.</summary>
    public Task<Endpoint> AskAsync(int version, string name) =>
        RollAsync(version, Endpoint.Create($"{name}-{Suffix}", target.Id, Guid.NewGuid(), "olga", Now).Value, approvals: 1, isNew: true);

    public async Task RetireAsync(Endpoint endpoint)
    {
        await using var db = await registry.Databases.CreateDbContextAsync();
        (await db.Endpoints.SingleAsync(e => e.Id == endpoint.Id)).Retire(Now);
        await db.SaveChangesAsync();
    }

    public async Task AliasAsync(string alias, int version)
    {
        await using var db = await registry.Databases.CreateDbContextAsync();
        db.Aliases.Add(new() { ModelId = Model.Id, Name = alias, VersionId = Versions[version - 1].Id, MovedAt = Now, MovedByName = "olga" });
        await db.SaveChangesAsync();
    }

    public async Task ChangeModelAsync(Action<Model> change)
    {
        await using var db = await registry.Databases.CreateDbContextAsync();
        change(await db.Models.SingleAsync(m => m.Id == Model.Id));
        await db.SaveChangesAsync();
    }

    private async Task<Endpoint> RollAsync(int number, Endpoint endpoint, int approvals, bool isNew)
    {
        var version = Versions[number - 1];
        var plan = Plan.Seal(
            new()
            {
                EndpointId = endpoint.Id,
                Endpoint = endpoint.Name,
                TargetId = target.Id,
                Target = target.Name,
                Environment = TargetEnvironment.Staging,
                Model = Model.Name,
                VersionId = version.Id,
                Version = number,
                VersionDigest = version.Digest,
                Replicas = 1,
            },
            Guid.NewGuid(),
            "pia",
            Now);
        await using var db = await registry.Databases.CreateDbContextAsync();
        var rollout = Rollout.Request(plan, new()
        {
            Number = await db.Rollouts.CountAsync(r => r.EndpointId == endpoint.Id) + 1,
            RequestedById = Guid.NewGuid(),
            RequestedByName = "rita",
            VersionUploadedById = Guid.NewGuid(),
            Reason = "Because.",
            RequiredApprovals = approvals,
            ApproverRole = Roles.Approver,
            Lifetime = TimeSpan.FromHours(1),
            Now = Now,
        });
        var row = isNew ? db.Endpoints.Add(endpoint).Entity : await db.Endpoints.SingleAsync(e => e.Id == endpoint.Id);
        if (approvals == 0)
        {
            row.Activate(rollout.Id);
        }

        db.Plans.Add(plan);
        db.Rollouts.Add(rollout);
        await db.SaveChangesAsync();
        return row;
    }

    private static ModelVersion Version(Model model, int number, string format, int content)
    {
        var id = Guid.CreateVersion7(Now);
        return ModelVersion.Create(
            [File(id, "model.onnx", 100, content), File(id, "labels.txt", 3, 99)],
            new()
            {
                Id = id,
                ModelId = model.Id,
                Number = model.NextVersion(format, Now).Value == number ? number : throw new InvalidOperationException("Numbers count up."),
                Format = format,
                Store = "filesystem",
                UploadedById = Guid.NewGuid(),
                UploadedByName = "uli",
                Now = Now,
            });
    }

    private static VersionFile File(Guid version, string path, long size, int content) =>
        new() { VersionId = version, Path = path, SizeBytes = size, Sha256 = content.ToString("x64"), ObjectId = Guid.NewGuid().ToString("N") };
}
