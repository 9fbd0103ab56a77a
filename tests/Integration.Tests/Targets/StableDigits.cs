using System.Security.Cryptography;
using Microsoft.EntityFrameworkCore;
using Ops.Dashboard.Features.ModelStore;
using Ops.Dashboard.Features.Targets;
using Ops.Data;
using Ops.Data.Registry;
using Ops.Data.Rollouts;
using Ops.Data.Targets;

namespace Ops.Integration.Tests.Targets;

/// <summary>An endpoint that stands as after a rollout of the digits sample that succeeded, so that whoever looks at the registry wants its plan to run.</summary>
internal static class StableDigits
{
    /// <summary>Puts the sample into the store and the endpoint <c>digits</c> on the local target into the registry.</summary>
    public static async Task<(EndpointRef Endpoint, RevisionSpec Revision)> ArrangeAsync(RegistryDb db, IModelStore store, int replicas, int memoryMiB)
    {
        var bytes = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "TestData", "digits_cnn.onnx"));
        var objectId = ObjectIds.Create();
        var unfinished = await store.BeginAsync(objectId, bytes.Length, CancellationToken.None);
        await store.WritePartAsync(unfinished, unfinished.Part(1), new MemoryStream(bytes), CancellationToken.None);
        await store.CompleteAsync(objectId, CancellationToken.None);

        var (now, owner) = (TimeProvider.System.GetUtcNow(), Guid.NewGuid());
        var target = await db.Targets.SingleAsync(t => t.Kind == TargetKinds.Local);
        var model = Model.Create("digits", "", owner, "tester", now).Value;
        var versionId = Guid.NewGuid();
        var version = ModelVersion.Create(
            [new() { VersionId = versionId, Path = "model.onnx", SizeBytes = bytes.Length, Sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes)), ObjectId = objectId }],
            new() { Id = versionId, ModelId = model.Id, Number = model.NextVersion("onnx", now).Value, Format = "onnx", Store = store.Name, UploadedById = owner, UploadedByName = "tester", Now = now });
        var endpoint = Endpoint.Create("digits", target.Id, owner, "tester", now).Value;
        var plan = Plan.Seal(
            new()
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
                Resources = new() { CpuThreads = 1, MemoryMiB = memoryMiB },
            },
            owner,
            "tester",
            now);
        var rollout = Guid.NewGuid();
        endpoint.Activate(rollout);
        endpoint.Settle(rollout, plan.Id);
        db.AddRange(model, version, endpoint, plan);
        await db.SaveChangesAsync();
        return (new(endpoint.Id, endpoint.Name, target.Id), new(plan.Id, plan.Hash, plan.Spec, replicas));
    }
}
