using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Ops.Benchmarks.Uploads;
using Ops.Dashboard.Features.Targets.Kubernetes.Client;
using Ops.Data;
using Ops.Data.Access;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Benchmarks.Cluster;

/// <summary>A registry with a cluster as target, into which approved rollouts are written.</summary>
/// <param name="data">The dashboard's data folder.</param>
/// <param name="replicas">Replicas of each endpoint.</param>
internal sealed class ClusterSeed(string data, int replicas)
{
    /// <summary>The namespace of the target.</summary>
    public const string Namespace = "models";

    private const string Image = "registry.example/ops-runtime@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);
    private Person person = null!;
    private Target target = null!;
    private Model model = null!;
    private ModelVersion version = null!;

    /// <summary>The dashboard's data folder.</summary>
    public string Data => data;

    /// <summary>Replicas of each endpoint.</summary>
    public int Replicas => replicas;

    /// <summary>Writes the person, the target and the version.</summary>
    public async Task FillAsync(RegistryDb db)
    {
        var now = TimeProvider.System.GetUtcNow();
        person = MeasuredServer.AddPerson(db, Roles.Operator | Roles.OnCall);
        target = Target.Create(new()
        {
            Id = Guid.CreateVersion7(),
            Name = "cluster",
            Kind = TargetKinds.Kubernetes,
            Environment = TargetEnvironment.Dev,
            SettingsJson = new KubernetesTargetSettings { Namespace = Namespace, MachineKubeconfig = true, Registries = ["registry.example"], RuntimeImage = Image }.Write(),
            ByName = person.UserName!,
            Now = now,
        }).Value;
        model = Model.Create("digits", "", person.Id, person.UserName!, now).Value;
        var id = Guid.NewGuid();
        VersionFile file = new() { VersionId = id, Path = "model.onnx", SizeBytes = 10, Sha256 = new string('a', 64), ObjectId = Guid.NewGuid().ToString("N") };
        version = ModelVersion.Create([file], new()
        {
            Id = id,
            ModelId = model.Id,
            Number = model.NextVersion("onnx", now).Value,
            Format = "onnx",
            Store = "filesystem",
            UploadedById = person.Id,
            UploadedByName = person.UserName!,
            Now = now,
        });
        db.AddRange(target, model, version);
        await db.SaveChangesAsync();
    }

    /// <summary>Writes approved rollouts of new endpoints.</summary>
    /// <returns>Their keys.</returns>
    public async Task<IReadOnlyList<Guid>> RequestAsync(IReadOnlyList<string> names)
    {
        await using var services = Registry();
        await using var db = await services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContextAsync();
        var now = TimeProvider.System.GetUtcNow();
        List<Guid> made = [];
        foreach (var name in names)
        {
            var endpoint = Endpoint.Create(name, target.Id, person.Id, person.UserName!, now).Value;
            var plan = Plan.Seal(Spec(endpoint), person.Id, person.UserName!, now);
            var rollout = Rollout.Request(plan, new()
            {
                Number = 1,
                RequestedById = person.Id,
                RequestedByName = person.UserName!,
                VersionUploadedById = person.Id,
                Reason = "measured",
                RequiredApprovals = 0,
                ApproverRole = Roles.Approver,
                Lifetime = TimeSpan.FromHours(1),
                Now = now,
            });
            endpoint.Activate(rollout.Id);

            // As another dashboard does it that somebody decides at: the line is what the measured one notices.
            RolloutEvent asked = new()
            {
                Id = Guid.CreateVersion7(now), EndpointId = endpoint.Id, RolloutId = rollout.Id, At = now, Level = RolloutEventLevel.Info,
                Kind = "rollout.requested", Message = "measured", PersonName = person.UserName,
            };
            db.AddRange(endpoint, plan, rollout, asked);
            made.Add(rollout.Id);
        }

        await db.SaveChangesAsync();
        return made;
    }

    /// <summary>Waits until all have succeeded.</summary>
    public async Task SucceededAsync(IReadOnlyList<Guid> rollouts)
    {
        await using var services = Registry();
        using var patience = new CancellationTokenSource(Patience);
        while (true)
        {
            await using var db = await services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContextAsync(patience.Token);
            var states = await db.Rollouts.Where(r => rollouts.Contains(r.Id)).Select(r => new { r.State, r.Status }).ToListAsync(patience.Token);
            if (states.FirstOrDefault(s => s.State is RolloutState.Failed or RolloutState.Aborted) is { } failed)
            {
                throw new InvalidOperationException($"A rollout failed: {failed.Status}");
            }

            if (states.TrueForAll(s => s.State == RolloutState.Succeeded))
            {
                return;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(rollouts.Count == 1 ? 20 : 500), patience.Token);
        }
    }

    /// <summary>How long a rollout took from the controller's first step to its last.</summary>
    public async Task<TimeSpan> TookAsync(Guid rollout)
    {
        await using var services = Registry();
        await using var db = await services.GetRequiredService<IDbContextFactory<RegistryDb>>().CreateDbContextAsync();
        var row = await db.Rollouts.SingleAsync(r => r.Id == rollout);
        return row.FinishedAt!.Value - row.StartedAt!.Value;
    }

    private PlanSpec Spec(Endpoint endpoint) => new()
    {
        EndpointId = endpoint.Id,
        Endpoint = endpoint.Name,
        TargetId = target.Id,
        Target = target.Name,
        Environment = target.Environment,
        Model = model.Name,
        VersionId = version.Id,
        Version = version.Number,
        VersionDigest = version.Digest,
        Replicas = replicas,
        Resources = new() { CpuThreads = 1, MemoryMiB = 256 },
        Kubernetes = new() { Namespace = Namespace, Image = Image },
    };

    private ServiceProvider Registry() => MeasuredServer.Registry(data);
}
